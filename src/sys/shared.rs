//! Memory that processes share: mapped files and System V segments.

use core::ffi::{CStr, c_int, c_uint, c_void};
use core::mem::MaybeUninit;
use core::ops::Range;
use core::ptr;
use core::sync::atomic::{AtomicU8, Ordering};

use super::{Errno, answer, memory, page_size};

/// Memory shared with other processes, which may change it at any time: its bytes are not lent out.
/// Given back when dropped.
#[derive(Debug)]
pub struct Shared {
    start: *mut u8,
    len: usize,
    origin: Origin,
}

#[derive(Debug)]
enum Origin {
    File,
    Segment,
}

/// A System V segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment(c_int);

impl Segment {
    /// The key of a file and a number, as ftok(3) makes it.
    pub(crate) fn key(path: &CStr, number: c_int) -> Result<c_int, Errno> {
        // SAFETY: `path` is a string with a terminating zero.
        let key = || unsafe { libc::ftok(path.as_ptr(), number) };
        // -1 is the error; other keys may be negative too.
        let mut made = -1;
        answer(|| {
            made = key();
            if made == -1 { -1 } else { 0 }
        })?;
        Ok(made)
    }

    /// Finds the segment with a key, or makes it: with IPC_CREAT in `flags`.
    pub(crate) fn get(key: c_int, len: usize, flags: c_int) -> Result<Segment, Errno> {
        // SAFETY: the call has no preconditions.
        answer(|| unsafe { libc::shmget(key, len, flags) }.into()).map(|id| Segment(id as c_int))
    }

    /// Its size in bytes.
    pub(crate) fn size(self) -> Result<usize, Errno> {
        let mut state = MaybeUninit::<libc::shmid_ds>::zeroed();
        // SAFETY: the kernel fills the structure.
        answer(|| unsafe { libc::shmctl(self.0, libc::IPC_STAT, state.as_mut_ptr()) }.into())?;
        // SAFETY: zeroed, and filled by the call.
        Ok(unsafe { state.assume_init() }.shm_segsz)
    }

    /// Attaches it.
    pub(crate) fn attach(self, len: usize) -> Result<Shared, Errno> {
        let mut start = ptr::null_mut();
        answer(|| {
            // SAFETY: the kernel chooses an address where nothing is.
            start = unsafe { libc::shmat(self.0, ptr::null(), 0) };
            if start as isize == -1 { -1 } else { 0 }
        })?;
        Ok(Shared {
            start: start.cast(),
            len,
            origin: Origin::Segment,
        })
    }
}

impl Shared {
    /// Maps `len` bytes of an open file from `offset`, a whole page, on.
    pub(crate) fn map(fd: c_int, len: usize, offset: u64) -> Result<Shared, Errno> {
        let start = memory::map(len, libc::MAP_SHARED, fd, offset)?;
        Ok(Shared {
            start,
            len,
            origin: Origin::File,
        })
    }

    /// Address of the first byte.
    ///
    /// ```no_run
    /// use std::os::fd::AsRawFd;
    /// use numa::memory::Shared;
    ///
    /// let file = std::fs::File::options().read(true).write(true).open("/dev/shm/cache")?;
    /// let memory = Shared::file(file.as_raw_fd(), 4096, 0)?;
    /// println!("mapped at {:#x}", memory.address());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn address(&self) -> usize {
        self.start as usize
    }

    /// Bytes.
    ///
    /// ```no_run
    /// use std::os::fd::AsRawFd;
    /// use numa::memory::Shared;
    ///
    /// let file = std::fs::File::options().read(true).write(true).open("/dev/shm/cache")?;
    /// assert_eq!(Shared::file(file.as_raw_fd(), 4096, 0)?.len(), 4096);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    ///
    /// ```no_run
    /// use std::os::fd::AsRawFd;
    /// use numa::memory::Shared;
    ///
    /// let file = std::fs::File::options().read(true).write(true).open("/dev/shm/cache")?;
    /// assert!(!Shared::file(file.as_raw_fd(), 4096, 0)?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Touches a page for writing, without a change of its contents. `at` is an offset below the length.
    /// Beyond the end of a file, or where huge pages are used up, the kernel sends SIGBUS.
    pub(crate) fn touch(&self, at: usize) {
        assert!(at < self.len);
        // SAFETY: the byte is in the mapping, which lives as long as this value, and is only used
        // by atomic operations.
        let byte = unsafe { AtomicU8::from_ptr(self.start.add(at)) };
        byte.fetch_or(0, Ordering::Relaxed);
    }

    /// Writes a byte to each place of a range, cut to the length. A place that the file does not reach,
    /// because it is shorter, ends the process with SIGBUS.
    ///
    /// ```no_run
    /// use std::os::fd::AsRawFd;
    /// use numa::memory::Shared;
    ///
    /// let file = std::fs::File::options().read(true).write(true).open("/dev/shm/cache")?;
    /// Shared::file(file.as_raw_fd(), 4096, 0)?.fill(0..4096, b'x');
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fill(&mut self, range: Range<usize>, byte: u8) {
        let end = range.end.min(self.len);
        let start = range.start.min(end);
        // SAFETY: the range is in the mapping, which lives as long as this value; nothing borrows it.
        unsafe { ptr::write_bytes(self.start.add(start), byte, end - start) }
    }

    /// Says for each page from `at`, a whole page, on whether it is in memory: bit 0 of a byte.
    pub(crate) fn resident(&self, at: usize, pages: &mut [u8]) -> Result<usize, Errno> {
        let rest = self.len.checked_sub(at).ok_or(Errno::EINVAL)?;
        let count = pages.len().min(rest.div_ceil(page_size()));
        let len = rest.min(count * page_size());
        let (start, pages) = (self.start.wrapping_add(at).cast(), pages.as_mut_ptr());
        // SAFETY: the range is in the mapping; the kernel writes a byte for each of its pages, which
        // are not more than there are bytes.
        answer(|| unsafe { libc::mincore(start, len, pages) }.into())?;
        Ok(count)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let start = self.start.cast::<c_void>();
        let _ = answer(|| {
            match self.origin {
                // SAFETY: the mapping belongs to this value, which ends here.
                Origin::File => unsafe { libc::munmap(start, self.len) },
                // SAFETY: as above.
                Origin::Segment => unsafe { libc::shmdt(start) },
            }
            .into()
        });
    }
}

/// Flags of shmget(2).
pub(crate) fn segment_flags(create: Option<c_uint>, huge: bool) -> c_int {
    let create = create.map_or(0, |mode| libc::IPC_CREAT | mode as c_int);
    create | if huge { libc::SHM_HUGETLB } else { 0 }
}
