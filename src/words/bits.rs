//! Borrowed sets of bits.

#![allow(unsafe_code)]

use super::{WORD_BITS, Word, words_for};

/// The bits of a word whose set has `size` bits and ends in this word; none if it ends with it.
const fn tail(size: usize) -> Word {
    ((1 as Word) << (size % WORD_BITS)) - 1
}

/// The word and the bit in it that stand for bit `n`.
const fn place(n: usize) -> (usize, Word) {
    (n / WORD_BITS, 1 << (n % WORD_BITS))
}

/// Copies words to as many others. Those of a C caller may overlap: two masks that share a map.
#[inline(always)]
fn copy(from: &[Word], to: &mut [Word]) {
    assert!(from.len() == to.len());
    // SAFETY: both have so many words.
    unsafe { core::ptr::copy(from.as_ptr(), to.as_mut_ptr(), to.len()) }
}

/// A borrowed set of the numbers below a size.
///
/// Numbers at or beyond the size are never in it, even if the last word has bits set there.
#[derive(Debug, Clone, Copy)]
pub struct Bits<'a> {
    /// As many as the size needs.
    words: &'a [Word],
    size: usize,
}

impl<'a> Bits<'a> {
    /// The empty set of size 0.
    pub const EMPTY: Bits<'static> = Bits {
        words: &[],
        size: 0,
    };

    /// The first `size` bits of `words`, or as many as there are.
    ///
    /// ```
    /// use numa::mask::Bits;
    ///
    /// let set = Bits::new(&[0b1010], 4);
    /// assert_eq!(set.iter().collect::<Vec<_>>(), [1, 3]);
    /// ```
    #[inline]
    pub fn new(words: &'a [Word], size: usize) -> Bits<'a> {
        match words.get(..words_for(size)) {
            Some(words) => Bits { words, size },
            None => Bits {
                words,
                size: words.len() * WORD_BITS,
            },
        }
    }

    /// The same for words that are as many as the size needs.
    #[cfg(any(capi, capi_ext))]
    #[inline]
    pub(crate) fn of(words: &'a [Word], size: usize) -> Bits<'a> {
        debug_assert!(words.len() == words_for(size));
        Bits { words, size }
    }

    /// The words; bits of the last one beyond the size may have any value.
    ///
    /// ```
    /// use numa::mask::Bits;
    ///
    /// assert_eq!(Bits::new(&[0b1010], 4).words(), [0b1010]);
    /// ```
    pub fn words(&self) -> &'a [Word] {
        self.words
    }

    /// Number of bits, set or not.
    ///
    /// ```
    /// use numa::mask::Bits;
    ///
    /// assert_eq!(Bits::new(&[0b1010], 4).size(), 4);
    /// ```
    pub fn size(&self) -> usize {
        self.size
    }

    /// The words that count whole, and what counts of a last one that does not.
    #[inline]
    fn split(&self) -> (&'a [Word], Word) {
        match self.words.split_at_checked(self.size / WORD_BITS) {
            Some((full, [last])) => (full, last & tail(self.size)),
            _ => (self.words, 0),
        }
    }

    /// Whether `n` is in the set.
    ///
    /// ```
    /// use numa::mask::Bits;
    ///
    /// let set = Bits::new(&[0b1010], 3);
    /// assert!(set.contains(1));
    /// assert!(!set.contains(3)); // beyond its size
    /// ```
    #[inline]
    pub fn contains(&self, n: usize) -> bool {
        let (i, bit) = place(n);
        // SAFETY: there are as many words as the size needs. A check of that is a sixth of the time.
        n < self.size && unsafe { self.words.get_unchecked(i) } & bit != 0
    }

    /// Whether nothing is in the set.
    ///
    /// ```
    /// use numa::mask::Bits;
    ///
    /// assert!(Bits::EMPTY.is_empty());
    /// assert!(Bits::new(&[0b1000], 3).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        let (full, last) = self.split();
        last == 0 && are_zero(full)
    }

    /// How many numbers are in the set.
    ///
    /// ```
    /// use numa::mask::Bits;
    ///
    /// assert_eq!(Bits::new(&[0b1010], 4).count(), 2);
    /// ```
    #[inline]
    pub fn count(&self) -> usize {
        let (full, last) = self.split();
        let ones = |word: &Word| word.count_ones() as usize;
        full.iter().map(ones).sum::<usize>() + ones(&last)
    }

    /// The lowest number in the set at or after `from`.
    ///
    /// ```
    /// use numa::mask::Bits;
    ///
    /// let set = Bits::new(&[0b1010], 4);
    /// assert_eq!(set.next(0), Some(1));
    /// assert_eq!(set.next(2), Some(3));
    /// assert_eq!(set.next(4), None);
    /// ```
    pub fn next(&self, from: usize) -> Option<usize> {
        let i = from / WORD_BITS;
        let (&first, later) = self.words.get(i..)?.split_first()?;
        let first = first & Word::MAX << (from % WORD_BITS);
        let (i, word) = if first != 0 {
            (i, first)
        } else {
            let zeros = later.iter().take_while(|&&word| word == 0).count();
            (i + 1 + zeros, *later.get(zeros)?)
        };
        let n = i * WORD_BITS + word.trailing_zeros() as usize;
        (n < self.size).then_some(n)
    }

    /// The highest number in the set.
    ///
    /// ```
    /// use numa::mask::Bits;
    ///
    /// assert_eq!(Bits::new(&[0b0110], 4).last(), Some(2));
    /// ```
    pub fn last(&self) -> Option<usize> {
        let (full, last) = self.split();
        let top = |i: usize, word: Word| (i + 1) * WORD_BITS - 1 - word.leading_zeros() as usize;
        if last != 0 {
            return Some(top(full.len(), last));
        }
        let i = full.iter().rposition(|&word| word != 0)?;
        Some(top(i, full[i]))
    }

    /// The numbers in the set, in ascending order.
    ///
    /// ```
    /// use numa::mask::Bits;
    ///
    /// assert!(Bits::new(&[0b1010], 4).iter().eq([1, 3]));
    /// ```
    pub fn iter(&self) -> Ones<'a> {
        Ones { set: *self, at: 0 }
    }

    /// Whether both sets hold a common number.
    ///
    /// ```
    /// use numa::mask::Bits;
    ///
    /// let set = Bits::new(&[0b1010], 4);
    /// assert!(set.intersects(Bits::new(&[0b0010], 4)));
    /// assert!(!set.intersects(Bits::new(&[0b0101], 4)));
    /// ```
    pub fn intersects(&self, other: Bits<'_>) -> bool {
        let (short, long) = if self.size <= other.size {
            (self, &other)
        } else {
            (&other, self)
        };
        let (full, last) = short.split();
        full.iter().zip(long.words).any(|(a, b)| a & b != 0)
            || long
                .words
                .get(full.len())
                .is_some_and(|word| word & last != 0)
    }
}

