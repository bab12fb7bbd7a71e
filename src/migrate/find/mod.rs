//! Finding a process's present pages.

pub(crate) mod aliases;
mod guide;
pub(crate) mod regions;
pub(crate) mod walk;
