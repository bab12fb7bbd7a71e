//! Error numbers of the kernel.

use core::ffi::c_int;

/// An error number as in errno(3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(pub c_int);

macro_rules! names {
    ($($name:ident $text:literal)*) => {
        impl Errno {
            $(
                #[allow(missing_docs)]
                pub const $name: Errno = Errno(libc::$name);
            )*

            /// The symbolic name, such as `EINVAL`, of the numbers that this library meets.
            ///
            /// ```
            /// use numa::Errno;
            ///
            /// assert_eq!(Errno::EPERM.name(), Some("EPERM"));
            /// assert_eq!(Errno(12345).name(), None);
            /// ```
            pub fn name(self) -> Option<&'static str> {
                match self {
                    $(Errno::$name => Some(stringify!($name)),)*
                    _ => None,
                }
            }

            /// The words of strerror(3), such as `Invalid argument`, of the numbers that this library meets.
            ///
            /// ```
            /// use numa::Errno;
            ///
            /// assert_eq!(Errno::EPERM.text(), Some("Operation not permitted"));
            /// assert_eq!(Errno::EPERM.to_string(), "Operation not permitted");
            /// ```
            pub fn text(self) -> Option<&'static str> {
                match self {
                    $(Errno::$name => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

names! {
    EPERM "Operation not permitted"
    ENOENT "No such file or directory"
    ESRCH "No such process"
    EINTR "Interrupted system call"
    EIO "Input/output error"
    E2BIG "Argument list too long"
    EBADF "Bad file descriptor"
    EAGAIN "Resource temporarily unavailable"
    ENOMEM "Cannot allocate memory"
    EACCES "Permission denied"
    EFAULT "Bad address"
    EBUSY "Device or resource busy"
    EEXIST "File exists"
    ENODEV "No such device"
    ENOTDIR "Not a directory"
    EINVAL "Invalid argument"
    ENFILE "Too many open files in system"
    EMFILE "Too many open files"
    EFBIG "File too large"
    EROFS "Read-only file system"
    ERANGE "Numerical result out of range"
    ELOOP "Too many levels of symbolic links"
    ENAMETOOLONG "File name too long"
    ENOSYS "Function not implemented"
    ENODATA "No data available"
    EOVERFLOW "Value too large for defined data type"
    EOPNOTSUPP "Operation not supported"
}

impl Errno {
    /// Where the calling thread's errno is.
    pub(super) fn place() -> *mut c_int {
        // SAFETY: the function has no preconditions.
        unsafe { libc::__errno_location() }
    }

    /// The calling thread's errno.
    pub(crate) fn last() -> Errno {
        // SAFETY: the location is valid for the calling thread.
        Errno(unsafe { *Errno::place() })
    }

    /// Whether the system or the process has run out of something, which says nothing of what was asked.
    pub(crate) fn is_shortage(self) -> bool {
        matches!(self, Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM)
    }

    /// Sets the calling thread's errno.
    pub(crate) fn set(self) {
        // SAFETY: as above; it is only written by this thread.
        unsafe { *Errno::place() = self.0 }
    }
}
