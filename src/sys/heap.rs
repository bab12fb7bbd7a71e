//! Memory of the heap, the lack of which is an error.

use alloc::alloc::{Layout, alloc_zeroed};
use alloc::boxed::Box;
use core::ptr;

use crate::mask::Word;

/// Zeroed words, or `None` if there is no memory. Unlike with a `Vec` there is nothing that could
/// grow, and no code for it in the C library.
pub(crate) fn zeroed_words(len: usize) -> Option<Box<[Word]>> {
    if len == 0 {
        return Some(Box::default());
    }
    let layout = Layout::array::<Word>(len).ok()?;
    // SAFETY: the layout has a size.
    let start = unsafe { alloc_zeroed(layout) }.cast::<Word>();
    // SAFETY: a new block with the layout of the boxed slice; zero is a valid word.
    (!start.is_null()).then(|| unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(start, len)) })
}
