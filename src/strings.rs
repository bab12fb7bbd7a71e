//! Node and CPU strings: `0-3,8`, `!1`, `+0-1`, `all`.
//!
//! The grammar is that of numactl(8): `[!][+]list`, where the list joins `N`,
//! `N-M`, `all` and, for nodes, device words with commas. Numbers are written as
//! strtoul(3) reads them with base 0. What the reference accepts beyond its
//! manual (`0,all`, `0,+1`, leading blanks) is accepted here too.

// Errors carry names and must not need the heap.
#![allow(clippy::result_large_err, clippy::large_enum_variant)]

use crate::device::{self, DeviceError};
use crate::mask::{Bits, BitsMut, Id, Mask, NodeMask};
use crate::root::Root;

/// Which ids a string may name.
#[derive(Debug, Clone, Copy)]
pub struct Universe<'a> {
    /// What a number must be in, what `all` stands for and `!` complements in.
    pub accepted: Bits<'a>,
    /// What `+` counts in: `+0` is its first id.
    pub relative_to: Bits<'a>,
    /// The number that a message names when `+` counts beyond the end.
    pub beyond: u32,
}

/// Looks at a word that is neither a number nor `all`: the id that it stands for and the bytes
/// used, or `None` if it is unknown.
pub type WordLookup<'l> = &'l mut dyn FnMut(&[u8]) -> Option<Result<(u32, usize), DeviceError>>;

/// Why a node or CPU string is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListError<'a> {
    /// A number is not in the accepted set.
    #[error("argument {number} is out of range")]
    OutOfRange {
        /// The number, as the reference's messages show it.
        number: i64,
        /// The text from that number on.
        rest: &'a [u8],
        /// Whether it is the end of a range.
        end: bool,
        /// Whether it did not even fit an unsigned long.
        overflow: bool,
    },
    /// There is no number after a `-`.
    #[error("argument missing after '-'")]
    MissingEnd {
        /// The text after the dash.
        rest: &'a [u8],
    },
    /// No number, `all` or device word begins here, or something follows that cannot.
    #[error("unparseable description")]
    Unparseable {
        /// The text from there on.
        rest: &'a [u8],
    },
    /// A device word that leads to no node.
    #[error("{0}")]
    Device(DeviceError),
}

/// A number as strtoul(3) with base 0 reads it.
struct Number {
    value: u64,
    overflow: bool,
    /// Bytes used, with blanks and sign.
    used: usize,
}

/// Leading blanks, a sign, `0x` or `0` for the base; `None` without a digit.
#[inline(never)]
fn scan_number(text: &[u8]) -> Option<Number> {
    let blanks = text
        .iter()
        .take_while(|b| matches!(b, b' ' | b'\t'..=b'\r'))
        .count();
    let mut at = blanks;
    let negative = text.get(at) == Some(&b'-');
    if negative || text.get(at) == Some(&b'+') {
        at += 1;
    }
    let rest = &text[at..];
    let is_hex = matches!(rest, [b'0', b'x' | b'X', digit, ..] if digit.is_ascii_hexdigit());
    let (base, start) = match rest {
        _ if is_hex => (16, 2),
        [b'0', ..] => (8, 0),
        _ => (10, 0),
    };
    let (mut value, mut overflow, mut digits) = (0u64, false, 0);
    for &b in &rest[start..] {
        let Some(digit) = char::from(b).to_digit(base) else {
            break;
        };
        let next = value
            .checked_mul(base.into())
            .and_then(|v| v.checked_add(digit.into()));
        (value, overflow) = next.map_or((u64::MAX, true), |v| (v, overflow));
        digits += 1;
    }
    if digits == 0 {
        return None;
    }
    if negative && !overflow {
        value = value.wrapping_neg();
    }
    Some(Number {
        value,
        overflow,
        used: at + start + digits,
    })
}

/// The number that a message shows for a value out of range. The reference truncates to int;
/// that is kept unless it would name an id that looks right.
fn shown(value: u64) -> i64 {
    let truncated = i64::from(value as i32);
    if truncated >= 0 {
        value as i64
    } else {
        truncated
    }
}

