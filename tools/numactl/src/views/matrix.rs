//! `--matrix`: latency and bandwidth from each node to the memory of each, as the firmware tells them, or, with
//! `--measure`, as they are measured.

use std::fmt::Write as _;

use numa::attributes::{self, Access};
use numa::cause::is_memoryless;
use numa::hmat::Hmat;
use numa::{Errno, Error, Node, NodeMask, Root};
use serde::Serialize;

use crate::given::Given;
use crate::machine::Machine;
use crate::refusal::Refusal;
use crate::views::measure::Order;

/// Which figures people want to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Figures {
    /// All.
    Both,
    /// Latency of reads.
    Latency,
    /// Bandwidth of reads.
    Bandwidth,
}

impl Figures {
    /// The option's value.
    pub(crate) fn named(given: &Given, has_value: bool) -> Result<Figures, Refusal> {
        match &given.text[..] {
            b"" if !has_value => Ok(Figures::Both),
            b"latency" => Ok(Figures::Latency),
            b"bandwidth" => Ok(Figures::Bandwidth),
            _ => Err(Refusal::of(given, "neither latency nor bandwidth")),
        }
    }
}

/// Where figures come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    /// The kernel's attributes of nodes.
    Rated,
    /// The firmware's table.
    Table,
    /// `--measure`.
    Measured,
}

/// A pair that was not measured.
#[derive(Debug, Serialize)]
struct NotMeasured {
    from: u32,
    to: u32,
    reason: String,
}

/// The figures of a pair. What the firmware does not tell is null.
#[derive(Debug, Serialize)]
struct Cell {
    from: u32,
    to: u32,
    source: Option<Source>,
    read_latency_ns: Option<u32>,
    write_latency_ns: Option<u32>,
    read_bandwidth_mb_s: Option<u32>,
    write_bandwidth_mb_s: Option<u32>,
}

/// The figures of all pairs.
#[derive(Debug, Serialize)]
pub(crate) struct Matrix {
    /// A row for each node, in it a cell for each node with memory.
    cells: Vec<Cell>,
    /// Why the firmware's table is not used; null if it is.
    no_table: Option<String>,
    /// With `--measure`.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_measured: Option<Vec<NotMeasured>>,
    #[serde(skip)]
    rows: Vec<u32>,
    #[serde(skip)]
    columns: Vec<u32>,
}

impl Matrix {
    /// Reads it.
    pub(crate) fn read(machine: &Machine) -> Result<Matrix, Refusal> {
        let (table, no_table) = match table(machine) {
            Ok(table) => (Some(table), None),
            Err(why) => (None, Some(why)),
        };
        let (rows, columns) = sides(machine);
        let failed = |error: Error| Refusal::saying(error.to_string(), "--matrix", "");
        let mut rated = Vec::new();
        for &to in &columns {
            rated.push(Rated::of(to, machine).map_err(failed)?);
        }
        let mut cells = Vec::new();
        for &from in &rows {
            for (&to, rated) in columns.iter().zip(&rated) {
                cells.push(Cell::of(from, to, rated, table.as_ref()));
            }
        }
        Ok(Matrix {
            cells,
            no_table,
            not_measured: None,
            rows: numbers(&rows),
            columns: numbers(&columns),
        })
    }

    /// Measures it. `announce` is told before what that takes. An error if nothing could be measured.
    pub(crate) fn measure(
        machine: &Machine,
        announce: impl FnOnce(&str),
    ) -> Result<Matrix, Refusal> {
        let (rows, columns) = sides(machine);
        let order = Order::new(&rows, &columns, machine);
        announce(&order.announcement());
        let mut measured = order.carry_out(machine);
        measured.sort_by_key(|&((from, to), _)| (from.0, to.0));
        let (mut cells, mut not_measured) = (Vec::new(), Vec::new());
        for ((from, to), figures) in measured {
            let (from, to) = (from.0, to.0);
            let known = figures.as_ref().ok();
            cells.push(Cell {
                from,
                to,
                source: known.map(|_| Source::Measured),
                read_latency_ns: known.map(|figures| figures.latency),
                write_latency_ns: None,
                read_bandwidth_mb_s: known.map(|figures| figures.bandwidth),
                write_bandwidth_mb_s: None,
            });
            if let Err(reason) = figures {
                not_measured.push(NotMeasured { from, to, reason });
            }
        }
        if not_measured.len() == cells.len() {
            let why = not_measured.first().map(|pair| pair.reason.clone());
            let why = why.unwrap_or_else(|| "no node has memory".to_owned());
            return Err(Refusal::saying("nothing can be measured", "--measure", why));
        }
        Ok(Matrix {
            cells,
            no_table: None,
            not_measured: Some(not_measured),
            rows: numbers(&rows),
            columns: numbers(&columns),
        })
    }

