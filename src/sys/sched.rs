//! CPU affinity.

use core::ffi::c_int;

use super::{Errno, answer};
use crate::words::Word;

/// Reads the CPUs that the thread `pid` (0: the caller) may run on. Returns how many bytes the
/// kernel wrote, which is the size of its CPU masks. EINVAL if `words` is shorter than that.
pub(crate) fn get_affinity(pid: c_int, words: &mut [Word]) -> Result<usize, Errno> {
    let (bytes, start) = (size_of_val(words), words.as_mut_ptr());
    // The C library's sched_getaffinity does not return the size.
    // SAFETY: the kernel writes at most the given number of bytes.
    answer(|| unsafe { libc::syscall(libc::SYS_sched_getaffinity, pid, bytes, start) })
}

/// Sets the CPUs that the thread `pid` (0: the caller) may run on. The kernel takes a mask of
/// any length in bytes; what is missing counts as zero.
pub(crate) fn set_affinity(pid: c_int, mask: &[u8]) -> Result<(), Errno> {
    let (bytes, start) = (mask.len(), mask.as_ptr());
    // SAFETY: the kernel reads at most the given number of bytes.
    answer(|| unsafe { libc::syscall(libc::SYS_sched_setaffinity, pid, bytes, start) }).map(drop)
}

/// A mask's words as bytes.
pub(crate) fn bytes(words: &[Word]) -> &[u8] {
    // SAFETY: any byte of an initialised integer is a valid u8.
    unsafe { core::slice::from_raw_parts(words.as_ptr().cast(), size_of_val(words)) }
}
