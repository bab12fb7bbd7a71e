//! Numbers, sizes, lists and tables for people.

use std::fmt::Display;

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
        format!("process {pid} ({name})")
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
    fn columns_are_as_wide_as_their_widest_cells() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned);
        assert_eq!(widths(&[row(["a", "bcd"]), row(["ef", ""])]), [2, 3]);
        assert_eq!(widths::<[String; 0]>(&[]), []);
    }
}
