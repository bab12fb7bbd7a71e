//! nodemask_t, the old mask of nodes.

use core::ffi::c_ulong;

use crate::mask::{Bits, BitsMut, WORD_BITS};

/// Bits of the old, fixed-size node mask.
#[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
pub const NODEMASK_BITS: usize = 128;
/// Bits of the old, fixed-size node mask.
#[cfg(not(any(target_arch = "x86_64", target_arch = "x86")))]
pub const NODEMASK_BITS: usize = 2048;

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

    pub(super) fn bits_mut(&mut self) -> BitsMut<'_> {
        BitsMut::new(&mut self.n, NODEMASK_BITS)
    }

    /// The set, cut to the old size.
    pub(super) fn from_bits(from: Bits<'_>) -> nodemask_t {
        let mut mask = nodemask_t::EMPTY;
        mask.bits_mut().copy_from(from);
        mask
    }
}
