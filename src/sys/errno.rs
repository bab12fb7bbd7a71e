//! Error numbers of the kernel.

use core::ffi::c_int;

/// An error number as in errno(3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(pub c_int);

macro_rules! names {
    ($($name:ident)*) => {
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
        }
    };
}

names! {
    EPERM ENOENT ESRCH EINTR EIO E2BIG EBADF EAGAIN ENOMEM EACCES EFAULT EBUSY EEXIST ENODATA ENODEV
    ENOTDIR EINVAL ENFILE EMFILE EFBIG EROFS ERANGE ENAMETOOLONG ELOOP ENOSYS EOVERFLOW EOPNOTSUPP
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
