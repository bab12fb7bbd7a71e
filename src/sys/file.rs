//! Files and directories of /sys and /proc.

use core::ffi::{CStr, c_int, c_long};
use core::mem::MaybeUninit;

use super::{Errno, answer, uncancelled};

/// An open file descriptor, closed when dropped.
#[derive(Debug)]
pub(crate) struct File(c_int);

impl File {
    /// Opens a file for reading.
    pub(crate) fn open(path: &CStr) -> Result<File, Errno> {
        // A FIFO in the place of a file is not waited for.
        let flags = libc::O_RDONLY | libc::O_CLOEXEC | libc::O_NONBLOCK;
        // SAFETY: `path` is a string with a terminating zero.
        File::from_call(|| unsafe { libc::open(path.as_ptr(), flags) })
    }

    /// The same of a file that is no symbolic link: ELOOP if it is one.
    pub(crate) fn open_unless_link(path: &CStr) -> Result<File, Errno> {
        let flags = libc::O_RDONLY | libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOFOLLOW;
        // SAFETY: `path` is a string with a terminating zero.
        File::from_call(|| unsafe { libc::open(path.as_ptr(), flags) })
    }

    /// Opens a file that is no symbolic link for writing; what a made-up one has is cut off.
    pub(crate) fn open_for_writing(path: &CStr) -> Result<File, Errno> {
        let flags =
            libc::O_WRONLY | libc::O_TRUNC | libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOFOLLOW;
        // SAFETY: `path` is a string with a terminating zero.
        File::from_call(|| unsafe { libc::open(path.as_ptr(), flags) })
    }

    /// Opens a directory only to open files below it, which are then of this very directory.
    pub(crate) fn open_directory(path: &CStr) -> Result<File, Errno> {
        let flags = libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC;
        // SAFETY: `path` is a string with a terminating zero.
        File::from_call(|| unsafe { libc::open(path.as_ptr(), flags) })
    }

    /// Opens a file of this directory for reading.
    pub(crate) fn open_below(&self, name: &CStr) -> Result<File, Errno> {
        let flags = libc::O_RDONLY | libc::O_CLOEXEC | libc::O_NONBLOCK;
        // SAFETY: `name` is a string with a terminating zero.
        File::from_call(|| unsafe { libc::openat(self.0, name.as_ptr(), flags) })
    }

    /// Whether this directory has a file of that name: ENOENT or ESRCH if it does not.
    pub(crate) fn check_below(&self, name: &CStr) -> Result<(), Errno> {
        // SAFETY: `name` is a string with a terminating zero.
        let call = || unsafe { libc::faccessat(self.0, name.as_ptr(), libc::F_OK, 0) };
        answer(|| uncancelled(call).into()).map(drop)
    }

    /// The same file once more, with the same position.
    pub(crate) fn duplicate(&self) -> Result<File, Errno> {
        // SAFETY: the call takes any number.
        File::from_call(|| unsafe { libc::fcntl(self.0, libc::F_DUPFD_CLOEXEC, 0) })
    }

    /// The descriptor that a call returns, or its error.
    pub(super) fn from_call(call: impl FnOnce() -> c_int) -> Result<File, Errno> {
        answer(|| uncancelled(call).into()).map(|fd| File(fd as c_int))
    }

    /// Writes a message.
    pub(crate) fn write(&self, message: &[u8]) -> Result<usize, Errno> {
        let (start, len) = (message.as_ptr().cast(), message.len());
        // SAFETY: the kernel reads the slice.
        answer(|| uncancelled(|| unsafe { libc::write(self.0, start, len) }) as c_long)
    }

    /// Reads at the file's position; 0 at its end.
    pub(crate) fn read(&self, buf: &mut [u8]) -> Result<usize, Errno> {
        let (start, len) = (buf.as_mut_ptr().cast(), buf.len());
        loop {
            // SAFETY: the kernel writes at most the slice's length.
            let read = || unsafe { libc::read(self.0, start, len) };
            match answer(|| uncancelled(read) as c_long) {
                Err(Errno::EINTR) => {}
                // The program may have replaced the function, so its result is not trusted.
                read => return read.map(|n| n.min(len)),
            }
        }
    }

