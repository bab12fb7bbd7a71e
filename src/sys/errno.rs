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
    EPERM ENOENT ESRCH EINTR EIO E2BIG EBADF EAGAIN ENOMEM EACCES EFAULT EBUSY EEXIST ENODEV
    ENOTDIR EINVAL ENFILE EMFILE EFBIG ERANGE ENAMETOOLONG ENOSYS EOVERFLOW EOPNOTSUPP
}

impl Errno {
    /// The calling thread's errno.
    pub(crate) fn last() -> Errno {
        // SAFETY: the C library's errno location is valid for the calling thread.
        Errno(unsafe { *libc::__errno_location() })
    }

    /// Sets the calling thread's errno.
    pub(crate) fn set(self) {
        // SAFETY: as above; it is only written by this thread.
        unsafe { *libc::__errno_location() = self.0 }
    }
}
