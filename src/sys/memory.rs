//! Mappings of the calling process.

use core::ffi::c_void;
use core::ptr;

use super::Errno;

/// Maps `len` bytes of private anonymous memory, rounded up by the kernel. Never null.
pub(crate) fn map(len: usize) -> Result<*mut c_void, Errno> {
    // SAFETY: a new anonymous mapping at an address of the kernel's choice touches nothing.
    let addr = unsafe {
        libc::mmap(
            ptr::null_mut(),
            len,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if addr == libc::MAP_FAILED {
        Err(Errno::last())
    } else {
        Ok(addr)
    }
}

/// Unmaps a range.
///
/// # Safety
/// Nothing may use the range afterwards.
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
pub(crate) fn populate_write(addr: *mut c_void, len: usize) -> Result<(), Errno> {
    const MADV_POPULATE_WRITE: i32 = 23;
    // SAFETY: populating keeps contents; a range that is not mapped is refused by the kernel.
    if unsafe { libc::madvise(addr, len, MADV_POPULATE_WRITE) } == 0 {
        Ok(())
    } else {
        Err(Errno::last())
    }
}
