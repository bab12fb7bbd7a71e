//! Sets of nodes and CPUs: bit operations on words, and the owned masks of the core.
//!
//! The kernel, C callers and this library share one layout: an array of
//! `unsigned long`, bit `n` of the set in word `n / WORD_BITS`. [`bits`] works on
//! borrowed words of any size, so that the C layer can apply it to a caller's
//! `struct bitmask` in place; [`Mask`] owns its words and keeps masks of common
//! machines (1024 nodes, 8192 CPUs) without an allocation.

use alloc::boxed::Box;
use core::ffi::c_ulong;
use core::fmt;
use core::marker::PhantomData;

use crate::error::{Error, Result};
use crate::sys::heap;

/// One word of a mask, as the kernel and C see it.
pub type Word = c_ulong;

/// Bits in a [`Word`].
pub const WORD_BITS: usize = Word::BITS as usize;

/// Number of words that hold `bits` bits.
pub const fn words_for(bits: usize) -> usize {
    bits.div_ceil(WORD_BITS)
}

/// A borrowed mask of any size: words, and how many bits of them count.
#[derive(Debug, Clone, Copy)]
pub struct Bits<'a> {
    words: &'a [Word],
    size: usize,
}

impl<'a> Bits<'a> {
    /// The first `size` bits of `words`, or as many as there are.
    pub fn new(words: &'a [Word], size: usize) -> Bits<'a> {
        Bits {
            words,
            size: size.min(words.len().saturating_mul(WORD_BITS)),
        }
    }

    /// The same for words that are known to be as many as the size needs.
    #[cfg(any(capi, capi_ext))]
    #[inline(always)]
    pub(crate) fn of(words: &'a [Word], size: usize) -> Bits<'a> {
        debug_assert!(words.len() >= words_for(size));
        Bits { words, size }
    }

    /// The words; bits of the last one beyond the size may have any value.
    pub fn words(&self) -> &'a [Word] {
        self.words
    }

    /// Number of bits.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether bit `n` is set.
    pub fn contains(&self, n: usize) -> bool {
        bits::get(self.words, self.size, n)
    }

    /// Whether no bit is set.
    pub fn is_empty(&self) -> bool {
        bits::is_empty(self.words, self.size)
    }

    /// The set bits in ascending order.
    pub fn iter(&self) -> bits::Ones<'a> {
        bits::iter(self.words, self.size)
    }
}

/// Operations on the first `size` bits of a word array.
///
/// Ids at or beyond `size` are absent: reading them gives `false`, writing them
/// does nothing. Bits of the last word beyond `size` are never read or written.
/// No function allocates or panics; all are async-signal-safe. `words` must hold
/// at least `words_for(size)` words; if it is shorter, the missing words count as
/// not being there.
pub mod bits {
    use super::{WORD_BITS, Word, words_for};
    use crate::sys::{self, popcount, set_bytes};

    /// The valid bits of the last, partly used word, or 0 when it is full.
    const fn tail(size: usize) -> Word {
        ((1 as Word) << (size % WORD_BITS)) - 1
    }

    #[inline(always)]
    fn clip(words: &[Word], size: usize) -> (&[Word], Word) {
        match words.split_at_checked(size / WORD_BITS) {
            Some((full, [last, ..])) => (full, last & tail(size)),
            _ => (words, 0),
        }
    }

    /// Whether bit `n` is set.
    #[inline(always)]
    pub fn get(words: &[Word], size: usize, n: usize) -> bool {
        n < size
            && words
                .get(n / WORD_BITS)
                .is_some_and(|w| w >> (n % WORD_BITS) & 1 != 0)
    }

    /// Sets or clears bit `n`.
    #[inline]
    pub fn put(words: &mut [Word], size: usize, n: usize, on: bool) {
        if n >= size {
            return;
        }
        if let Some(w) = words.get_mut(n / WORD_BITS) {
            let bit = (1 as Word) << (n % WORD_BITS);
            if on {
                *w |= bit;
            } else {
                *w &= !bit;
            }
        }
    }

    /// Up to so many words a loop beats a call of the C library (measured).
    const SHORT: usize = 2;

