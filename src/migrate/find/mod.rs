//! Finding a process's present pages.

mod guide;
pub(crate) mod regions;
pub(crate) mod walk;
