//! Node and CPU strings: what they stand for is what a naive reader says, and so is why they are refused;
//! a mask that is printed and parsed again is the same.
//!
//! Input: how large the mask is, what it accepts, the string.
#![no_main]

use libfuzzer_sys::fuzz_target;
use numa::mask::words_for;
use numa::strings::{self, ListError};
use numa_fuzz::naive::{self, Refused};
use numa_fuzz::{Set, bytes};

const NODE_WORDS: usize = words_for(1024);

fn refused(error: &ListError<'_>) -> Refused {
    match *error {
        ListError::OutOfRange {
            rest,
            end,
            overflow,
            ..
        } => Refused::OutOfRange(rest.len(), end, !overflow),
        ListError::MissingEnd { rest } => Refused::MissingEnd(rest.len()),
        ListError::Unparseable { rest } => Refused::Unparseable(rest.len()),
        ref other => panic!("{other}"),
    }
}

/// A word that only the lookup knows, `@N`.
fn lookup(word: &[u8]) -> Option<Result<(u32, usize), numa::device::DeviceError>> {
    match word {
        [b'@', digit @ b'0'..=b'9', ..] => Some(Ok((u32::from(digit - b'0'), 2))),
        _ => None,
    }
}

fn check<I: numa::mask::Id, const W: usize>(
    text: &[u8],
    accepted: &numa::mask::Mask<I, W>,
    set: &Set,
) {
    let found = strings::parse_with(text, accepted, &mut lookup);
    let naive = naive::list(text, set);
    let mask = match (found, naive) {
        (Err(error), Err(naive)) => {
            assert_eq!(refused(&error), naive);
            assert!(!error.to_string().is_empty());
            return;
        }
        (Ok(mask), Ok(naive)) => {
            assert_eq!(bytes::mask_members(&mask), naive);
            mask
        }
        (found, naive) => panic!("{found:?}, and naively {naive:?}"),
    };
    assert_eq!(mask.size(), accepted.size());
    let printed = mask.to_string();
    let again = strings::parse_with(printed.as_bytes(), accepted, &mut |_| None);
    assert_eq!(again.as_ref(), Ok(&mask));
    if text.first().is_some_and(|&b| b != b'!') {
        let not = [b"!", text].concat();
        let rest = strings::parse_with(&not, accepted, &mut lookup).expect("the complement");
        assert!(!rest.intersects(&mask) && rest.len() + mask.len() == accepted.len());
    }
}

fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let size = bytes::size(bytes::byte(&mut data));
    let set = bytes::set(&mut data, size);
    check(
        data,
        &bytes::mask::<numa::Node, NODE_WORDS>(&set, size),
        &set,
    );
});
