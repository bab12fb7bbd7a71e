//! Processes: their numbers.

use super::{Errno, answer};

/// The process id of the caller.
pub(crate) fn own_pid() -> i32 {
    // SAFETY: getpid has no preconditions.
    unsafe { libc::getpid() }
}

/// Whether there is a process with this number, be it one that the caller may not look at.
pub(crate) fn exists(pid: i32) -> bool {
    // SAFETY: no signal is sent.
    let kill = || unsafe { libc::kill(pid, 0) }.into();
    pid > 0 && answer(kill) != Err(Errno::ESRCH)
}
