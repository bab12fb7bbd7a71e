//! NUMA memory policy and topology for Linux.
//!
//! This crate is two things. Built by its Makefile it is `libnuma.so.1` and `libnuma.a`,
//! with the symbols, versions and headers that programs know. Used from Rust it is the safe
//! core of that library:
//!
//! - [`mask`]: sets of nodes and CPUs ([`NodeMask`], [`CpuMask`])
//! - [`strings`]: node and CPU strings such as `0-3,8` or `!1`
//! - [`selection`]: the same with words for what nodes are, for commands
//! - [`device`]: the node of a disk, network interface or PCI device
//! - [`topology`]: which nodes and CPUs there are, distances, memory sizes
//! - [`snapshot`]: all of that read once and kept ([`Topology`])
//! - [`policy`]: memory policies of threads and address ranges
//! - [`memory`]: memory with a policy of its own
//! - [`affinity`]: on which CPUs a thread runs
//! - [`migrate`]: moving a running process's pages between nodes
//! - [`attributes`]: what a node's memory costs, as the firmware tells it
//! - [`hmat`]: the firmware's table of all pairs of nodes
//! - [`tiers`]: memory tiers
//! - [`weights`]: weights of weighted interleaving
//! - [`cause`]: why the kernel refuses a policy, a node or CPUs
//! - [`root`]: where /sys and /proc are read, replaceable in tests
//!
//! No function of the core prints, starts a thread or keeps global state. Unless its
//! documentation says otherwise a function may be called from any thread, after fork and
//! with any input; errors are [`Error`], which knows its errno.
//!
//! ```
//! use numa::{Root, topology};
//!
//! let size = topology::node_mask_size(Root::SYSTEM);
//! for node in topology::nodes(Root::SYSTEM, size)?.iter() {
//!     let memory = topology::node_memory(Root::SYSTEM, node)?;
//!     println!("node {node}: {} MiB", memory.total >> 20);
//! }
//! # Ok::<(), numa::Error>(())
//! ```
#![no_std]
#![deny(unsafe_code)]

#[cfg(not(target_os = "linux"))]
compile_error!("this library speaks to the Linux kernel");

#[cfg(all(any(capi, capi_ext), panic = "unwind", not(test)))]
compile_error!("the C library must be built with panic=abort: unwinding into C is undefined");

#[cfg(any(cargo_c, all(feature = "capi", not(feature = "any"))))]
compile_error!(
    "the C libraries are built by `make`: cargo alone gives them no symbol versions and the wrong SONAME"
);

extern crate alloc;
#[cfg(test)]
#[macro_use]
extern crate std;

pub mod affinity;
pub mod attributes;
pub mod cause;
pub mod device;
pub mod error;
pub mod hmat;
pub mod mask;
pub mod memory;
pub mod migrate;
pub mod policy;
pub mod root;
pub mod selection;
pub mod snapshot;
pub mod strings;
mod sys;
#[cfg(test)]
mod testing;
pub mod tiers;
pub mod topology;
pub mod weights;
mod words;

#[cfg(any(capi, capi_ext))]
mod capi;

pub use error::{Error, Result};
pub use mask::{Cpu, CpuMask, Node, NodeMask};
pub use root::Root;
pub use snapshot::Topology;
pub use sys::Errno;
