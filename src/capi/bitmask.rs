//! struct bitmask, the mask of both C libraries.

use core::ffi::c_ulong;
use core::slice;

#[cfg(feature = "capi")]
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

/// The size of a mask. Ours have none until they are loaded, and another library's constructor
/// may come before ours.
pub(super) fn size_of_map(mask: &bitmask) -> usize {
    #[cfg(feature = "capi")]
    {
        data::prepare(mask);
        if mask.size == 0 && data::is_static(mask) {
            data::limits();
            // SAFETY: a valid reference, read again because loading has changed it.
            return unsafe { (&raw const mask.size).read_volatile() } as usize;
        }
    }
    mask.size as usize
}

/// A caller's mask for reading. A null pointer is an empty mask.
///
/// # Safety
/// `mask` is null or points to a bitmask whose map has `size` bits.
pub(super) unsafe fn view<'a>(mask: *const bitmask) -> Bits<'a> {
    // SAFETY: the caller passes null or a valid bitmask.
    let Some(mask) = (unsafe { mask.as_ref() }) else {
        return Bits::new(&[], 0);
    };
    let size = size_of_map(mask);
    if mask.maskp.is_null() {
        return Bits::new(&[], 0);
    }
    // SAFETY: the map has `size` bits in whole longs.
    Bits::new(
        unsafe { slice::from_raw_parts(mask.maskp, words_for(size)) },
        size,
    )
}
