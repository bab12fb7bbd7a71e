//! The nodes of the machine, and what /sys says of their memory.

use cli::failures::{Failed, FailedKind};
use numa::{Error, topology};

use crate::files::{Files, number, reason, reason_of, words};
use crate::sheet::{About, Sheet};
use crate::table::{Cell, Row};

const NODES: &str = "/sys/devices/system/node";

/// The nodes, by their ids. `plain`: without options, which has an own message.
pub(crate) fn nodes(files: &Files, plain: bool) -> Result<Vec<u32>, Failed> {
    let mut nodes = Vec::new();
    let listed = topology::for_each_node(files.root(), &mut |node| nodes.push(node.0));
    let why = match listed {
        Ok(()) if nodes.is_empty() => "it names no nodes".to_owned(),
        Ok(()) => {
            nodes.sort_unstable();
            nodes.dedup();
            return Ok(nodes);
        }
        Err(Error::File { errno, .. }) => reason_of(errno),
        Err(error) => error.to_string(),
    };
    Err(Failed::other(match plain {
        true => format!("sysfs not mounted or system not NUMA aware: {why}"),
        false => format!("Couldn't open {NODES}: {why}"),
    }))
}

/// A line of a node's file: its name, and the number with its unit.
struct Figure<'f> {
    name: &'f str,
    value: u64,
    has_unit: bool,
}

/// `Node 0 MemTotal:       24669576 kB`, `Node 0 HugePages_Total:     0`.
fn memory_line(line: &[u8]) -> Option<Figure<'_>> {
    let mut words = words(line);
    if words.next()? != b"Node" {
        return None;
    }
    number(words.next()?)?;
    let name = std::str::from_utf8(words.next()?.strip_suffix(b":")?).ok()?;
    let value = number(words.next()?)?;
    let has_unit = match words.next() {
        Some(b"kB") => true,
        Some(_) => return None,
        None => false,
    };
    Some(Figure {
        name,
        value,
        has_unit,
    })
}

/// `numa_hit 12345`.
fn counter_line(line: &[u8]) -> Option<Figure<'_>> {
    let mut words = words(line);
    let name = std::str::from_utf8(words.next()?).ok()?;
    let value = number(words.next()?)?;
    Some(Figure {
        name,
        value,
        has_unit: false,
    })
}

/// Rows that are filled column by column.
struct Filling {
    rows: Vec<Row>,
    columns: usize,
    /// Behind the row that was filled last.
    at: usize,
}

impl Filling {
    fn new(columns: usize) -> Filling {
        Filling {
            rows: Vec::new(),
            columns,
            at: 0,
        }
    }

    /// A name that is new comes behind the one before it.
    fn put(&mut self, name: &str, column: usize, bytes: Cell) {
        let has_name = |row: &Row| row.name == name;
        let at = match self.rows.get(self.at) {
            Some(row) if has_name(row) => Some(self.at),
            _ => self.rows.iter().position(has_name),
        };
        let at = at.unwrap_or_else(|| {
            let at = self.at.min(self.rows.len());
            let row = Row {
                name: name.to_owned(),
                cells: vec![None; self.columns],
            };
            self.rows.insert(at, row);
            at
        });
        self.rows[at].cells[column] = bytes;
        self.at = at + 1;
    }
}

