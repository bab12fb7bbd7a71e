//! The C interface: every exported function checks, converts, calls the core, converts back.
//!
//! | file | exported |
//! | --- | --- |
//! | `data.rs` | the variables, and the constructor that fills them |
//! | `sizes.rs` | numa_available and the numbers of nodes and CPUs |
//! | `masks.rs` | bitmask and nodemask functions |
//! | `strings.rs` | node and CPU strings, kernel bitmaps |
//! | `policy.rs` | the calling thread's memory policy |
//! | `memory.rs` | allocation and policies of ranges |
//! | `cpus.rs` | on which CPUs a thread runs, which CPUs a node has |
//! | `topology.rs` | distances and memory sizes |
//! | `migrate.rs` | moving pages |
//! | `compat.rs` | the old versions, `@libnuma_1.1` |
//! | `ext.rs` | what we add, `@@libnuma_ext_1` |
//! | `ext_migrate.rs` | moving a process's pages in pieces: libnuma_ext.so.1, numa_ext.h |
//! | `ext_locate.rs` | where the pages of a range are: the same library |
//! | `shim.c` | numa_error, numa_warn and the system calls, weak |
//!
//! Not exported: `result.rs` turns results into C values and errno, `report.rs` into messages,
//! `bitmask.rs` and `types.rs` look at
//! callers' masks, `cache.rs` keeps what was read about nodes.
//!
//! Two libraries are made of this: libnuma.so.1 (feature `capi`), which is held to the size of
//! the one that it replaces, and libnuma_ext.so.1 (feature `capi-ext`).
#![allow(unsafe_code)]
// The safety of all exported functions is the C contract in the header: pointers are null or
// valid for what they are documented to point to.
#![allow(clippy::missing_safety_doc)]
// Exported by name, not by path; the header generator looks for `pub`.
#![allow(unreachable_pub)]

mod bitmask;
#[cfg(feature = "capi-ext")]
mod ext_locate;
#[cfg(feature = "capi-ext")]
mod ext_migrate;
mod result;

#[cfg(feature = "capi")]
mod cache;
#[cfg(feature = "capi")]
mod compat;
#[cfg(feature = "capi")]
mod cpus;
#[cfg(feature = "capi")]
mod data;
#[cfg(feature = "capi")]
mod ext;
#[cfg(feature = "capi")]
mod masks;
#[cfg(feature = "capi")]
mod memory;
#[cfg(feature = "capi")]
mod migrate;
#[cfg(feature = "capi")]
mod policy;
#[cfg(feature = "capi")]
mod report;
#[cfg(feature = "capi")]
mod sizes;
#[cfg(feature = "capi")]
mod strings;
#[cfg(feature = "capi")]
mod topology;
#[cfg(feature = "capi")]
mod types;
