//! Tables of bytes: nodes across, one more column for the total, folded where a terminal is too narrow.

use std::collections::BTreeSet;

use crate::options::Sort;

/// The widest column, with the blank before it.
const COLUMN: usize = 16;
/// The widest names of processes.
const STUB: usize = 24;

/// The widest names that the reference does not have.
const WIDE: usize = 40;

/// A number of bytes, or of pages in a table of pages; `None` where it is not known.
pub(crate) type Cell = Option<i128>;

/// Which table it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One of the system's.
    System,
    /// Of one process.
    Process,
    /// Of several processes, one in each row.
    Processes,
    /// One that the reference does not have; whether its rows are added up below.
    Own { sum: bool },
}

/// A table.
#[derive(Debug)]
pub(crate) struct Table {
    /// What it is about, in a line.
    pub(crate) title: String,
    pub(crate) shape: Shape,
    /// The nodes, from left to right.
    pub(crate) nodes: Vec<u32>,
    /// Names and one cell for each node.
    pub(crate) rows: Vec<Row>,
    /// What is shown although it is zero.
    pub(crate) kept: Kept,
}

/// Rows and columns that were not zero in a table before: where the reference shows several tables of one
/// shape, they stay.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    rows: BTreeSet<String>,
    /// By node; `None` is the total.
    columns: BTreeSet<Option<u32>>,
}

/// A row.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) cells: Vec<Cell>,
}

/// How tables are shown.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Style {
    /// Columns of the terminal, if it is one.
    pub(crate) width: Option<usize>,
    pub(crate) compact: bool,
    pub(crate) nonzero: bool,
    pub(crate) sort: Option<Sort>,
}

/// The sum of what is known; `None` if nothing is.
pub(crate) fn total<'c>(cells: impl IntoIterator<Item = &'c Cell>) -> Cell {
    let known = cells.into_iter().flatten().copied();
    known.reduce(i128::saturating_add)
}

/// Bytes as megabytes with so many decimals; what lies in the middle goes to the even neighbour, as
/// printf(3) does it.
///
/// Most of what is shown of 64 nodes are these texts: `format!` takes three times as long for one.
pub(crate) fn megabytes(bytes: i128, decimals: u32) -> String {
    const MB: u128 = 1 << 20;
    let scale = 10u128.pow(decimals);
    let scaled = bytes.unsigned_abs().saturating_mul(scale);
    let (mut whole, rest) = (scaled >> MB.trailing_zeros(), scaled & (MB - 1));
    if rest > MB / 2 || rest == MB / 2 && whole % 2 == 1 {
        whole += 1;
    }
    let Ok(mut rest) = u64::try_from(whole) else {
        // More than a file can say: whole ones are enough.
        let sign = if bytes < 0 { "-" } else { "" };
        return format!("{sign}{}", whole / scale);
    };
    let is_negative = bytes < 0 && rest > 0;
    let mut digits = [b'0'; 24];
    let mut at = digits.len();
    let mut put = |digit: u8| {
        at -= 1;
        digits[at] = digit;
    };
    for place in 0.. {
        if place == decimals && decimals > 0 {
            put(b'.');
        }
        if rest == 0 && place > decimals {
            break;
        }
        put(b'0' + (rest % 10) as u8);
        rest /= 10;
    }
    if is_negative {
        put(b'-');
    }
    String::from_utf8_lossy(&digits[at..]).into_owned()
}

/// Not more than so many bytes, not cut within a character.
fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// At the left end of so many bytes.
fn left(out: &mut String, text: &str, width: usize) {
    let text = cut(text, width);
    out.push_str(text);
    blanks(out, width - text.len());
}

/// At the right end.
fn right(out: &mut String, text: &str, width: usize) {
    let text = cut(text, width);
    blanks(out, width - text.len());
    out.push_str(text);
}

fn blanks(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n(' ', count));
}

fn dashes(out: &mut String, width: usize) {
    out.push(' ');
    out.extend(std::iter::repeat_n('-', width.saturating_sub(1)));
}