impl PartialEq for Bits<'_> {
    /// Whether both hold the same numbers; the sizes may differ.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let ((a, a_last), (b, b_last)) = (self.split(), other.split());
        if a.len() == b.len() {
            return a_last == b_last && a == b;
        }
        let (long, long_last, short, short_last) = if a.len() > b.len() {
            (a, a_last, b, b_last)
        } else {
            (b, b_last, a, a_last)
        };
        // The last word of the shorter set stands beside a full one of the longer set.
        let (same, rest) = long.split_at(short.len());
        same == short && rest[0] == short_last && long_last == 0 && are_zero(&rest[1..])
    }
}

impl Eq for Bits<'_> {}

fn are_zero(words: &[Word]) -> bool {
    // Several at a time, without a branch for each.
    words
        .chunks(8)
        .all(|chunk| chunk.iter().fold(0, |all, word| all | word) == 0)
}

/// The numbers in a set, in ascending order.
#[derive(Debug, Clone)]
pub struct Ones<'a> {
    set: Bits<'a>,
    at: usize,
}

impl Iterator for Ones<'_> {
    type Item = usize;
    fn next(&mut self) -> Option<usize> {
        let n = self.set.next(self.at)?;
        self.at = n + 1;
        Some(n)
    }
}

/// A borrowed set of the numbers below a size, for writing.
///
/// Bits of the last word beyond the size are not written, unless a function says so.
#[derive(Debug)]
pub struct BitsMut<'a> {
    /// As many as the size needs.
    words: &'a mut [Word],
    size: usize,
}

