//! Numbers and sizes of a command line, as strtoul(3) reads them with base 0: `16`, `0x10`, `020`. What
//! strtoul takes for 0 or cuts short is refused: no digits, a minus sign, something behind the number.

use std::ffi::OsStr;
use std::fmt;

use crate::text::safe;

/// Why a word is no number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadNumber {
    text: String,
    reason: String,
}

impl fmt::Display for BadNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}': {}", safe(&self.text), self.reason)
    }
}

impl std::error::Error for BadNumber {}

impl BadNumber {
    /// The reason alone.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// A number that is not negative.
pub fn whole(text: &OsStr) -> Result<u64, BadNumber> {
    scaled(text, &[], false)
}

/// One that is always decimal, as atoi(3) reads it: `010` is 10.
pub fn decimal(text: &OsStr) -> Result<u64, BadNumber> {
    scaled(text, &[], true)
}

/// A number of bytes, with k, m or g for 2^10, 2^20 or 2^30 of them.
pub fn size(text: &OsStr) -> Result<u64, BadNumber> {
    scaled(text, &[('k', 10), ('m', 20), ('g', 30)], false)
}

/// `is_decimal`: a base is not looked for.
fn scaled(text: &OsStr, units: &[(char, u32)], is_decimal: bool) -> Result<u64, BadNumber> {
    let text = text.to_string_lossy();
    let bad = |reason: String| BadNumber {
        text: text.clone().into_owned(),
        reason,
    };
    let too_large = || bad("the number is too large".into());
    // What isspace(3) takes.
    let number = text.trim_start_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']);
    if number.starts_with('-') {
        return Err(bad("it is negative".into()));
    }
    let number = number.strip_prefix('+').unwrap_or(number);
    let hex = number
        .strip_prefix("0x")
        .or_else(|| number.strip_prefix("0X"));
    let (digits, base) = match hex {
        _ if is_decimal => (number, 10),
        Some(hex) => (hex, 16),
        None if number.starts_with('0') => (number, 8),
        None => (number, 10),
    };
    let end = digits
        .find(|c: char| !c.is_digit(base))
        .unwrap_or(digits.len());
    let (digits, unit) = digits.split_at(end);
    if digits.is_empty() {
        return Err(bad("not a number".into()));
    }
    let number = u64::from_str_radix(digits, base).map_err(|_| too_large())?;
    if unit.is_empty() {
        return Ok(number);
    }
    let mut letters = unit.chars();
    let letter = letters.next().map(|c| c.to_ascii_lowercase());
    let found = units.iter().find(|(unit, _)| Some(*unit) == letter);
    match found.filter(|_| letters.next().is_none()) {
        Some((_, shift)) => number.checked_mul(1 << shift).ok_or_else(too_large),
        None if units.is_empty() => Err(bad(format!("'{}' follows the number", safe(unit)))),
        None => Err(bad(format!(
            "'{}' follows the number; units are k, m and g",
            safe(unit)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(result: Result<u64, BadNumber>) -> String {
        match result {
            Ok(number) => number.to_string(),
            Err(bad) => bad.to_string(),
        }
    }

    fn of(text: &str) -> String {
        told(size(OsStr::new(text)))
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("0", 0),
            ("10", 10),
            ("1k", 1 << 10),
            ("3M", 3 << 20),
            ("2g", 2 << 30),
            ("0x10", 16),
            ("0X1fk", 31 << 10),
            ("010", 8),
            ("010m", 8 << 20),
            (" +7", 7),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(of(text), bytes.to_string(), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_named() {
        for text in ["", " ", "k", "abc", "+", "0x", "0xk"] {
            assert_eq!(of(text), format!("'{text}': not a number"));
        }
        for text in ["-1", " -1", "-"] {
            assert_eq!(of(text), format!("'{text}': it is negative"));
        }
        for text in [
            "18446744073709551616",
            "17179869184g",
            "0x10000000000000000",
        ] {
            assert_eq!(of(text), format!("'{text}': the number is too large"));
        }
        for (text, unit) in [("10x", "x"), ("1kb", "kb"), ("1.5g", ".5g"), ("08", "8")] {
            let told = format!("'{text}': '{unit}' follows the number; units are k, m and g");
            assert_eq!(of(text), told);
        }
        assert_eq!(
            of("1\n"),
            "'1\\u{a}': '\\u{a}' follows the number; units are k, m and g"
        );
    }

    #[test]
    fn a_number_has_no_unit() {
        assert_eq!(told(whole(OsStr::new("7"))), "7");
        assert_eq!(
            told(whole(OsStr::new("7k"))),
            "'7k': 'k' follows the number"
        );
    }
}
