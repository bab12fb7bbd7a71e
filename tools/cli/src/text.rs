//! Numbers, sizes, lists and tables for people, and names of others that a terminal must not obey.

use std::fmt::{Display, Write as _};

/// Whether a character shows itself and nothing else: it does not control a terminal, turn the text
/// around it, break the line or stay invisible.
fn is_plain(c: char) -> bool {
    /// Those without a shape that Unicode does not count among the above.
    const INVISIBLE: [std::ops::RangeInclusive<char>; 9] = [
        '\u{34f}'..='\u{34f}',
        '\u{115f}'..='\u{1160}',
        '\u{17b4}'..='\u{17b5}',
        '\u{180b}'..='\u{180f}',
        '\u{2800}'..='\u{2800}',
        '\u{3164}'..='\u{3164}',
        '\u{fe00}'..='\u{fe0f}',
        '\u{ffa0}'..='\u{ffa0}',
        '\u{e0100}'..='\u{e01ef}',
    ];
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    // Behind a letter, as marks that belong to it are no less plain than that.
    let word = String::from_iter(['a', c]);
    word.escape_debug().count() == 2 && !INVISIBLE.iter().any(|range| range.contains(&c))
}

/// A name, a path or an argument, as it can be shown anywhere: characters that are not plain become
/// `\u{202e}`, on which nothing acts.
pub fn safe(text: &str) -> String {
    escaped(text, is_plain, |out, c| {
        let _ = write!(out, "{}", c.escape_unicode());
    })
}

/// The same for a message, which may have several lines.
pub fn safe_lines(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(safe).collect();
    lines.join("\n")
}

/// The same for a JSON document, which stays the same document: there it is `\u202e`.
pub fn safe_json(text: &str) -> String {
    let is_plain = |c| c == '\n' || is_plain(c);
    escaped(text, is_plain, |out, c| {
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    })
}

fn escaped(
    text: &str,
    is_plain: impl Fn(char) -> bool,
    escape: impl Fn(&mut String, char),
) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_plain(c) {
            out.push(c);
        } else {
            escape(&mut out, c);
        }
    }
    out
}

/// `12,345`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 page`, `12,345 pages`.
pub fn pages(number: u64) -> String {
    format!(
        "{} {}",
        grouped(number),
        if number == 1 { "page" } else { "pages" }
    )
}

/// `64 MiB`, `1.5 GiB`.
pub fn size(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    if value >= 100.0 || value.fract() < 0.05 || unit == 0 {
        format!("{value:.0} {}", units[unit])
    } else {
        format!("{value:.1} {}", units[unit])
    }
}

/// `process 17 (redis)`.
pub fn process(pid: i32, name: &str) -> String {
    if name.is_empty() {
        format!("process {pid}")
    } else {
        format!("process {pid} ({})", safe(name))
    }
}

/// `1 node`, `4 nodes`.
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// `2`, `2,3`.
pub fn list<T: Display>(ids: impl IntoIterator<Item = T>) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    ids.join(",")
}

/// `node 2`, `nodes 2,3`.
pub fn nodes(ids: &[u32]) -> String {
    let noun = if ids.len() == 1 { "node" } else { "nodes" };
    format!("{noun} {}", list(ids))
}

/// How wide each column is of a table of ASCII cells.
pub fn widths<Row: AsRef<[String]>>(rows: &[Row]) -> Vec<usize> {
    let mut widths = Vec::new();
    for row in rows {
        let row = row.as_ref();
        widths.resize(row.len().max(widths.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.len().max(*width);
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        assert_eq!(pages(1), "1 page");
        assert_eq!(pages(1_234_567), "1,234,567 pages");
        assert_eq!(grouped(999), "999");
        assert_eq!(size(0), "0 B");
        assert_eq!(size(64 << 20), "64 MiB");
        assert_eq!(size(3 << 29), "1.5 GiB");
    }

    #[test]
    fn lists_for_people() {
        assert_eq!(count(1, "node"), "1 node");
        assert_eq!(count(3, "node"), "3 nodes");
        assert_eq!(nodes(&[2]), "node 2");
        assert_eq!(nodes(&[2, 3]), "nodes 2,3");
        assert_eq!(process(17, "redis"), "process 17 (redis)");
        assert_eq!(process(17, ""), "process 17");
    }

    #[test]
    fn what_turns_a_text_around_is_not_shown() {
        // As they are: words of many scripts, marks, wide characters, signs.
        for plain in [
            "postgres: writer \\x2d \"a\" 'b'",
            "zażółć",
            "e\u{301}te\u{301}",
            "सर्वर",
            "เซิร์ฟเวอร์",
            "שרת",
            "خادم",
            "服务器",
            "🚀",
            "█▏",
        ] {
            assert_eq!(safe(plain), plain);
            assert_eq!(safe_lines(plain), plain);
            assert_eq!(safe_json(plain), plain);
        }
        let mut bad: Vec<char> = ('\0'..=' ').filter(|&c| c != ' ').collect();
        bad.extend('\u{7f}'..='\u{9f}');
        bad.extend('\u{200b}'..='\u{200f}');
        bad.extend('\u{2028}'..='\u{202e}');
        bad.extend('\u{2060}'..='\u{206f}');
        bad.extend("\u{a0}\u{ad}\u{34f}\u{61c}\u{115f}\u{180e}\u{2800}\u{3000}\u{3164}".chars());
        bad.extend(
            "\u{fe0f}\u{feff}\u{ffa0}\u{fff9}\u{e000}\u{ffff}\u{e0001}\u{e0041}\u{e0100}".chars(),
        );
        for c in bad {
            let text = format!("a{c}b");
            let code = u32::from(c);
            assert_eq!(safe(&text), format!("a\\u{{{code:x}}}b"));
            assert_eq!(safe(&safe(&text)), safe(&text));
            if c != '\n' {
                assert!(safe_json(&text).is_ascii(), "{code:x}");
                assert!(!safe_json(&text).contains(c));
            }
        }
        assert_eq!(safe_json("\u{e0041}"), "\\udb40\\udc41");
        assert_eq!(safe_lines("a\nb\tc\n"), "a\nb\\u{9}c\n");
        assert_eq!(process(7, "a\u{202e}b\n"), "process 7 (a\\u{202e}b\\u{a})");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cells() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned);
        assert_eq!(widths(&[row(["a", "bcd"]), row(["ef", ""])]), [2, 3]);
        assert_eq!(widths::<[String; 0]>(&[]), [0usize; 0]);
    }
}
