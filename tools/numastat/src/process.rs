//! Where the memory of processes is: /proc/PID/numa_maps.

use std::collections::BTreeMap;
use std::fs;

use cli::failures::{Failed, FailedKind, strerror};
use numa::migrate::{Kind, Process, Purpose, State};
use numa::{Errno, Error};

use crate::files::Files;
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
        } => (FailedKind::NoSuchProcess, strerror(Errno::ENOENT)),
        Error::File { errno, .. } => (kind_of(errno), strerror(errno)),
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
            let why = strerror(Errno::ENOENT);
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
const ROWS: [(&str, Purpose); 4] = [
    ("huge", Purpose::Huge),
    ("heap", Purpose::Heap),
    ("stack", Purpose::Stack),
    ("private", Purpose::Private),
];

/// The memory of a process by the reference's rows.
pub(crate) fn usage(files: &Files, process: &Process, nodes: &[u32]) -> Result<Sheet, Failed> {
    let about = about(files, process);
    let pid = process.pid();
    let mut counting = Counting { nodes: Vec::new() };
    let any = process
        .for_each_share(|purpose, node, bytes| {
            let row = ROWS.iter().position(|(_, other)| *other == purpose);
            counting.add(node.0 as usize, row.unwrap_or(0), bytes);
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
    let rows = ROWS.iter().enumerate().map(|(at, (name, _))| Row {
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
                    let why = strerror(Errno::ENOENT);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MadeUp;
    use numa::Root;

    fn read(made: &MadeUp, pid: i32) -> Result<Sheet, Failed> {
        let files = made.files();
        let process = open(&files, pid, None)?;
        usage(&files, &process, &[0, 1])
    }

    /// Pages of huge, heap, stack and private memory on node 0 and 1, from a line.
    fn counted(line: &str) -> [[i128; 2]; 4] {
        let made = MadeUp::new();
        made.process(7, "x", &format!("{line}\n"));
        let sheet = read(&made, 7).unwrap();
        assert_eq!(sheet.nodes, [0, 1], "{line}");
        let cells = |row: usize| [0, 1].map(|at: usize| sheet.rows[row].cells[at].unwrap() / 1024);
        [0, 1, 2, 3].map(cells)
    }

    #[test]
    fn lines_of_numa_maps() {
        const NONE: [i128; 2] = [0, 0];
        for (line, rows) in [
            (
                "1000 default anon=3 dirty=3 N0=1 N1=2 kernelpagesize_kB=4",
                [NONE, NONE, NONE, [4, 8]],
            ),
            (
                "1000 default heap anon=3 N1=2 kernelpagesize_kB=4",
                [NONE, [0, 8], NONE, NONE],
            ),
            (
                "1000 prefer (many):0-1 stack N1=2 kernelpagesize_kB=64",
                [NONE, NONE, [0, 128], NONE],
            ),
            ("1000 bind:1 stack:12 N1=2", [NONE, NONE, [0, 8], NONE]),
            (
                "1000 default file=/anon_hugepage\\040(deleted) huge anon=1 N0=1 kernelpagesize_kB=2048",
                [[2048, 0], NONE, NONE, NONE],
            ),
            (
                "1000 default file=/heap\\040N1=4 mapped=1 N0=1 kernelpagesize_kB=4",
                [NONE, NONE, NONE, [4, 0]],
            ),
            ("1000 default", [NONE; 4]),
            (
                "1000 default N0=x N=1 N0 Nx=1 N0=1x N1=1",
                [NONE, NONE, NONE, [0, 4]],
            ),
        ] {
            assert_eq!(counted(line), rows, "{line}");
        }
    }

    #[test]
    fn nodes_that_the_machine_does_not_show_have_a_column() {
        let made = MadeUp::new();
        made.process(7, "x", "1000 default N8=1 N99999999=1\n");
        let sheet = read(&made, 7).unwrap();
        assert_eq!(sheet.nodes, [0, 1, 8]);
        assert_eq!(sheet.totals(), [Some(0), Some(0), Some(4096)]);
    }

    #[test]
    fn what_cannot_be_read_is_no_row_of_zeros() {
        let made = MadeUp::new();
        let told = |made: &MadeUp| {
            let failed = read(made, 7).unwrap_err();
            (failed.kind, failed.message)
        };
        let gone = "Can't read /proc/7/numa_maps: No such file or directory";
        assert_eq!(told(&made), (FailedKind::NoSuchProcess, gone.into()));
        made.process(7, "x", "");
        assert!(told(&made).1.ends_with(": it is empty"));
        made.process(7, "x", "1000 default N0=1\n2000 def");
        assert!(told(&made).1.contains("cut short"));
        for (stat, why) in [
            ("Z 1 7 7 0 -1 4227084", "has ended"),
            ("R 1 7 7 0 -1 4194308", "is ending"),
        ] {
            made.process(7, "x", "");
            let text = format!("7 (x) {stat} 1 0 0 0 0 0 0 0 20 0 1 0 77\n");
            made.write("proc/7/stat", text);
            let (kind, message) = told(&made);
            assert_eq!(kind, FailedKind::NoSuchProcess);
            assert!(message.contains(why), "{message}");
        }
        // A kernel thread has no memory, and that is what is shown.
        let text = "7 (x) S 0 0 0 0 -1 2129984 1 0 0 0 0 0 0 0 20 0 1 0 77\n";
        made.write("proc/7/stat", text);
        assert_eq!(read(&made, 7).unwrap().totals(), [Some(0), Some(0)]);
        made.remove("proc/7/numa_maps");
        assert_eq!(told(&made).1, gone);
    }

    #[test]
    fn one_that_began_at_another_time_is_another() {
        let made = MadeUp::new();
        made.process(7, "x", "1000 default N0=1\n");
        assert!(open(&made.files(), 7, Some(77)).is_ok());
        let failed = open(&made.files(), 7, Some(78)).unwrap_err();
        assert_eq!(failed.kind, FailedKind::NoSuchProcess);
    }

    #[test]
    fn kinds() {
        let made = MadeUp::new();
        made.process(
            7,
            "x",
            "1000 default heap N0=1\n2000 default N0=2\n3000 default file=/a N0=3\n\
             4000 default file=/b N0=4\n5000 default stack N1=5\n6000 default huge N0=1 kernelpagesize_kB=2048\n\
             7000 default huge N1=1 kernelpagesize_kB=1048576\n",
        );
        made.write(
            "proc/7/maps",
            "1000-2000 rw-p 0 00:00 0 [heap]\n2000-3000 rw-p 0 00:00 0\n3000-4000 r--p 0 00:01 9 /a\n\
             4000-5000 rw-s 0 00:01 8 /b\n5000-6000 rw-p 0 00:00 0 [stack]\n6000-7000 rw-p 0 00:00 0\n\
             7000-8000 rw-p 0 00:00 0\n",
        );
        let files = made.files();
        let process = open(&files, 7, None).unwrap();
        let sheet = usage_by_kind(&files, &process, &[0, 1], 4096).unwrap();
        let rows: Vec<(&str, Option<i128>)> = sheet
            .rows
            .iter()
            .map(|row| (row.name.as_str(), crate::table::total(&row.cells)))
            .collect();
        assert_eq!(
            rows,
            [
                ("anonymous", Some(8192)),
                ("heap", Some(4096)),
                ("stack", Some(20480)),
                ("file", Some(12288)),
                ("shared", Some(16384)),
                ("huge_2048kB", Some(2 << 20)),
                ("huge_1048576kB", Some(1 << 30)),
            ]
        );
    }

    #[test]
    fn processes_are_found_by_numbers_and_texts() {
        let made = MadeUp::new();
        for (pid, name) in [(30, "ab"), (4, "b c"), (200, "\u{1b}[31m")] {
            made.process(pid, name, "");
        }
        made.write("proc/5/cmdline", "");
        made.write("proc/x/cmdline", "ab");
        let found = |wanted: &[Wanted]| {
            let (pids, failures) = find(&made.files(), wanted);
            let messages: Vec<String> = failures.into_iter().map(|failed| failed.message).collect();
            (pids, messages)
        };
        let pid = |digits: &str| Wanted::Pid(digits.to_owned());
        let pattern = |text: &str| Wanted::Pattern(text.into());
        assert_eq!(found(&[pid("30"), pid("4"), pid("30")]).0, [4, 30]);
        assert_eq!(found(&[pattern("b"), pid("7")]).0, [4, 7, 30, 200]);
        assert_eq!(found(&[pattern("/b c --x ")]).0, [4]);
        assert_eq!(found(&[pattern("\u{1b}")]).0, [200]);
        let (pids, told) = found(&[pattern("no\u{1b}ne"), pid("0"), pid("99999999999")]);
        assert_eq!(pids, [0; 0]);
        assert_eq!(
            told,
            [
                "Found no processes containing pattern: \"no\\u{1b}ne\"",
                "Can't read /proc/0/numa_maps: No such file or directory",
                "Can't read /proc/99999999999/numa_maps: No such file or directory",
            ]
        );
    }

    #[test]
    fn names_that_are_no_text() {
        let made = MadeUp::new();
        made.write("proc/7/status", b"State:\tS\nName:\ta\xffb\\n\n");
        assert_eq!(name(&made.files(), 7), "a\u{fffd}b\\n");
        assert_eq!(name(&made.files(), 8), "");
    }

    #[test]
    fn this_process() {
        let files = Files::default();
        let me = Process::open(Root::SYSTEM, 0).unwrap();
        // Where the kernel has the file at all.
        if let Ok(sheet) = usage(&files, &me, &[0]) {
            assert!(sheet.totals()[0] > Some(0));
        }
    }
}
