//! Where the memory of processes is: /proc/PID/numa_maps.

use std::collections::BTreeMap;
use std::fs;

use cli::failures::{Failed, FailedKind};
use numa::migrate::{Kind, NumaLine, Process, State};
use numa::{Errno, Error};

use crate::files::{Files, number, reason_of};
use crate::machine::kind_of;
use crate::options::Wanted;
use crate::sheet::{About, Sheet};
use crate::table::Row;

/// Nodes have lower numbers.
const NODES: usize = 1 << 16;

/// What could not be read of a process, as the reference tells it.
fn unread(pid: &str, kind: FailedKind, why: &str) -> Failed {
    Failed::new(kind, format!("Can't read /proc/{pid}/numa_maps: {why}"))
}

/// The same, from an error of the library.
pub(crate) fn failed(pid: i32, error: Error) -> Failed {
    let (kind, why) = match error {
        Error::File {
            errno: Errno::ESRCH | Errno::ENOENT,
            ..
        } => (FailedKind::NoSuchProcess, reason_of(Errno::ENOENT)),
        Error::File { errno, .. } => (kind_of(errno), reason_of(errno)),
        Error::Empty { .. } => (FailedKind::Other, "it is empty".to_owned()),
        Error::Malformed { .. } => (
            FailedKind::Other,
            "it is cut short, or not as the kernel writes it".to_owned(),
        ),
        error => (FailedKind::Other, error.to_string()),
    };
    unread(&pid.to_string(), kind, &why)
}

/// A process whose memory has gone, or that has none to be counted.
fn no_memory(pid: i32, state: State) -> Failed {
    let why = match state {
        State::Zombie => "the process has ended, and its parent has not waited for it",
        State::Exiting => "the process is ending",
        State::Alive | State::KernelThread => "it is empty",
    };
    unread(&pid.to_string(), FailedKind::NoSuchProcess, why)
}

/// A process that is held, by its number. One that began at another time is not it.
pub(crate) fn open(files: &Files, pid: i32, began: Option<u64>) -> Result<Process, Failed> {
    let process = Process::open(files.root(), pid).map_err(|error| failed(pid, error))?;
    match began {
        Some(began) if process.began() != Ok(began) => {
            let why = reason_of(Errno::ENOENT);
            Err(unread(&pid.to_string(), FailedKind::NoSuchProcess, &why))
        }
        _ => Ok(process),
    }
}

/// A process's name as the kernel writes it into its status, where some characters are escaped.
pub(crate) fn name(files: &Files, pid: i32) -> String {
    let text = files
        .read(format!("/proc/{pid}/status"))
        .unwrap_or_default();
    let mut lines = text.split(|&byte| byte == b'\n');
    let name = lines.find_map(|line| line.strip_prefix(b"Name:\t"));
    String::from_utf8_lossy(name.unwrap_or_default()).into_owned()
}

/// To be asked before its memory is looked at: if that can be done, the number was its all the time.
fn about(files: &Files, process: &Process) -> About {
    let pid = process.pid();
    About::Process {
        pid,
        name: name(files, pid),
    }
}

/// Bytes on each node, in rows.
struct Counting<const ROWS: usize> {
    nodes: Vec<[u64; ROWS]>,
}

impl<const ROWS: usize> Counting<ROWS> {
    fn add(&mut self, node: usize, row: usize, bytes: u64) {
        if node >= self.nodes.len() && node < NODES {
            self.nodes.resize(node + 1, [0; ROWS]);
        }
        if let Some(rows) = self.nodes.get_mut(node) {
            rows[row] = rows[row].saturating_add(bytes);
        }
    }
}

/// What the columns of a process's table are: the machine's nodes, and those where it has memory.
pub(crate) fn columns(nodes: &[u32], found: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut all = nodes.to_vec();
    all.extend(found);
    all.sort_unstable();
    all.dedup();
    all
}

/// The reference's rows.
const ROWS: [&str; 4] = ["huge", "heap", "stack", "private"];
const PRIVATE: usize = 3;

/// What a line of numa_maps adds: pages in a row on each node.
fn count(line: &NumaLine<'_>, page: u64, counting: &mut Counting<4>) {
    let size = if line.page_size > 0 {
        line.page_size
    } else {
        page
    };
    let mut row = PRIVATE;
    for word in line.words().skip(2) {
        match word {
            // Whichever comes first.
            b"huge" if row == PRIVATE => row = 0,
            b"heap" if row == PRIVATE => row = 1,
            _ if row == PRIVATE && word.starts_with(b"stack") => row = 2,
            [b'N', rest @ ..] => {
                let Some(equals) = rest.iter().position(|&byte| byte == b'=') else {
                    continue;
                };
                let (node, pages) = (number(&rest[..equals]), number(&rest[equals + 1..]));
                if let (Some(node), Some(pages)) = (node, pages) {
                    counting.add(node as usize, row, pages.saturating_mul(size));
                }
            }
            _ => {}
        }
    }
}

/// The memory of a process by the reference's rows.
pub(crate) fn usage(
    files: &Files,
    process: &Process,
    nodes: &[u32],
    page: u64,
) -> Result<Sheet, Failed> {
    let about = about(files, process);
    let pid = process.pid();
    let mut counting = Counting { nodes: Vec::new() };
    let mut any = false;
    process
        .for_each_numa_line(|line| {
            any = true;
            count(line, page, &mut counting);
        })
        .map_err(|error| failed(pid, error))?;
    check_memory(process, any)?;
    let used = |rows: &[u64; 4]| rows.iter().any(|&bytes| bytes > 0);
    let found = (0..).zip(&counting.nodes).filter(|(_, rows)| used(rows));
    let nodes = columns(nodes, found.map(|(node, _)| node));
    let cell = |node: &u32, row: usize| {
        let rows = counting.nodes.get(*node as usize);
        Some(rows.map_or(0, |rows| rows[row].into()))
    };
    let rows = ROWS.iter().enumerate().map(|(at, name)| Row {
        name: (*name).to_owned(),
        cells: nodes.iter().map(|node| cell(node, at)).collect(),
    });
    Ok(Sheet {
        about,
        rows: rows.collect(),
        nodes,
    })
}

