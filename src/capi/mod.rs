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
#[cfg(capi_ext)]
mod ext_locate;
#[cfg(capi_ext)]
mod ext_migrate;
mod result;

#[cfg(capi)]
mod cache;
#[cfg(capi)]
mod compat;
#[cfg(capi)]
mod cpus;
#[cfg(capi)]
mod data;
#[cfg(capi)]
mod ext;
#[cfg(capi)]
mod masks;
#[cfg(capi)]
mod memory;
#[cfg(capi)]
mod migrate;
#[cfg(capi)]
mod policy;
#[cfg(capi)]
mod report;
#[cfg(capi)]
mod sizes;
#[cfg(capi)]
mod strings;
#[cfg(capi)]
mod topology;
#[cfg(capi)]
mod types;