    /// Sets or clears all words.
    #[inline(always)]
    fn fill_words(words: &mut [Word], on: bool) {
        if words.len() > SHORT {
            return set_bytes(words, if on { u8::MAX } else { 0 });
        }
        for word in words {
            *word = if on { Word::MAX } else { 0 };
        }
    }

    /// Sets or clears all bits below `size`.
    #[inline(never)]
    pub fn fill(words: &mut [Word], size: usize, on: bool) {
        fill_fast(words, size, on);
    }

    /// [`fill`] without a call.
    #[inline(always)]
    pub(crate) fn fill_fast(words: &mut [Word], size: usize, on: bool) {
        let value = if on { Word::MAX } else { 0 };
        let Some((full, rest)) = words.split_at_mut_checked(size / WORD_BITS) else {
            return fill_words(words, on);
        };
        // First, as nothing has to survive a call then.
        if let Some(last) = rest.first_mut() {
            *last = *last & !tail(size) | value & tail(size);
        }
        fill_words(full, on);
    }

    /// Number of set bits.
    #[inline(never)]
    pub fn weight(words: &[Word], size: usize) -> usize {
        weight_fast(words, size)
    }

    /// [`weight`] without a call.
    #[inline(always)]
    pub(crate) fn weight_fast(words: &[Word], size: usize) -> usize {
        let (full, last) = clip(words, size);
        popcount::ones(full, last)
    }

    /// Number of set bits, for sets that are mostly empty. Does not ask what instructions the
    /// processor has, which is slow in virtual machines.
    #[cfg(capi)]
    pub(crate) fn sparse_weight(words: &[Word], size: usize) -> usize {
        let (full, last) = clip(words, size);
        popcount::sum(full) + last.count_ones() as usize
    }

    /// Whether no bit is set.
    pub fn is_empty(words: &[Word], size: usize) -> bool {
        let (full, last) = clip(words, size);
        last == 0 && are_zero(full)
    }

    /// Whether all words are zero, several at a time.
    fn are_zero(words: &[Word]) -> bool {
        let mut fours = words.chunks_exact(4);
        fours
            .by_ref()
            .all(|four| matches!(four, [a, b, c, d] if a | b | c | d == 0))
            && fours.remainder().iter().all(|&w| w == 0)
    }

    /// Whether two sequences of the same length are the same.
    #[inline(always)]
    fn same_words(a: &[Word], b: &[Word]) -> bool {
        if a.len() > SHORT {
            return sys::same_words(a, b);
        }
        let mut differs = 0;
        for (a, b) in a.iter().zip(b) {
            differs |= a ^ b;
        }
        differs == 0
    }

    /// Whether two sets are equal; the shorter one is extended with zeros.
    #[inline(always)]
    pub fn equal(a: &[Word], a_size: usize, b: &[Word], b_size: usize) -> bool {
        let ((a, a_last), (b, b_last)) = (clip(a, a_size), clip(b, b_size));
        if a.len() == b.len() {
            return a_last == b_last && same_words(a, b);
        }
        equal_with_zeros(a, a_last, b, b_last)
    }

    #[inline(never)]
    fn equal_with_zeros(a: &[Word], a_last: Word, b: &[Word], b_last: Word) -> bool {
        let (long, long_last, short, short_last) = if a.len() > b.len() {
            (a, a_last, b, b_last)
        } else {
            (b, b_last, a, a_last)
        };
        // The last word of the shorter set stands beside a full one of the longer set.
        let (common, rest) = match long.split_at_checked(short.len()) {
            Some((common, [beside, rest @ ..])) if *beside == short_last => (common, rest),
            _ => return false,
        };
        common == short && long_last == 0 && are_zero(rest)
    }

    /// Copies whole words; what does not fit is cut, what is missing is zero.
    #[cfg(capi)]
    #[inline(always)]
    pub(crate) fn copy_words(from: &[Word], to: &mut [Word]) {
        if to.len() <= SHORT {
            let mut from = from.iter();
            for word in to {
                *word = from.next().map_or(0, |&word| word);
            }
            return;
        }
        if to.len() > from.len() {
            return copy_fewer_words(from, to);
        }
        sys::copy_words(from, to);
    }

    /// [`copy_words`] to a target that is larger.
    #[cfg(capi)]
    #[inline(never)]
    fn copy_fewer_words(from: &[Word], to: &mut [Word]) {
        sys::copy_words(from, to);
        if let Some(rest) = to.get_mut(from.len()..) {
            set_bytes(rest, 0);
        }
    }

