//! Sets and texts out of the fuzzer's bytes.
//!
//! A target's input is text wherever it can be, so that the fuzzer's dictionary, its way of joining
//! inputs, and people can read and change it. A few bytes in front of it choose the rest.

use numa::mask::{Bits, BitsMut, Id, Mask};

use crate::Set;

/// Takes the first byte; 0 if there is none.
pub fn byte(data: &mut &[u8]) -> u8 {
    let Some((&first, rest)) = data.split_first() else {
        return 0;
    };
    *data = rest;
    first
}

/// Takes two bytes.
pub fn short(data: &mut &[u8]) -> u16 {
    u16::from_le_bytes([byte(data), byte(data)])
}

/// Takes eight bytes.
pub fn long(data: &mut &[u8]) -> u64 {
    u64::from_le_bytes([(); 8].map(|()| byte(data)))
}

/// Takes the text up to the next byte that no text has, 0xff.
pub fn text<'a>(data: &mut &'a [u8]) -> &'a [u8] {
    let end = data.iter().position(|&b| b == 0xff);
    let (taken, rest) = data.split_at(end.unwrap_or(data.len()));
    *data = rest.get(1..).unwrap_or_default();
    taken
}

/// Sizes of masks: around the ends of words and of what a mask keeps without the heap. Few of them are large,
/// as these take their time.
pub fn size(choice: u8) -> usize {
    const SMALL: [usize; 16] = [
        0, 1, 2, 7, 8, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 192,
    ];
    const LARGE: [usize; 8] = [500, 512, 1000, 1023, 1024, 1025, 1088, 4096];
    match choice.checked_sub(248) {
        Some(large) => LARGE[usize::from(large)],
        None => SMALL[usize::from(choice) % SMALL.len()],
    }
}

/// A set of numbers below a size, chosen by a byte and, for some choices, those behind it.
pub fn set(data: &mut &[u8], size: usize) -> Set {
    let every = |step: usize, first: usize| (first..size).step_by(step).collect();
    match byte(data) {
        0 => Set::new(),
        1 => every(1, 0),
        2 => every(2, 0),
        3 => every(3, 1),
        4 => every(8, 0),
        5 => every(64, 63),
        6 => [0, 8].into_iter().filter(|&n| n < size).collect(),
        7 => size.checked_sub(1).into_iter().collect(),
        8 => {
            let bits = long(data);
            (0..size).filter(|n| bits >> (n % 64) & 1 != 0).collect()
        }
        9 => {
            let bits = long(data);
            (0..size.min(64)).filter(|n| bits >> n & 1 != 0).collect()
        }
        many => (0..many % 16)
            .map(|_| usize::from(short(data)))
            .filter(|&n| n < size)
            .collect(),
    }
}

/// The same set as a mask of the library.
pub fn mask<I: Id, const W: usize>(set: &Set, size: usize) -> Mask<I, W> {
    let mut mask = Mask::new(size).expect("memory");
    for &n in set {
        assert!(mask.bits_mut().insert(n), "{n} of {size}");
    }
    mask
}

/// What is in a set of the library, checked in each way that it can be asked.
pub fn members(bits: Bits<'_>) -> Set {
    let all: Set = (0..bits.size()).filter(|&n| bits.contains(n)).collect();
    assert!(bits.iter().eq(all.iter().copied()), "{bits:?}");
    assert_eq!(bits.count(), all.len(), "{bits:?}");
    assert_eq!(bits.is_empty(), all.is_empty(), "{bits:?}");
    assert_eq!(bits.last(), all.last().copied(), "{bits:?}");
    assert_eq!(bits.next(0), all.first().copied(), "{bits:?}");
    assert!(!bits.contains(bits.size()));
    all
}

/// What is in a mask, which has no bit beyond its size.
pub fn mask_members<I: Id, const W: usize>(mask: &Mask<I, W>) -> Set {
    let ones: u32 = mask.words().iter().map(|word| word.count_ones()).sum();
    assert_eq!(ones as usize, mask.len(), "bits beyond the size: {mask:?}");
    members(mask.as_bits())
}

/// Puts a set into words that are there, and leaves the bits beyond the size.
pub fn fill(mut bits: BitsMut<'_>, set: &Set) {
    bits.clear();
    for &n in set {
        bits.insert(n);
    }
}
