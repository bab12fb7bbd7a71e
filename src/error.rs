//! The errors of the core, each with its errno for C callers.

use core::fmt;

use crate::sys::Errno;

/// What a failed call of this library returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The kernel refused a system call.
    #[error("{call}: {errno}")]
    Kernel {
        /// Name of the system call.
        call: &'static str,
        /// The error of the call.
        errno: Errno,
    },
    /// A file under /sys could not be opened.
    #[error("cannot open {file}: {errno}")]
    Open {
        /// Which file, as a pattern such as `nodeN/cpumap`.
        file: &'static str,
        /// The error of the call.
        errno: Errno,
    },
    /// A file under /sys or /proc could not be read.
    #[error("cannot read {file}: {errno}")]
    File {
        /// Which file, as a pattern such as `nodeN/cpumap`.
        file: &'static str,
        /// The error of the call.
        errno: Errno,
    },
    /// A file under /sys or /proc does not contain what it should.
    #[error("unexpected contents of {file}")]
    Malformed {
        /// Which file, as a pattern such as `nodeN/cpumap`.
        file: &'static str,
    },
    /// A file under /sys holds nothing.
    #[error("{file} is empty")]
    Empty {
        /// Which file, as a pattern such as `nodeN/cpumap`.
        file: &'static str,
    },
    /// The firmware or the kernel does not tell this of the node.
    #[error("{what} of node {node} are not reported")]
    NotReported {
        /// What was asked for, in the plural.
        what: &'static str,
        /// The node.
        node: u32,
    },
    /// The node does not exist on this machine.
    #[error("node {0} does not exist")]
    NoSuchNode(u32),
    /// The CPU does not exist on this machine, or belongs to no node.
    #[error("cpu {0} belongs to no node")]
    NoSuchCpu(u32),
    /// An id is beyond the last bit of the mask it should go into.
    #[error("{kind} {id} is beyond the mask of {bits} bits")]
    BeyondMask {
        /// "node" or "cpu".
        kind: &'static str,
        /// The id.
        id: u32,
        /// The mask's size.
        bits: usize,
    },
    /// The mask is too small for the set bits that should go into it.
    #[error("a mask of {bits} bits is too small for this result")]
    MaskTooSmall {
        /// The mask's size.
        bits: usize,
    },
    /// The process is there, and has no memory.
    #[error("{0} has no memory")]
    NoMemory(&'static str),
    /// The kernel does not know what is asked of it.
    #[error("this kernel has no {0}")]
    Lacking(&'static str),
    /// An argument has a value that the call does not take.
    #[error("invalid {0}")]
    Invalid(&'static str),
    /// There is no memory for a mask or a table.
    #[error("out of memory")]
    OutOfMemory,
}

impl Error {
    /// The errno that stands for this error in C.
    ///
    /// ```
    /// use numa::{Errno, Error, Node, NodeMask};
    ///
    /// let mut nodes = NodeMask::new(64)?;
    /// let error = nodes.insert(Node(64)).unwrap_err();
    /// assert_eq!(error.to_string(), "node 64 is beyond the mask of 64 bits");
    /// assert_eq!(error.errno(), Errno::EINVAL);
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub const fn errno(&self) -> Errno {
        match *self {
            Error::Kernel { errno, .. } | Error::Open { errno, .. } | Error::File { errno, .. } => {
                errno
            }
            Error::Malformed { .. } | Error::Empty { .. } => Errno::EIO,
            Error::NotReported { .. } => Errno::ENODATA,
            Error::NoSuchNode(_) => Errno::ENOENT,
            Error::NoMemory(_) => Errno::ESRCH,
            Error::Lacking(_) => Errno::EOPNOTSUPP,
            Error::NoSuchCpu(_)
            | Error::BeyondMask { .. }
            | Error::MaskTooSmall { .. }
            | Error::Invalid(_) => Errno::EINVAL,
            Error::OutOfMemory => Errno::ENOMEM,
        }
    }

    /// The system call that failed; `the call` for any other error.
    #[cfg(capi_ext)]
    pub(crate) fn call(&self) -> &'static str {
        match *self {
            Error::Kernel { call, .. } => call,
            _ => "the call",
        }
    }

    /// Tells the error in pieces, mostly in the words of its `Display`, without what formats texts, which is a
    /// quarter of the C library's size.
    #[cfg_attr(not(any(capi, test)), allow(dead_code))]
    #[inline(never)]
    pub(crate) fn tell(&self, say: &mut dyn FnMut(&str)) {
        let mut words = |before: &str, word: &str, after: &str| {
            say(before);
            say(word);
            say(after);
        };
        match *self {
            Error::Kernel { call, .. } => words("", call, ": "),
            Error::Open { file, .. } => words("cannot open ", file, ": "),
            Error::File { file, .. } => words("cannot read ", file, ": "),
            Error::Malformed { file } => return words("unexpected contents of ", file, ""),
            Error::Empty { file } => return words("", file, " is empty"),
            Error::NoSuchNode(node) => {
                say("node ");
                tell_number(node.into(), say);
                return say(" does not exist");
            }
            Error::Invalid(what) => return words("invalid ", what, ""),
            // Rare: in the words of their errno.
            _ => {}
        }
        self.errno().tell(say);
    }

    /// Makes an error of a system call's name and errno.
    pub(crate) const fn kernel(call: &'static str) -> impl FnOnce(Errno) -> Error {
        move |errno| Error::Kernel { call, errno }
    }
}

/// `Result` with this library's [`Error`].
pub type Result<T, E = Error> = core::result::Result<T, E>;

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text() {
            Some(text) => f.write_str(text),
            None => write!(f, "errno {}", self.0),
        }
    }
}

