//! Why a call failed, in words, for C: numa_ext.h.

use core::ffi::{CStr, c_char, c_int};
use core::fmt::{self, Write};
use core::ptr;

use crate::capi::debug::Line;
use crate::cause::{self, Cause};
use crate::error::{Error, Result};
use crate::mask::Node;
use crate::root::Root;
use crate::sys::Errno;
use crate::topology;

/// Bytes of a text, with the zero behind it.
const ROOM: usize = 512;

unsafe extern "C" {
    /// This thread's text, in shim.c: at least `ROOM` bytes, the last of which is always 0.
    safe fn numa_ext_rs_reason() -> *mut c_char;
}

/// A text while it is written; what does not fit is left out.
struct Text {
    bytes: [u8; ROOM],
    len: usize,
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = &mut self.bytes[self.len..ROOM - 1];
        let taken = text.len().min(room.len());
        for (to, &from) in room.iter_mut().zip(text.as_bytes()) {
            // A string of the caller may have anything; the reason is one line.
            *to = if from.is_ascii_control() { b'?' } else { from };
        }
        self.len += taken;
        Ok(())
    }
}

/// Keeps why a call of this thread fails. Returns the errno that it fails with.
pub(super) fn refuse(errno: Errno, why: fmt::Arguments<'_>) -> Errno {
    // Written here first: what is told may be a string of the caller, which may be the last reason.
    let mut text = Text {
        bytes: [0; ROOM],
        len: 0,
    };
    let _ = text.write_fmt(why);
    // SAFETY: the thread's own bytes, as many, which no reference points to.
    unsafe { ptr::copy_nonoverlapping(text.bytes.as_ptr(), numa_ext_rs_reason().cast(), ROOM) };
    errno
}

/// The same for an error of the core.
pub(super) fn because(error: Error) -> Errno {
    match error {
        Error::NoSuchNode(node) => no_node(node),
        error => told(&error, None),
    }
}

/// There is no such node: EINVAL.
pub(super) fn no_node(number: impl fmt::Display) -> Errno {
    const ERRNO: Errno = Errno::EINVAL;
    match topology::nodes(Root::SYSTEM, topology::node_mask_size(Root::SYSTEM)) {
        Ok(nodes) => refuse(
            ERRNO,
            format_args!("there is no node {number}, only {nodes}"),
        ),
        Err(_) => refuse(ERRNO, format_args!("there is no node {number}")),
    }
}

/// A caller's node, which may or may not exist.
pub(super) fn node(number: c_int) -> Result<Node, Errno> {
    u32::try_from(number).map(Node).map_err(|_| no_node(number))
}

/// Keeps an error with its cause.
pub(super) fn told(error: &Error, cause: Option<Cause<'_>>) -> Errno {
    let errno = error.errno();
    match cause {
        Some(cause) => refuse(errno, format_args!("{error}: {}", Told(cause))),
        None => refuse(errno, format_args!("{error}")),
    }
}

/// A cause that can be displayed.
pub(super) struct Told<'a>(pub(super) Cause<'a>);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut written = Ok(());
        self.0.tell(Root::SYSTEM, &mut |piece| {
            written = written.and_then(|()| f.write_str(piece));
        });
        written
    }
}

/// Extension of [`Result`] for the functions of this library.
pub(super) trait OrReason<T> {
    /// The value, or `failure` with errno set and the reason kept and told: why the function fails that has
    /// this name behind `numa_ext_`.
    fn or_reason(self, function: &str, failure: T) -> T;
}

/// Of a failure of the core, about a process.
impl<T> OrReason<T> for Result<T> {
    fn or_reason(self, function: &str, failure: T) -> T {
        self.map_err(|error| match error.errno() {
            // Whichever file or call says so.
            Errno::ESRCH if !matches!(error, Error::NoMemory(_)) => {
                refuse(Errno::ESRCH, format_args!("there is no such process"))
            }
            errno => told(&error, cause::of_process(error.call(), errno, Root::SYSTEM)),
        })
        .or_reason(function, failure)
    }
}

/// Of a failure whose reason is kept already.
impl<T> OrReason<T> for Result<T, Errno> {
    fn or_reason(self, function: &str, failure: T) -> T {
        self.unwrap_or_else(|errno| {
            if let Some(mut line) = Line::begin(function) {
                // SAFETY: this thread's text ends with a zero, and nothing changes it meanwhile.
                let reason = unsafe { CStr::from_ptr(numa_ext_rs_reason()) };
                line.say(": ");
                line.say_bytes(reason.to_bytes());
                line.end();
            }
            errno.set();
            failure
        })
    }
}

/// Returns why the last function of this header that failed in the calling thread did so: a line of
/// English without a newline, such as "there is no node 7, only 0-3". "" if none has failed yet. A
/// call that succeeds leaves it alone, as it does with errno.
///
/// The text is valid until the next function of this header fails in the thread, or the thread
/// ends; it is not to be freed or changed. It is for people: its words may change, errno is what a
/// program decides by.
#[unsafe(no_mangle)]
pub extern "C" fn numa_ext_reason() -> *const c_char {
    numa_ext_rs_reason()
}
