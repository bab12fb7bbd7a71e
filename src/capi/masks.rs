//! Bitmask functions. All but those that allocate are async-signal-safe.

use core::ffi::{c_int, c_uint};
use core::ptr;

use super::bitmask::{view, view_ready};
use super::data::{is_static, limits, make_ready, when_ready};
use super::report::complain;
use super::result::OrErrno;
use super::types::{self, NODEMASK_BITS, bitmask, nodemask_t, unsigned, view_mut_ready, view_old};
use crate::error::{Error, Result};
use crate::mask::bits;
use crate::sys::Errno;

/// A new empty mask of n bits; give it back with numa_bitmask_free. NULL with EINVAL, after
/// numa_error, if n is 0, and with ENOMEM if there is no memory.
#[unsafe(no_mangle)]
pub extern "C" fn numa_bitmask_alloc(n: c_uint) -> *mut bitmask {
    if n == 0 {
        complain(
            c"request to allocate mask for invalid number",
            Errno::EINVAL,
        );
        return ptr::null_mut();
    }
    types::allocate(n as usize).or_errno(ptr::null_mut())
}

/// Gives a mask of numa_bitmask_alloc, or of any function that returns a mask, back. NULL is
/// allowed, and so are the exported masks, which stay.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_bitmask_free(bmp: *mut bitmask) {
    if bmp.is_null() || is_static(bmp) {
        return;
    }
    // SAFETY: the mask and its map came from malloc, and the caller gives them up.
    unsafe {
        libc::free((*bmp).maskp.cast());
        libc::free(bmp.cast());
    }
}

/// A new empty mask for nodes, as large as the kernel's: numa_num_possible_nodes() bits.
#[unsafe(no_mangle)]
pub extern "C" fn numa_allocate_nodemask() -> *mut bitmask {
    types::allocate(limits().node_bits()).or_errno(ptr::null_mut())
}

/// A new empty mask for CPUs, as large as the kernel's: numa_num_possible_cpus() bits.
#[unsafe(no_mangle)]
pub extern "C" fn numa_allocate_cpumask() -> *mut bitmask {
    types::allocate(limits().cpu_bits()).or_errno(ptr::null_mut())
}

/// Sets all bits below the size. Returns the mask.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_bitmask_setall(bmp: *mut bitmask) -> *mut bitmask {
    make_ready(bmp);
    // SAFETY: the caller's mask.
    let (words, size) = unsafe { view_mut_ready(bmp) };
    bits::fill_fast(words, size, true);
    bmp
}

/// Clears all bits below the size. Returns the mask.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_bitmask_clearall(bmp: *mut bitmask) -> *mut bitmask {
    make_ready(bmp);
    // SAFETY: the caller's mask.
    let (words, size) = unsafe { view_mut_ready(bmp) };
    bits::fill_fast(words, size, false);
    bmp
}

/// Sets bit n. Beyond the size it does nothing. Returns the mask.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_bitmask_setbit(bmp: *mut bitmask, n: c_uint) -> *mut bitmask {
    when_ready!(bmp, {
        // SAFETY: the caller's mask.
        let (words, size) = unsafe { view_mut_ready(bmp) };
        bits::put(words, size, n as usize, true);
        bmp
    })
}

/// Clears bit n. Beyond the size it does nothing. Returns the mask.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_bitmask_clearbit(bmp: *mut bitmask, n: c_uint) -> *mut bitmask {
    when_ready!(bmp, {
        // SAFETY: the caller's mask.
        let (words, size) = unsafe { view_mut_ready(bmp) };
        bits::put(words, size, n as usize, false);
        bmp
    })
}

/// 1 if bit n is set, else 0; also 0 beyond the size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_bitmask_isbitset(bmp: *const bitmask, n: c_uint) -> c_int {
    when_ready!(bmp, {
        // SAFETY: the caller's mask.
        let mask = unsafe { view_ready(bmp) };
        bits::get(mask.words(), mask.size(), n as usize).into()
    })
}

/// Number of set bits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_bitmask_weight(bmp: *const bitmask) -> c_uint {
    make_ready(bmp);
    // SAFETY: the caller's mask.
    let mask = unsafe { view_ready(bmp) };
    unsigned(bits::weight_fast(mask.words(), mask.size()))
}

/// Size of the map in bytes: whole longs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_bitmask_nbytes(bmp: *mut bitmask) -> c_uint {
    // SAFETY: the caller's mask.
    let mask = unsafe { view(bmp) };
    unsigned(size_of_val(mask.words()))
}

/// 1 if both masks have the same bits set, else 0. The sizes may differ.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_bitmask_equal(bmp1: *const bitmask, bmp2: *const bitmask) -> c_int {
    make_ready(bmp1);
    make_ready(bmp2);
    // SAFETY: the caller's masks.
    let (a, b) = unsafe { (view_ready(bmp1), view_ready(bmp2)) };
    bits::equal(a.words(), a.size(), b.words(), b.size()).into()
}

/// Copies a mask; what does not fit is cut, what is missing becomes zero. Whole longs are
/// copied, so bits of the target's last long beyond its size may be set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copy_bitmask_to_bitmask(bmpfrom: *mut bitmask, bmpto: *mut bitmask) {
    if ptr::eq(bmpfrom, bmpto) {
        return;
    }
    make_ready(bmpfrom);
    make_ready(bmpto);
    // SAFETY: the caller's masks, which are not the same.
    let (from, (to, _)) = unsafe { (view_ready(bmpfrom), view_mut_ready(bmpto)) };
    bits::copy_words(from.words(), to);
}

/// Copies a mask into an old one; what does not fit is cut.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copy_bitmask_to_nodemask(bmp: *mut bitmask, nodemask: *mut nodemask_t) {
    when_ready!(bmp, {
        // SAFETY: the caller's masks.
        let (from, to) = unsafe { (view_ready(bmp), nodemask.as_mut()) };
        let Some(to) = to else { return };
        match from.words().first_chunk() {
            // All bits of these words count.
            Some(words) if from.size() >= NODEMASK_BITS => to.n = *words,
            _ => bits::copy(from.words(), from.size(), &mut to.n, NODEMASK_BITS),
        }
    });
}

/// Copies an old mask into a mask; what does not fit is cut, what is missing becomes zero.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copy_nodemask_to_bitmask(nodemask: *mut nodemask_t, bmp: *mut bitmask) {
    make_ready(bmp);
    // SAFETY: the caller's masks.
    let (from, (to, size)) = unsafe { (view_old(nodemask), view_mut_ready(bmp)) };
    match to.split_first_chunk_mut() {
        Some((first, rest)) if size >= NODEMASK_BITS => {
            *first = from.n;
            // Bits beyond the size stay as they are.
            bits::fill_fast(rest, size - NODEMASK_BITS, false);
        }
        _ => {
            bits::fill(to, size, false);
            let from = from.as_bits();
            from.iter().for_each(|n| bits::put(to, size, n, true));
        }
    }
}

/// The mask as a new one of the caller's, or NULL with errno.
pub(super) fn returned(mask: Result<*mut bitmask, Error>) -> *mut bitmask {
    mask.or_errno(ptr::null_mut())
}
