//! struct bitmask, the mask of both C libraries.

use core::ffi::c_ulong;
use core::slice;

#[cfg(capi)]
use crate::mask::BitsMut;
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

impl bitmask {
    /// A caller's mask for reading. A null pointer is an empty mask.
    ///
    /// # Safety
    /// `mask` is null or points to a bitmask whose map has `size` bits.
    #[inline]
    pub(super) unsafe fn view<'a>(mask: *const bitmask) -> Bits<'a> {
        // SAFETY: as demanded of the caller.
        match unsafe { mask.as_ref() } {
            Some(&bitmask { size, maskp }) if !maskp.is_null() => {
                let size = size as usize;
                // SAFETY: the map has `size` bits in whole longs.
                Bits::of(
                    unsafe { slice::from_raw_parts(maskp, words_for(size)) },
                    size,
                )
            }
            _ => Bits::EMPTY,
        }
    }

    /// A caller's mask for writing. A null pointer is an empty mask.
    ///
    /// # Safety
    /// As for [`bitmask::view`], and no other reference of this library points to the map.
    #[cfg(capi)]
    #[inline]
    pub(super) unsafe fn view_mut<'a>(mask: *mut bitmask) -> BitsMut<'a> {
        // SAFETY: as demanded of the caller.
        match unsafe { mask.as_ref() } {
            Some(&bitmask { size, maskp }) if !maskp.is_null() => {
                let size = size as usize;
                // SAFETY: the map has `size` bits in whole longs, and nothing else uses it.
                let words = unsafe { slice::from_raw_parts_mut(maskp, words_for(size)) };
                BitsMut::of(words, size)
            }
            _ => BitsMut::new(&mut [], 0),
        }
    }
}