    /// Copies a set into another; what does not fit is cut, what is missing is zero. The
    /// target's words are written whole, so bits beyond its size become zero as well.
    #[inline(never)]
    pub fn copy(from: &[Word], from_size: usize, to: &mut [Word], to_size: usize) {
        let (full, last) = clip(from, from_size.min(to_size));
        let end = words_for(to_size).min(to.len());
        let (same, rest) = to[..end].split_at_mut(full.len().min(end));
        same.copy_from_slice(&full[..same.len()]);
        if let [word, rest @ ..] = rest {
            *word = last;
            rest.fill(0);
        }
    }

    /// The lowest set bit at or after `from`.
    pub fn next(words: &[Word], size: usize, from: usize) -> Option<usize> {
        let i = from / WORD_BITS;
        let end = words_for(size).min(words.len());
        let (&first, later) = words.get(i..end)?.split_first()?;
        let first = first & Word::MAX << (from % WORD_BITS);
        let (i, word) = if first != 0 {
            (i, first)
        } else {
            let zeros = later.iter().take_while(|&&word| word == 0).count();
            (i + 1 + zeros, *later.get(zeros)?)
        };
        let n = i * WORD_BITS + word.trailing_zeros() as usize;
        (n < size).then_some(n)
    }

    /// The highest set bit.
    pub fn last(words: &[Word], size: usize) -> Option<usize> {
        let (full, last) = clip(words, size);
        let top = |i: usize, w: Word| i * WORD_BITS + (WORD_BITS - 1 - w.leading_zeros() as usize);
        if last != 0 {
            return Some(top(full.len(), last));
        }
        full.iter()
            .enumerate()
            .rfind(|(_, w)| **w != 0)
            .map(|(i, &w)| top(i, w))
    }

    /// The set bits in ascending order.
    pub fn iter(words: &[Word], size: usize) -> Ones<'_> {
        Ones { words, size, at: 0 }
    }

    /// Iterator over the set bits of a word array.
    #[derive(Debug, Clone)]
    pub struct Ones<'a> {
        words: &'a [Word],
        size: usize,
        at: usize,
    }

    impl Iterator for Ones<'_> {
        type Item = usize;
        fn next(&mut self) -> Option<usize> {
            let n = next(self.words, self.size, self.at)?;
            self.at = n + 1;
            Some(n)
        }
    }
}

/// What a mask is a set of: [`Node`] or [`Cpu`].
pub trait Id: Copy + Eq + fmt::Debug {
    /// "node" or "cpu", for messages.
    const KIND: &'static str;
    /// The id with this number.
    fn new(n: u32) -> Self;
    /// The number of this id.
    fn number(self) -> u32;
}

