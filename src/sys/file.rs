//! Reading small files and directories of /sys and /proc, without the heap.

use core::ffi::{CStr, c_int};
use core::mem::MaybeUninit;
use core::{ptr, slice};

use super::{Errno, kernel};

/// An open file descriptor, closed when dropped.
#[derive(Debug)]
pub(crate) struct File(c_int);

impl File {
    /// Opens a file or directory for reading.
    pub(crate) fn open(path: &CStr) -> Result<File, Errno> {
        let flags = libc::O_RDONLY | libc::O_CLOEXEC;
        let arguments = [
            libc::AT_FDCWD as usize,
            path.as_ptr() as usize,
            flags as usize,
            0,
            0,
            0,
        ];
        // SAFETY: `path` is a string with a terminating zero.
        let fd = unsafe { kernel::call(libc::SYS_openat, arguments) }?;
        Ok(File(fd as c_int))
    }

    /// A socket to the kernel.
    pub(crate) fn netlink(protocol: c_int) -> Result<File, Errno> {
        let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
        let arguments = [
            libc::AF_NETLINK as usize,
            kind as usize,
            protocol as usize,
            0,
            0,
            0,
        ];
        // SAFETY: the call takes no pointers.
        let fd = unsafe { kernel::call(libc::SYS_socket, arguments) }?;
        Ok(File(fd as c_int))
    }

    /// Writes a message.
    pub(crate) fn write(&self, message: &[u8]) -> Result<usize, Errno> {
        let (start, len) = (message.as_ptr() as usize, message.len());
        // SAFETY: the kernel reads the slice.
        unsafe { kernel::call(libc::SYS_write, [self.0 as usize, start, len, 0, 0, 0]) }
    }

    /// Reads at the file's position; 0 at its end.
    pub(crate) fn read(&self, buf: &mut [u8]) -> Result<usize, Errno> {
        // SAFETY: initialised bytes are valid as maybe-initialised ones, and `read_raw` writes
        // none that are uninitialised.
        self.read_raw(unsafe { &mut *(ptr::from_mut(buf) as *mut [MaybeUninit<u8>]) })
    }

    /// The same into a buffer without content; as many bytes as it says are initialised then.
    fn read_raw(&self, buf: &mut [MaybeUninit<u8>]) -> Result<usize, Errno> {
        loop {
            let start = buf.as_mut_ptr() as usize;
            // SAFETY: the kernel writes at most the buffer's length.
            let read = unsafe {
                kernel::call(libc::SYS_read, [self.0 as usize, start, buf.len(), 0, 0, 0])
            };
            if read != Err(Errno::EINTR) {
                return read;
            }
        }
    }

    /// Reads 64-bit words at a byte offset; returns how many whole words there were.
    pub(crate) fn read_words_at(&self, words: &mut [u64], offset: u64) -> Result<usize, Errno> {
        // SAFETY: the kernel writes at most the slice's size.
        let n = unsafe {
            libc::pread64(
                self.0,
                words.as_mut_ptr().cast(),
                size_of_val(words),
                offset as libc::off64_t,
            )
        };
        usize::try_from(n)
            .map(|bytes| bytes / size_of::<u64>())
            .map_err(|_| Errno::last())
    }

    /// The descriptor, for the calls of this module's siblings.
    pub(super) fn descriptor(&self) -> c_int {
        self.0
    }

    /// Reads directory entries in the kernel's format; 0 at the end.
    fn read_entries(&self, buf: &mut [MaybeUninit<u64>]) -> Result<usize, Errno> {
        let (bytes, start) = (size_of_val(buf), buf.as_mut_ptr());
        // SAFETY: the kernel writes at most the buffer's length.
        unsafe {
            kernel::call(
                libc::SYS_getdents64,
                [self.0 as usize, start as usize, bytes, 0, 0, 0],
            )
        }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // SAFETY: this value owns the descriptor.
        let _ = unsafe { kernel::call(libc::SYS_close, [self.0 as usize, 0, 0, 0, 0, 0]) };
    }
}

/// Room for a file's content, which costs nothing until it is filled.
pub(crate) struct Buffer<const N: usize>([MaybeUninit<u8>; N]);

impl<const N: usize> Buffer<N> {
    /// An empty one.
    pub(crate) const fn new() -> Self {
        Buffer([const { MaybeUninit::uninit() }; N])
    }

    /// Reads the file until `enough` says so, or to its end. EFBIG if it does not fit.
    pub(crate) fn fill(
        &mut self,
        file: &File,
        enough: &dyn Fn(&[u8]) -> bool,
    ) -> Result<&[u8], Errno> {
        let mut len = 0;
        loop {
            if len == N {
                return Err(Errno::EFBIG);
            }
            let n = file.read_raw(&mut self.0[len..])?.min(N - len);
            len += n;
            // SAFETY: so many bytes have been read.
            let text = unsafe { slice::from_raw_parts(self.0.as_ptr().cast::<u8>(), len) };
            if n == 0 || enough(text) {
                return Ok(text);
            }
        }
    }
}

/// Text that grows in its place, and costs nothing until it does.
pub(crate) struct Text<const N: usize> {
    /// The first `len` bytes and the zero behind them are initialised, if they fit.
    bytes: [MaybeUninit<u8>; N],
    len: usize,
}

impl<const N: usize> Text<N> {
    /// No text.
    #[inline(always)]
    pub(crate) const fn new() -> Self {
        let mut bytes = [const { MaybeUninit::uninit() }; N];
        bytes[0] = MaybeUninit::new(0);
        Text { bytes, len: 0 }
    }

