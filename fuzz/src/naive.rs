//! What the library does, done slowly: each function from the words of the documentation, on plain sets
//! and numbers, without a look at how the library does it.

use crate::Set;

/// Why a list is refused, and how many bytes of it are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// A number that may not be named; whether it is the end of a range, whether it fits 64 bits.
    OutOfRange(usize, bool, bool),
    MissingEnd(usize),
    Unparseable(usize),
}

/// strtoul(3) with base 0: the value, whether it fits, and what is behind it.
pub fn strtoul(text: &[u8]) -> Option<(u64, bool, &[u8])> {
    let mut rest = text;
    while let [b' ' | b'\t' | b'\n' | 0xb | 0xc | b'\r', after @ ..] = rest {
        rest = after;
    }
    let mut negative = false;
    if let [sign @ (b'+' | b'-'), after @ ..] = rest {
        negative = *sign == b'-';
        rest = after;
    }
    let lower: Vec<u8> = rest.iter().map(u8::to_ascii_lowercase).collect();
    let (digits, base): (&[u8], u32) = match &lower[..] {
        [b'0', b'x', digit, ..] if digit.is_ascii_hexdigit() => (b"0123456789abcdef", 16),
        [b'0', ..] => (b"01234567", 8),
        _ => (b"0123456789", 10),
    };
    let start = if base == 16 { 2 } else { 0 };
    let taken: Vec<u8> = lower[start..]
        .iter()
        .map_while(|b| digits.iter().position(|d| d == b))
        .map(|digit| digit as u8)
        .collect();
    if taken.is_empty() {
        return None;
    }
    // Whatever the number of digits, in 128 bits that stay full once they are.
    let value = taken.iter().fold(0u128, |value, &digit| {
        value
            .saturating_mul(base.into())
            .saturating_add(digit.into())
    });
    let fits = value <= u64::MAX.into();
    let value = match (fits, negative) {
        (false, _) => u64::MAX,
        (true, false) => value as u64,
        (true, true) => (1u128 << 64).wrapping_sub(value) as u64,
    };
    Some((value, fits, &rest[start + taken.len()..]))
}

/// A node or CPU string: what it stands for among the `accepted`. Words `@N` (a digit) stand for N.
pub fn list(text: &[u8], accepted: &Set) -> Result<Set, Refused> {
    let mut found = Set::new();
    if text.is_empty() {
        return Ok(found);
    }
    let complement = text[0] == b'!';
    let mut rest = &text[usize::from(complement)..];
    let relative = rest.first() == Some(&b'+');
    rest = &rest[usize::from(relative)..];
    let order: Vec<usize> = accepted.iter().copied().collect();
    let id = |value: u64, fits: bool, left: usize, end: bool| -> Result<usize, Refused> {
        let named = usize::try_from(value).expect("64 bits");
        let id = if relative {
            order.get(named).copied()
        } else {
            Some(named).filter(|n| accepted.contains(n))
        };
        id.ok_or(Refused::OutOfRange(left, end, fits))
    };
    loop {
        if rest == b"all" {
            found.extend(accepted);
            break;
        }
        if let Some((value, fits, after)) = strtoul(rest) {
            let first = id(value, fits, rest.len(), false)?;
            found.insert(first);
            rest = after;
            if let [b'-', after @ ..] = rest {
                let Some((value, fits, behind)) = strtoul(after) else {
                    return Err(Refused::MissingEnd(after.len()));
                };
                let last = id(value, fits, after.len(), true)?;
                found.extend(accepted.iter().filter(|&&n| first <= n && n <= last));
                rest = behind;
            }
        } else if let [b'@', digit @ b'0'..=b'9', after @ ..] = rest {
            let node = usize::from(digit - b'0');
            if !accepted.contains(&node) {
                return Err(Refused::OutOfRange(rest.len(), false, true));
            }
            found.insert(node);
            rest = after;
        } else {
            return Err(Refused::Unparseable(rest.len()));
        }
        match rest {
            [] => break,
            [b',', after @ ..] => rest = after,
            _ => return Err(Refused::Unparseable(rest.len())),
        }
    }
    if complement {
        found = accepted.difference(&found).copied().collect();
    }
    Ok(found)
}

/// Why a hexadecimal map is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadMap {
    Malformed,
    TooLong,
}

/// A map of the kernel: groups of one to eight hexadecimal digits, the most significant first.
pub fn hex_map(text: &[u8], size: usize) -> Result<Set, BadMap> {
    let mut set = Set::new();
    let groups: Vec<&[u8]> = text.split(|&b| b == b',').collect();
    let mut too_long = false;
    for (place, group) in groups.iter().rev().enumerate() {
        let good = (1..=8).contains(&group.len()) && group.iter().all(u8::is_ascii_hexdigit);
        if !good {
            return Err(BadMap::Malformed);
        }
        let value = u32::from_str_radix(std::str::from_utf8(group).expect("digits"), 16);
        let value = value.expect("eight digits");
        for bit in (0..32).filter(|bit| value >> bit & 1 != 0) {
            let n = place * 32 + bit;
            too_long |= n >= size;
            set.insert(n);
        }
    }
    if too_long {
        Err(BadMap::TooLong)
    } else {
        Ok(set)
    }
}

/// The kernel's list format, `0-3,8`, in a first line; what is beyond the size is left out.
pub fn id_list(text: &[u8], size: usize) -> Option<Set> {
    let mut set = Set::new();
    let line = text.split(|&b| b == b'\n').next()?;
    for range in line.split(|&b| b == b',') {
        let range = std::str::from_utf8(range).ok()?;
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let number = |digits: &str| -> Option<u128> {
            let good = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            good.then(|| digits.parse().unwrap_or(u128::MAX))
        };
        let (first, last) = (number(first)?, number(last)?);
        if first > last {
            // Too large for anything, both are the same to the library.
            if last < u64::MAX.into() {
                return None;
            }
        }
        set.extend((0..size).filter(|&n| first <= n as u128 && n as u128 <= last));
    }
    Some(set)
}