impl<'a> BitsMut<'a> {
    /// The first `size` bits of `words`, or as many as there are.
    ///
    /// ```
    /// use numa::mask::BitsMut;
    ///
    /// let mut words = [0b1010];
    /// let mut set = BitsMut::new(&mut words, 8);
    /// assert!(set.insert(7));
    /// assert_eq!(words, [0b1000_1010]);
    /// ```
    #[inline]
    pub fn new(words: &'a mut [Word], size: usize) -> BitsMut<'a> {
        let most = words.len() * WORD_BITS;
        if size > most {
            return BitsMut { words, size: most };
        }
        BitsMut {
            words: &mut words[..words_for(size)],
            size,
        }
    }

    /// The same for words that are as many as the size needs.
    #[cfg(capi)]
    #[inline]
    pub(crate) fn of(words: &'a mut [Word], size: usize) -> BitsMut<'a> {
        debug_assert!(words.len() == words_for(size));
        BitsMut { words, size }
    }

    /// The same set, for a function that takes it by value.
    ///
    /// ```
    /// use numa::mask::BitsMut;
    ///
    /// let mut words = [0b1010];
    /// let mut set = BitsMut::new(&mut words, 8);
    /// fn add_one(mut set: BitsMut<'_>) {
    ///     set.insert(0);
    /// }
    /// add_one(set.reborrow());
    /// assert!(set.as_bits().contains(0));
    /// ```
    pub fn reborrow(&mut self) -> BitsMut<'_> {
        BitsMut {
            words: self.words,
            size: self.size,
        }
    }

    /// The set for reading.
    ///
    /// ```
    /// use numa::mask::BitsMut;
    ///
    /// let mut words = [0b1010];
    /// let mut set = BitsMut::new(&mut words, 8);
    /// assert_eq!(set.as_bits().count(), 2);
    /// ```
    #[inline]
    pub fn as_bits(&self) -> Bits<'_> {
        Bits {
            words: self.words,
            size: self.size,
        }
    }

    /// Number of bits, set or not.
    ///
    /// ```
    /// use numa::mask::BitsMut;
    ///
    /// let mut words = [0b1010];
    /// let mut set = BitsMut::new(&mut words, 8);
    /// assert_eq!(set.size(), 8);
    /// # set.clear();
    /// ```
    pub fn size(&self) -> usize {
        self.size
    }

    /// The words, to be filled by the kernel.
    ///
    /// ```
    /// use numa::mask::BitsMut;
    ///
    /// let mut words = [0b1010];
    /// let mut set = BitsMut::new(&mut words, 8);
    /// set.words_mut()[0] = 1;
    /// assert!(set.as_bits().contains(0));
    /// ```
    pub fn words_mut(&mut self) -> &mut [Word] {
        self.words
    }

    /// Puts `n` into the set. Returns whether there is room for it.
    ///
    /// ```
    /// use numa::mask::BitsMut;
    ///
    /// let mut words = [0b1010];
    /// let mut set = BitsMut::new(&mut words, 8);
    /// assert!(set.insert(0));
    /// assert!(!set.insert(8)); // beyond its size
    /// assert_eq!(words, [0b1011]);
    /// ```
    #[inline]
    pub fn insert(&mut self, n: usize) -> bool {
        let (i, bit) = place(n);
        if n >= self.size {
            return false;
        }
        // SAFETY: there are as many words as the size needs, as above.
        unsafe { *self.words.get_unchecked_mut(i) |= bit };
        true
    }

    /// Takes `n` out of the set.
    ///
    /// ```
    /// use numa::mask::BitsMut;
    ///
    /// let mut words = [0b1010];
    /// let mut set = BitsMut::new(&mut words, 8);
    /// set.remove(1);
    /// assert_eq!(words, [0b1000]);
    /// ```
    #[inline]
    pub fn remove(&mut self, n: usize) {
        let (i, bit) = place(n);
        if n < self.size {
            // SAFETY: there are as many words as the size needs, as above.
            unsafe { *self.words.get_unchecked_mut(i) &= !bit };
        }
    }

    /// Sets the words that count whole to `value`, and what counts of a last one.
    #[inline]
    fn set_words(&mut self, value: Word) {
        let (full, last) = self.words.split_at_mut(self.size / WORD_BITS);
        if let [last] = last {
            *last = *last & !tail(self.size) | value & tail(self.size);
        }
        full.fill(value);
    }

