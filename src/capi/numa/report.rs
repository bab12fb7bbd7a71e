//! Calls of numa_error and numa_warn, which a program may define itself.

use core::ffi::{CStr, c_char, c_int};

use crate::error::Result;
use crate::sys::Errno;

unsafe extern "C" {
    fn numa_error(place: *mut c_char);
    pub(super) fn numa_warn(number: c_int, format: *mut c_char, ...);
}

/// Numbers of the warnings, each printed once. Programs that define numa_warn themselves
/// see them: they are those of the reference.
pub(super) mod warning {
    use core::ffi::c_int;
    pub(crate) const MEMINFO: c_int = 2;
    pub(crate) const NO_SYSFS: c_int = 3;
    pub(crate) const CPUMAP: c_int = 4;
    pub(crate) const AFFINITY: c_int = 6;
    pub(crate) const DISTANCE: c_int = 7;
    pub(crate) const CPU_STRING: c_int = 9;
    pub(crate) const NODE_STRING: c_int = 10;
    pub(crate) const PREFERRED_MANY: c_int = 10;
    pub(crate) const STAT_FILE: c_int = 11;
    pub(crate) const BLOCK_CLASS: c_int = 12;
    pub(crate) const BLOCK_DEVICE: c_int = 15;
    pub(crate) const RESOLVE: c_int = 19;
    pub(crate) const ROUTE: c_int = 20;
    pub(crate) const PCI_WORD: c_int = 23;
    pub(crate) const DEVICE_NODE: c_int = 25;
    pub(crate) const READ_DEVICE: c_int = 26;
    pub(crate) const BAD_NAME: c_int = 28;
}

/// Calls numa_error with errno set.
#[cold]
pub(super) fn complain(place: &'static CStr, errno: Errno) {
    errno.set();
    // SAFETY: the text outlives the call; numa_error only reads it, though its C type is not const.
    unsafe { numa_error(place.as_ptr().cast_mut()) };
}

/// Calls numa_warn with a constant message.
pub(super) fn warn(number: c_int, message: &'static CStr) {
    // SAFETY: as above; the messages hold no conversions.
    unsafe { numa_warn(number, message.as_ptr().cast_mut()) };
}

/// Extension of [`Result`] for functions that report through numa_error.
pub(super) trait OrComplain<T> {
    /// The value, or `failure` after numa_error(place), with errno set.
    fn or_complain(self, place: &'static CStr, failure: T) -> T;
}

impl<T> OrComplain<T> for Result<T> {
    fn or_complain(self, place: &'static CStr, failure: T) -> T {
        self.unwrap_or_else(|error| {
            complain(place, error.errno());
            failure
        })
    }
}

/// Runs `call` and restores errno.
pub(super) fn keeping_errno<T>(call: impl FnOnce() -> T) -> T {
    let saved = Errno::last();
    let result = call();
    saved.set();
    result
}
