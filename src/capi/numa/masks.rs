//! Bitmask functions. All but those that allocate are async-signal-safe.

use core::ffi::{c_int, c_uint, c_ulong};
use core::ptr;

use super::callers::{
    self, bitmask, unsigned, view, view_mut, view_old, with_bit, with_both, with_size,
};
use super::load::limits;
use super::nodemask::nodemask_t;
use super::report::complain;
use super::variables::is_static;
use crate::capi::debug;
use crate::capi::result::OrErrno;
use crate::error::Error;
use crate::mask::words_for;
use crate::sys::Errno;

/// Returns a new empty mask of n bits. The caller frees it with numa_bitmask_free().
///
/// Returns NULL with EINVAL, after numa_error(), if n is 0, and NULL with ENOMEM if there is no
/// memory.
#[unsafe(no_mangle)]
pub extern "C" fn numa_bitmask_alloc(n: c_uint) -> *mut bitmask {
    if n == 0 {
        debug::failed("bitmask_alloc", &Error::Invalid("number of bits"));
        complain(
            c"request to allocate mask for invalid number",
            Errno::EINVAL,
        );
        return ptr::null_mut();
    }
    callers::allocate(n as usize).or_errno(ptr::null_mut())
}

/// Frees a mask from numa_bitmask_alloc() or from any other function that returns a mask. Does
/// nothing if bmp is NULL or one of the exported masks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_bitmask_free(bmp: *mut bitmask) {
    if bmp.is_null() || is_static(bmp) {
        return;
    }
    // SAFETY: the mask came from this library, and the caller gives it up.
    unsafe { callers::free(bmp) };
}

/// Returns a new empty mask of numa_num_possible_nodes() bits, NULL with ENOMEM if there is no
/// memory. The caller frees it with numa_bitmask_free().
#[unsafe(no_mangle)]
pub extern "C" fn numa_allocate_nodemask() -> *mut bitmask {
    callers::allocate(limits().node_bits.size()).or_errno(ptr::null_mut())
}

/// Returns a new empty mask of numa_num_possible_cpus() bits, NULL with ENOMEM if there is no
/// memory. The caller frees it with numa_bitmask_free().
#[unsafe(no_mangle)]
pub extern "C" fn numa_allocate_cpumask() -> *mut bitmask {
    callers::allocate(limits().cpu_bits.size()).or_errno(ptr::null_mut())
}

/// Sets all bits below the mask's size. Returns bmp.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_bitmask_setall(bmp: *mut bitmask) -> *mut bitmask {
    // SAFETY: the caller's mask.
    unsafe { view_mut(bmp) }.fill();
    bmp
}

/// Clears all bits below the mask's size. Returns bmp.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_bitmask_clearall(bmp: *mut bitmask) -> *mut bitmask {
    // SAFETY: the caller's mask.
    unsafe { view_mut(bmp) }.clear();
    bmp
}

/// Sets bit n; does nothing if n is at or beyond the mask's size. Returns bmp.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_bitmask_setbit(bmp: *mut bitmask, n: c_uint) -> *mut bitmask {
    // SAFETY: the caller's mask.
    unsafe {
        with_bit(bmp, n, move |mut mask, n| {
            mask.insert(n);
            bmp
        })
    }
}

/// Clears bit n; does nothing if n is at or beyond the mask's size. Returns bmp.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_bitmask_clearbit(bmp: *mut bitmask, n: c_uint) -> *mut bitmask {
    // SAFETY: the caller's mask.
    unsafe {
        with_bit(bmp, n, move |mut mask, n| {
            mask.remove(n);
            bmp
        })
    }
}

/// Returns 1 if bit n is set, 0 if it is not or if n is at or beyond the mask's size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_bitmask_isbitset(bmp: *const bitmask, n: c_uint) -> c_int {
    // SAFETY: the caller's mask.
    unsafe {
        with_bit(bmp.cast_mut(), n, |mask, n| {
            mask.as_bits().contains(n).into()
        })
    }
}

/// Returns the number of set bits below the mask's size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_bitmask_weight(bmp: *const bitmask) -> c_uint {
    // SAFETY: the caller's mask.
    unsigned(unsafe { view(bmp) }.count())
}

/// Returns the size of the map in bytes, rounded up to whole longs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_bitmask_nbytes(bmp: *mut bitmask) -> c_uint {
    // SAFETY: the caller's mask.
    unsafe { with_size(bmp, |size| unsigned(words_for(size) * size_of::<c_ulong>())) }
}

/// Returns 1 if both masks have the same bits set, else 0. The sizes may differ: bits that the
/// shorter mask lacks count as clear.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_bitmask_equal(bmp1: *const bitmask, bmp2: *const bitmask) -> c_int {
    // SAFETY: the caller's masks.
    unsafe { view(bmp1) == view(bmp2) }.into()
}

/// Copies bmpfrom to bmpto. Bits that do not fit are dropped, bits that bmpfrom lacks become 0.
/// Whole longs are copied, so bits of bmpto's last long beyond its size may be set; no function
/// here looks at them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copy_bitmask_to_bitmask(bmpfrom: *mut bitmask, bmpto: *mut bitmask) {
    if ptr::eq(bmpfrom, bmpto) {
        return;
    }
    // SAFETY: the caller's masks, which are not the same.
    unsafe { with_both(bmpto, bmpfrom, |mut to, from| to.copy_words_from(from)) };
}

/// Copies bmp to nodemask. Bits that do not fit are dropped, bits that bmp lacks become 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copy_bitmask_to_nodemask(bmp: *mut bitmask, nodemask: *mut nodemask_t) {
    // SAFETY: the caller's masks.
    if let Some(to) = unsafe { nodemask.as_mut() } {
        // SAFETY: as above.
        to.bits_mut().copy_from(unsafe { view(bmp) });
    }
}

/// Copies nodemask to bmp. Bits that do not fit are dropped, bits that nodemask lacks become 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copy_nodemask_to_bitmask(nodemask: *mut nodemask_t, bmp: *mut bitmask) {
    // SAFETY: the caller's masks.
    let (from, mut to) = unsafe { (view_old(nodemask), view_mut(bmp)) };
    to.clear();
    to.add(from);
}
