//! The nodes of the machine, and what /sys says of their memory.

use cli::failures::{Failed, FailedKind, of_io, strerror};
use numa::{Error, topology};

use crate::files::{self, Files, number, words};
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
        Err(Error::File { errno, .. }) => strerror(errno),
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
    let name = files::name(words.next()?.strip_suffix(b":")?)?;
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
    let name = files::name(words.next()?)?;
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

/// The pages that the kernel's vmstat counts on each node.
pub(crate) fn vmstat(
    files: &Files,
    nodes: &[u32],
    page: u64,
    failures: &mut Vec<Failed>,
) -> Vec<Row> {
    let bytes = |figure: &Figure<'_>, _| Some(i128::from(figure.value) * i128::from(page));
    read(files, nodes, "vmstat", failures, counter_line, bytes)
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
            Err(error) => Err(format!("cannot open {path}: {}", of_io(&error))),
        };
        let text = text.unwrap_or_else(|message| {
            failures.push(Failed::other(message));
            Vec::new()
        });
        filling.at = 0;
        let mut bad = None;
        for (number, line) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
            // The end of a line is there unless the file is cut.
            let is_whole = line.ends_with(b"\n");
            if line == b"\n" {
                continue;
            }
            match parse(line) {
                Some(figure) if is_whole => {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MadeUp;

    fn cells<'s>(sheet: &'s Sheet, name: &str) -> &'s [Cell] {
        let row = sheet.rows.iter().find(|row| row.name == name);
        &row.unwrap_or_else(|| panic!("no {name}")).cells
    }

    #[test]
    fn nodes_are_sorted_by_their_ids() {
        for (name, expected) in [
            ("sparse", &[0, 8, 100][..]),
            ("4nodes", &[0, 1, 2, 3]),
            ("memoryless", &[0, 1, 2, 3]),
        ] {
            let found = nodes(&MadeUp::machine(name), false).unwrap();
            if name == "memoryless" {
                assert!(found.is_sorted() && found.len() > 1);
            } else {
                assert_eq!(found, expected, "{name}");
            }
        }
        let without = nodes(&MadeUp::machine("no-sys"), true).unwrap_err();
        let told = "sysfs not mounted or system not NUMA aware: No such file or directory";
        assert_eq!(without.message, told);
        let without = nodes(&MadeUp::machine("no-sys"), false).unwrap_err();
        let told = "Couldn't open /sys/devices/system/node: No such file or directory";
        assert_eq!(without.message, told);
        let made = MadeUp::new();
        made.write("sys/devices/system/node/online", "0\n");
        let empty = nodes(&made.files(), false).unwrap_err();
        assert!(empty.message.ends_with("it names no nodes"));
    }

    #[test]
    fn machines_of_the_tests() {
        for name in ["sparse", "epyc-nps4", "power9-gpus", "memoryless"] {
            let files = MadeUp::machine(name);
            let nodes = nodes(&files, false).unwrap();
            let mut failures = Vec::new();
            let sheet = memory(&files, &nodes, &mut failures);
            assert_eq!(failures, [], "{name}");
            for total in cells(&sheet, "MemTotal") {
                assert!(total.is_some(), "{name}");
            }
            // They have no such file.
            counters(&files, &nodes, 4096, &mut failures);
            assert_eq!(failures.len(), nodes.len(), "{name}");
        }
    }

    /// Two nodes with these files, and what is told of them.
    fn two(file: &str, texts: [&str; 2]) -> (Sheet, Vec<String>) {
        let made = MadeUp::new();
        made.write("proc/meminfo", "MemTotal: 1 kB\nHugepagesize:    2048 kB\n");
        for (node, text) in texts.iter().enumerate() {
            made.write(&format!("sys/devices/system/node/node{node}/{file}"), text);
        }
        let mut failures = Vec::new();
        let sheet = match file {
            "meminfo" => memory(&made.files(), &[0, 1], &mut failures),
            _ => counters(&made.files(), &[0, 1], 4096, &mut failures),
        };
        let told = failures.into_iter().map(|failed| failed.message);
        (sheet, told.collect())
    }

    #[test]
    fn rows_are_the_kernels() {
        let first = "Node 0 B: 1 kB\nNode 0 A: 2 kB\nNode 0 HugePages_Total: 3\n";
        let second = "Node 1 B: 4 kB\nNode 1 New: 5 kB\nNode 1 A: 6 kB\n";
        let (sheet, told) = two("meminfo", [first, second]);
        assert_eq!(told, [""; 0]);
        let names: Vec<&str> = sheet.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["B", "New", "A", "HugePages_Total"]);
        assert_eq!(cells(&sheet, "A"), [Some(2048), Some(6144)]);
        assert_eq!(cells(&sheet, "New"), [None, Some(5120)]);
        assert_eq!(cells(&sheet, "HugePages_Total"), [Some(6 << 20), None]);
        let (sheet, told) = two("numastat", ["numa_hit 7\nnuma_miss 0\n", "numa_hit 8\n"]);
        assert_eq!(told, [""; 0]);
        assert_eq!(cells(&sheet, "numa_hit"), [Some(28672), Some(32768)]);
        assert_eq!(cells(&sheet, "numa_miss"), [Some(0), None]);
    }

    #[test]
    fn odd_files_are_told_and_the_rest_counts() {
        let good = "Node 1 A: 1 kB\n";
        for bad in [
            "Node 0 A: 1 kB\nNode 0 B",
            "Node 0 A: 1 kB\nNode 0 B: x kB\n",
            "Node 0 A: 1 kB\nNode 0 B: -1 kB\n",
            "Node 0 A: 1 kB\nNode 0 B: 1 MB\n",
            "Node 0 A: 1 kB\nNode 0 B: 99999999999999999999 kB\n",
            "Node 0 A: 1 kB\nNode 0 \u{fffd}\n",
            "Node 0 A: 1 kB\nNode 0 B: 1 kB",
            "Node 0 A: 1 kB\nB: 1 kB\n",
        ] {
            let (sheet, told) = two("meminfo", [bad, good]);
            let path = "/sys/devices/system/node/node0/meminfo";
            assert_eq!(
                told,
                [format!("{path}: line 2 is no figure, or is cut short")]
            );
            assert_eq!(cells(&sheet, "A"), [Some(1024), Some(1024)], "{bad:?}");
        }
        let (_, told) = two("meminfo", ["", good]);
        assert_eq!(told, ["/sys/devices/system/node/node0/meminfo is empty"]);
        // Most of what there can be.
        let long = format!("Node 0 A: {} kB\n", u64::MAX).repeat(1000);
        let (sheet, told) = two("meminfo", [&long, good]);
        assert_eq!((sheet.rows.len(), told.len()), (1, 0));
        let (sheet, told) = two("numastat", ["numa_hit\n\u{0}\n", "numa_hit 1 junk\n"]);
        assert_eq!(told.len(), 1);
        assert_eq!(cells(&sheet, "numa_hit"), [None, Some(4096)]);
    }

    #[test]
    fn huge_pages_of_all_sizes() {
        let made = MadeUp::new();
        let write = |size: &str, file: &str, text: &str| {
            let path = format!("sys/devices/system/node/node0/hugepages/hugepages-{size}kB/{file}");
            made.write(&path, text);
        };
        made.write(
            "sys/devices/system/node/node0/meminfo",
            "Node 0 HugePages_Total: 1\nNode 0 HugePages_Free: 0\nNode 0 HugePages_Surp: 0\n",
        );
        write("2048", "nr_hugepages", "1\n");
        write("1048576", "nr_hugepages", "2\n");
        write("1048576", "free_hugepages", "1\n");
        let read = || {
            let sheet = memory(&made.files(), &[0], &mut Vec::new());
            ["Total", "Free", "Surp"].map(|name| cells(&sheet, &format!("HugePages_{name}"))[0])
        };
        // Without the size of the default ones, their number says nothing.
        assert_eq!(read(), [None, Some(1 << 30), Some(0)]);
        made.write("proc/meminfo", "Hugepagesize:    2048 kB\n");
        let all = [Some((2 << 20) + (2 << 30)), Some(1 << 30), Some(0)];
        assert_eq!(read(), all);
        // What the system has none of is not looked for.
        made.write(
            "sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages",
            "2\n",
        );
        assert_eq!(read(), all);
        made.write(
            "sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages",
            "0\n",
        );
        assert_eq!(read(), [Some(2 << 20), Some(0), Some(0)]);
    }
}
