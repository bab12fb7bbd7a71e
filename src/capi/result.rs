//! How results of the core become C values and errno, in both C libraries.

use core::ffi::c_int;

#[cfg(capi)]
use crate::error::{Error, Result};

#[cfg(capi)]
#[cold]
fn fail(error: &Error) {
    error.errno().set();
}

/// Extension of [`Result`] for the exported functions of libnuma.
#[cfg(capi)]
pub(super) trait OrErrno<T> {
    /// The value, or `failure` with errno set.
    fn or_errno(self, failure: T) -> T;
}

#[cfg(capi)]
impl<T> OrErrno<T> for Result<T> {
    fn or_errno(self, failure: T) -> T {
        self.unwrap_or_else(|error| {
            fail(&error);
            failure
        })
    }
}

/// A count as C's int, INT_MAX if it does not fit.
pub(super) fn int(count: usize) -> c_int {
    c_int::try_from(count).unwrap_or(c_int::MAX)
}
