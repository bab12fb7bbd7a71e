//! struct bitmask, the mask of both C libraries.

use core::ffi::{c_ulong, c_void};
use core::{ptr, slice};

#[cfg(capi)]
use super::debug;
use crate::error::{Error, Result};
#[cfg(capi)]
use crate::mask::BitsMut;
#[cfg(capi_ext)]
use crate::mask::NodeMask;
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

/// Bytes of a map up to which memory is likely to be in malloc's cache.
#[cfg(capi)]
const LARGE: usize = 4096;

/// There is no memory for a mask.
#[cold]
#[inline(never)]
fn no_memory() -> Result<*mut bitmask> {
    #[cfg(capi)]
    debug::failed("bitmask_alloc", &Error::OutOfMemory);
    Err(Error::OutOfMemory)
}

impl bitmask {
    /// A caller's mask that has a map. A null pointer is no mask.
    ///
    /// # Safety
    /// `mask` is null or valid.
    #[inline]
    pub(super) unsafe fn with_map<'a>(mask: *const bitmask) -> Option<&'a bitmask> {
        // SAFETY: as demanded of the caller.
        unsafe { mask.as_ref() }.filter(|mask| !mask.maskp.is_null())
    }

    /// Its bits.
    ///
    /// # Safety
    /// The map has `size` bits in whole longs.
    #[inline]
    pub(super) unsafe fn bits<'a>(&self) -> Bits<'a> {
        let size = self.size as usize;
        // SAFETY: as demanded of the caller.
        Bits::of(
            unsafe { slice::from_raw_parts(self.maskp, words_for(size)) },
            size,
        )
    }

    /// Its bits for writing.
    ///
    /// # Safety
    /// As for [`bitmask::bits`], and no other reference of this library points to the map.
    #[cfg(capi)]
    #[inline]
    pub(super) unsafe fn bits_mut<'a>(&self) -> BitsMut<'a> {
        let size = self.size as usize;
        // SAFETY: as demanded of the caller.
        let words = unsafe { slice::from_raw_parts_mut(self.maskp, words_for(size)) };
        BitsMut::of(words, size)
    }

    /// A caller's mask for reading. A null pointer is an empty mask.
    ///
    /// # Safety
    /// `mask` is null or points to a bitmask whose map has `size` bits.
    #[inline]
    pub(super) unsafe fn view<'a>(mask: *const bitmask) -> Bits<'a> {
        // SAFETY: as demanded of the caller.
        unsafe { bitmask::with_map(mask).map_or(Bits::EMPTY, |mask| mask.bits()) }
    }

    /// A caller's mask for writing. A null pointer is an empty mask.
    ///
    /// # Safety
    /// As for [`bitmask::view`], and no other reference of this library points to the map.
    #[cfg(capi)]
    #[inline]
    pub(super) unsafe fn view_mut<'a>(mask: *mut bitmask) -> BitsMut<'a> {
        // SAFETY: as demanded of the caller.
        let found = unsafe { bitmask::with_map(mask) };
        // SAFETY: as above.
        found.map_or(BitsMut::new(&mut [], 0), |mask| unsafe { mask.bits_mut() })
    }

    /// A new mask for the caller, whose map has any content: header and map from malloc, as
    /// numa_bitmask_free, and callers who free the parts themselves, expect.
    pub(super) fn allocate_unset(size: usize) -> Result<*mut bitmask> {
        // SAFETY: malloc takes any size.
        bitmask::allocate(size, |bytes| unsafe { libc::malloc(bytes) })
    }

    /// The same, empty. A large map is new pages, which are zero and are not touched here. A small one is not
    /// from calloc, which in glibc before 2.41 does not use the cache that malloc uses: 0.87 of the
    /// reference's time.
    #[cfg(capi)]
    pub(super) fn allocate_empty(size: usize) -> Result<*mut bitmask> {
        bitmask::allocate(size, |bytes| {
            if bytes > LARGE {
                // SAFETY: calloc takes any size.
                return unsafe { libc::calloc(1, bytes) };
            }
            // SAFETY: malloc takes any size.
            let map = unsafe { libc::malloc(bytes) };
            if !map.is_null() {
                // SAFETY: the map is new and has so many bytes.
                unsafe { ptr::write_bytes(map.cast::<u8>(), 0, bytes) };
            }
            map
        })
    }

    #[inline(always)]
    fn allocate(size: usize, map: impl FnOnce(usize) -> *mut c_void) -> Result<*mut bitmask> {
        // SAFETY: malloc takes any size.
        let header = unsafe { libc::malloc(size_of::<bitmask>()) }.cast::<bitmask>();
        if header.is_null() {
            return no_memory();
        }
        let map = map(words_for(size) * size_of::<c_ulong>());
        if map.is_null() {
            // SAFETY: the header was just allocated.
            unsafe { libc::free(header.cast()) };
            return no_memory();
        }
        let mask = bitmask {
            size: size as c_ulong,
            maskp: map.cast(),
        };
        // SAFETY: the header is valid for writing.
        unsafe { ptr::write(header, mask) };
        Ok(header)
    }

    /// A new mask for the caller, with these nodes.
    #[cfg(capi_ext)]
    pub(super) fn of_nodes(nodes: &NodeMask) -> Result<*mut bitmask> {
        let mask = bitmask::allocate_unset(nodes.size())?;
        let words = nodes.words();
        // SAFETY: the map is new and has as many words.
        unsafe { ptr::copy_nonoverlapping(words.as_ptr(), (*mask).maskp, words.len()) };
        Ok(mask)
    }
}
