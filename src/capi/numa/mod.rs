//! libnuma.so.1 and libnuma.a: numa.h, numaif.h and numacompat1.h.
//!
//! | file | exported |
//! | --- | --- |
//! | `variables.rs` | the variables |
//! | `sizes.rs` | numa_available and the numbers of nodes and CPUs |
//! | `masks.rs` | bitmask and nodemask functions |
//! | `strings.rs` | node and CPU strings, kernel bitmaps |
//! | `policy.rs` | the calling thread's memory policy |
//! | `memory.rs` | allocation and policies of ranges |
//! | `cpus.rs` | on which CPUs a thread runs, which CPUs a node has |
//! | `topology.rs` | distances and memory sizes |
//! | `migrate.rs` | moving pages |
//! | `compat.rs` | the old versions, `@libnuma_1.1` |
//! | `added.rs` | what the reference lacks, `@@libnuma_ext_1` |
//! | `shim.c` | numa_error, numa_warn and the system calls, weak |
//!
//! Not exported: `load.rs` reads what is fixed at load and publishes it, `callers.rs` borrows callers'
//! masks and makes new ones, `nodemask.rs` is the old mask, `cache.rs` keeps what was read about nodes,
//! `report.rs` calls numa_error and numa_warn, `asked.rs` tells what failed and why (NUMA_DEBUG).
//!
//! numa_error and numa_warn may not return: those of a program may throw a C++ exception, call
//! longjmp or be cancelled. No function owns memory when it calls them.

mod added;
mod asked;
mod cache;
mod callers;
mod compat;
mod cpus;
mod load;
mod masks;
mod memory;
mod migrate;
mod nodemask;
mod policy;
mod report;
mod sizes;
mod strings;
mod topology;
mod variables;
