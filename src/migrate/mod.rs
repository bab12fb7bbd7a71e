//! Moving pages of a running process between nodes.
//!
//! [`Job`] moves them in small pieces: the process is not stalled for long, every page is
//! accounted for, and several threads may work on it. [`migrate_all`] is the kernel's one call
//! for a whole process, [`move_pages`] and [`locate_pages`] work on single pages,
//! [`locate_range`] and [`for_each_run`] tell where those of a range are.

mod batch;
mod blocks;
mod calls;
mod engine;
mod find;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod hidden;
mod job;
mod kernel;
mod locate;
mod mover;
mod options;
mod pace;
mod pieces;
mod plan;
mod proc;
mod room;
mod source;
mod tally;
#[cfg(test)]
mod tests;
mod worker;

pub use calls::{Share, has_migrate_pages, has_move_pages, locate_pages, migrate_all, move_pages};
pub use engine::{Progress, Step};
pub use job::Job;
pub use locate::{PageRun, count_range, for_each_run, locate_range};
pub use options::Options;
pub use plan::{Plan, Route};
pub use proc::maps::{Kind, Kinds};
pub use proc::numa_maps::{NumaLine, for_each_numa_mapping};
pub use proc::process::{Process, Stat, State};
pub use proc::purpose::Purpose;
pub use proc::status::{Sizes, sizes};
pub use tally::{NodeCount, Reason};
pub use worker::Worker;
