//! The kernel's hexadecimal maps: what is in them is what a naive reader says, and a map that is written
//! as the kernel does is the same when it is read.
//!
//! Input: how large the target is, what is in it before, the map.
#![no_main]

use libfuzzer_sys::fuzz_target;
use numa::mask::{BitsMut, WORD_BITS, words_for};
use numa::topology::{HexMapError, parse_hex_map};
use numa_fuzz::naive::{self, BadMap};
use numa_fuzz::{Set, bytes};

fn written(set: &Set, groups: usize) -> String {
    let group = |at: usize| {
        let bits = (0..32).filter(|bit| set.contains(&(at * 32 + bit)));
        bits.fold(0u32, |value, bit| value | 1 << bit)
    };
    let groups: Vec<String> = (0..groups)
        .rev()
        .map(|at| format!("{:08x}", group(at)))
        .collect();
    groups.join(",")
}

fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let size = bytes::size(bytes::byte(&mut data));
    let garbage = bytes::long(&mut data);
    // A word more than the target has, which nobody may touch.
    let mut words = vec![garbage; words_for(size) + 1];
    let before = words.clone();
    let read = parse_hex_map(data, BitsMut::new(&mut words, size));
    assert_eq!(words.last(), before.last());
    let read = match (read, naive::hex_map(data, size)) {
        (Ok(()), Ok(naive)) => {
            let bits = BitsMut::new(&mut words, size);
            assert_eq!(bytes::members(bits.as_bits()), naive);
            naive
        }
        // What comes first in a text that is bad in both ways is not said.
        (Err(HexMapError::TooLong | HexMapError::Malformed), Err(BadMap::Malformed)) => return,
        (Err(HexMapError::TooLong), Err(BadMap::TooLong)) => return,
        (read, naive) => panic!("{read:?}, and naively {naive:?}"),
    };
    // Bits beyond the size are as they were.
    let within = size % WORD_BITS;
    if within > 0 {
        let last = words_for(size) - 1;
        assert_eq!(words[last] >> within, before[last] >> within);
    }
    let again = written(&read, size.div_ceil(32).max(1));
    words.fill(!garbage);
    assert_eq!(
        parse_hex_map(again.as_bytes(), BitsMut::new(&mut words, size)),
        Ok(())
    );
    assert_eq!(
        bytes::members(BitsMut::new(&mut words, size).as_bits()),
        read
    );
});
