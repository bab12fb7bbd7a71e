//! NUMA_DEBUG=1: a line on standard error for each call that fails, or that is not wholly done.
//!
//! The variable is read at the first such call, and never in a program with rights of its own
//! (AT_SECURE). Nothing here allocates, locks or changes errno, and nothing is a cancellation point:
//! all of it is async-signal-safe, but for what a caller reads of the machine.

use core::ffi::{CStr, c_char};
use core::sync::atomic::{AtomicU8, Ordering};

#[cfg(capi)]
use crate::cause::Cause;
#[cfg(capi)]
use crate::error::{Error, Result};
#[cfg(capi)]
use crate::root::Root;
use crate::sys::Errno;

const LIBRARY: &str = if cfg!(capi) {
    "libnuma: numa_"
} else {
    "libnuma_ext: numa_ext_"
};

unsafe extern "C" {
    /// Like getenv(3); null in a program with rights of its own.
    safe fn secure_getenv(name: *const c_char) -> *const c_char;
}

/// Whether the program is to be told: 0 not yet known, 1 no, 2 yes. Threads that ask at once get the
/// same answer.
static WANTED: AtomicU8 = AtomicU8::new(0);

#[cold]
#[inline(never)]
fn is_wanted() -> bool {
    if WANTED.load(Ordering::Relaxed) == 0 {
        let value = secure_getenv(c"NUMA_DEBUG".as_ptr());
        // SAFETY: null or a string of the environment.
        let is_one = !value.is_null() && unsafe { CStr::from_ptr(value) } == c"1";
        WANTED.store(1 + u8::from(is_one), Ordering::Relaxed);
    }
    WANTED.load(Ordering::Relaxed) == 2
}

/// A line in a small buffer, as the stack may be that of a fiber. What has no room is cut off.
pub(super) struct Line {
    bytes: [u8; Line::ROOM],
    len: usize,
}

impl Line {
    const ROOM: usize = 384;

    /// Begins a line about a function, if lines are wanted. Its name is without what all names begin with.
    #[cold]
    #[inline(never)]
    pub(super) fn begin(function: &str) -> Option<Line> {
        if !is_wanted() {
            return None;
        }
        let mut line = Line {
            bytes: [0; Line::ROOM],
            len: 0,
        };
        line.say(LIBRARY);
        line.say(function);
        Some(line)
    }

    /// Adds text. What a terminal might obey becomes a question mark.
    // As for other functions of this path, a copy at each call would cost the library a page.
    #[cold]
    #[inline(never)]
    pub(super) fn say(&mut self, text: &str) {
        self.say_bytes(text.as_bytes());
    }

    /// The same of a caller's text.
    #[cold]
    #[inline(never)]
    pub(super) fn say_bytes(&mut self, text: &[u8]) {
        for &byte in text {
            // The end of the line has its place.
            if self.len >= Line::ROOM - 1 {
                return;
            }
            self.bytes[self.len] = match byte {
                b' '..=b'~' => byte,
                _ => b'?',
            };
            self.len += 1;
        }
    }

    /// Writes it, in one call.
    #[cold]
    #[inline(never)]
    pub(super) fn end(&mut self) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = b'\n';
        }
        let before = Errno::last();
        // Not write(3), at which a thread may be cancelled.
        // SAFETY: the bytes of this line are read.
        unsafe { libc::syscall(libc::SYS_write, 2, self.bytes.as_ptr(), self.len + 1) };
        before.set();
    }
}

#[cfg(capi)]
impl Line {
    /// Adds a number.
    #[cold]
    #[inline(never)]
    pub(super) fn number(&mut self, number: i64) {
        crate::error::tell_number(number, &mut |text| self.say(text));
    }

    /// Adds what an error says.
    #[cold]
    #[inline(never)]
    pub(super) fn error(&mut self, error: &Error) {
        self.say(": ");
        error.tell(&mut |text| self.say(text));
    }

    /// Adds a cause, if it is known.
    #[cold]
    #[inline(never)]
    pub(super) fn cause(&mut self, cause: Option<Cause<'_>>) {
        if let Some(cause) = cause {
            self.say(": ");
            cause.tell(Root::SYSTEM, &mut |text| self.say(text));
        }
    }
}

/// Tells of a failure by the error alone.
#[cfg(capi)]
#[cold]
#[inline(never)]
pub(super) fn failed(function: &str, error: &Error) {
    if let Some(mut line) = Line::begin(function) {
        line.error(error);
        line.end();
    }
}

/// Extension of [`Result`] for the exported functions.
#[cfg(capi)]
pub(super) trait Told {
    /// Tells of a failure, with the function's name. Async-signal-safe.
    fn told(self, function: &str) -> Self;
}

#[cfg(capi)]
impl<T> Told for Result<T> {
    #[inline]
    fn told(self, function: &str) -> Self {
        if let Err(error) = &self {
            failed(function, error);
        }
        self
    }
}
