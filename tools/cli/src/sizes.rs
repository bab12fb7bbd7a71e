//! Sizes of a command line: a number in decimal, octal (0...) or hexadecimal (0x...), with k, m, g or t
//! for powers of 1024.

/// Parses a size in bytes; `None` if that is no size, or one that no machine has.
pub fn parse(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x").or(text.strip_prefix("0X"));
    let (base, digits) = match digits {
        Some(digits) => (16, digits),
        None if text.starts_with('0') => (8, text),
        None => (10, text),
    };
    let end = digits
        .find(|c: char| !c.is_digit(base))
        .unwrap_or(digits.len());
    let (digits, unit) = digits.split_at(end);
    let shift = match unit {
        "" => 0,
        "k" | "K" => 10,
        "m" | "M" => 20,
        "g" | "G" => 30,
        "t" | "T" => 40,
        _ => return None,
    };
    let number = u64::from_str_radix(digits, base).ok()?;
    number.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_units() {
        for (text, size) in [
            ("0", 0),
            ("4096", 4096),
            ("64k", 65536),
            ("64K", 65536),
            ("1m", 1 << 20),
            ("2g", 2 << 30),
            ("1t", 1 << 40),
            ("0x1000", 4096),
            ("010", 8),
            ("0x1m", 1 << 20),
        ] {
            assert_eq!(parse(text), Some(size), "{text}");
        }
        for text in [
            "",
            "x",
            "10x",
            "k",
            "-1",
            "+1",
            " 1",
            "1 ",
            "1kb",
            "0x",
            "08",
            "1.5g",
            "99999999999999999999",
            "99999999999t",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
