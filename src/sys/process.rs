//! Processes: their numbers, and descriptors that stand for them.

use super::file::File;
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

/// A descriptor of the process with this number (Linux 5.3). EINVAL or ENOENT if it is a thread that
/// is not its process's first.
pub(crate) fn open(pid: i32) -> Result<File, Errno> {
    // SAFETY: the call takes any number, and no flags.
    File::from_call(|| unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) } as i32)
}

/// Whether the process of such a descriptor has ended. As long as it has not, no other process has
/// its number.
pub(crate) fn has_ended(process: &File) -> Result<bool, Errno> {
    let mut wanted = libc::pollfd {
        fd: process.descriptor(),
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: one valid element; it is not waited for.
    let poll = || unsafe { libc::poll(&mut wanted, 1, 0) }.into();
    answer(|| super::uncancelled(poll)).map(|ready| ready > 0)
}