    /// Reads 64-bit words at a byte offset; returns how many whole words there were.
    pub(crate) fn read_words_at(&self, words: &mut [u64], offset: u64) -> Result<usize, Errno> {
        let (start, bytes) = (words.as_mut_ptr().cast(), size_of_val(words));
        // SAFETY: the kernel writes at most the slice's size.
        let read = || unsafe { libc::pread64(self.0, start, bytes, offset as libc::off64_t) };
        answer(|| uncancelled(read) as c_long).map(|n| n.min(bytes) / size_of::<u64>())
    }

    /// The descriptor, for the calls of this module's siblings.
    pub(super) fn descriptor(&self) -> c_int {
        self.0
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // SAFETY: this value owns the descriptor.
        let _ = answer(|| uncancelled(|| unsafe { libc::close(self.0) }).into());
    }
}

/// Calls `each` with the name of every entry of a directory.
pub(crate) fn list(path: &CStr, each: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
    let before = Errno::last();
    let result = uncancelled(|| list_entries(path, each));
    before.set();
    result
}

/// [`list`], which may change errno.
fn list_entries(path: &CStr, each: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
    // SAFETY: `path` is a string with a terminating zero.
    let directory = unsafe { libc::opendir(path.as_ptr()) };
    if directory.is_null() {
        return Err(Errno::last());
    }
    let result = loop {
        // At the end readdir returns null as well, and leaves errno alone.
        Errno(0).set();
        // SAFETY: the directory is open, and no other thread knows of it.
        let entry = unsafe { libc::readdir(directory) };
        if entry.is_null() {
            break match Errno::last() {
                Errno(0) => Ok(()),
                errno => Err(errno),
            };
        }
        // SAFETY: the entry is valid until the next call, and its name ends with a zero.
        each(unsafe { CStr::from_ptr((&raw const (*entry).d_name).cast()) }.to_bytes());
    };
    // SAFETY: the directory is open, and not used any more.
    unsafe { libc::closedir(directory) };
    result
}

/// The target of a symbolic link, cut to `buf`.
pub(crate) fn read_link<'b>(path: &CStr, buf: &'b mut [u8]) -> Result<&'b [u8], Errno> {
    let (start, len) = (buf.as_mut_ptr().cast(), buf.len());
    // SAFETY: `path` ends with a zero; the kernel writes at most the buffer's length.
    let n = answer(|| unsafe { libc::readlink(path.as_ptr(), start, len) } as c_long)?;
    Ok(&buf[..n.min(len)])
}

fn status(path: &CStr) -> Result<libc::stat64, Errno> {
    let mut status = MaybeUninit::<libc::stat64>::zeroed();
    // SAFETY: `path` ends with a zero; the call fills one structure of this type.
    answer(|| unsafe { libc::stat64(path.as_ptr(), status.as_mut_ptr()) }.into())?;
    // SAFETY: all zeros is valid for its integers, and the call has filled it.
    Ok(unsafe { status.assume_init() })
}

/// Whether who reads a file of /sys or /proc comes to an end: it is a file of at most 1 MiB, or cannot
/// be opened.
pub(super) fn ends(path: &CStr) -> bool {
    status(path).map_or(true, |status| {
        status.st_mode & libc::S_IFMT == libc::S_IFREG && status.st_size <= 1 << 20
    })
}

/// Major and minor number of the block device that a file lies on, or that it is.
pub(crate) fn block_device_of(path: &CStr) -> Result<(u32, u32), Errno> {
    let status = status(path)?;
    let is_block_device = status.st_mode & libc::S_IFMT == libc::S_IFBLK;
    let device = if is_block_device {
        status.st_rdev
    } else {
        status.st_dev
    };
    Ok((libc::major(device) as u32, libc::minor(device) as u32))
}
