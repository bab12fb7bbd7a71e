//! `--show`: where a process's pages are.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use cli::terminal::{Look, bar};
use cli::text::{size, widths};
use numa::migrate::{Kind, Process};
use numa::topology;
use serde::Serialize;

/// The shortest bar that is worth its place.
const BAR: usize = 8;

/// Bytes of a process on each node.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    pub(crate) nodes: Vec<NodeShare>,
    /// How much of it is in transparent huge pages, where the kernel tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) transparent_huge_bytes: Option<u64>,
    /// How much address space maps memory that another address maps too. Pages there count once for
    /// each.
    pub(crate) mapped_again_bytes: u64,
}

/// What is on one node, in bytes.
#[derive(Debug, Default, Serialize)]
pub(crate) struct NodeShare {
    pub(crate) node: u32,
    pub(crate) bytes: u64,
    pub(crate) kinds: KindBytes,
}

/// Explicit huge pages are `huge`, whatever else they are.
#[derive(Debug, Default, Serialize)]
pub(crate) struct KindBytes {
    pub(crate) anonymous: u64,
    pub(crate) heap: u64,
    pub(crate) stack: u64,
    pub(crate) file: u64,
    pub(crate) shared: u64,
    pub(crate) huge: u64,
}

impl KindBytes {
    fn named(&self) -> [(&'static str, u64); 6] {
        [
            ("anonymous", self.anonymous),
            ("heap", self.heap),
            ("stack", self.stack),
            ("file", self.file),
            ("shared", self.shared),
            ("huge", self.huge),
        ]
    }
}

/// Looks.
pub(crate) fn look(process: &Process) -> numa::Result<Shown> {
    let page = topology::page_size() as u64;
    let mut nodes: BTreeMap<u32, KindBytes> = BTreeMap::new();
    process.for_each_numa_mapping(|kind, line| {
        let page_size = if line.page_size > 0 {
            line.page_size
        } else {
            page
        };
        for (node, pages) in line.nodes() {
            let kinds = nodes.entry(node.0).or_default();
            let slot = match kind {
                _ if line.is_huge => &mut kinds.huge,
                Kind::Anonymous => &mut kinds.anonymous,
                Kind::Heap => &mut kinds.heap,
                Kind::Stack => &mut kinds.stack,
                Kind::File => &mut kinds.file,
                Kind::Shared => &mut kinds.shared,
            };
            *slot = slot.saturating_add(pages.saturating_mul(page_size));
        }
    })?;
    let nodes = nodes
        .into_iter()
        .map(|(node, kinds)| {
            let bytes = sum(kinds.named().iter().map(|&(_, bytes)| bytes));
            NodeShare { node, bytes, kinds }
        })
        .collect();
    let transparent_huge_bytes = transparent_huge(process.pid());
    Ok(Shown {
        nodes,
        // It was read by the number.
        transparent_huge_bytes: transparent_huge_bytes.filter(|_| process.is_there()),
        mapped_again_bytes: process.mapped_again()?,
    })
}

fn transparent_huge(pid: i32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("AnonHugePages:"))?;
    let kib: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    kib.checked_mul(1024)
}

/// The sum, or as much as there can be: files may say anything.
fn sum(numbers: impl Iterator<Item = u64>) -> u64 {
    numbers.fold(0, u64::saturating_add)
}

