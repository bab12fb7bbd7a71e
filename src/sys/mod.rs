//! Calls of the kernel, through the C library, and nothing else.
//!
//! Each function takes references and slices, and checks their lengths, so that no caller can make
//! the kernel write outside of them. It returns `Result<_, Errno>` and leaves errno as it was: only
//! the C layer sets it. No function but [`file::list`] (opendir) and [`net::resolve`] allocates. All others
//! but those of [`lock`] are async-signal-safe and may be called after fork; none is a cancellation point.
//!
//! Files and directories are opened by the C library's own functions, so that a program or a tool
//! that replaces them sees this library's calls.
#![allow(unsafe_code)]

mod errno;
pub(crate) mod file;
pub(crate) mod lock;
pub(crate) mod memory;
pub(crate) mod mempolicy;
pub(crate) mod net;
pub(crate) mod pagemap;
pub(crate) mod process;
pub(crate) mod procmap;
pub(crate) mod sched;
pub(crate) mod shared;

pub use errno::Errno;

use core::ffi::{CStr, c_int, c_long};

/// Makes a call that returns -1 and sets errno if it fails. errno is left as it was.
fn answer(call: impl FnOnce() -> c_long) -> Result<usize, Errno> {
    let place = Errno::place();
    // SAFETY: errno of this thread, which stays where it is.
    let before = unsafe { place.read() };
    let result = usize::try_from(call());
    // SAFETY: as above.
    let errno = Errno(unsafe { place.replace(before) });
    result.map_err(|_| errno)
}

/// Runs `call` with cancellation of this thread disabled, so that what the call opens is not lost.
fn uncancelled<T>(call: impl FnOnce() -> T) -> T {
    const DISABLE: c_int = 1;
    unsafe extern "C" {
        fn pthread_setcancelstate(state: c_int, old: *mut c_int) -> c_int;
    }
    let mut before = DISABLE;
    // SAFETY: the variable is valid for writing.
    unsafe { pthread_setcancelstate(DISABLE, &mut before) };
    let result = call();
    // SAFETY: a null pointer asks for no old state.
    unsafe { pthread_setcancelstate(before, core::ptr::null_mut()) };
    result
}

/// sysconf(3); `None` if the system does not know the value.
fn sysconf(name: c_int) -> Option<usize> {
    // SAFETY: sysconf has no preconditions.
    answer(|| unsafe { libc::sysconf(name) }).ok()
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

/// Number of CPUs that the system is configured with, online or not. Where the C library would have to
/// count them in files that may have no end, those of this thread.
pub(crate) fn configured_cpus() -> usize {
    const COUNTED_IN: [&CStr; 3] = [
        c"/sys/devices/system/cpu/possible",
        c"/sys/devices/system/cpu/online",
        c"/proc/stat",
    ];
    let count = if COUNTED_IN.into_iter().all(file::ends) {
        uncancelled(|| sysconf(libc::_SC_NPROCESSORS_CONF)).unwrap_or(1)
    } else {
        let mut words = [0; 128];
        let _ = sched::get_affinity(0, &mut words);
        words.iter().map(|word| word.count_ones() as usize).sum()
    };
    count.max(1)
}

/// Sleeps for less than a second, or until a signal.
pub(crate) fn sleep(time: core::time::Duration) {
    let time = libc::timespec {
        tv_sec: 0,
        tv_nsec: time.subsec_nanos() as _,
    };
    // SAFETY: the structure is valid; the time that remains is not asked for.
    let call = || unsafe { libc::nanosleep(&time, core::ptr::null_mut()) };
    let _ = answer(|| uncancelled(call).into());
}