/// Which columns stand side by side: as many as fit, one at least.
fn blocks(stub: usize, widths: &[usize], room: Option<usize>) -> Vec<std::ops::Range<usize>> {
    let mut blocks = Vec::new();
    let mut start = 0;
    while start < widths.len() {
        let mut end = start + 1;
        let mut width = stub + widths[start];
        while end < widths.len() && room.is_none_or(|room| width + widths[end] <= room) {
            width += widths[end];
            end += 1;
        }
        blocks.push(start..end);
        start = end;
    }
    blocks
}

/// A row's cells as texts.
struct Line<'t> {
    name: &'t str,
    texts: Vec<String>,
}

/// What the blocks of a folded table have in common.
struct Layout<'t> {
    /// How wide the names' column is, and what stands above it.
    stub: usize,
    corner: &'static str,
    heads: Vec<String>,
    widths: Vec<usize>,
    lines: Vec<Line<'t>>,
    sum: Option<Line<'t>>,
}

impl Shape {
    fn has_sum(self) -> bool {
        !matches!(self, Shape::System | Shape::Own { sum: false })
    }

    fn corner(self) -> &'static str {
        match self {
            Shape::Processes => "PID",
            _ => "",
        }
    }

    fn stub(self, longest: usize, compact: bool) -> usize {
        match self {
            Shape::Own { .. } => (longest + 1).min(WIDE),
            _ if compact => (longest + 1).min(COLUMN),
            Shape::System => COLUMN,
            Shape::Process | Shape::Processes => (longest + 1).clamp(COLUMN + 1, STUB),
        }
    }
}

impl Table {
    /// Puts the largest rows first, as the reference does it: whichever is largest changes places with the
    /// first one that is not sorted yet. A node that is not there means the total.
    pub(crate) fn sort(&mut self, by: Sort) {
        let column = match by {
            Sort::Total => None,
            Sort::Node(id) => self.nodes.iter().position(|&node| node == id),
        };
        let key = |row: &Row| {
            let cell = match column {
                Some(column) => row.cells[column],
                None => total(&row.cells),
            };
            cell.unwrap_or(0)
        };
        for first in 0..self.rows.len() {
            let mut largest = first;
            for other in first + 1..self.rows.len() {
                if key(&self.rows[other]) > key(&self.rows[largest]) {
                    largest = other;
                }
            }
            self.rows.swap(first, largest);
        }
    }

    /// What a later table of its shape keeps.
    pub(crate) fn keeps(&self) -> Kept {
        let mut kept = self.kept.clone();
        let is_nonzero = |cell: Cell| cell.unwrap_or(0) != 0;
        for row in &self.rows {
            let sum = total(&row.cells);
            let cells = row.cells.iter().copied().chain([sum]);
            let columns = self.nodes.iter().copied().map(Some).chain([None]);
            for (_, column) in cells.zip(columns).filter(|(cell, _)| is_nonzero(*cell)) {
                kept.columns.insert(column);
                kept.rows.insert(row.name.clone());
            }
        }
        kept
    }

    /// Megabytes, with the total at the right.
    pub(crate) fn show(&self, style: Style) -> String {
        let mut out = format!("\n{}\n", self.title);
        let Some(layout) = self.layout(style) else {
            out.push_str("Table has no non-zero data.\n");
            return out;
        };
        for (number, block) in blocks(layout.stub, &layout.widths, style.width)
            .into_iter()
            .enumerate()
        {
            if number > 0 {
                out.push('\n');
            }
            layout.block(&mut out, block);
        }
        out
    }

