//! The command `numastat`: on which nodes the memory of the system and of processes is.

mod cgroup;
mod check;
#[cfg(feature = "docs")]
pub mod docs;
mod files;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod machine;
mod options;
mod process;
mod report;
mod run;
mod sheet;
mod table;
#[cfg(test)]
mod testing;
mod tiers;

pub use options::{DEFINITION, Opt};
pub use run::run;