    /// Puts all numbers below the size into the set.
    ///
    /// ```
    /// use numa::mask::BitsMut;
    ///
    /// let mut words = [0b1010];
    /// let mut set = BitsMut::new(&mut words, 8);
    /// set.fill();
    /// assert_eq!(words, [0xff]);
    /// ```
    #[inline]
    pub fn fill(&mut self) {
        self.set_words(Word::MAX);
    }

    /// Empties the set.
    ///
    /// ```
    /// use numa::mask::BitsMut;
    ///
    /// let mut words = [0b1010];
    /// let mut set = BitsMut::new(&mut words, 8);
    /// set.clear();
    /// assert_eq!(words, [0]);
    /// ```
    #[inline]
    pub fn clear(&mut self) {
        self.set_words(0);
    }

    /// Makes this set hold what `from` holds; what does not fit is cut. Words are written whole, so
    /// bits of the last one beyond the size become zero.
    ///
    /// ```
    /// use numa::mask::{Bits, BitsMut};
    ///
    /// let mut words = [0b1010];
    /// let mut set = BitsMut::new(&mut words, 8);
    /// set.copy_from(Bits::new(&[0b1_0000_0001], 9));
    /// assert_eq!(words, [1]); // the ninth does not fit
    /// ```
    #[inline]
    pub fn copy_from(&mut self, from: Bits<'_>) {
        let from = Bits::new(from.words, from.size.min(self.size));
        let (full, last) = from.split();
        let (same, rest) = self.words.split_at_mut(full.len());
        copy(full, same);
        if let [first, rest @ ..] = rest {
            *first = last;
            rest.fill(0);
        }
    }

    /// Copies whole words, bits beyond the sizes included; words that `from` does not have become zero.
    ///
    /// ```
    /// use numa::mask::{Bits, BitsMut};
    ///
    /// let mut words = [0b1010];
    /// let mut set = BitsMut::new(&mut words, 8);
    /// set.copy_words_from(Bits::new(&[0b1_0000_0001], 9));
    /// assert_eq!(words, [0b1_0000_0001]);
    /// ```
    #[inline]
    pub fn copy_words_from(&mut self, from: Bits<'_>) {
        if from.size >= self.size {
            // SAFETY: a set of no smaller size has no fewer words. Counting both: 1.1 of the time.
            let words = unsafe { from.words.get_unchecked(..self.words.len()) };
            copy(words, self.words);
        } else {
            self.copy_fewer_words_from(from);
        }
    }

    /// Not inlined, the usual case is one jump to memcpy: 0.8 of the time.
    #[inline(never)]
    fn copy_fewer_words_from(&mut self, from: Bits<'_>) {
        let (same, rest) = self.words.split_at_mut(from.words.len());
        copy(from.words, same);
        rest.fill(0);
    }

    /// Changes each word, given the word of `other` beside it: zero where that has none.
    #[inline]
    fn combine(&mut self, other: Bits<'_>, new: impl Fn(Word, Word) -> Word) {
        let (full, last) = other.split();
        let beside = full
            .iter()
            .copied()
            .chain([last])
            .chain(core::iter::repeat(0));
        for (word, beside) in self.words.iter_mut().zip(beside) {
            *word = new(*word, beside);
        }
    }

    /// Adds what `other` holds; what does not fit is left out.
    ///
    /// ```
    /// use numa::mask::{Bits, BitsMut};
    ///
    /// let mut words = [0b1010];
    /// let mut set = BitsMut::new(&mut words, 8);
    /// set.add(Bits::new(&[1], 1));
    /// assert_eq!(words, [0b1011]);
    /// ```
    pub fn add(&mut self, other: Bits<'_>) {
        self.combine(Bits::new(other.words, other.size.min(self.size)), |a, b| {
            a | b
        });
    }

    /// Keeps only what `other` holds as well. Bits of the last word beyond the size may become zero.
    ///
    /// ```
    /// use numa::mask::{Bits, BitsMut};
    ///
    /// let mut words = [0b1010];
    /// let mut set = BitsMut::new(&mut words, 8);
    /// set.keep(Bits::new(&[0b0010], 4));
    /// assert_eq!(words, [0b0010]);
    /// ```
    pub fn keep(&mut self, other: Bits<'_>) {
        self.combine(other, |a, b| a & b);
    }