    /// `None` if there is no column to show.
    fn layout(&self, style: Style) -> Option<Layout<'_>> {
        let decimals = if style.compact { 0 } else { 2 };
        let is_zero = |cell: &Cell| cell.unwrap_or(0) == 0;
        let with_total = |row: &Row| {
            let mut cells = row.cells.clone();
            cells.push(total(&row.cells));
            cells
        };
        let rows: Vec<Vec<Cell>> = self.rows.iter().map(with_total).collect();
        let has_column = |at: usize| {
            self.kept.columns.contains(&self.nodes.get(at).copied())
                || rows.iter().any(|cells| !is_zero(&cells[at]))
        };
        let columns: Vec<usize> = (0..=self.nodes.len())
            .filter(|&at| !style.nonzero || has_column(at))
            .collect();
        if style.nonzero && rows.iter().flatten().all(is_zero) {
            return None;
        }
        let text = |cell: Cell| cell.map_or(String::new(), |bytes| megabytes(bytes, decimals));
        let has_row = |row: &Row, cells: &[Cell]| {
            self.kept.rows.contains(&row.name) || !cells.iter().all(is_zero)
        };
        let named = self.rows.iter().zip(&rows);
        let lines: Vec<Line<'_>> = named
            .filter(|(row, cells)| !style.nonzero || has_row(row, cells))
            .map(|(row, cells)| Line {
                name: &row.name,
                texts: columns.iter().map(|&at| text(cells[at])).collect(),
            })
            .collect();
        let sum = self.shape.has_sum().then(|| Line {
            name: "Total",
            texts: columns
                .iter()
                .map(|&at| text(total(rows.iter().map(|cells| &cells[at]))))
                .collect(),
        });
        let heads: Vec<String> = columns
            .iter()
            .map(|&at| match self.nodes.get(at) {
                Some(node) => format!("Node {node}"),
                None => "Total".to_owned(),
            })
            .collect();
        let width = |at: usize| {
            let texts = lines.iter().chain(&sum).map(|line| line.texts[at].len());
            let widest = texts.chain([heads[at].len()]).max().unwrap_or(0);
            (widest + 1).min(COLUMN)
        };
        let widths = match style.compact {
            true => (0..columns.len()).map(width).collect(),
            false => vec![COLUMN; columns.len()],
        };
        let names = self.rows.iter().map(|row| row.name.len());
        let longest = names.chain(sum.as_ref().map(|line| line.name.len())).max();
        Some(Layout {
            stub: self.shape.stub(longest.unwrap_or(0), style.compact),
            corner: self.shape.corner(),
            heads,
            widths,
            lines,
            sum,
        })
    }

    /// Pages, without a total and with nothing but a name above each node: what the command shows without
    /// options. `page` is a page's size in bytes.
    pub(crate) fn show_pages(&self, page: i128, width: Option<usize>) -> String {
        let mut out = String::new();
        let widths = vec![COLUMN; self.nodes.len()];
        for (number, block) in blocks(COLUMN, &widths, width).into_iter().enumerate() {
            if number > 0 {
                out.push('\n');
            }
            blanks(&mut out, COLUMN);
            for &node in &self.nodes[block.clone()] {
                right(&mut out, &format!("node{node}"), COLUMN);
            }
            out.push('\n');
            for row in &self.rows {
                left(&mut out, &row.name, COLUMN);
                for cell in &row.cells[block.clone()] {
                    let text = cell.map_or(String::new(), |bytes| (bytes / page).to_string());
                    right(&mut out, &text, COLUMN);
                }
                out.push('\n');
            }
        }
        out
    }
}