impl Universe<'_> {
    /// The id that a number stands for.
    #[inline(never)]
    fn resolve<'a>(
        &self,
        number: &Number,
        relative: bool,
        rest: &'a [u8],
        end: bool,
    ) -> Result<usize, ListError<'a>> {
        let (mut id, mut name) = (usize::try_from(number.value).ok(), shown(number.value));
        if relative {
            id = id.and_then(|nth| self.relative_to.iter().nth(nth));
            if id.is_none() {
                let negative = (number.value as i64) < 0;
                name = if negative { -1 } else { self.beyond.into() };
            }
        }
        id.filter(|&id| self.accepted.contains(id))
            .ok_or(ListError::OutOfRange {
                number: name,
                rest,
                end,
                overflow: number.overflow,
            })
    }
}

/// Parses a node or CPU string into `out`, which is empty and should be as large as the accepted set.
///
/// Does not allocate itself. The target is undefined after an error.
///
/// ```
/// use numa::mask::{Bits, BitsMut};
/// use numa::strings::{Universe, parse_list};
///
/// // Nodes 0, 1 and 3 may be named, without memory from the heap.
/// let exist = Bits::new(&[0b1011], 64);
/// let universe = Universe { accepted: exist, relative_to: exist, beyond: 64 };
/// let mut words = [0];
/// parse_list(b"!0", universe, BitsMut::new(&mut words, 64), &mut |_| None).unwrap();
/// assert_eq!(words, [0b1010]);
/// ```
pub fn parse_list<'a>(
    text: &'a [u8],
    universe: Universe<'_>,
    mut out: BitsMut<'_>,
    lookup: WordLookup<'_>,
) -> Result<(), ListError<'a>> {
    if text.is_empty() {
        return Ok(());
    }
    let (complement, rest) = match text {
        [b'!', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let (relative, mut rest) = match rest {
        [b'+', rest @ ..] => (true, rest),
        _ => (false, rest),
    };
    let accepted = universe.accepted;
    loop {
        rest = parse_element(rest, universe, relative, &mut out, lookup)?;
        match rest {
            [] => break,
            [b',', after @ ..] => rest = after,
            _ => return Err(ListError::Unparseable { rest }),
        }
    }
    if complement {
        out.complement_in(accepted);
    }
    Ok(())
}

/// Adds what the first element of a list stands for. Returns the text behind it.
pub(crate) fn parse_element<'a>(
    text: &'a [u8],
    universe: Universe<'_>,
    relative: bool,
    out: &mut BitsMut<'_>,
    lookup: WordLookup<'_>,
) -> Result<&'a [u8], ListError<'a>> {
    let accepted = universe.accepted;
    if text == b"all" {
        out.copy_from(accepted);
        return Ok(b"");
    }
    let Some(first) = scan_number(text) else {
        let found = lookup(text).ok_or(ListError::Unparseable { rest: text })?;
        let (id, used) = found.map_err(ListError::Device)?;
        if !accepted.contains(id as usize) {
            return Err(ListError::OutOfRange {
                number: id.into(),
                rest: text,
                end: false,
                overflow: false,
            });
        }
        out.insert(id as usize);
        return Ok(text.get(used..).unwrap_or(b""));
    };
    let start = universe.resolve(&first, relative, text, false)?;
    out.insert(start);
    let [b'-', after @ ..] = &text[first.used..] else {
        return Ok(&text[first.used..]);
    };
    let second = scan_number(after).ok_or(ListError::MissingEnd { rest: after })?;
    let last = universe.resolve(&second, relative, after, true)?;
    // A range the wrong way round is its first number, as in the reference. Of what is between its
    // ends only what is accepted counts.
    let mut at = start;
    while let Some(id) = accepted.next(at).filter(|&id| id <= last) {
        out.insert(id);
        at = id + 1;
    }
    Ok(&after[second.used..])
}

/// Parses a CPU string, or a node string without device words, in the Rust API.
///
/// `accepted` is the set of ids that may be named, which `+` counts in as well.
///
/// ```
/// use numa::{Node, NodeMask, strings};
///
/// let mut nodes = NodeMask::new(64)?;
/// for n in [0, 1, 8] {
///     nodes.insert(Node(n))?;
/// }
/// assert_eq!(strings::parse("!1", &nodes).unwrap().to_string(), "0,8");
/// assert_eq!(strings::parse("+1-2", &nodes).unwrap().to_string(), "1,8");
/// assert!(strings::parse("2", &nodes).is_err());
/// # Ok::<(), numa::Error>(())
/// ```
pub fn parse<'a, I: Id, const W: usize>(
    text: &'a str,
    accepted: &Mask<I, W>,
) -> Result<Mask<I, W>, ListError<'a>> {
    parse_with(text.as_bytes(), accepted, &mut |_| None)
}