impl Errno {
    /// Tells it in the words of its `Display`, in pieces.
    #[cfg_attr(not(any(capi, test)), allow(dead_code))]
    #[inline(never)]
    pub(crate) fn tell(self, say: &mut dyn FnMut(&str)) {
        match self.text() {
            Some(text) => say(text),
            None => {
                say("errno ");
                tell_number(self.0.into(), say);
            }
        }
    }
}

/// Tells a byte of a text of the kernel's, which is ASCII.
pub(crate) fn tell_byte(byte: u8, say: &mut dyn FnMut(&str)) {
    let shown = if byte.is_ascii() { byte } else { b'?' };
    say(char::from(shown).encode_utf8(&mut [0; 4]));
}

/// Tells a decimal number.
#[inline(never)]
pub(crate) fn tell_number(number: i64, say: &mut dyn FnMut(&str)) {
    if number < 0 {
        say("-");
    }
    let (rest, digit) = (number / 10, (number % 10).unsigned_abs() as u8);
    if rest != 0 {
        // i64::MIN has no counterpart.
        tell_number(rest.saturating_abs(), say);
    }
    tell_byte(b'0' + digit, say);
}

impl core::error::Error for Errno {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::{String, ToString};

    #[test]
    fn errors_tell_what_they_display() {
        let (file, errno) = ("nodeN/cpumap", Errno::EIO);
        let call = "mbind";
        let all = [
            Error::Kernel { call, errno },
            Error::Kernel {
                call,
                errno: Errno(4000),
            },
            Error::Open { file, errno },
            Error::File { file, errno },
            Error::Malformed { file },
            Error::Empty { file },
            Error::NoSuchNode(u32::MAX),
            Error::Invalid("range"),
        ];
        for error in all {
            let mut told = String::new();
            error.tell(&mut |piece| told.push_str(piece));
            assert_eq!(told, error.to_string());
        }
        let mut told = String::new();
        Error::OutOfMemory.tell(&mut |piece| told.push_str(piece));
        assert_eq!(told, "Cannot allocate memory");
        for number in [i64::MIN, -10, 0, 9, i64::MAX] {
            let mut told = String::new();
            tell_number(number, &mut |piece| told.push_str(piece));
            assert_eq!(told, number.to_string());
        }
    }
}
