//! Counting set bits.
//!
//! x86-64 of the first day has no instruction for it, all of today's have: what the processor has
//! is asked once. No other operation on masks gains enough from newer instructions to be worth
//! a question.

#[cfg(all(target_arch = "x86_64", not(target_feature = "popcnt")))]
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

use crate::mask::Word;

/// Number of set bits of all words and `last`.
#[inline(always)]
pub(crate) fn ones(words: &[Word], last: Word) -> usize {
    #[cfg(all(target_arch = "x86_64", not(target_feature = "popcnt")))]
    if ANSWER.load(Relaxed) == YES {
        // SAFETY: the processor has the instruction.
        return unsafe { ones_popcnt(words, last) };
    }
    ones_asking(words, last)
}

/// [`ones`] while it is not known what the processor has, and where it has nothing.
#[inline(never)]
fn ones_asking(words: &[Word], last: Word) -> usize {
    #[cfg(all(target_arch = "x86_64", not(target_feature = "popcnt")))]
    // Short masks are not worth the question.
    if words.len() > SHORT && has_popcnt() {
        // SAFETY: the processor has the instruction.
        return unsafe { ones_popcnt(words, last) };
    }
    sum(words) + last.count_ones() as usize
}

/// Empty words, of which most masks have many, cost next to nothing.
pub(crate) fn sum(words: &[Word]) -> usize {
    words
        .iter()
        .filter(|&&word| word != 0)
        .map(|word| word.count_ones() as usize)
        .sum()
}

#[cfg(all(target_arch = "x86_64", not(target_feature = "popcnt")))]
const SHORT: usize = 2;

#[cfg(all(target_arch = "x86_64", not(target_feature = "popcnt")))]
#[target_feature(enable = "popcnt")]
unsafe fn ones_popcnt(words: &[Word], last: Word) -> usize {
    let mut fours = words.chunks_exact(4);
    // Independent sums: the next instruction need not wait for the last one.
    let mut sums = [0usize; 4];
    for four in fours.by_ref() {
        if let [a, b, c, d] = four {
            sums[0] += a.count_ones() as usize;
            sums[1] += b.count_ones() as usize;
            sums[2] += c.count_ones() as usize;
            sums[3] += d.count_ones() as usize;
        }
    }
    let rest: usize = fours
        .remainder()
        .iter()
        .map(|word| word.count_ones() as usize)
        .sum();
    sums[0] + sums[1] + sums[2] + sums[3] + rest + last.count_ones() as usize
}

/// What the processor has. The question may take microseconds in a virtual machine, so the answer
/// is kept.
#[cfg(all(target_arch = "x86_64", not(target_feature = "popcnt")))]
static ANSWER: AtomicU8 = AtomicU8::new(UNKNOWN);
#[cfg(all(target_arch = "x86_64", not(target_feature = "popcnt")))]
const UNKNOWN: u8 = 0;
#[cfg(all(target_arch = "x86_64", not(target_feature = "popcnt")))]
const YES: u8 = 1;
#[cfg(all(target_arch = "x86_64", not(target_feature = "popcnt")))]
const NO: u8 = 2;

#[cfg(all(target_arch = "x86_64", not(target_feature = "popcnt")))]
#[cold]
fn has_popcnt() -> bool {
    if ANSWER.load(Relaxed) == UNKNOWN {
        #[allow(unused_unsafe)] // Safe from Rust 1.90 on.
        // SAFETY: every x86-64 processor has the instruction and this leaf.
        let features = unsafe { core::arch::x86_64::__cpuid(1) }.ecx;
        let has = features & 1 << 23 != 0;
        ANSWER.store(if has { YES } else { NO }, Relaxed);
    }
    ANSWER.load(Relaxed) == YES
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn both_ways_count_the_same() {
        for len in 0..40 {
            let words: Vec<Word> = (0..len)
                .map(|n: Word| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ n << 60)
                .collect();
            let expected: u32 = words.iter().map(|w| w.count_ones()).sum();
            assert_eq!(ones(&words, 0), expected as usize);
            assert_eq!(ones(&words, 5), expected as usize + 2);
            assert_eq!(sum(&words), expected as usize);
        }
    }
}
