//! `--check`: what of a process's memory lies where its own policies or its cpuset do not want it.

use std::collections::BTreeMap;

use cli::failures::Failed;
use numa::migrate::{NumaLine, Process};

use crate::files::{Files, number, words};
use crate::process;
use crate::sheet::{About, Sheet};
use crate::table::Row;

/// Ranges of nodes.
type Ranges = Vec<(u32, u32)>;

/// `0-3,8`.
fn parse_ranges(text: &[u8]) -> Option<Ranges> {
    let id = |text: &[u8]| u32::try_from(number(text)?).ok();
    let parts = text.split(|&byte| byte == b',');
    let ranges = parts.map(|part| match part.iter().position(|&byte| byte == b'-') {
        Some(dash) => Some((id(&part[..dash])?, id(&part[dash + 1..])?)),
        None => id(part).map(|id| (id, id)),
    });
    ranges.collect()
}

fn has(ranges: &[(u32, u32)], node: u32) -> bool {
    ranges
        .iter()
        .any(|&(first, last)| (first..=last).contains(&node))
}

/// Why memory is out of place, by the names that reports have.
const REASONS: [&str; 4] = ["cpuset", "bind", "interleave", "preferred"];
const CPUSET: usize = 0;

/// Where a mapping's policy wants its pages, and which of the reasons it is; `None` if anywhere.
fn policy(line: &NumaLine<'_>) -> Option<(usize, Ranges)> {
    let mut words = line.words().skip(1);
    let first = words.next()?;
    // `prefer (many):0-1` and `weighted interleave:0-1` have a blank.
    let text = match first {
        b"prefer" | b"weighted" => words.next()?,
        _ => first,
    };
    let reason = match first {
        _ if first.starts_with(b"bind") => 1,
        b"weighted" => 2,
        _ if first.starts_with(b"interleave") => 2,
        _ if first.starts_with(b"prefer") => 3,
        _ => return None,
    };
    // Flags stand between the mode and the nodes: `bind=static:0-1`.
    let colon = text.iter().rposition(|&byte| byte == b':')?;
    Some((reason, parse_ranges(&text[colon + 1..])?))
}

/// How many of a mapping's pages are of a file, as far as its line tells: those are where whoever read the
/// file first got them, and no policy of a process governs them.
fn pages_of_file(line: &NumaLine<'_>, pages: u64) -> u64 {
    /// Memory by another name, to which policies apply.
    const MEMORY: [&[u8]; 5] = [
        b"/dev/shm/",
        b"/SYSV",
        b"/memfd:",
        b"/dev/zero",
        b"/anon_hugepage",
    ];
    let mut of_file = false;
    let mut anonymous = 0;
    for word in line.words().skip(2) {
        if let Some(name) = word.strip_prefix(b"file=") {
            of_file = !MEMORY.iter().any(|begin| name.starts_with(begin));
        } else if let Some(count) = word.strip_prefix(b"anon=") {
            anonymous = number(count).unwrap_or(0);
        }
    }
    match of_file && !line.is_huge {
        true => pages.saturating_sub(anonymous),
        false => 0,
    }
}

/// What is out of place.
#[derive(Debug, Default)]
struct Misplaced {
    /// Bytes for each reason on each node.
    nodes: BTreeMap<u32, [u64; REASONS.len()]>,
    /// Bytes of files.
    files: u64,
}

impl Misplaced {
    fn look(&mut self, line: &NumaLine<'_>, cpuset: Option<&Ranges>, page: u64) {
        let size = if line.page_size > 0 {
            line.page_size
        } else {
            page
        };
        let pages = line.nodes().map(|(_, pages)| pages);
        let pages = pages.fold(0, u64::saturating_add);
        // Which of the pages are the file's is not known: as many as can be of those elsewhere are.
        let mut of_file = pages_of_file(line, pages);
        let policy = policy(line);
        for (node, pages) in line.nodes() {
            let reason = match (&policy, cpuset) {
                (_, Some(cpuset)) if !has(cpuset, node.0) => CPUSET,
                (Some((reason, wanted)), _) if !has(wanted, node.0) => *reason,
                _ => continue,
            };
            let files = pages.min(of_file);
            of_file -= files;
            self.files = self.files.saturating_add(files.saturating_mul(size));
            if pages > files {
                let bytes = &mut self.nodes.entry(node.0).or_default()[reason];
                *bytes = bytes.saturating_add((pages - files).saturating_mul(size));
            }
        }
    }
}

/// The nodes that the process's cpuset allows, where the kernel says them.
fn cpuset(files: &Files, pid: i32) -> Option<Ranges> {
    let text = files.read(format!("/proc/{pid}/status")).ok()?;
    let mut lines = text.split(|&byte| byte == b'\n');
    let list = lines.find_map(|line| line.strip_prefix(b"Mems_allowed_list:"))?;
    parse_ranges(words(list).next()?)
}

