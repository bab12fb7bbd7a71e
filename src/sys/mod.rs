//! System calls: the only place beside `src/capi/` that may use `unsafe`.
//!
//! Each function takes references and slices whose lengths it checks itself, so
//! that no caller can make the kernel write outside of them, and returns
//! `Result<_, Errno>`. errno itself is read in one place, [`Errno::last`].
//! Nothing here but [`heap`] allocates, and nothing locks; all functions are async-signal-safe and may
//! be called after fork.
#![allow(unsafe_code)]

mod errno;
pub(crate) mod file;
pub(crate) mod heap;
pub(crate) mod kernel;
pub(crate) mod lock;
pub(crate) mod memory;
pub(crate) mod mempolicy;
pub(crate) mod net;
pub(crate) mod pagemap;
pub(crate) mod popcount;
pub(crate) mod sched;

pub use errno::Errno;

use core::ffi::c_long;

/// Turns the result of a system call into a count or an errno.
fn checked(result: c_long) -> Result<usize, Errno> {
    usize::try_from(result).map_err(|_| Errno::last())
}

/// Sets every byte of `words`: always a memset, where a loop over the words is one only for some
/// compilers.
#[inline(always)]
pub(crate) fn set_bytes(words: &mut [core::ffi::c_ulong], byte: u8) {
    // SAFETY: the slice is valid for writing, and any bytes are words.
    unsafe { words.as_mut_ptr().write_bytes(byte, words.len()) };
}

/// Copies as many words as both have. One memcpy, without the check of copy_from_slice that the
/// lengths are the same.
#[cfg(capi)]
#[inline(always)]
pub(crate) fn copy_words(from: &[core::ffi::c_ulong], to: &mut [core::ffi::c_ulong]) {
    let len = from.len().min(to.len());
    // SAFETY: both have so many words, and a slice that is written overlaps no other.
    unsafe { core::ptr::copy_nonoverlapping(from.as_ptr(), to.as_mut_ptr(), len) };
}

/// Whether two sequences of the same length are the same: one memcmp.
#[inline(always)]
pub(crate) fn same_words(a: &[core::ffi::c_ulong], b: &[core::ffi::c_ulong]) -> bool {
    let len = size_of_val(a).min(size_of_val(b));
    // SAFETY: both have so many bytes.
    unsafe { libc::memcmp(a.as_ptr().cast(), b.as_ptr().cast(), len) == 0 }
}

/// A figure of the system, if it is known.
fn sysconf(name: core::ffi::c_int) -> Option<usize> {
    // SAFETY: sysconf has no preconditions.
    usize::try_from(unsafe { libc::sysconf(name) }).ok()
}

/// The system's page size in bytes.
pub(crate) fn page_size() -> usize {
    sysconf(libc::_SC_PAGESIZE).unwrap_or(4096)
}

/// Nanoseconds of a clock that only moves forward.
pub(crate) fn monotonic_nanoseconds() -> u64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `now` is valid for writing; this clock always exists.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// Number of CPUs that the system is configured with, online or not.
pub(crate) fn configured_cpus() -> usize {
    sysconf(libc::_SC_NPROCESSORS_CONF).map_or(1, |count| count.max(1))
}

/// CPUs that are online.
#[cfg(capi)]
pub(crate) fn online_cpus() -> usize {
    sysconf(libc::_SC_NPROCESSORS_ONLN).map_or(1, |count| count.max(1))
}

/// The process id of the caller.
#[cfg(capi_ext)]
pub(crate) fn own_pid() -> i32 {
    // SAFETY: getpid has no preconditions.
    unsafe { libc::getpid() }
}

/// Sleeps for less than a second, or until a signal.
#[cfg(capi_ext)]
pub(crate) fn sleep(time: core::time::Duration) {
    let time = libc::timespec {
        tv_sec: 0,
        tv_nsec: time.subsec_nanos() as _,
    };
    // SAFETY: the structure is valid; what remains is of no interest.
    unsafe { libc::nanosleep(&time, core::ptr::null_mut()) };
}