/// A file without lines is that of a kernel thread, or of a process that has ended: the latter is no
/// process any more, and no row of zeros.
pub(crate) fn check_memory(process: &Process, any: bool) -> Result<(), Failed> {
    if any {
        return Ok(());
    }
    match process.state() {
        Ok(State::KernelThread) => Ok(()),
        Ok(state) => Err(no_memory(process.pid(), state)),
        Err(error) => Err(failed(process.pid(), error)),
    }
}

/// The memory of a process by what it is for; explicit huge pages by their size, whatever else they are.
pub(crate) fn usage_by_kind(
    files: &Files,
    process: &Process,
    nodes: &[u32],
    page: u64,
) -> Result<Sheet, Failed> {
    const KINDS: [&str; 5] = ["anonymous", "heap", "stack", "file", "shared"];
    let about = about(files, process);
    let pid = process.pid();
    let mut counting: Counting<5> = Counting { nodes: Vec::new() };
    let mut huge: BTreeMap<u64, BTreeMap<u32, u64>> = BTreeMap::new();
    let mut any = false;
    process
        .for_each_numa_mapping(|kind, line| {
            any = true;
            let size = if line.page_size > 0 {
                line.page_size
            } else {
                page
            };
            for (node, pages) in line.nodes() {
                let bytes = pages.saturating_mul(size);
                if line.is_huge {
                    let total = huge.entry(size).or_default().entry(node.0).or_default();
                    *total = total.saturating_add(bytes);
                } else {
                    let row = Kind::ALL.iter().position(|&other| other == kind);
                    counting.add(node.0 as usize, row.unwrap_or(0), bytes);
                }
            }
        })
        .map_err(|error| failed(pid, error))?;
    check_memory(process, any)?;
    let used = |rows: &[u64; 5]| rows.iter().any(|&bytes| bytes > 0);
    let found = (0..).zip(&counting.nodes).filter(|(_, rows)| used(rows));
    let found = found.map(|(node, _)| node);
    let nodes = columns(
        nodes,
        found.chain(huge.values().flat_map(|nodes| nodes.keys().copied())),
    );
    let cell = |node: &u32, row: usize| {
        let rows = counting.nodes.get(*node as usize);
        Some(rows.map_or(0, |rows| rows[row].into()))
    };
    let mut rows: Vec<Row> = KINDS
        .iter()
        .enumerate()
        .map(|(at, name)| Row {
            name: (*name).to_owned(),
            cells: nodes.iter().map(|node| cell(node, at)).collect(),
        })
        .collect();
    for (size, found) in &huge {
        let cell = |node| Some(found.get(node).map_or(0, |&bytes| bytes.into()));
        rows.push(Row {
            name: format!("huge_{}kB", size >> 10),
            cells: nodes.iter().map(cell).collect(),
        });
    }
    Ok(Sheet { about, nodes, rows })
}

/// Finds the processes that are asked for: their numbers in order, and what could not be found.
pub(crate) fn find(files: &Files, wanted: &[Wanted]) -> (Vec<i32>, Vec<Failed>) {
    let (mut pids, mut failures) = (Vec::new(), Vec::new());
    let patterns: Vec<&[u8]> = wanted
        .iter()
        .filter_map(|wanted| match wanted {
            Wanted::Pattern(pattern) => Some(&pattern[..]),
            Wanted::Pid(_) => None,
        })
        .collect();
    let commands = if patterns.is_empty() {
        Vec::new()
    } else {
        commands(files)
    };
    for wanted in wanted {
        match wanted {
            Wanted::Pid(digits) => match digits.parse() {
                // 0 would be this command.
                Ok(pid) if pid > 0 => pids.push(pid),
                _ => {
                    let why = reason_of(Errno::ENOENT);
                    failures.push(unread(digits, FailedKind::NoSuchProcess, &why));
                }
            },
            Wanted::Pattern(pattern) => {
                let before = pids.len();
                let found = commands.iter().filter(|(_, line)| contains(line, pattern));
                pids.extend(found.map(|&(pid, _)| pid));
                if pids.len() == before {
                    let message = format!(
                        "Found no processes containing pattern: \"{}\"",
                        cli::text::safe(&String::from_utf8_lossy(pattern))
                    );
                    failures.push(Failed::new(FailedKind::NoSuchProcess, message));
                }
            }
        }
    }
    pids.sort_unstable();
    pids.dedup();
    (pids, failures)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// The command lines of all processes but this one, with a blank behind each word.
fn commands(files: &Files) -> Vec<(i32, Vec<u8>)> {
    let mut commands = Vec::new();
    let entries = fs::read_dir(files.path("/proc")).into_iter().flatten();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        if files.is_system() && pid.unsigned_abs() == std::process::id() {
            continue;
        }
        // One that has ended meanwhile, or is hidden, is not found.
        let mut line = files
            .read(format!("/proc/{pid}/cmdline"))
            .unwrap_or_default();
        for byte in line.iter_mut().filter(|byte| **byte == 0) {
            *byte = b' ';
        }
        commands.push((pid, line));
    }
    commands
}
