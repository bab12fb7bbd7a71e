//! The command `migratepages`: moves the pages of running processes between NUMA nodes.
//!
//! The work is done by [`numa::migrate`]; this package reads the command line, runs the
//! workers and says what happened. It is a library only so that the program that writes the
//! manual page and the completions sees the same option definitions ([`options`]).

mod bar;
mod crew;
mod dry_run;
mod moved;
mod moving;
mod operands;
pub mod options;
mod pools;
mod report;
mod run;
mod show;
mod warnings;

pub use run::run;
