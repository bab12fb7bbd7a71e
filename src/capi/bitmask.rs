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
    /// The map and the number of its words; `None` for a null pointer, which is an empty mask.
    ///
    /// # Safety
    /// `mask` is null or valid.
    #[inline]
    unsafe fn map(mask: *const bitmask) -> Option<(*mut c_ulong, usize)> {
        // SAFETY: as demanded of the caller.
        let mask = unsafe { mask.as_ref() }?;
        let words = words_for(mask.size as usize);
        (!mask.maskp.is_null()).then_some((mask.maskp, words))
    }

    /// A caller's mask for reading. A null pointer is an empty mask.
    ///
    /// # Safety
    /// `mask` is null or points to a bitmask whose map has `size` bits.
    #[inline]
    pub(super) unsafe fn view<'a>(mask: *const bitmask) -> Bits<'a> {
        // SAFETY: as demanded of the caller.
        unsafe {
            match Self::map(mask) {
                // The map has `size` bits in whole longs.
                Some((map, words)) => {
                    Bits::new(slice::from_raw_parts(map, words), (*mask).size as usize)
                }
                None => Bits::EMPTY,
            }
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
        unsafe {
            match Self::map(mask) {
                // The map has `size` bits in whole longs, and nobody else uses it.
                Some((map, words)) => {
                    BitsMut::new(slice::from_raw_parts_mut(map, words), (*mask).size as usize)
                }
                None => BitsMut::new(&mut [], 0),
            }
        }
    }
}
