//! What the commands share, over the core of the library (crate `numa`):
//!
//! - [`options`]: options of a command line, defined once
//! - [`manual`]: manual pages and completions from that (feature `docs`)
//! - [`nodes`]: the machine's nodes, and node lists of a command line
//! - [`numbers`]: numbers and sizes of a command line
//! - [`memory`]: memory to measure with, and where it is
//! - [`nodestring`]: node lists that are refused in libnuma's words
//! - [`pids`]: process ids of a command line
//! - [`processes`]: names, families, cgroups and cpusets of processes
//! - [`failures`]: why something could not be done, and exit statuses
//! - [`text`]: numbers, sizes and lists for people
//! - [`terminal`]: where all that is written, and how wide

#[cfg(feature = "docs")]
mod completions;
pub mod failures;
#[cfg(feature = "docs")]
pub mod manual;
pub mod memory;
pub mod nodes;
pub mod nodestring;
pub mod numbers;
pub mod options;
pub mod pids;
pub mod processes;
mod reasons;
pub mod terminal;
pub mod text;
