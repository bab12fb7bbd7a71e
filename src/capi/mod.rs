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
//! | `shim.c` | numa_error, numa_warn and the system calls, weak |
//!
//! Not exported: `report.rs` turns results into C values and errno, `types.rs` looks at
//! callers' masks, `cache.rs` keeps what was read about nodes, `runtime.rs` brings what a
//! library without std needs.
#![allow(unsafe_code)]
// The safety of all exported functions is the C contract in the header: pointers are null or
// valid for what they are documented to point to.
#![allow(clippy::missing_safety_doc)]
// Exported by name, not by path; the header generator looks for `pub`.
#![allow(unreachable_pub)]

mod cache;
mod compat;
mod cpus;
mod data;
mod ext;
mod masks;
mod memory;
mod migrate;
mod policy;
mod report;
#[cfg(not(test))]
mod runtime;
mod sizes;
mod strings;
mod topology;
mod types;