    /// For people.
    pub(crate) fn text(&self, figures: Figures) -> String {
        if self.cells.iter().all(|cell| cell.source.is_none()) {
            let mut text = "The firmware tells neither latency nor bandwidth of memory".to_owned();
            if let Some(why) = &self.no_table {
                let _ = write!(text, " (its table: {why})");
            }
            text.push_str(".\n");
            return text;
        }
        let mut text = String::new();
        if figures != Figures::Bandwidth {
            self.table(&mut text, "latency of reads in ns", |cell| {
                cell.read_latency_ns
            });
        }
        if figures != Figures::Latency {
            self.table(&mut text, "bandwidth of reads in MB/s", |cell| {
                cell.read_bandwidth_mb_s
            });
        }
        if let Some(pairs) = &self.not_measured {
            text.push_str("m: measured, by one thread and by all CPUs of the node\n");
            let mut told: Vec<&str> = Vec::new();
            for pair in pairs {
                if !told.contains(&&*pair.reason) {
                    told.push(&pair.reason);
                    let (from, to, reason) = (pair.from, pair.to, &pair.reason);
                    let _ = writeln!(text, "-: from {from} to {to}: {reason}");
                }
            }
        } else if self
            .cells
            .iter()
            .any(|cell| cell.source == Some(Source::Table))
        {
            text.push_str("t: from the firmware's table; others: as the kernel rates them\n");
        } else if let Some(why) = &self.no_table {
            let _ = writeln!(
                text,
                "-: not told to the kernel (the firmware's table: {why})"
            );
        }
        text
    }

    fn table(&self, text: &mut String, title: &str, figure: impl Fn(&Cell) -> Option<u32>) {
        let shown = |cell: &Cell| match (figure(cell), cell.source) {
            (Some(figure), Some(Source::Table)) => format!("{figure}t"),
            (Some(figure), Some(Source::Measured)) => format!("{figure}m"),
            (Some(figure), _) => format!("{figure} "),
            (None, _) => "- ".to_owned(),
        };
        let shown: Vec<String> = self.cells.iter().map(shown).collect();
        let width = shown.iter().map(String::len).max().unwrap_or(0).max(5) + 1;
        let _ = write!(text, "{title}, to the memory of node\nfrom  ");
        for column in &self.columns {
            let _ = write!(text, "{column:>0$} ", width - 1);
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        for (row, cells) in self
            .rows
            .iter()
            .zip(shown.chunks(self.columns.len().max(1)))
        {
            let _ = write!(text, "{row:4}: ");
            for cell in cells {
                let _ = write!(text, "{cell:>width$}");
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
    }
}

/// All nodes, and those with memory.
fn sides(machine: &Machine) -> (Vec<Node>, Vec<Node>) {
    let with_memory = machine
        .nodes
        .iter()
        .filter(|&node| !is_memoryless(Root::SYSTEM, node));
    (machine.nodes.iter().collect(), with_memory.collect())
}

fn numbers(nodes: &[Node]) -> Vec<u32> {
    nodes.iter().map(|node| node.0).collect()
}

/// What the kernel says of a node's memory: initiators, and the figures for them.
#[derive(Debug)]
struct Rated(Vec<(NodeMask, attributes::Figures)>);

impl Rated {
    /// Reads it. The nearest of all count first, then the nearest with CPUs.
    fn of(node: Node, machine: &Machine) -> numa::Result<Rated> {
        let mut rated = Vec::new();
        for access in [Access::Any, Access::Cpus] {
            let size = machine.node_bits;
            let initiators = attributes::best_initiators(Root::SYSTEM, node, access, size);
            let figures = attributes::best(Root::SYSTEM, node, access);
            match (initiators, figures) {
                (Ok(initiators), Ok(figures)) => rated.push((initiators, figures)),
                (Err(Error::NotReported { .. }), _) | (_, Err(Error::NotReported { .. })) => {}
                (Err(error), _) | (_, Err(error)) => return Err(error),
            }
        }
        Ok(Rated(rated))
    }
}

impl Cell {
    /// What the kernel says of a pair, or the table.
    fn of(from: Node, to: Node, rated: &Rated, table: Option<&Hmat>) -> Cell {
        let known = rated
            .0
            .iter()
            .find(|(initiators, _)| initiators.contains(from))
            .map(|&(_, figures)| (figures, Some(Source::Rated)));
        let (figures, source) = known.unwrap_or_else(|| {
            let figures =
                table.map_or_else(attributes::Figures::default, |table| attributes::Figures {
                    read_latency: table.read_latency(from.0, to.0),
                    write_latency: table.write_latency(from.0, to.0),
                    read_bandwidth: table.read_bandwidth(from.0, to.0),
                    write_bandwidth: table.write_bandwidth(from.0, to.0),
                });
            (figures, (!figures.is_unknown()).then_some(Source::Table))
        });
        Cell {
            from: from.0,
            to: to.0,
            source,
            read_latency_ns: figures.read_latency,
            write_latency_ns: figures.write_latency,
            read_bandwidth_mb_s: figures.read_bandwidth,
            write_bandwidth_mb_s: figures.write_bandwidth,
        }
    }
}

/// The firmware's table, or why it is of no use.
fn table(machine: &Machine) -> Result<Hmat, String> {
    match Hmat::read(Root::SYSTEM) {
        Ok(Ok(table)) if table.is_of_nodes(machine.nodes.as_bits()) => Ok(table),
        Ok(Ok(_)) => Err("its numbers are not those of the nodes".into()),
        Ok(Err(why)) => Err(format!("refused, {why}")),
        Err(error) => Err(match error.errno() {
            Errno::ENOENT => "there is none".into(),
            Errno::EACCES | Errno::EPERM => "root can read it".into(),
            _ => error.to_string(),
        }),
    }
}