/// Parses a node string with device words, as the C library and migratepages take it.
///
/// `accepted` is the set of nodes that may be named, which `+` counts in as well. Devices are
/// looked up below `root`; see [`crate::device`].
///
/// ```
/// use numa::{Root, strings, topology};
///
/// let nodes = topology::nodes(Root::SYSTEM, 1024)?;
/// assert_eq!(strings::parse_nodes(Root::SYSTEM, "all", &nodes).unwrap(), nodes);
/// match strings::parse_nodes(Root::SYSTEM, "netdev:eth0", &nodes) {
///     Ok(node) => println!("eth0 is near node {node}"),
///     Err(error) => println!("{error}"),
/// }
/// # Ok::<(), numa::Error>(())
/// ```
pub fn parse_nodes<'a>(
    root: Root<'_>,
    text: &'a str,
    accepted: &NodeMask,
) -> Result<NodeMask, ListError<'a>> {
    parse_with(text.as_bytes(), accepted, &mut |word| {
        device::node_of_word(root, word)
    })
}

/// Parses any string in any of these ways: ids of `accepted`, and words that `lookup` knows.
///
/// ```
/// use numa::{Node, NodeMask, strings};
///
/// let mut nodes = NodeMask::new(64)?;
/// nodes.insert(Node(0))?;
/// nodes.insert(Node(1))?;
/// // A word of the program's own, which stands for node 1.
/// let mut lookup = |word: &[u8]| word.starts_with(b"fast").then_some(Ok((1, 4)));
/// let parsed = strings::parse_with(b"fast", &nodes, &mut lookup).unwrap();
/// assert!(parsed.contains(Node(1)) && !parsed.contains(Node(0)));
/// # Ok::<(), numa::Error>(())
/// ```
pub fn parse_with<'a, I: Id, const W: usize>(
    text: &'a [u8],
    accepted: &Mask<I, W>,
    lookup: WordLookup<'_>,
) -> Result<Mask<I, W>, ListError<'a>> {
    let mut out = accepted.clone();
    out.clear();
    let universe = Universe {
        accepted: accepted.as_bits(),
        relative_to: accepted.as_bits(),
        beyond: accepted.size() as u32,
    };
    parse_list(text, universe, out.bits_mut(), lookup)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::{Cpu, CpuMask, Node};
    use crate::testing::same_cases;
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;
    use proptest::sample::Index;
    use std::collections::BTreeSet;
    use std::string::{String, ToString};
    use std::vec::Vec;

    fn set(ids: &[u32]) -> NodeMask {
        let mut mask = NodeMask::new(1024).unwrap();
        ids.iter().for_each(|&n| mask.insert(Node(n)).unwrap());
        mask
    }

    fn list(text: &str, ids: &[u32]) -> Option<String> {
        parse(text, &set(ids)).ok().map(|m| m.to_string())
    }

    #[test]
    fn the_documented_table() {
        let four = [0, 1, 2, 3];
        let ok = [
            ("", ""),
            ("0", "0"),
            ("0-2", "0-2"),
            ("0,2", "0,2"),
            ("0,all", "0-3"),
            ("+all", "0-3"),
            ("all", "0-3"),
            ("!all", ""),
            ("!1", "0,2-3"),
            ("3-1", "3"),
            (" 1", "1"),
            ("0, 1", "0-1"),
            ("0,+1", "0-1"),
            ("0x1", "1"),
            ("02", "2"),
            ("!+0-1", "2-3"),
        ];
        for (text, expected) in ok {
            assert_eq!(list(text, &four).as_deref(), Some(expected), "{text:?}");
        }
        for text in [
            "0-",
            ",0",
            "0,",
            "0,,1",
            "!",
            "+",
            "0,!1",
            "1 ",
            "0 ,1",
            "0-1-2",
            "ALL",
            "0-3:2",
            "all,0",
            "all ",
            "-1",
            "18446744073709551616",
            "4294967296",
            "0-4",
            "4",
            "x",
            "08",
        ] {
            assert_eq!(list(text, &four), None, "{text:?}");
        }
    }

    #[test]
    fn sparse_sets_are_not_counted() {
        assert_eq!(list("!8", &[0, 8]).as_deref(), Some("0"));
        assert_eq!(list("0-8", &[0, 8]).as_deref(), Some("0,8"));
        assert_eq!(list("+1", &[0, 8]).as_deref(), Some("8"));
        assert_eq!(list("+2", &[0, 8]), None);
        assert_eq!(list("1", &[0, 8]), None);
        assert_eq!(list("all", &[3, 700, 1023]).as_deref(), Some("3,700,1023"));
    }

    #[test]
    fn errors_say_where() {
        let nodes = set(&[0, 1]);
        assert_eq!(
            parse("0-9,1", &nodes).unwrap_err(),
            ListError::OutOfRange {
                number: 9,
                rest: b"9,1",
                end: true,
                overflow: false
            }
        );
        assert_eq!(
            parse("0;1", &nodes).unwrap_err(),
            ListError::Unparseable { rest: b";1" }
        );
        assert_eq!(
            parse("1-x", &nodes).unwrap_err(),
            ListError::MissingEnd { rest: b"x" }
        );
        assert!(matches!(
            parse("99999999999999999999", &nodes).unwrap_err(),
            ListError::OutOfRange {
                overflow: true,
                number: -1,
                ..
            }
        ));
    }

    #[test]
    fn any_text_is_survived() {
        let nodes = set(&[0, 1, 5]);
        let tokens = [
            "0", "1", "5", "-", ",", "!", "+", "all", " ", "0x", "9", ":", "\u{e9}",
        ];
        let mut state = 1u32;
        for _ in 0..if cfg!(miri) { 300 } else { 20_000 } {
            let mut text = String::new();
            for _ in 0..state % 7 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                text.push_str(tokens[(state >> 16) as usize % tokens.len()]);
            }
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if let Ok(mask) = parse(&text, &nodes) {
                assert!(mask.iter().all(|n| nodes.contains(n)), "{text:?}");
            }
        }
    }

    #[test]
    fn cpus_beyond_a_word() {
        let mut cpus = CpuMask::new(8192).unwrap();
        (0..8192).for_each(|n| cpus.insert(Cpu(n)).unwrap());
        assert_eq!(parse("8000-8191", &cpus).unwrap().len(), 192);
        assert_eq!(parse("!0-8190", &cpus).unwrap().to_string(), "8191");
    }

    proptest! {
        #![proptest_config(same_cases())]

        /// A list is the union of its ranges, of what may be named; `!` is the rest, `+` counts.
        #[test]
        fn lists_are_what_their_ranges_are(
            ids in btree_set(0u32..200, 1..60),
            ranges in vec((any::<Index>(), any::<Index>()), 1..6),
            form in 0..4,
        ) {
            let order: Vec<u32> = ids.iter().copied().collect();
            let accepted = set(&order);
            let write = |n: usize| match form {
                0 => format!("{n}"),
                1 => format!("{n:#x}"),
                2 => format!("0{n:o}"),
                _ => format!(" +{n}"),
            };
            let (mut plain, mut counted, mut wanted) = (Vec::new(), Vec::new(), BTreeSet::new());
            for (one, other) in ranges {
                let places = [one.index(order.len()), other.index(order.len())];
                let (first, last) = (places[0].min(places[1]), places[0].max(places[1]));
                let [from, to] = [first, last].map(|place| order[place] as usize);
                plain.push(format!("{}-{}", write(from), write(to)));
                counted.push(format!("{}-{}", write(first), write(last)));
                wanted.extend(&order[first..=last]);
            }
            let members = |text: &str| -> BTreeSet<u32> {
                parse(text, &accepted).unwrap().iter().map(|n| n.0).collect()
            };
            assert_eq!(members(&plain.join(",")), wanted);
            assert_eq!(members(&format!("!{}", plain.join(","))), &ids - &wanted);
            assert_eq!(members(&format!("+{}", counted.join(","))), wanted);
        }

        /// Whatever the string: what it names may be named, and the reason points into it.
        #[test]
        fn any_string_is_read_or_refused(text in "[-0-9,!+ alx@\\PC]{0,24}", ids in btree_set(0u32..70, 0..9)) {
            let accepted = set(&ids.iter().copied().collect::<Vec<u32>>());
            match parse(&text, &accepted) {
                Ok(found) => {
                    assert!(found.iter().all(|n| accepted.contains(n)));
                    assert_eq!(parse(&found.to_string(), &accepted), Ok(found));
                }
                Err(
                    ListError::OutOfRange { rest, .. }
                    | ListError::MissingEnd { rest }
                    | ListError::Unparseable { rest },
                ) => assert!(text.as_bytes().ends_with(rest)),
                Err(other) => panic!("{other}"),
            }
        }
    }
}
