//! Process ids of a command line: decimal numbers, several of them joined by commas. Blanks around
//! them are taken, as `ps -o pid=` prints them.

use std::fmt;

use crate::text::safe;

/// What is wrong with a process id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadPid {
    text: String,
    reason: &'static str,
}

impl fmt::Display for BadPid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = safe(&self.text);
        write!(f, "'{text}' is not a process id: {}", self.reason)
    }
}

impl std::error::Error for BadPid {}

/// Parses a process id: decimal digits, leading zeros and blanks around them allowed, 1 to 2147483647.
pub fn parse(text: &str) -> Result<i32, BadPid> {
    // What isspace(3) takes.
    let text = text.trim_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']);
    let bad = |reason| {
        Err(BadPid {
            text: text.to_owned(),
            reason,
        })
    };
    if text.is_empty() || text == "-" {
        return bad("it has no digits");
    }
    if let Some(rest) = text.strip_prefix('-') {
        if rest.bytes().all(|b| b.is_ascii_digit()) {
            return bad("it is negative");
        }
    }
    // Not `str::parse` alone, which takes a plus sign.
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return bad("it is not a decimal number");
    }
    match text.parse() {
        Ok(0) => bad("processes are numbered from 1"),
        Ok(pid) => Ok(pid),
        Err(_) => bad("the largest is 2147483647"),
    }
}

/// Parses one or more process ids joined by commas.
pub fn parse_list(text: &str) -> Result<Vec<i32>, BadPid> {
    text.split(',').map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_decimal_process_ids() {
        for (text, pid) in [
            ("1", 1),
            ("0211", 211),
            ("2147483647", i32::MAX),
            ("0000000000000001", 1),
            ("  4711", 4711),
            ("4711 ", 4711),
            ("\t 4711\n", 4711),
            ("\u{b}\u{c}\r4711", 4711),
        ] {
            assert_eq!(parse(text), Ok(pid));
        }
        for text in [
            "",
            "-",
            "0",
            "00",
            "-1",
            "+1",
            " ",
            "1 2",
            "- 1",
            "\u{a0}1",
            "0x10",
            "1e3",
            "2147483648",
            "4294967297",
            "99999999999999999999999",
            "self",
            "--1",
            "1-2",
            "\u{663}",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert_eq!(parse_list("1,2,03"), Ok(vec![1, 2, 3]));
        assert_eq!(parse_list(" 1, 2\n,03 "), Ok(vec![1, 2, 3]));
        assert!(parse_list("1,,2").is_err());
        assert!(parse_list("1,").is_err());
    }
}