macro_rules! id {
    ($name:ident, $kind:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl Id for $name {
            const KIND: &'static str = $kind;
            fn new(n: u32) -> Self {
                $name(n)
            }
            fn number(self) -> u32 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

id!(
    Node,
    "node",
    "The number of a NUMA memory node, as in /sys/devices/system/node/nodeN."
);
id!(
    Cpu,
    "cpu",
    "The number of a logical CPU, as in /sys/devices/system/cpu/cpuN."
);

/// A set of ids below a fixed size, in the kernel's layout.
///
/// `INLINE` words live in the value itself; a larger mask allocates once, when it
/// is made.
#[derive(Clone)]
pub struct Mask<I, const INLINE: usize> {
    size: usize,
    near: [Word; INLINE],
    far: Box<[Word]>,
    id: PhantomData<I>,
}

/// A set of NUMA nodes. Up to 1024 bits (512 on 32-bit machines) need no allocation.
pub type NodeMask = Mask<Node, 16>;

/// A set of CPUs. Up to 8192 bits (4096 on 32-bit machines) need no allocation.
pub type CpuMask = Mask<Cpu, 128>;

impl<I: Id, const INLINE: usize> Mask<I, INLINE> {
    /// An empty mask of `size` bits.
    ///
    /// Fails with [`Error::OutOfMemory`] only.
    pub fn new(size: usize) -> Result<Self> {
        let far = match words_for(size) {
            need if need > INLINE => heap::zeroed_words(need).ok_or(Error::OutOfMemory)?,
            _ => Box::default(),
        };
        Ok(Mask {
            size,
            near: [0; INLINE],
            far,
            id: PhantomData,
        })
    }

    /// A mask of `size` bits with the bits of `words`, of which `words_size` count.
    pub fn from_words(size: usize, words: &[Word], words_size: usize) -> Result<Self> {
        let mut mask = Self::new(size)?;
        bits::copy(words, words_size, mask.words_mut(), size);
        Ok(mask)
    }

    /// This mask as a borrowed one.
    pub fn as_bits(&self) -> Bits<'_> {
        Bits::new(self.words(), self.size)
    }

    /// Number of bits, set or not.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The words; those bits of the last one that lie beyond the size are zero.
    #[inline(never)]
    pub fn words(&self) -> &[Word] {
        let need = words_for(self.size);
        if need > INLINE {
            &self.far
        } else {
            &self.near[..need]
        }
    }

    /// The words, to be filled by the kernel or a parser.
    #[inline(never)]
    pub(crate) fn words_mut(&mut self) -> &mut [Word] {
        let need = words_for(self.size);
        if need > INLINE {
            &mut self.far
        } else {
            &mut self.near[..need]
        }
    }

    /// Whether `id` is in the set.
    pub fn contains(&self, id: I) -> bool {
        bits::get(self.words(), self.size, id.number() as usize)
    }

    /// Puts `id` into the set.
    pub fn insert(&mut self, id: I) -> Result<()> {
        let (n, size) = (id.number(), self.size);
        if n as usize >= size {
            return Err(Error::BeyondMask {
                kind: I::KIND,
                id: n,
                bits: size,
            });
        }
        bits::put(self.words_mut(), size, n as usize, true);
        Ok(())
    }

    /// Takes `id` out of the set.
    pub fn remove(&mut self, id: I) {
        let size = self.size;
        bits::put(self.words_mut(), size, id.number() as usize, false);
    }

    /// Number of ids in the set.
    pub fn len(&self) -> usize {
        bits::weight(self.words(), self.size)
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        bits::is_empty(self.words(), self.size)
    }

    /// The ids in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = I> + '_ {
        bits::iter(self.words(), self.size).map(|n| I::new(n as u32))
    }

    /// The lowest id.
    pub fn first(&self) -> Option<I> {
        bits::next(self.words(), self.size, 0).map(|n| I::new(n as u32))
    }

    /// The highest id.
    pub fn last(&self) -> Option<I> {
        bits::last(self.words(), self.size).map(|n| I::new(n as u32))
    }

    /// Whether both sets have an id in common.
    pub fn intersects(&self, other: &Self) -> bool {
        self.words()
            .iter()
            .zip(other.words())
            .any(|(a, b)| a & b != 0)
    }

    /// Keeps only the ids that are in `other` as well.
    pub fn intersect(&mut self, other: &Self) {
        let words = self.words_mut();
        for (i, w) in words.iter_mut().enumerate() {
            *w &= other.words().get(i).copied().unwrap_or(0);
        }
    }

    /// Empties the set.
    pub fn clear(&mut self) {
        self.words_mut().fill(0);
    }
}

impl<I: Id, const INLINE: usize> PartialEq for Mask<I, INLINE> {
    /// Same members; the sizes may differ.
    fn eq(&self, other: &Self) -> bool {
        bits::equal(self.words(), self.size, other.words(), other.size)
    }
}

impl<I: Id, const INLINE: usize> Eq for Mask<I, INLINE> {}

/// Writes the set as a list, `0-3,8`, the form that node and CPU strings take.
impl<I: Id, const INLINE: usize> fmt::Display for Mask<I, INLINE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut at = 0;
        let mut comma = "";
        while let Some(start) = bits::next(self.words(), self.size, at) {
            let mut end = start;
            while bits::get(self.words(), self.size, end + 1) {
                end += 1;
            }
            write!(f, "{comma}{start}")?;
            if end > start {
                write!(f, "-{end}")?;
            }
            comma = ",";
            at = end + 1;
        }
        Ok(())
    }
}

