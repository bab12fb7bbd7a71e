//! Memory for lists, the lack of which is an error.

use alloc::vec::Vec;

use crate::error::{Error, Result};

/// Room for `more` elements behind those of a list.
pub(super) fn reserve<T>(list: &mut Vec<T>, more: usize) -> Result<()> {
    list.try_reserve(more).map_err(|_| Error::OutOfMemory)
}

/// An empty list with room for `len` elements.
pub(super) fn with_room<T>(len: usize) -> Result<Vec<T>> {
    let mut list = Vec::new();
    list.try_reserve_exact(len)
        .map_err(|_| Error::OutOfMemory)?;
    Ok(list)
}

/// A list of `len` default elements.
pub(super) fn filled<T: Copy + Default>(len: usize) -> Result<Vec<T>> {
    let mut list = with_room(len)?;
    list.resize(len, T::default());
    Ok(list)
}