impl Shown {
    /// A table: nodes downwards, the kinds that occur across, and a bar where there is room.
    pub(crate) fn table(&self, title: &str, look: Look) -> String {
        let total = sum(self.nodes.iter().map(|node| node.bytes));
        let mut text = format!("{title}: {}", size(total));
        if let Some(huge) = self.transparent_huge_bytes.filter(|&bytes| bytes > 0) {
            let _ = write!(text, ", {} in transparent huge pages", size(huge));
        }
        text.push('\n');
        if self.nodes.is_empty() {
            text.push_str("  no pages are present\n");
            return text;
        }
        // The bars say what the shares do, so where it is narrow those give way, then the
        // blanks between the columns.
        let layouts = [
            (true, 2, BAR),
            (false, 2, BAR),
            (false, 2, 0),
            (false, 1, 0),
        ];
        let fitting = layouts.into_iter().find_map(|(shares, gap, bar)| {
            let rows = self.rows(total, shares);
            let widths = widths(&rows);
            let width = 2 + widths.iter().sum::<usize>() + gap * (widths.len() - 1);
            let room = look.width.saturating_sub(width);
            let last = gap == 1;
            (last || bar <= room.saturating_sub(2) && width <= look.width).then_some((
                rows,
                widths,
                gap,
                room.saturating_sub(2),
            ))
        });
        let Some((rows, widths, gap, room)) = fitting else {
            return text;
        };
        let most = self.nodes.iter().map(|node| node.bytes).max().unwrap_or(0);
        for (number, row) in rows.iter().enumerate() {
            let cells = row.iter().zip(&widths);
            let cells: Vec<String> = cells.map(|(cell, &w)| format!("{cell:>w$}")).collect();
            let mut line = format!("  {}", cells.join(&" ".repeat(gap)));
            if number == 0 && look.colour {
                line = format!("\x1b[1m{line}\x1b[0m");
            }
            if number > 0 && room >= BAR {
                line.push_str("  ");
                line.push_str(&bar(self.nodes[number - 1].bytes, most, room.min(40), look));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        if self.mapped_again_bytes > 0 {
            let again = size(self.mapped_again_bytes);
            let _ = writeln!(
                text,
                "  {again} of address space map memory a second time: its pages count once for each"
            );
        }
        text
    }

    /// The cells of the table, its head first.
    fn rows(&self, total: u64, shares: bool) -> Vec<Vec<String>> {
        let used: Vec<usize> = (0..6)
            .filter(|&kind| self.nodes.iter().any(|node| node.kinds.named()[kind].1 > 0))
            .collect();
        let mut head = vec!["node".to_string(), "total".to_string()];
        head.extend(shares.then(|| "share".to_string()));
        head.extend(
            used.iter()
                .map(|&kind| KindBytes::default().named()[kind].0.to_string()),
        );
        let mut rows = vec![head];
        for node in &self.nodes {
            let percent = 100.0 * node.bytes as f64 / total.max(1) as f64;
            let mut row = vec![node.node.to_string(), size(node.bytes)];
            row.extend(shares.then(|| format!("{percent:.1} %")));
            row.extend(used.iter().map(|&kind| match node.kinds.named()[kind].1 {
                0 => "-".to_string(),
                bytes => size(bytes),
            }));
            rows.push(row);
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown() -> Shown {
        let kinds = KindBytes {
            anonymous: 60 << 20,
            heap: 4 << 20,
            ..KindBytes::default()
        };
        let few = KindBytes {
            anonymous: 4096,
            ..KindBytes::default()
        };
        Shown {
            nodes: vec![
                NodeShare {
                    node: 0,
                    bytes: 64 << 20,
                    kinds,
                },
                NodeShare {
                    node: 12,
                    bytes: 4096,
                    kinds: few,
                },
            ],
            transparent_huge_bytes: Some(0),
            mapped_again_bytes: 0,
        }
    }

    fn look(width: usize) -> Look {
        Look {
            width,
            colour: false,
            blocks: true,
        }
    }

    #[test]
    fn a_table_fits_its_width() {
        let text = shown().table("process 7 (x)", look(60));
        assert_eq!(
            text,
            "process 7 (x): 64 MiB\n  node   total    share  anonymous   heap\n     \
             0  64 MiB  100.0 %     60 MiB  4 MiB  █████████████████\n    \
             12   4 KiB    0.0 %      4 KiB      -  ▏\n"
        );
        for width in [0, 32, 40, 50, 80, 200] {
            let text = shown().table("process 7 (x)", look(width));
            assert!(
                text.lines()
                    .all(|line| line.chars().count() <= width.max(32)),
                "{text}"
            );
        }
    }

    #[test]
    fn all_kinds_fit_80_columns() {
        let mut all = shown();
        let bytes = 1023 << 30;
        all.nodes[0].bytes = 6 * bytes;
        all.nodes[0].kinds = KindBytes {
            anonymous: bytes,
            heap: bytes,
            stack: 132 << 10,
            file: bytes,
            shared: bytes,
            huge: bytes,
        };
        let text = all.table("process 7 (x)", look(80));
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        // Bars are rather there than shares.
        all.nodes[0].kinds.shared = 0;
        all.nodes[0].kinds.huge = 0;
        let text = all.table("process 7 (x)", look(72));
        assert!(text.contains('█') && !text.contains('%'), "{text}");
    }
}
