//! struct bitmask, the mask of both C libraries.

use core::ffi::c_ulong;
use core::slice;

#[cfg(capi)]
use super::data;
use crate::mask::{Bits, words_for};

/// A set of nodes or CPUs of any size. Bit n is bit (n % bits per long) of maskp[n / bits per long].
#[allow(non_camel_case_types)]
#[repr(C)]
pub struct bitmask {
    /// Number of bits in the map.
    pub size: c_ulong,
    /// The map: size bits, rounded up to whole longs.
    pub maskp: *mut c_ulong,
}

/// A caller's mask for reading. A null pointer is an empty mask.
///
/// # Safety
/// `mask` is null or points to a bitmask whose map has `size` bits.
#[inline(never)]
pub(super) unsafe fn view<'a>(mask: *const bitmask) -> Bits<'a> {
    #[cfg(capi)]
    data::make_ready(mask);
    // SAFETY: as demanded of the caller.
    unsafe { view_ready(mask) }
}

/// [`view`] of a mask that is ready, without a call.
///
/// # Safety
/// As for [`view`].
#[inline(always)]
pub(super) unsafe fn view_ready<'a>(mask: *const bitmask) -> Bits<'a> {
    // SAFETY: the caller passes null or a valid bitmask.
    let Some(mask) = (unsafe { mask.as_ref() }) else {
        return Bits::new(&[], 0);
    };
    let size = mask.size as usize;
    if mask.maskp.is_null() {
        return Bits::new(&[], 0);
    }
    // SAFETY: the map has `size` bits in whole longs.
    Bits::of(
        unsafe { slice::from_raw_parts(mask.maskp, words_for(size)) },
        size,
    )
}
