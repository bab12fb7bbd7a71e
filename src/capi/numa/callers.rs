//! The masks of C callers: views of them, and new ones.

use core::ffi::{c_int, c_uint, c_ulong};
use core::{ptr, slice};

use super::nodemask::nodemask_t;
use super::{load, variables};
pub(super) use crate::capi::bitmask::bitmask;
use crate::capi::result::OrErrno;
use crate::error::Result;
use crate::mask::{Bits, BitsMut, Node, NodeMask, Word};

/// Loads the library if the mask has no size: the constructor of another library may pass an exported
/// mask, which has none before load.
///
/// # Safety
/// `mask` is null or valid.
#[inline]
unsafe fn make_ready(mask: *const bitmask) {
    // SAFETY: as demanded of the caller.
    if unsafe { mask.as_ref() }.is_some_and(|mask| mask.size == 0) {
        load::limits();
    }
}

/// A caller's mask for reading. A null pointer is an empty mask.
///
/// # Safety
/// `mask` is null or points to a bitmask whose map has `size` bits.
#[inline]
pub(super) unsafe fn view<'a>(mask: *const bitmask) -> Bits<'a> {
    // SAFETY: as demanded of the caller.
    unsafe {
        make_ready(mask);
        bitmask::view(mask)
    }
}

/// A caller's mask for writing. A null pointer is an empty mask.
///
/// # Safety
/// As for [`view`], and no other reference of this library points to the map.
#[inline]
pub(super) unsafe fn view_mut<'a>(mask: *mut bitmask) -> BitsMut<'a> {
    // SAFETY: as demanded of the caller.
    unsafe {
        make_ready(mask);
        bitmask::view_mut(mask)
    }
}

/// Calls `use_size` with the number of bits of a mask. Written twice, with the loading and without it,
/// short functions need no registers that survive a call: 0.8 of the time.
///
/// # Safety
/// `mask` is null or valid.
#[inline]
pub(super) unsafe fn with_size<R>(mask: *const bitmask, use_size: impl FnOnce(usize) -> R) -> R {
    // SAFETY: as demanded of the caller.
    match unsafe { mask.as_ref() } {
        // With the upper bound known nothing has to be done about sizes that do not fit.
        Some(mask) if mask.size > 0 && mask.size <= 1 << 30 => use_size(mask.size as usize),
        _ => loading(move || {
            // SAFETY: as above.
            let mask = unsafe {
                make_ready(mask);
                mask.as_ref()
            };
            use_size(mask.map_or(0, |mask| mask.size as usize))
        }),
    }
}

/// Like [`with_size`] for a bit of the mask: one comparison with the size is enough where it is inside.
///
/// # Safety
/// As for [`view`].
#[inline]
pub(super) unsafe fn with_bit<R>(
    mask: *mut bitmask,
    n: c_uint,
    use_bit: impl FnOnce(BitsMut<'_>, usize) -> R,
) -> R {
    let n = n as usize;
    // SAFETY: as demanded of the caller.
    let found = unsafe { bitmask::view_mut(mask) };
    if n < found.size() {
        use_bit(found, n)
    } else {
        // SAFETY: as above.
        loading(move || use_bit(unsafe { view_mut(mask) }, n))
    }
}

/// Like [`with_size`] for two masks, which usually have the same size.
///
/// # Safety
/// As for [`view_mut`] and [`view`], and the masks are not the same.
#[inline]
pub(super) unsafe fn with_both<R>(
    to: *mut bitmask,
    from: *const bitmask,
    use_masks: impl FnOnce(BitsMut<'_>, Bits<'_>) -> R,
) -> R {
    // SAFETY: as demanded of the caller.
    let found = unsafe { (bitmask::with_map(to), bitmask::with_map(from)) };
    match found {
        (Some(one), Some(other)) if one.size > 0 && one.size == other.size => {
            // SAFETY: as above.
            unsafe { use_masks(one.bits_mut(), other.bits()) }
        }
        // SAFETY: as above.
        _ => loading(move || unsafe { use_masks(view_mut(to), view(from)) }),
    }
}

#[cold]
#[inline(never)]
fn loading<R>(then: impl FnOnce() -> R) -> R {
    then()
}

/// An old mask for reading. A null pointer is an empty mask.
///
/// # Safety
/// `mask` is null or valid.
pub(super) unsafe fn view_old<'a>(mask: *const nodemask_t) -> Bits<'a> {
    // SAFETY: the caller passes null or a valid mask.
    unsafe { mask.as_ref() }.map_or(Bits::EMPTY, nodemask_t::as_bits)
}

/// A caller's raw words for writing, as many as `bytes` holds whole.
///
/// # Safety
/// `words` is null or has so many bytes.
pub(super) unsafe fn view_words<'a>(words: *mut c_ulong, bytes: usize) -> &'a mut [Word] {
    if words.is_null() {
        return &mut [];
    }
    // SAFETY: as demanded of the caller.
    unsafe { slice::from_raw_parts_mut(words, bytes / size_of::<c_ulong>()) }
}

/// The exported masks as a caller may have changed them.
macro_rules! exported {
    ($function:ident, $variable:ident) => {
        pub(super) fn $function() -> Bits<'static> {
            load::limits();
            // SAFETY: the variable points to a mask that is never freed, or to one that the
            // program has put there.
            unsafe { view((&raw const variables::$variable).read_volatile()) }
        }
    };
}

exported!(all_nodes, numa_all_nodes_ptr);
exported!(nodes, numa_nodes_ptr);
exported!(all_cpus, numa_all_cpus_ptr);
exported!(no_nodes, numa_no_nodes_ptr);

/// The old all-nodes mask.
pub(super) fn old_all_nodes() -> nodemask_t {
    load::limits();
    // SAFETY: written at load only.
    unsafe { (&raw const variables::numa_all_nodes).read_volatile() }
}

/// A new empty mask for the caller.
pub(super) fn allocate(size: usize) -> Result<*mut bitmask> {
    bitmask::allocate_empty(size)
}

/// Frees a mask of [`allocate`].
///
/// # Safety
/// Nothing uses the mask any more.
pub(super) unsafe fn free(mask: *mut bitmask) {
    // SAFETY: the mask and its map came from malloc, and the caller gives them up.
    unsafe {
        libc::free((*mask).maskp.cast());
        libc::free(mask.cast());
    }
}

/// A new mask for the caller, as large as the kernel's, with these nodes; NULL with errno if there is
/// no memory.
pub(super) fn new_node_mask(nodes: Bits<'_>) -> *mut bitmask {
    let mask = bitmask::allocate_unset(load::limits().node_bits.size()).or_errno(ptr::null_mut());
    // SAFETY: null or a new mask, all words of which are written.
    unsafe { view_mut(mask) }.copy_from(nodes);
    mask
}

/// An empty set of nodes, as large as the kernel's masks.
pub(super) fn empty_nodes() -> Result<NodeMask> {
    NodeMask::new(load::limits().node_bits.size())
}

/// A set with one node, or without any if the number is no node that the kernel could have; the
/// kernel then refuses the set.
#[inline(never)]
pub(super) fn single(node: c_int) -> Result<NodeMask> {
    let mut nodes = empty_nodes()?;
    if let Ok(n) = u32::try_from(node) {
        let _ = nodes.insert(Node(n));
    }
    Ok(nodes)
}

/// Size fields and counts in C's unsigned int.
pub(super) fn unsigned(count: usize) -> c_uint {
    c_uint::try_from(count).unwrap_or(c_uint::MAX)
}