/// Reads a file of every node. What cannot be read or is no figure is told; the others count.
fn read(
    files: &Files,
    nodes: &[u32],
    file: &str,
    failures: &mut Vec<Failed>,
    parse: fn(&[u8]) -> Option<Figure<'_>>,
    bytes: impl Fn(&Figure<'_>, u32) -> Cell,
) -> Vec<Row> {
    let mut filling = Filling::new(nodes.len());
    for (column, &node) in nodes.iter().enumerate() {
        let path = format!("{NODES}/node{node}/{file}");
        let text = match files.read(&path) {
            Ok(text) if text.is_empty() => Err(format!("{path} is empty")),
            Ok(text) => Ok(text),
            Err(error) => Err(format!("cannot open {path}: {}", reason(&error))),
        };
        let text = text.unwrap_or_else(|message| {
            failures.push(Failed::other(message));
            Vec::new()
        });
        filling.at = 0;
        let mut bad = None;
        for (number, line) in text.split(|&byte| byte == b'\n').enumerate() {
            // A line's end is there unless the file is cut.
            let is_last = number == text.iter().filter(|&&byte| byte == b'\n').count();
            if line.is_empty() {
                continue;
            }
            match parse(line) {
                Some(figure) if !is_last => {
                    filling.put(figure.name, column, bytes(&figure, node));
                }
                _ => bad = bad.or(Some(number + 1)),
            }
        }
        if let Some(line) = bad {
            let message = format!("{path}: line {line} is no figure, or is cut short");
            failures.push(Failed::other(message));
        }
    }
    filling.rows
}

/// Pages that were allocated on each node, in bytes.
pub(crate) fn counters(
    files: &Files,
    nodes: &[u32],
    page: u64,
    failures: &mut Vec<Failed>,
) -> Sheet {
    let bytes = |figure: &Figure<'_>, _| Some(i128::from(figure.value) * i128::from(page));
    Sheet {
        about: About::Counters,
        nodes: nodes.to_vec(),
        rows: read(files, nodes, "numastat", failures, counter_line, bytes),
    }
}

/// The memory of each node.
pub(crate) fn memory(files: &Files, nodes: &[u32], failures: &mut Vec<Failed>) -> Sheet {
    let huge = HugePages::read(files);
    let bytes = |figure: &Figure<'_>, node| {
        let value = i128::from(figure.value);
        match figure.name.strip_prefix("HugePages_") {
            Some(what) if !figure.has_unit => huge.bytes(files, node, what, value),
            _ if figure.has_unit => Some(value * 1024),
            _ => Some(value),
        }
    };
    Sheet {
        about: About::Memory,
        nodes: nodes.to_vec(),
        rows: read(files, nodes, "meminfo", failures, memory_line, bytes),
    }
}

/// The sizes of huge pages: meminfo counts those of the default size only.
struct HugePages {
    /// In bytes, where it is known.
    default: Option<u64>,
    /// Others that the system has any of, in KiB; `None` if it does not say.
    others: Option<Vec<u64>>,
}

/// The sizes that a directory names, in KiB.
fn sizes(files: &Files, directory: &str) -> Option<Vec<u64>> {
    let names = files.list(directory).ok()?;
    let sizes = names.iter().filter_map(|name| {
        let digits = name.strip_prefix("hugepages-")?.strip_suffix("kB")?;
        number(digits.as_bytes()).filter(|&kib| kib < 1 << 40)
    });
    Some(sizes.collect())
}

impl HugePages {
    fn read(files: &Files) -> HugePages {
        const SIZES: &str = "/sys/kernel/mm/hugepages";
        let default = default_size(files);
        // Where the system has none, no node has one, and its files need not be read.
        let is_used = |kib: &u64| {
            let count = files.read(format!("{SIZES}/hugepages-{kib}kB/nr_hugepages"));
            Some(kib << 10) != default && count.map_or(true, |count| count != b"0\n")
        };
        let others = sizes(files, SIZES).map(|sizes| sizes.into_iter().filter(is_used).collect());
        HugePages { default, others }
    }

    /// HugePages_Total, HugePages_Free or HugePages_Surp of all sizes, where meminfo says how many there
    /// are of the default size.
    fn bytes(&self, files: &Files, node: u32, what: &str, count: i128) -> Cell {
        let mut bytes = match (self.default, count) {
            (_, 0) => 0,
            (Some(size), count) => count * i128::from(size),
            (None, _) => return None,
        };
        let file = match what {
            "Total" => "nr_hugepages",
            "Free" => "free_hugepages",
            "Surp" => "surplus_hugepages",
            _ => return Some(bytes),
        };
        let directory = format!("{NODES}/node{node}/hugepages");
        let others = match &self.others {
            Some(others) => others.clone(),
            None => sizes(files, &directory).unwrap_or_default(),
        };
        for kib in others {
            if Some(kib << 10) == self.default {
                continue;
            }
            let path = format!("{directory}/hugepages-{kib}kB/{file}");
            // A node without the file has none.
            let text = files.read(path).unwrap_or_default();
            let count = number(text.trim_ascii()).unwrap_or(0);
            bytes += i128::from(count) * i128::from(kib << 10);
        }
        Some(bytes)
    }
}

/// `Hugepagesize:       2048 kB` in bytes.
fn default_size(files: &Files) -> Option<u64> {
    let text = files.read("/proc/meminfo").ok()?;
    let mut lines = text.split(|&byte| byte == b'\n');
    let rest = lines.find_map(|line| line.strip_prefix(b"Hugepagesize:"))?;
    number(words(rest).next()?)?.checked_mul(1024)
}

/// What a process that cannot be looked at is, for those who read the report.
pub(crate) fn kind_of(errno: numa::Errno) -> FailedKind {
    match errno {
        numa::Errno::ESRCH => FailedKind::NoSuchProcess,
        numa::Errno::EPERM | numa::Errno::EACCES => FailedKind::NotPermitted,
        _ => FailedKind::Other,
    }
}