impl<I: Id, const INLINE: usize> fmt::Debug for Mask<I, INLINE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}mask({self} of {})", I::KIND, self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    fn nodes(size: usize, ids: &[u32]) -> NodeMask {
        let mut m = NodeMask::new(size).unwrap();
        for &n in ids {
            m.insert(Node(n)).unwrap();
        }
        m
    }

    #[test]
    fn bits_beyond_the_size_are_neither_read_nor_written() {
        for size in [0, 1, 2, 63, 64, 65, 127, 128, 1000, 1024] {
            let n = words_for(size);
            let mut w = vec![0 as Word; n + 1];
            bits::fill(&mut w, size, true);
            assert_eq!(
                w.iter().map(|w| w.count_ones() as usize).sum::<usize>(),
                size
            );
            w.fill(Word::MAX);
            assert_eq!(bits::weight(&w, size), size);
            bits::fill(&mut w, size, false);
            assert_eq!(
                w.iter().map(|w| w.count_ones() as usize).sum::<usize>(),
                (n + 1) * WORD_BITS - size
            );
            assert!(bits::is_empty(&w, size));
            assert_eq!(bits::last(&w, size), None);
            assert_eq!(bits::next(&w, size, 0), None);
            bits::put(&mut w, size, size, true);
            assert!(!bits::get(&w, size, size));
        }
    }

    #[test]
    fn equality_extends_the_shorter_set_with_zeros() {
        for (a, b) in [
            (1, 64),
            (64, 65),
            (3, 700),
            (128, 128),
            (5, 5),
            (0, 200),
            (64, 128),
        ] {
            let mut x = vec![Word::MAX; words_for(a) + 1];
            let mut y = vec![0 as Word; words_for(b) + 1];
            bits::fill(&mut y, a.min(b), true);
            // Rubbish beyond the size must not matter.
            if b % WORD_BITS != 0 {
                y[b / WORD_BITS] |= 1 << (WORD_BITS - 1);
            }
            assert!(bits::equal(&x, a, &y, b), "{a} {b}");
            assert!(bits::equal(&y, b, &x, a), "{a} {b}");
            if b > a {
                bits::put(&mut y, b, b - 1, true);
                assert!(!bits::equal(&x, a, &y, b), "{a} {b}");
                assert!(!bits::equal(&y, b, &x, a), "{a} {b}");
            }
            if a > 0 {
                bits::put(&mut x, a, 0, false);
                assert!(!bits::equal(&x, a, &y, b), "{a} {b}");
            }
        }
    }

    #[test]
    fn copy_cuts_or_fills_and_stays_within_the_words() {
        for (from, to) in [
            (10, 100),
            (100, 10),
            (64, 64),
            (128, 70),
            (70, 128),
            (0, 65),
            (65, 0),
        ] {
            let source = vec![Word::MAX; words_for(from) + 1];
            let mut target = vec![Word::MAX; words_for(to) + 1];
            bits::copy(&source, from, &mut target, to);
            assert_eq!(bits::weight(&target, to), from.min(to), "{from} {to}");
            assert_eq!(
                target
                    .iter()
                    .map(|w| w.count_ones() as usize)
                    .sum::<usize>(),
                WORD_BITS + from.min(to),
                "{from} {to}"
            );
        }
    }

    #[test]
    fn a_set_prints_as_a_list() {
        assert_eq!(nodes(64, &[]).to_string(), "");
        assert_eq!(nodes(64, &[0]).to_string(), "0");
        assert_eq!(nodes(64, &[0, 1, 2, 8, 62, 63]).to_string(), "0-2,8,62-63");
    }

    #[test]
    fn large_masks_leave_the_value() {
        let mut m = NodeMask::new(5000).unwrap();
        m.insert(Node(4999)).unwrap();
        assert_eq!(m.last(), Some(Node(4999)));
        assert!(m.insert(Node(5000)).is_err());
        assert_eq!(m.len(), 1);
        assert_eq!(nodes(8, &[3]), nodes(5000, &[3]));
        assert!(nodes(8, &[3]) != nodes(5000, &[3, 4000]));
    }

    #[test]
    fn iteration_is_in_order() {
        let m = nodes(1024, &[0, 63, 64, 65, 1023]);
        assert_eq!(
            m.iter().map(|n| n.0).collect::<Vec<_>>(),
            [0, 63, 64, 65, 1023]
        );
        assert_eq!(m.first(), Some(Node(0)));
        assert_eq!(m.last(), Some(Node(1023)));
    }
}
