//! Sets of any size and what can be done with them, beside arrays of bools: nothing but what a function says
//! is changed, be it a bit beyond a size or a word behind the last.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use numa::mask::{Bits, BitsMut, WORD_BITS, Word, words_for};
use numa::{Node, NodeMask};
use numa_fuzz::{Set, bytes};

#[derive(Debug, Arbitrary)]
enum Step {
    Insert(u16),
    Remove(u16),
    Fill,
    Clear,
    Copy,
    CopyWords,
    Add,
    Keep,
    Complement,
    Swap,
}

#[derive(Debug, Arbitrary)]
struct Input {
    sizes: [u8; 2],
    garbage: [u64; 2],
    first: [[u8; 9]; 2],
    steps: Vec<Step>,
}

/// A set in words of its own, with one word behind them, and all bits that the words have to have.
struct Tried {
    words: Vec<Word>,
    size: usize,
    bits: Vec<bool>,
}

const CANARY: Word = 0x5ca1_ab1e_0ddb_a115;

impl Tried {
    fn new(size: usize, garbage: Word, choice: &[u8]) -> Tried {
        let set = bytes::set(&mut &*choice, size);
        let mut words = vec![garbage; words_for(size)];
        words.push(CANARY);
        bytes::fill(BitsMut::new(&mut words, size), &set);
        let end = words_for(size) * WORD_BITS;
        let bit = |n| {
            if n < size {
                set.contains(&n)
            } else {
                garbage >> (n % WORD_BITS) & 1 != 0
            }
        };
        let bits = (0..end).map(bit).collect();
        Tried { words, size, bits }
    }

    fn view(&self) -> Bits<'_> {
        Bits::new(&self.words, self.size)
    }

    fn change(&mut self) -> BitsMut<'_> {
        BitsMut::new(&mut self.words, self.size)
    }

    /// Whether a number below the size is in it.
    fn has(&self, n: usize) -> bool {
        n < self.size && self.bits[n]
    }

    fn set(&self) -> Set {
        (0..self.size).filter(|&n| self.bits[n]).collect()
    }

    fn check(&self) {
        let (last, words) = self.words.split_last().expect("a word");
        assert_eq!(*last, CANARY);
        for (word, bits) in words.iter().zip(self.bits.chunks(WORD_BITS)) {
            let wanted = bits
                .iter()
                .rev()
                .fold(0, |word, &bit| word << 1 | Word::from(bit));
            assert_eq!(*word, wanted);
        }
    }

    /// Sets each bit below the size; what is beyond becomes what is given.
    fn make(
        &mut self,
        bit: impl Fn(&Tried, usize) -> bool,
        beyond: impl Fn(&Tried, usize) -> bool,
    ) {
        let of = |n| {
            if n < self.size {
                bit(self, n)
            } else {
                beyond(self, n)
            }
        };
        self.bits = (0..self.bits.len()).map(of).collect();
    }
}

fn compare(a: &Tried, b: &Tried) {
    let mut all = 0..a.size.max(b.size);
    assert_eq!(
        a.view() == b.view(),
        all.clone().all(|n| a.has(n) == b.has(n))
    );
    assert_eq!(
        a.view().intersects(b.view()),
        all.any(|n| a.has(n) && b.has(n))
    );
}

fuzz_target!(|input: Input| {
    let [mut a, mut b] = [0, 1].map(|at| {
        let size = bytes::size(input.sizes[at]);
        Tried::new(size, input.garbage[at] as Word, &input.first[at])
    });
    a.check();
    compare(&a, &b);
    let stays = |a: &Tried, n: usize| a.bits[n];
    let none = |_: &Tried, _: usize| false;
    for step in input.steps.iter().take(16) {
        match *step {
            Step::Insert(n) => {
                let n = usize::from(n) % (2 * a.size + 1);
                assert_eq!(a.change().insert(n), n < a.size);
                a.make(|a, bit| a.bits[bit] || bit == n, stays);
            }
            Step::Remove(n) => {
                let n = usize::from(n) % (2 * a.size + 1);
                a.change().remove(n);
                a.make(|a, bit| a.bits[bit] && bit != n, stays);
            }
            Step::Fill => {
                a.change().fill();
                a.make(|_, _| true, stays);
            }
            Step::Clear => {
                a.change().clear();
                a.make(none, stays);
            }
            Step::Copy => {
                a.change().copy_from(b.view());
                a.make(|_, n| b.has(n), none);
            }
            Step::CopyWords => {
                a.change().copy_words_from(b.view());
                let whole = |_: &Tried, n: usize| b.bits.get(n) == Some(&true);
                a.make(whole, whole);
            }
            Step::Add => {
                a.change().add(b.view());
                a.make(|a, n| a.bits[n] || b.has(n), stays);
            }
            Step::Keep | Step::Complement => {
                let before = a.bits.clone();
                if let Step::Keep = step {
                    a.change().keep(b.view());
                    a.make(|a, n| a.bits[n] && b.has(n), stays);
                } else {
                    a.change().complement_in(b.view());
                    a.make(|a, n| b.has(n) && !a.bits[n], none);
                }
                // Beyond the size there may be less than before.
                let last = a.words[words_for(a.size).saturating_sub(1)];
                a.make(stays, |_, n| before[n] && last >> (n % WORD_BITS) & 1 != 0);
            }
            Step::Swap => std::mem::swap(&mut a, &mut b),
        }
        a.check();
        compare(&a, &b);
        compare(&b, &a);
    }
    let (set, other_set) = (a.set(), b.set());
    assert_eq!(bytes::members(a.view()), set);
    for from in [
        0,
        1,
        63,
        64,
        65,
        a.size.saturating_sub(1),
        a.size,
        usize::MAX,
    ] {
        assert_eq!(a.view().next(from), set.range(from..).next().copied());
    }
    let mut mask = NodeMask::from_bits(a.size, a.view()).expect("memory");
    assert_eq!(bytes::mask_members(&mask), set);
    let other = NodeMask::from_bits(b.size, b.view()).expect("memory");
    assert_eq!(mask == other, set == other_set);
    mask.subtract(&other);
    assert_eq!(bytes::mask_members(&mask), &set - &other_set);
    assert!(mask.insert(Node(a.size as u32)).is_err());
});
