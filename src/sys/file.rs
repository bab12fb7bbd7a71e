//! Reading small files and directories of /sys and /proc, without the heap.

use core::ffi::{CStr, c_int};

use super::{Errno, checked};

/// An open file descriptor, closed when dropped.
#[derive(Debug)]
pub(crate) struct File(c_int);

impl File {
    /// Opens a file or directory for reading.
    pub(crate) fn open(path: &CStr) -> Result<File, Errno> {
        // SAFETY: `path` is a string with a terminating zero.
        let fd = unsafe { libc::open(path.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) };
        if fd < 0 {
            Err(Errno::last())
        } else {
            Ok(File(fd))
        }
    }

    /// Reads at the file's position; 0 at its end.
    pub(crate) fn read(&self, buf: &mut [u8]) -> Result<usize, Errno> {
        loop {
            // SAFETY: the kernel writes at most the buffer's length.
            let n = unsafe { libc::read(self.0, buf.as_mut_ptr().cast(), buf.len()) };
            match usize::try_from(n) {
                Ok(n) => return Ok(n),
                Err(_) if Errno::last() == Errno::EINTR => {}
                Err(_) => return Err(Errno::last()),
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
    fn read_entries(&self, buf: &mut [u64]) -> Result<usize, Errno> {
        // SAFETY: the kernel writes at most the buffer's length.
        checked(unsafe {
            libc::syscall(
                libc::SYS_getdents64,
                self.0,
                buf.as_mut_ptr(),
                size_of_val(buf),
            )
        })
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // SAFETY: this value owns the descriptor.
        unsafe { libc::close(self.0) };
    }
}

/// Calls `each` with the name of every entry of the directory.
pub(crate) fn list(path: &CStr, each: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
    // struct linux_dirent64: inode, offset, record length, type, name.
    const LENGTH_AT: usize = 16;
    const NAME_AT: usize = 19;
    let dir = File::open(path)?;
    // Words, because the kernel wants the records aligned.
    let mut words = [0u64; 512];
    loop {
        let filled = dir.read_entries(&mut words)?;
        if filled == 0 {
            return Ok(());
        }
        // SAFETY: any byte of an initialised u64 array is a valid u8.
        let bytes = unsafe {
            core::slice::from_raw_parts(
                words.as_ptr().cast::<u8>(),
                filled.min(size_of_val(&words)),
            )
        };
        let mut rest = bytes;
        while rest.len() > NAME_AT {
            let len = u16::from_ne_bytes([rest[LENGTH_AT], rest[LENGTH_AT + 1]]) as usize;
            if len <= NAME_AT || len > rest.len() {
                return Err(Errno::EIO);
            }
            let name = &rest[NAME_AT..len];
            each(&name[..name.iter().position(|&b| b == 0).unwrap_or(name.len())]);
            rest = &rest[len..];
        }
    }
}

/// The target of a symbolic link, cut to `buf`.
pub(crate) fn read_link<'b>(path: &CStr, buf: &'b mut [u8]) -> Result<&'b [u8], Errno> {
    // SAFETY: `path` ends with a zero; the kernel writes at most the buffer's length.
    let n = unsafe { libc::readlink(path.as_ptr(), buf.as_mut_ptr().cast(), buf.len()) };
    usize::try_from(n)
        .map(|n| &buf[..n])
        .map_err(|_| Errno::last())
}

/// Major and minor number of the block device that a file lies on, or that it is.
pub(crate) fn block_device_of(path: &CStr) -> Result<(u32, u32), Errno> {
    let mut stat = core::mem::MaybeUninit::<libc::stat>::uninit();
    // SAFETY: `path` ends with a zero; the call fills the structure or fails.
    if unsafe { libc::stat(path.as_ptr(), stat.as_mut_ptr()) } != 0 {
        return Err(Errno::last());
    }
    // SAFETY: the call succeeded, so the structure is filled.
    let stat = unsafe { stat.assume_init() };
    let is_block_device = stat.st_mode & libc::S_IFMT == libc::S_IFBLK;
    let device = if is_block_device {
        stat.st_rdev
    } else {
        stat.st_dev
    };
    Ok((libc::major(device), libc::minor(device)))
}
