//! Finding a process's present pages.

mod guide;
mod regions;
pub(crate) mod walk;
