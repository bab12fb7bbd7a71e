//! Mappings of the calling process.

use core::ffi::c_void;
use core::ptr::{self, NonNull};
use core::slice;

use super::Errno;

/// Private anonymous memory of the calling process, unmapped when dropped.
///
/// Its pages come into being when they are touched, zeroed, where the policy then says.
#[derive(Debug)]
pub struct Mapping {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping belongs to this value alone.
unsafe impl Send for Mapping {}
// SAFETY: shared references only read it.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps `len` bytes; the kernel rounds up to whole pages. EINVAL if `len` is 0.
    pub(crate) fn map(len: usize) -> Result<Mapping, Errno> {
        map(len).map(|start| Mapping {
            start: start.cast(),
            len,
        })
    }

    /// Address of the first byte.
    pub fn address(&self) -> usize {
        self.start.as_ptr() as usize
    }

    /// The memory. Reading a page that was never written maps zeros.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: mapped for reading as long as this value lives; anonymous memory is zeroed.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }

    /// The memory, for writing.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: mapped for writing as long as this value lives, and borrowed alone.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping belongs to this value, and references to it are gone.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.len) };
    }
}

/// Private anonymous memory, which the caller unmaps. EINVAL if `len` is 0.
#[inline(always)]
pub(crate) fn map(len: usize) -> Result<NonNull<c_void>, Errno> {
    // SAFETY: a new anonymous mapping at an address of the kernel's choice touches nothing.
    let start = unsafe {
        libc::mmap(
            ptr::null_mut(),
            len,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    match NonNull::new(start) {
        Some(at) if start != libc::MAP_FAILED => Ok(at),
        _ => Err(Errno::last()),
    }
}

/// Unmaps a range.
///
/// # Safety
/// Nothing may use the range afterwards.
#[cfg(capi)]
#[inline(always)]
pub(crate) unsafe fn unmap(addr: *mut c_void, len: usize) -> Result<(), Errno> {
    // SAFETY: the caller gives the range up.
    if unsafe { libc::munmap(addr, len) } == 0 {
        Ok(())
    } else {
        Err(Errno::last())
    }
}

/// Resizes a mapping, which may move.
///
/// # Safety
/// Nothing may use the old range afterwards.
#[cfg(capi)]
pub(crate) unsafe fn remap(
    addr: *mut c_void,
    old: usize,
    new: usize,
) -> Result<*mut c_void, Errno> {
    // SAFETY: the caller gives the old range up.
    let addr = unsafe { libc::mremap(addr, old, new, libc::MREMAP_MAYMOVE) };
    if addr == libc::MAP_FAILED {
        Err(Errno::last())
    } else {
        Ok(addr)
    }
}

/// Faults all pages of the range in for writing, keeping their contents (Linux 5.14). `addr`
/// must be page-aligned. EINVAL on older kernels.
pub(crate) fn populate_write(addr: usize, len: usize) -> Result<(), Errno> {
    const MADV_POPULATE_WRITE: i32 = 23;
    // SAFETY: populating keeps contents; a range that is not mapped is refused by the kernel.
    if unsafe { libc::madvise(addr as *mut c_void, len, MADV_POPULATE_WRITE) } == 0 {
        Ok(())
    } else {
        Err(Errno::last())
    }
}

/// Tells the processor that an address will be written to soon. Any address will do.
#[cfg(capi)]
#[inline(always)]
pub(crate) fn prefetch(addr: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, which faults nowhere.
    unsafe {
        core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T0 }>(addr as *const i8)
    };
    #[cfg(not(target_arch = "x86_64"))]
    let _ = addr;
}