    /// Makes this set hold what it did not hold of `all`; what does not fit is left out. Bits of the last
    /// word beyond the size become zero.
    ///
    /// ```
    /// use numa::mask::{Bits, BitsMut};
    ///
    /// let mut words = [0b1010];
    /// let mut set = BitsMut::new(&mut words, 8);
    /// set.complement_in(Bits::new(&[0b1111], 4));
    /// assert_eq!(words, [0b0101]);
    /// ```
    pub fn complement_in(&mut self, all: Bits<'_>) {
        self.combine(Bits::new(all.words, all.size.min(self.size)), |a, b| b & !a);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::same_cases;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use std::vec::Vec;

    #[cfg(not(miri))]
    const SIZES: [usize; 12] = [0, 1, 2, 63, 64, 65, 127, 128, 129, 700, 1000, 1024];
    // Miri takes minutes for these already.
    #[cfg(miri)]
    const SIZES: [usize; 6] = [0, 1, 63, 64, 65, 129];

    fn ones(words: &[Word]) -> usize {
        words.iter().map(|word| word.count_ones() as usize).sum()
    }

    #[test]
    fn bits_beyond_the_size_are_neither_read_nor_written() {
        for size in SIZES {
            let mut words = vec![0 as Word; words_for(size) + 1];
            BitsMut::new(&mut words, size).fill();
            assert_eq!(ones(&words), size);
            words.fill(Word::MAX);
            assert_eq!(Bits::new(&words, size).count(), size);
            let mut set = BitsMut::new(&mut words, size);
            set.clear();
            assert!(!set.insert(size));
            set.remove(size);
            let set = set.as_bits();
            assert!(set.is_empty() && !set.contains(size));
            assert_eq!((set.last(), set.next(0)), (None, None));
            assert_eq!(ones(&words), words.len() * WORD_BITS - size);
        }
    }

    #[test]
    fn a_set_has_no_more_bits_than_its_words() {
        let mut words = [Word::MAX; 2];
        assert_eq!(Bits::new(&words, usize::MAX).count(), 2 * WORD_BITS);
        assert_eq!(BitsMut::new(&mut words, 1000).size(), 2 * WORD_BITS);
        assert_eq!(Bits::EMPTY.count(), 0);
    }

    #[test]
    fn equality_extends_the_shorter_set_with_zeros() {
        for a in SIZES {
            for b in SIZES {
                let mut x = vec![Word::MAX; words_for(a) + 1];
                let mut y = vec![0 as Word; words_for(b) + 1];
                BitsMut::new(&mut y, a.min(b)).fill();
                // Bits beyond the size do not matter.
                if b % WORD_BITS != 0 {
                    y[b / WORD_BITS] |= 1 << (WORD_BITS - 1);
                }
                let equal = |x: &[Word], y: &[Word]| {
                    let (x, y) = (Bits::new(x, a), Bits::new(y, b));
                    assert_eq!(x == y, y == x, "{a} {b}");
                    x == y
                };
                assert_eq!(equal(&x, &y), a <= b, "{a} {b}");
                if a > 0 {
                    BitsMut::new(&mut x, a).remove(0);
                    assert!(b == 0 || !equal(&x, &y), "{a} {b}");
                }
            }
        }
    }

    #[test]
    fn copies_are_cut_or_filled_and_stay_within_the_words() {
        for from in SIZES {
            for to in SIZES {
                let source = vec![Word::MAX; words_for(from) + 1];
                let mut target = vec![Word::MAX; words_for(to) + 1];
                let mut set = BitsMut::new(&mut target, to);
                set.copy_from(Bits::new(&source, from));
                assert_eq!(set.as_bits().count(), from.min(to), "{from} {to}");
                assert_eq!(ones(&target), WORD_BITS + from.min(to), "{from} {to}");
                let mut set = BitsMut::new(&mut target, to);
                set.copy_words_from(Bits::new(&source, from));
                let words = words_for(from).min(words_for(to));
                assert_eq!(ones(&target), (words + 1) * WORD_BITS, "{from} {to}");
            }
        }
    }

    #[test]
    fn sets_are_combined_as_numbers() {
        let numbers =
            |step: usize, size: usize| -> Vec<usize> { (0..size).step_by(step).collect() };
        for a in SIZES {
            for b in SIZES {
                let mut other = vec![Word::MAX; words_for(b)];
                let mut set = BitsMut::new(&mut other, b);
                set.clear();
                numbers(3, b).iter().for_each(|&n| assert!(set.insert(n)));
                let other = Bits::new(&other, b);
                let made = |change: fn(&mut BitsMut<'_>, Bits<'_>)| -> Vec<usize> {
                    let mut words = vec![0; words_for(a)];
                    let mut set = BitsMut::new(&mut words, a);
                    numbers(2, a).iter().for_each(|&n| assert!(set.insert(n)));
                    change(&mut set, other);
                    assert_eq!(ones(set.words_mut()), set.as_bits().count(), "{a} {b}");
                    set.as_bits().iter().collect()
                };
                let in_a = |n: &usize| n % 2 == 0;
                let in_b = |n: &usize| n % 3 == 0 && *n < b;
                let all = || 0..a;
                let is = |got: Vec<usize>, wanted: Vec<usize>| assert_eq!(got, wanted, "{a} {b}");
                is(
                    made(|s, o| s.add(o)),
                    all().filter(|n| in_a(n) || in_b(n)).collect(),
                );
                is(
                    made(|s, o| s.keep(o)),
                    all().filter(|n| in_a(n) && in_b(n)).collect(),
                );
                is(
                    made(|s, o| s.complement_in(o)),
                    all().filter(|n| in_b(n) && !in_a(n)).collect(),
                );
                let mut words = vec![0; words_for(a)];
                let mut set = BitsMut::new(&mut words, a);
                numbers(2, a).iter().for_each(|&n| assert!(set.insert(n)));
                let meet = all().any(|n| in_a(&n) && in_b(&n));
                assert_eq!(set.as_bits().intersects(other), meet, "{a} {b}");
            }
        }
    }

    #[test]
    fn numbers_come_in_order() {
        let mut words = [0; 1024 / WORD_BITS];
        let wanted = [0, 63, 64, 65, 1023];
        let mut set = BitsMut::new(&mut words, 1024);
        wanted.iter().for_each(|&n| assert!(set.insert(n)));
        assert_eq!(set.as_bits().iter().collect::<Vec<_>>(), wanted);
        assert_eq!(set.as_bits().last(), Some(1023));
    }

    proptest! {
        #![proptest_config(same_cases())]

        /// Each bit of the words is what the function says, those beyond the sizes and behind the words too.
        #[test]
        fn any_change_is_that_of_single_bits(
            mut to in vec(any::<Word>(), 1..6),
            from in vec(any::<Word>(), 0..6),
            sizes in (0usize..400, 0usize..400),
            n in 0usize..450,
        ) {
            let bit = |words: &[Word], n: usize| words.get(n / WORD_BITS).is_some_and(|word| word >> (n % WORD_BITS) & 1 != 0);
            let before = to.clone();
            let other = Bits::new(&from, sizes.1);
            let size = BitsMut::new(&mut to, sizes.0).size();
            let all = words_for(size) * WORD_BITS;
            let check = |change: &dyn Fn(&mut BitsMut<'_>), within: &dyn Fn(usize) -> bool, beyond: &dyn Fn(usize) -> bool| {
                let mut to = before.clone();
                change(&mut BitsMut::new(&mut to, size));
                for n in 0..to.len() * WORD_BITS {
                    let wanted = match n {
                        _ if n < size => within(n),
                        _ if n < all => beyond(n),
                        _ => bit(&before, n),
                    };
                    assert_eq!(bit(&to, n), wanted, "bit {n} of {size}");
                }
            };
            let same = |n| bit(&before, n);
            check(&|set| set.fill(), &|_| true, &same);
            check(&|set| set.clear(), &|_| false, &same);
            check(&|set| assert_eq!(set.insert(n), n < size), &|at| at == n || same(at), &same);
            check(&|set| set.remove(n), &|at| at != n && same(at), &same);
            check(&|set| set.add(other), &|n| same(n) || other.contains(n), &same);
            check(&|set| set.copy_from(other), &|n| other.contains(n), &|_| false);
            let whole = |n| n < words_for(other.size()) * WORD_BITS && bit(&from, n);
            check(&|set| set.copy_words_from(other), &whole, &whole);
            let set = Bits::new(&before, size);
            let found: Vec<usize> = (0..size).filter(|&n| same(n)).collect();
            assert!(set.iter().eq(found.iter().copied()));
            assert_eq!((set.count(), set.last()), (found.len(), found.last().copied()));
            assert_eq!(set.next(n), found.iter().copied().find(|&at| at >= n));
            assert_eq!(set.intersects(other), found.iter().any(|&n| other.contains(n)));
        }
    }
}
