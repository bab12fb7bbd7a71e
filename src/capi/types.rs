//! The masks of C callers, and how this library looks at them.

use alloc::boxed::Box;
use core::ffi::{c_int, c_uint, c_ulong};
use core::mem::MaybeUninit;
use core::{ptr, slice};

pub(super) use super::bitmask::{bitmask, view};
use super::data;
use crate::error::{Error, Result};
use crate::mask::{Bits, WORD_BITS, Word, bits, words_for};
use crate::sys::heap;

/// Bits of the old, fixed-size node mask.
#[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
pub const NODEMASK_BITS: usize = 128;
/// Bits of the old, fixed-size node mask.
#[cfg(not(any(target_arch = "x86_64", target_arch = "x86")))]
pub const NODEMASK_BITS: usize = 2048;

/// Nodes and CPUs that masks on the stack and in static memory have room for: those of any
/// kernel of today.
pub(super) const NODE_ROOM: usize = 1024;
pub(super) const CPU_ROOM: usize = 8192;

/// The old, fixed-size set of nodes.
#[allow(non_camel_case_types)]
#[derive(Clone, Copy)]
#[repr(C)]
pub struct nodemask_t {
    /// The map.
    pub n: [c_ulong; NODEMASK_BITS / WORD_BITS],
}

impl nodemask_t {
    pub(super) const EMPTY: nodemask_t = nodemask_t {
        n: [0; NODEMASK_BITS / WORD_BITS],
    };

    pub(super) fn as_bits(&self) -> Bits<'_> {
        Bits::new(&self.n, NODEMASK_BITS)
    }

    /// The set, cut to the old size.
    pub(super) fn from_bits(from: Bits<'_>) -> nodemask_t {
        let mut mask = nodemask_t::EMPTY;
        bits::copy(from.words(), from.size(), &mut mask.n, NODEMASK_BITS);
        mask
    }
}

/// A caller's mask for writing: its words and size. A null pointer is an empty mask.
///
/// # Safety
/// `mask` is null or points to a bitmask whose map has `size` bits and that no other
/// reference of this library points to.
#[inline(never)]
pub(super) unsafe fn view_mut<'a>(mask: *mut bitmask) -> (&'a mut [Word], usize) {
    data::make_ready(mask);
    // SAFETY: as demanded of the caller.
    unsafe { view_mut_ready(mask) }
}

/// [`view_mut`] of a mask that is ready, without a call.
///
/// # Safety
/// As for [`view_mut`].
#[inline(always)]
pub(super) unsafe fn view_mut_ready<'a>(mask: *mut bitmask) -> (&'a mut [Word], usize) {
    // SAFETY: the caller passes null or a valid bitmask.
    let Some(mask) = (unsafe { mask.as_ref() }) else {
        return (&mut [], 0);
    };
    let size = mask.size as usize;
    if mask.maskp.is_null() {
        return (&mut [], 0);
    }
    // SAFETY: the map has `size` bits in whole longs, and nobody else uses it.
    (
        unsafe { slice::from_raw_parts_mut(mask.maskp, words_for(size)) },
        size,
    )
}

/// An old mask for reading. A null pointer is an empty mask.
///
/// # Safety
/// `mask` is null or valid.
pub(super) unsafe fn view_old<'a>(mask: *const nodemask_t) -> &'a nodemask_t {
    // SAFETY: the caller passes null or a valid mask.
    unsafe { mask.as_ref() }.unwrap_or(&nodemask_t::EMPTY)
}

/// Zeroed words from malloc, or null. glibc's calloc does not look into the cache where malloc
/// finds blocks of common size; large ones come zeroed from the kernel.
fn zeroed(words: usize) -> *mut c_ulong {
    if words > words_for(NODE_ROOM) {
        // SAFETY: calloc takes any size.
        return unsafe { libc::calloc(words, size_of::<c_ulong>()) }.cast();
    }
    // SAFETY: malloc takes any size.
    let map = unsafe { libc::malloc(words * size_of::<c_ulong>()) }.cast::<c_ulong>();
    // Or the compiler makes calloc of it.
    let map = core::hint::black_box(map);
    if !map.is_null() {
        // SAFETY: the new block has that many words.
        unsafe { ptr::write_bytes(map, 0, words) };
    }
    map
}

/// A new empty mask for the caller: header and map from malloc, as numa_bitmask_free, and
/// callers who free the parts themselves, expect.
pub(super) fn allocate(size: usize) -> Result<*mut bitmask> {
    // SAFETY: malloc takes any size.
    let header = unsafe { libc::malloc(size_of::<bitmask>()) }.cast::<bitmask>();
    if header.is_null() {
        return Err(Error::OutOfMemory);
    }
    let map = zeroed(words_for(size));
    if map.is_null() {
        // SAFETY: the header was just allocated.
        unsafe { libc::free(header.cast()) };
        return Err(Error::OutOfMemory);
    }
    // SAFETY: the header is valid for writing.
    unsafe {
        ptr::write(
            header,
            bitmask {
                size: size as c_ulong,
                maskp: map,
            },
        )
    };
    Ok(header)
}

/// Zeroed words for [`single`].
pub(super) const NO_NODES: [Word; words_for(NODE_ROOM)] = [0; words_for(NODE_ROOM)];

/// A mask with one node, or none if the number is no node that the kernel could have; the kernel
/// then refuses the mask. Its words are the caller's, so that they need not be copied.
#[inline(always)]
pub(super) fn single(words: &mut [Word; words_for(NODE_ROOM)], node: c_int) -> Bits<'_> {
    let size = data::limits().node_bits().min(NODE_ROOM);
    if let Ok(n) = usize::try_from(node) {
        bits::put(words, size, n, true);
    }
    Bits::new(words, size)
}

/// Room for one of the kernel's CPU masks: on the stack for up to [`CPU_ROOM`] CPUs. It costs
/// nothing until it is used.
pub(super) struct CpuRoom {
    near: [MaybeUninit<Word>; words_for(CPU_ROOM)],
    far: Box<[Word]>,
}

impl CpuRoom {
    #[inline(always)]
    pub(super) fn new() -> CpuRoom {
        CpuRoom {
            near: [const { MaybeUninit::uninit() }; words_for(CPU_ROOM)],
            far: Box::default(),
        }
    }

    /// A mask without CPUs. Only what is used becomes zero.
    #[inline(never)]
    pub(super) fn zeroed(&mut self) -> Result<&mut [Word]> {
        let need = words_for(data::limits().cpu_bits());
        let Some(words) = self.near.get_mut(..need) else {
            self.far = heap::zeroed_words(need).ok_or(Error::OutOfMemory)?;
            return Ok(&mut self.far);
        };
        words
            .iter_mut()
            .for_each(|word| *word = MaybeUninit::new(0));
        // SAFETY: all of them have just been written.
        Ok(unsafe { &mut *(ptr::from_mut(words) as *mut [Word]) })
    }
}

/// Size fields and counts in C's unsigned int.
pub(super) fn unsigned(count: usize) -> c_uint {
    c_uint::try_from(count).unwrap_or(c_uint::MAX)
}