/// What of a process is out of place; no rows if nothing is.
pub(crate) fn check(
    files: &Files,
    process: &Process,
    nodes: &[u32],
    page: u64,
) -> Result<Sheet, Failed> {
    let pid = process.pid();
    let name = process::name(files, pid);
    let cpuset = cpuset(files, pid);
    let mut misplaced = Misplaced::default();
    let mut any = false;
    process
        .for_each_numa_line(|line| {
            any = true;
            misplaced.look(line, cpuset.as_ref(), page);
        })
        .map_err(|error| process::failed(pid, error))?;
    process::check_memory(process, any)?;
    let nodes = process::columns(nodes, misplaced.nodes.keys().copied());
    let cell = |node: &u32, reason: usize| {
        let bytes = misplaced.nodes.get(node);
        Some(bytes.map_or(0, |bytes| bytes[reason].into()))
    };
    let rows = REASONS.iter().enumerate().map(|(at, reason)| Row {
        name: (*reason).to_owned(),
        cells: nodes.iter().map(|node| cell(node, at)).collect(),
    });
    let rows = rows.filter(|row| row.cells.iter().any(|cell| *cell != Some(0)));
    Ok(Sheet {
        about: About::Check {
            pid,
            name,
            files: misplaced.files,
        },
        rows: rows.collect(),
        nodes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MadeUp;

    /// Bytes out of place for each reason, and those of files, of a process that may use nodes 0 and 1.
    fn found(numa_maps: &str) -> (Vec<(String, i128)>, u64) {
        let made = MadeUp::new();
        made.process(7, "x", &format!("{numa_maps}\n"));
        let files = made.files();
        let process = process::open(&files, 7, None).unwrap();
        let sheet = check(&files, &process, &[0, 1], 4096).unwrap();
        let rows = sheet.rows.iter().map(|row| {
            let total = crate::table::total(&row.cells).unwrap();
            (row.name.clone(), total / 4096)
        });
        let rows = rows.collect();
        match sheet.about {
            About::Check { files, .. } => (rows, files / 4096),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn absurd_numbers_are_as_many_as_can_be() {
        let line = "1000 bind:2 file=/x anon=1 N0=18446744073709551615 N1=9 kernelpagesize_kB=4";
        let (rows, files) = found(line);
        assert_eq!((rows.len(), files), (1, u64::MAX / 4096));
    }

    #[test]
    fn reasons() {
        for (line, reason) in [
            ("1000 default anon=9 N0=4 N1=5", None),
            ("1000 local anon=9 N0=4 N1=5", None),
            ("1000 default anon=9 N0=4 N2=5", Some(("cpuset", 5))),
            ("1000 bind:2 anon=9 N0=4 N2=5", Some(("bind", 4))),
            ("1000 bind:1 anon=9 N0=4 N1=5", Some(("bind", 4))),
            ("1000 bind=static:0-1 anon=9 N0=4 N1=5", None),
            (
                "1000 bind=relative|balancing:0 anon=9 N0=4 N1=5",
                Some(("bind", 5)),
            ),
            (
                "1000 interleave:1,3-4 anon=9 N0=4 N1=5",
                Some(("interleave", 4)),
            ),
            (
                "1000 weighted interleave:1 anon=9 N0=4 N1=5",
                Some(("interleave", 4)),
            ),
            ("1000 prefer:0 anon=9 N0=4 N1=5", Some(("preferred", 5))),
            ("1000 prefer (many):0-1 anon=9 N0=4 N1=5", None),
            (
                "1000 prefer (many):1 anon=9 N0=4 N1=5",
                Some(("preferred", 4)),
            ),
            ("1000 bind:1 stack anon=9 N0=4 N1=5", Some(("bind", 4))),
            ("1000 unheard:1 anon=9 N0=4 N1=5", None),
            ("1000 bind:x anon=9 N0=4 N1=5", None),
        ] {
            let (rows, files) = found(line);
            if line.contains("bind:2") {
                assert_eq!(rows, [("cpuset".to_owned(), 5), ("bind".to_owned(), 4)]);
                continue;
            }
            let rows: Vec<(&str, i128)> =
                rows.iter().map(|(name, n)| (name.as_str(), *n)).collect();
            assert_eq!(rows, reason.into_iter().collect::<Vec<_>>(), "{line}");
            assert_eq!(files, 0, "{line}");
        }
    }

    #[test]
    fn the_page_cache_is_in_place_wherever_it_is() {
        let bind = |line: &str| found(&format!("1000 bind:1 {line}"));
        let outside = |count| vec![("bind".to_owned(), count)];
        assert_eq!(bind("file=/lib mapped=9 N0=4 N1=5"), (vec![], 4));
        assert_eq!(bind("file=/lib anon=9 N0=4 N1=5"), (outside(4), 0));
        // Which of them are the process's own is not known: those elsewhere, as far as can be.
        assert_eq!(bind("file=/lib anon=3 mapped=9 N0=4 N1=5"), (vec![], 4));
        assert_eq!(bind("file=/lib anon=7 mapped=9 N0=4 N1=5"), (outside(2), 2));
        for memory in [
            "/dev/shm/x",
            "/SYSV00000000\\040(deleted)",
            "/memfd:x\\040(deleted)",
        ] {
            let line = format!("file={memory} mapped=9 N0=4 N1=5");
            assert_eq!(bind(&line), (outside(4), 0), "{memory}");
        }
        assert_eq!(
            bind("file=/mnt/huge/x huge mapped=9 N0=4 N1=5"),
            (outside(4), 0)
        );
    }

    #[test]
    fn ranges() {
        assert_eq!(parse_ranges(b"0-3,8"), Some(vec![(0, 3), (8, 8)]));
        for bad in ["", ",", "1-", "-1", "x", "0,,1", "4294967296"] {
            assert_eq!(parse_ranges(bad.as_bytes()), None, "{bad}");
        }
    }
}
