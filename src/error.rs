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
            Error::Lacking(_) => Errno::EOPNOTSUPP,
            Error::NoSuchCpu(_)
            | Error::BeyondMask { .. }
            | Error::MaskTooSmall { .. }
            | Error::Invalid(_) => Errno::EINVAL,
            Error::OutOfMemory => Errno::ENOMEM,
        }
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

impl core::error::Error for Errno {}