    /// Appends text. What gets too long stays too long.
    pub(crate) fn push(&mut self, text: &[u8]) {
        let start = self.len;
        self.len = start.saturating_add(text.len());
        let room = self.bytes.get_mut(start..).unwrap_or_default();
        if let Some((to, [end, ..])) = room.split_at_mut_checked(text.len()) {
            // SAFETY: bytes are valid as maybe-initialised ones.
            to.copy_from_slice(unsafe { &*(ptr::from_ref(text) as *const [MaybeUninit<u8>]) });
            *end = MaybeUninit::new(0);
        }
    }

    /// The text up to its first zero byte; ENAMETOOLONG if it does not fit.
    pub(crate) fn as_c_str(&self) -> Result<&CStr, Errno> {
        c_str(self.terminated()?).ok_or(Errno::EINVAL)
    }

    /// The text with a zero byte behind it; ENAMETOOLONG if that does not fit.
    pub(crate) fn terminated(&self) -> Result<&[u8], Errno> {
        let bytes = self.bytes.get(..=self.len).ok_or(Errno::ENAMETOOLONG)?;
        // SAFETY: all that was appended fitted, so it was written, and the zero behind it.
        Ok(unsafe { &*(ptr::from_ref(bytes) as *const [u8]) })
    }
}

/// The text up to its first zero byte, in bytes that end with one.
pub(crate) fn c_str(bytes: &[u8]) -> Option<&CStr> {
    // SAFETY: there is a terminating zero, at the end at the latest.
    (bytes.last() == Some(&0)).then(|| unsafe { CStr::from_ptr(bytes.as_ptr().cast()) })
}

/// Calls `each` with what follows `prefix` in the name of every entry of the directory that
/// begins so.
pub(crate) fn list(
    path: &CStr,
    prefix: &[u8; 4],
    each: &mut dyn FnMut(&[u8]),
) -> Result<(), Errno> {
    // struct linux_dirent64: inode, offset, record length, type, name.
    const LENGTH_AT: usize = 16;
    const NAME_AT: usize = 19;
    let dir = File::open(path)?;
    // Words, because the kernel wants the records aligned.
    let mut words = [const { MaybeUninit::<u64>::uninit() }; 512];
    loop {
        let filled = dir.read_entries(&mut words)?.min(size_of_val(&words));
        if filled == 0 {
            return Ok(());
        }
        // SAFETY: the kernel has just written these bytes.
        let bytes = unsafe { slice::from_raw_parts(words.as_ptr().cast::<u8>(), filled) };
        let mut rest = bytes;
        while rest.len() > NAME_AT {
            let len = u16::from_ne_bytes([rest[LENGTH_AT], rest[LENGTH_AT + 1]]) as usize;
            if len <= NAME_AT || len > rest.len() {
                return Err(Errno::EIO);
            }
            // Zeros follow the name.
            if let Some((start, rest)) = rest[NAME_AT..len].split_first_chunk() {
                if start == prefix {
                    let end = rest.iter().position(|&b| b == 0).unwrap_or(rest.len());
                    each(&rest[..end]);
                }
            }
            rest = &rest[len..];
        }
    }
}

/// The target of a symbolic link, cut to `buf`.
pub(crate) fn read_link<'b>(path: &CStr, buf: &'b mut [u8]) -> Result<&'b [u8], Errno> {
    let arguments = [
        libc::AT_FDCWD as usize,
        path.as_ptr() as usize,
        buf.as_mut_ptr() as usize,
        buf.len(),
        0,
        0,
    ];
    // SAFETY: `path` ends with a zero; the kernel writes at most the buffer's length.
    let n = unsafe { kernel::call(libc::SYS_readlinkat, arguments) }?;
    Ok(&buf[..n])
}

/// Major and minor number of the block device that a file lies on, or that it is.
pub(crate) fn block_device_of(path: &CStr) -> Result<(u32, u32), Errno> {
    let mut status = MaybeUninit::<libc::statx>::zeroed();
    let arguments = [
        libc::AT_FDCWD as usize,
        path.as_ptr() as usize,
        0,
        libc::STATX_TYPE as usize,
        status.as_mut_ptr() as usize,
        0,
    ];
    // SAFETY: `path` ends with a zero; the kernel writes one structure of this type.
    unsafe { kernel::call(libc::SYS_statx, arguments) }?;
    // SAFETY: all zeros is valid for its integers, and the kernel has filled it.
    let status = unsafe { status.assume_init() };
    let is_block_device = u32::from(status.stx_mode) & libc::S_IFMT == libc::S_IFBLK;
    Ok(if is_block_device {
        (status.stx_rdev_major, status.stx_rdev_minor)
    } else {
        (status.stx_dev_major, status.stx_dev_minor)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_room_for_all_but_its_last_byte() {
        let mut text = Text::<8>::new();
        assert_eq!(text.terminated(), Ok(&b"\0"[..]));
        text.push(b"");
        text.push(b"node");
        assert_eq!(text.terminated(), Ok(&b"node\0"[..]));
        text.push(b"127");
        assert_eq!(text.terminated(), Ok(&b"node127\0"[..]));
        text.push(b"");
        assert_eq!(text.terminated(), Ok(&b"node127\0"[..]));
    }

    #[test]
    fn text_that_got_too_long_stays_too_long() {
        for too_much in [&b"12345678"[..], b"123456789"] {
            let mut text = Text::<8>::new();
            text.push(too_much);
            for more in [&b""[..], b"1"] {
                text.push(more);
                assert_eq!(text.terminated(), Err(Errno::ENAMETOOLONG));
            }
        }
    }
}
