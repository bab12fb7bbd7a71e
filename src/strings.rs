//! Node and CPU strings: `0-3,8`, `!1`, `+0-1`, `all`.
//!
//! The grammar is that of numactl(8): `[!][+]list`, where the list joins `N`,
//! `N-M`, `all` and, for nodes, device words with commas. Numbers are written as
//! strtoul(3) reads them with base 0. What the reference accepts beyond its
//! manual (`0,all`, `0,+1`, leading blanks) was measured and is kept.

// Errors carry names and must not need the heap.
#![allow(clippy::result_large_err, clippy::large_enum_variant)]

use crate::device::{self, DeviceError};
use crate::mask::{Bits, Id, Mask, NodeMask, WORD_BITS, Word, bits};
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

/// What is wrong with a node or CPU string.
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

/// Sets the ids of the elements `N` and `N-M` that a list begins with, up to the first that is
/// written otherwise or names an id that is not accepted. Returns where that is, or `None` if
/// that was all.
///
/// Most lists hold nothing else, and are parsed several times faster so.
#[inline(never)]
fn parse_plain(text: &[u8], accepted: Bits<'_>, out: &mut [Word], size: usize) -> Option<usize> {
    // No id is as large.
    const TOO_LARGE: usize = 10_000_000;
    let mut rest = text.iter();
    let (mut done, mut first) = (text, None);
    let not_plain = |done: &[u8]| Some(text.len() - done.len());
    loop {
        let mut n = match rest.next() {
            Some(b @ b'0'..=b'9') => usize::from(b - b'0'),
            _ => return not_plain(done),
        };
        let end = loop {
            match rest.next() {
                // With a zero before it, the number would be octal.
                Some(b'0'..=b'9') if n == 0 || n >= TOO_LARGE => return not_plain(done),
                Some(b @ b'0'..=b'9') => n = n * 10 + usize::from(b - b'0'),
                end => break end,
            }
        };
        if !bits::get(accepted.words(), accepted.size(), n) {
            return not_plain(done);
        }
        match (end, first.take()) {
            (Some(b',') | None, None) => {
                if let Some(word) = out.get_mut(n / WORD_BITS).filter(|_| n < size) {
                    *word |= 1 << (n % WORD_BITS);
                }
            }
            (Some(b'-'), None) => {
                first = Some(n);
                continue;
            }
            (Some(b',') | None, Some(start)) => {
                // The wrong way round it is its first number. Of what is between its ends only
                // what is accepted counts.
                for id in (start..=n.max(start)).filter(|&id| accepted.contains(id)) {
                    bits::put(out, size, id, true);
                }
            }
            _ => return not_plain(done),
        }
        end?;
        done = rest.as_slice();
    }
}

/// Parses a node or CPU string into the first `size` bits of `out`, which should be as many as
/// the accepted set has, and empty.
///
/// Does not allocate itself. The target is undefined after an error.
pub fn parse_list<'a>(
    text: &'a [u8],
    universe: Universe<'_>,
    out: &mut [Word],
    size: usize,
    lookup: WordLookup<'_>,
) -> Result<(), ListError<'a>> {
    let Universe {
        accepted,
        relative_to,
        beyond,
    } = universe;
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
    let resolve = |n: &Number, rest: &'a [u8], end: bool| {
        let (mut value, mut name) = (n.value, shown(n.value));
        if relative {
            match usize::try_from(value)
                .ok()
                .and_then(|v| relative_to.iter().nth(v))
            {
                Some(id) => value = id as u64,
                None if (value as i64) < 0 => (value, name) = (u64::MAX, -1),
                None => (value, name) = (u64::MAX, beyond.into()),
            }
        }
        match usize::try_from(value) {
            Ok(id) if accepted.contains(id) => Ok(id),
            _ => Err(ListError::OutOfRange {
                number: name,
                rest,
                end,
                overflow: n.overflow,
            }),
        }
    };
    let odd = if relative {
        Some(0)
    } else {
        parse_plain(rest, accepted, out, size)
    };
    if let Some(at) = odd {
        rest = &rest[at..];
        loop {
            if let Some(first) = scan_number(rest) {
                let start = resolve(&first, rest, false)?;
                let mut last = start;
                rest = &rest[first.used..];
                if let [b'-', after @ ..] = rest {
                    let second = scan_number(after).ok_or(ListError::MissingEnd { rest: after })?;
                    last = resolve(&second, after, true)?;
                    rest = &after[second.used..];
                }
                // A range the wrong way round is, measured, its first number.
                for n in start..=last.max(start) {
                    if accepted.contains(n) {
                        bits::put(out, size, n, true);
                    }
                }
            } else if rest == b"all" {
                bits::copy(accepted.words(), accepted.size(), out, size);
                rest = b"";
            } else {
                let found = lookup(rest).ok_or(ListError::Unparseable { rest })?;
                let (id, used) = found.map_err(ListError::Device)?;
                if !accepted.contains(id as usize) {
                    return Err(ListError::OutOfRange {
                        number: id.into(),
                        rest,
                        end: false,
                        overflow: false,
                    });
                }
                bits::put(out, size, id as usize, true);
                rest = rest.get(used..).unwrap_or(b"");
            }
            match rest {
                [] => break,
                [b',', after @ ..] => rest = after,
                _ => return Err(ListError::Unparseable { rest }),
            }
        }
    }
    if complement {
        for n in 0..size {
            let on = accepted.contains(n) && !bits::get(out, size, n);
            bits::put(out, size, n, on);
        }
    }
    Ok(())
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
    parse_with(text, accepted, &mut |_| None)
}

/// Parses a node string with device words, as the C library and migratepages take it.
///
/// `accepted` is the set of nodes that may be named, which `+` counts in as well. Devices are
/// looked up below `root`; see [`crate::device`].
pub fn parse_nodes<'a>(
    root: Root<'_>,
    text: &'a str,
    accepted: &NodeMask,
) -> Result<NodeMask, ListError<'a>> {
    parse_with(text, accepted, &mut |word| device::node_of_word(root, word))
}

fn parse_with<'a, I: Id, const W: usize>(
    text: &'a str,
    accepted: &Mask<I, W>,
    lookup: WordLookup<'_>,
) -> Result<Mask<I, W>, ListError<'a>> {
    let mut out = accepted.clone();
    let size = out.size();
    bits::fill(out.words_mut(), size, false);
    let universe = Universe {
        accepted: accepted.as_bits(),
        relative_to: accepted.as_bits(),
        beyond: size as u32,
    };
    parse_list(text.as_bytes(), universe, out.words_mut(), size, lookup)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::{Cpu, CpuMask, Node};
    use std::string::{String, ToString};

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
        for _ in 0..20_000 {
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
}
