//! On which CPUs a thread runs.

use crate::error::{Error, Result};
use crate::mask::{Bits, Word};
use crate::sys::sched;

/// Sets the CPUs that the thread `pid` (0: the caller) may run on.
///
/// EINVAL if none of them exists and is allowed by the cpuset. A mask shorter or longer
/// than the kernel's is fine.
pub fn set_thread_cpus(pid: i32, cpus: Bits<'_>) -> Result<()> {
    set_thread_cpus_bytes(pid, sched::bytes(cpus.words()))
}

/// The same with a mask of any number of bytes.
pub(crate) fn set_thread_cpus_bytes(pid: i32, mask: &[u8]) -> Result<()> {
    sched::set_affinity(pid, mask).map_err(Error::kernel("sched_setaffinity"))
}

/// Reads the CPUs that the thread `pid` (0: the caller) may run on. Returns how many bytes
/// the kernel filled; EINVAL if `words` is smaller than its mask.
#[inline(always)]
pub fn thread_cpus(pid: i32, words: &mut [Word]) -> Result<usize> {
    sched::get_affinity(pid, words).map_err(Error::kernel("sched_getaffinity"))
}
