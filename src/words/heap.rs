//! Words on the heap.

#![allow(unsafe_code)]

use alloc::alloc::{Layout, alloc_zeroed};
use alloc::boxed::Box;
use core::ptr;

use super::Word;

/// Returns `len` zeroed words, or `None` if there is no memory.
pub(crate) fn zeroed(len: usize) -> Option<Box<[Word]>> {
    if len == 0 {
        return Some(Box::default());
    }
    let layout = Layout::array::<Word>(len).ok()?;
    // SAFETY: the layout has a size.
    let start = unsafe { alloc_zeroed(layout) }.cast::<Word>();
    // SAFETY: a new block with the layout of the boxed slice; zero is a valid word.
    (!start.is_null()).then(|| unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(start, len)) })
}