impl Layout<'_> {
    /// One part of a folded table.
    fn block(&self, out: &mut String, block: std::ops::Range<usize>) {
        let rule = |out: &mut String, name: &str| {
            left(out, name, self.stub);
            for &width in &self.widths[block.clone()] {
                dashes(out, width);
            }
            out.push('\n');
        };
        let put = |out: &mut String, name: &str, texts: &[String]| {
            left(out, name, self.stub);
            for at in block.clone() {
                right(out, &texts[at], self.widths[at]);
            }
            out.push('\n');
        };
        let thick = "-".repeat(self.stub - 1);
        put(out, self.corner, &self.heads);
        rule(out, if self.corner.is_empty() { "" } else { &thick });
        for line in &self.lines {
            put(out, line.name, &line.texts);
        }
        if let Some(sum) = &self.sum {
            rule(out, &thick);
            put(out, sum.name, &sum.texts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: i128 = 1 << 20;

    #[test]
    fn megabytes_are_rounded_as_printf_does() {
        let two = |bytes| megabytes(bytes, 2);
        assert_eq!(two(0), "0.00");
        assert_eq!(two(MB), "1.00");
        // 1/8 and 3/8 of a hundredth: to the even neighbour.
        assert_eq!(two(MB / 200 * 200 / 8), "0.12");
        assert_eq!(
            (two(MB / 8), two(MB * 3 / 8)),
            ("0.12".into(), "0.38".into())
        );
        assert_eq!((two(4096), two(MB * 10)), ("0.00".into(), "10.00".into()));
        for bytes in (0..40).map(|shift| 987_654_321_123_i128 >> shift) {
            // Exact, as there are few digits.
            let expected = format!("{:.2}", bytes as f64 / MB as f64);
            assert_eq!(two(bytes), expected);
            assert_eq!(megabytes(-bytes, 2).trim_start_matches('-'), expected);
        }
        assert_eq!(two(-MB / 8), "-0.12");
        assert_eq!(two(-1), "0.00");
        let none = |bytes| megabytes(bytes, 0);
        assert_eq!((none(MB / 2), none(MB * 3 / 2)), ("0".into(), "2".into()));
        assert_eq!(none(MB / 2 + 1), "1");
        assert!(two(i128::MAX).len() > 20 && two(i128::MIN).starts_with('-'));
    }

    fn table(shape: Shape, nodes: &[u32], rows: &[(&str, &[i128])]) -> Table {
        Table {
            title: "Title".into(),
            shape,
            nodes: nodes.to_vec(),
            rows: rows
                .iter()
                .map(|(name, cells)| Row {
                    name: (*name).into(),
                    cells: cells.iter().map(|&cell| Some(cell)).collect(),
                })
                .collect(),
            kept: Kept::default(),
        }
    }

    #[test]
    fn blocks_fit_the_width() {
        assert_eq!(blocks(16, &[16; 5], Some(64)), [0..3, 3..5]);
        assert_eq!(
            blocks(16, &[16; 5], Some(1)),
            [0..1, 1..2, 2..3, 3..4, 4..5]
        );
        assert_eq!(
            blocks(16, &[16; 5], None).as_slice(),
            std::slice::from_ref(&(0..5))
        );
        assert_eq!(blocks(15, &[8, 7, 7, 7, 8], Some(51)), [0..4, 4..5]);
        assert_eq!(blocks(16, &[], Some(80)), []);
    }

    #[test]
    fn a_table_of_the_system() {
        let table = table(
            Shape::System,
            &[0, 100],
            &[
                ("MemTotal", &[MB, 2 * MB]),
                ("A_name_that_is_too_long", &[0, 0]),
            ],
        );
        assert_eq!(
            table.show(Style::default()),
            "\nTitle\n                          Node 0        Node 100           Total\n                 \
             --------------- --------------- ---------------\n\
             MemTotal                    1.00            2.00            3.00\n\
             A_name_that_is_t            0.00            0.00            0.00\n"
        );
        let compact = Style {
            compact: true,
            nonzero: true,
            ..Style::default()
        };
        assert_eq!(
            table.show(compact),
            "\nTitle\n                 Node 0 Node 100 Total\n                 ------ -------- -----\n\
             MemTotal              1        2     3\n"
        );
    }

    #[test]
    fn tables_of_processes() {
        let style = Style {
            compact: true,
            ..Style::default()
        };
        let one = table(Shape::Process, &[0], &[("Huge", &[MB]), ("Heap", &[MB])]);
        assert_eq!(
            one.show(style),
            "\nTitle\n       Node 0 Total\n       ------ -----\nHuge        1     1\nHeap        1     1\n\
             -----  ------ -----\nTotal       2     2\n"
        );
        let several = table(
            Shape::Processes,
            &[0],
            &[("7 (a)", &[MB]), ("8 (b)", &[MB])],
        );
        let text = several.show(Style::default());
        assert!(text.contains(
            "\nPID                        Node 0           Total\n----------------  ---"
        ));
        let long = table(
            Shape::Processes,
            &[0],
            &[("1234567 (abcdefghijklmno)", &[MB])],
        );
        assert!(
            long.show(Style::default())
                .contains("\n1234567 (abcdefghijklmno            1.00")
        );
    }

    #[test]
    fn sorting_is_the_references() {
        let order = |values: &[i128]| {
            let names: Vec<String> = (1..=values.len()).map(|n| n.to_string()).collect();
            let cells: Vec<[i128; 1]> = values.iter().map(|&value| [value]).collect();
            let rows: Vec<(&str, &[i128])> = names
                .iter()
                .zip(&cells)
                .map(|(name, cells)| (name.as_str(), &cells[..]))
                .collect();
            let mut table = table(Shape::System, &[0], &rows);
            table.sort(Sort::Total);
            table
                .rows
                .iter()
                .map(|row| row.name.clone())
                .collect::<String>()
        };
        assert_eq!(order(&[9, 0, 0, 5, 9, 0]), "154326");
        assert_eq!(order(&[0, 39, 390, 0]), "3214");
        assert_eq!(order(&[0, 0, 0, 9]), "4231");
        let mut sparse = table(Shape::System, &[0, 8], &[("a", &[2, 1]), ("b", &[1, 5])]);
        sparse.sort(Sort::Node(0));
        assert_eq!(sparse.rows[0].name, "a");
        sparse.sort(Sort::Node(8));
        assert_eq!(sparse.rows[0].name, "b");
    }

    #[test]
    fn what_is_not_known_is_blank() {
        let mut table = table(Shape::System, &[0, 1], &[("x", &[MB, 0])]);
        table.rows[0].cells[1] = None;
        assert!(
            table
                .show(Style::default())
                .ends_with("x                           1.00                            1.00\n")
        );
        table.rows[0].cells[0] = None;
        let nothing = format!("x{}\n", " ".repeat(63));
        assert!(table.show(Style::default()).ends_with(&nothing));
        let nonzero = Style {
            nonzero: true,
            ..Style::default()
        };
        assert_eq!(
            table.show(nonzero),
            "\nTitle\nTable has no non-zero data.\n"
        );
    }

    #[test]
    fn what_was_not_zero_before_is_kept() {
        let nonzero = Style {
            nonzero: true,
            compact: true,
            ..Style::default()
        };
        let first = table(
            Shape::Process,
            &[0, 1],
            &[("Huge", &[0, MB]), ("Heap", &[0, 0])],
        );
        assert!(!first.show(nonzero).contains("Node 0"));
        let mut second = table(
            Shape::Process,
            &[0, 1],
            &[("Huge", &[0, 0]), ("Heap", &[MB, 0])],
        );
        assert!(!second.show(nonzero).contains("Node 1"));
        second.kept = first.keeps();
        let text = second.show(nonzero);
        assert!(text.contains("Node 1") && text.contains("Huge"), "{text}");
    }

    #[test]
    fn names_are_not_cut_within_a_character() {
        assert_eq!(cut("aé", 2), "a");
        let mut out = String::new();
        left(&mut out, "aé", 2);
        assert_eq!(out, "a ");
    }

    #[test]
    fn sixty_four_nodes_fit_any_terminal() {
        let nodes: Vec<u32> = (0..64).collect();
        let cells = [123_456 * MB; 64];
        let table = table(Shape::System, &nodes, &[("MemTotal", &cells)]);
        for width in [40, 80, 132, 200, 400] {
            for compact in [false, true] {
                let style = Style {
                    width: Some(width),
                    compact,
                    ..Style::default()
                };
                for text in [table.show(style), table.show_pages(4096, Some(width))] {
                    assert!(text.lines().all(|line| line.len() <= width), "{text}");
                }
            }
        }
    }
}
