//! Mappings of the calling process.

use core::ffi::{c_int, c_void};
use core::mem::ManuallyDrop;
use core::ptr;
use core::slice;

use super::{Errno, answer};

/// Private anonymous memory of the calling process, unmapped when dropped.
///
/// A page is allocated, zeroed, when it is first touched, on a node that the policy allows then.
#[derive(Debug)]
pub struct Mapping {
    start: *mut u8,
    len: usize,
}

// SAFETY: the mapping belongs to this value alone.
unsafe impl Send for Mapping {}
// SAFETY: shared references only read it.
unsafe impl Sync for Mapping {}

/// The address that mmap or mremap returned.
fn mapped(start: *mut c_void) -> c_int {
    if start == libc::MAP_FAILED { -1 } else { 0 }
}

/// Memory without a file.
const ANONYMOUS: c_int = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;

/// Maps `len` new bytes for reading and writing, where the kernel likes: those of a file from `offset` on,
/// unless the flags say that there is none.
pub(super) fn map(len: usize, flags: c_int, file: c_int, offset: u64) -> Result<*mut u8, Errno> {
    const PROTECTION: c_int = libc::PROT_READ | libc::PROT_WRITE;
    let offset = libc::off_t::try_from(offset).map_err(|_| Errno::EINVAL)?;
    let mut start = ptr::null_mut();
    answer(|| {
        // SAFETY: a new mapping at an address of the kernel's choice touches nothing.
        start = unsafe { libc::mmap(ptr::null_mut(), len, PROTECTION, flags, file, offset) };
        mapped(start).into()
    })?;
    Ok(start.cast())
}

impl Mapping {
    /// Maps `len` bytes; the kernel rounds up to whole pages. EINVAL if `len` is 0.
    pub(crate) fn map(len: usize) -> Result<Mapping, Errno> {
        let start = map(len, ANONYMOUS, -1, 0)?;
        Ok(Mapping { start, len })
    }

    /// The same in pages of the hugetlb pool, of `1 << shift` bytes, or of the default size if that
    /// is 0. `len` is a multiple of it.
    pub(crate) fn map_huge(len: usize, shift: u32) -> Result<Mapping, Errno> {
        // Six bits of the flags are the size's.
        let size = ((shift & 63) << libc::MAP_HUGE_SHIFT) as c_int;
        let start = map(len, ANONYMOUS | libc::MAP_HUGETLB | size, -1, 0)?;
        Ok(Mapping { start, len })
    }

    /// Resizes the mapping, which may move.
    pub(crate) fn remap(&mut self, len: usize) -> Result<(), Errno> {
        let mut start = ptr::null_mut();
        let old = self.start.cast();
        answer(|| {
            // SAFETY: the mapping belongs to this value, borrowed alone.
            start = unsafe { libc::mremap(old, self.len, len, libc::MREMAP_MAYMOVE) };
            mapped(start).into()
        })?;
        (self.start, self.len) = (start.cast(), len);
        Ok(())
    }

    /// Unmaps the memory; returns the error if that fails.
    pub(crate) fn unmap(self) -> Result<(), Errno> {
        ManuallyDrop::new(self).release()
    }

    fn release(&mut self) -> Result<(), Errno> {
        let start = self.start.cast();
        // SAFETY: the mapping belongs to this value, which ends here, and references to it are gone.
        answer(|| unsafe { libc::munmap(start, self.len) }.into()).map(drop)
    }

    /// The mapping at an address, as [`Mapping::into_address`] returned it.
    ///
    /// # Safety
    /// Nothing else uses the range, as this value unmaps it. Its bytes may be looked at only
    /// if it is mapped.
    #[cfg(capi)]
    pub(crate) unsafe fn from_address(start: *mut c_void, len: usize) -> Mapping {
        let start = start.cast();
        Mapping { start, len }
    }

    /// The address of memory that the caller unmaps.
    #[cfg(any(capi, capi_ext))]
    pub(crate) fn into_address(self) -> *mut c_void {
        ManuallyDrop::new(self).start.cast()
    }

    /// Address of the first byte.
    ///
    /// ```
    /// use numa::memory::Mapping;
    /// use numa::topology;
    ///
    /// assert_eq!(Mapping::new(1)?.address() % topology::page_size(), 0);
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn address(&self) -> usize {
        self.start as usize
    }

    /// The memory. Reading a page that was never written maps zeros.
    ///
    /// ```
    /// assert_eq!(numa::memory::Mapping::new(4096)?.bytes(), [0; 4096]);
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: mapped for reading as long as this value lives; anonymous memory is zeroed.
        unsafe { slice::from_raw_parts(self.start, self.len) }
    }

    /// The memory, for writing.
    ///
    /// ```
    /// let mut memory = numa::memory::Mapping::new(4096)?;
    /// memory.bytes_mut().fill(1);
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: mapped for writing as long as this value lives, and borrowed alone.
        unsafe { slice::from_raw_parts_mut(self.start, self.len) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        let _ = self.release();
    }
}

/// Asks for transparent huge pages in a range, or for none. `addr` must be page-aligned. EINVAL where
/// the kernel lacks them.
pub(crate) fn advise_huge(addr: usize, len: usize, wanted: bool) -> Result<(), Errno> {
    let advice = if wanted {
        libc::MADV_HUGEPAGE
    } else {
        libc::MADV_NOHUGEPAGE
    };
    // SAFETY: the advice keeps contents; a range that is not mapped is refused by the kernel.
    answer(|| unsafe { libc::madvise(addr as *mut c_void, len, advice) }.into()).map(drop)
}

/// Faults all pages of the range in for writing, keeping their contents (Linux 5.14). `addr`
/// must be page-aligned. EINVAL on older kernels.
pub(crate) fn populate_write(addr: usize, len: usize) -> Result<(), Errno> {
    const MADV_POPULATE_WRITE: c_int = 23;
    // SAFETY: populating keeps contents; a range that is not mapped is refused by the kernel.
    answer(|| unsafe { libc::madvise(addr as *mut c_void, len, MADV_POPULATE_WRITE) }.into())
        .map(drop)
}
