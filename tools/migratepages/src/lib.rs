//! The command `migratepages`: moves the pages of running processes between NUMA nodes.
//!
//! The work is done by [`numa::migrate`]; this package reads the command line, runs the
//! workers and says what happened. It is a library only so that the program that writes the
//! manual page and the completions sees the same option definitions ([`cli`]).

mod bar;
pub mod cli;
mod dry_run;
mod moving;
pub mod nodes;
pub mod pids;
mod process;
mod report;
mod run;
mod show;
mod terminal;

pub use run::run;
