//! The memory of control groups: memory.numa_stat of version 1 and 2.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cli::failures::{Failed, FailedKind, of_io};
use cli::text::safe;

use crate::files::{self, Files, number, words};
use crate::sheet::{About, Sheet};
use crate::table::Row;

const FILE: &str = "memory.numa_stat";

/// Reads the file of a group: of the directory that the path is, or that it names below a mount point.
fn read(files: &Files, path: &Path) -> io::Result<Vec<u8>> {
    let below = path.strip_prefix("/").unwrap_or(path);
    let mounts = ["/sys/fs/cgroup", "/sys/fs/cgroup/memory"];
    let places = mounts.map(|mount| Path::new(mount).join(below));
    let mut last = io::Error::from(ErrorKind::NotFound);
    for place in [path.to_owned()].into_iter().chain(places) {
        // A path of the user's own begins where the user is.
        let file: PathBuf = place.join(FILE);
        let text = if file.is_absolute() {
            files.read(&file)
        } else {
            std::fs::read(&file)
        };
        match text {
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                last = io::Error::from_raw_os_error(error.raw_os_error().unwrap_or(0));
            }
            text => return text,
        }
    }
    Err(last)
}

/// A line: its name, and bytes on nodes. `None` if it is no such line.
type Line<'f> = (&'f str, Vec<(u32, i128)>);

/// Version 2: `anon N0=4096 N1=0`, in bytes. Version 1: `total=1 N0=1 N1=0`, in pages.
fn parse(line: &[u8], page: u64) -> Option<Line<'_>> {
    let mut words = words(line);
    let name = words.next()?;
    let (name, unit) = match name.iter().position(|&byte| byte == b'=') {
        Some(equals) => {
            number(&name[equals + 1..])?;
            (&name[..equals], page)
        }
        None => (name, 1),
    };
    let mut found = Vec::new();
    for word in words {
        let rest = word.strip_prefix(b"N")?;
        let equals = rest.iter().position(|&byte| byte == b'=')?;
        let node = u32::try_from(number(&rest[..equals])?).ok()?;
        let value = number(&rest[equals + 1..])?;
        found.push((node, i128::from(value) * i128::from(unit)));
    }
    Some((files::name(name)?, found))
}

/// Whether a row of version 2 counts events and no bytes.
fn is_of_events(name: &str) -> bool {
    ["workingset_", "pg", "numa_"]
        .iter()
        .any(|begin| name.starts_with(begin))
}

/// The memory of a group with those below it, by the kernel's rows.
pub(crate) fn usage(files: &Files, path: &Path, nodes: &[u32], page: u64) -> Result<Sheet, Failed> {
    let shown = safe(&String::from_utf8_lossy(path.as_os_str().as_bytes()));
    let failed = |kind, why: &str| Failed::new(kind, format!("--cgroup={shown}: {why}"));
    let text = read(files, path).map_err(|error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => failed(
            FailedKind::Other,
            "there is no such control group with a memory.numa_stat (is the memory controller on?)",
        ),
        ErrorKind::PermissionDenied => failed(FailedKind::NotPermitted, &of_io(&error)),
        _ => failed(FailedKind::Other, &of_io(&error)),
    })?;
    if text.is_empty() {
        return Err(failed(FailedKind::Other, "memory.numa_stat is empty"));
    }
    let is_cut = !text.ends_with(b"\n");
    let lines = text
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty());
    let lines: Option<Vec<Line<'_>>> = lines.map(|line| parse(line, page)).collect();
    let lines = lines.filter(|_| !is_cut).ok_or_else(|| {
        let why = "memory.numa_stat is cut short, or not as the kernel writes it";
        failed(FailedKind::Other, why)
    })?;
    let mut all: BTreeSet<u32> = nodes.iter().copied().collect();
    all.extend(
        lines
            .iter()
            .flat_map(|(_, found)| found.iter().map(|&(node, _)| node)),
    );
    let nodes: Vec<u32> = all.into_iter().collect();
    let cell = |found: &[(u32, i128)], node: u32| {
        let found = found.iter().find(|&&(other, _)| other == node);
        found.map(|&(_, bytes)| bytes)
    };
    let rows = lines
        .iter()
        .filter(|(name, _)| !is_of_events(name))
        .map(|(name, found)| Row {
            name: (*name).to_owned(),
            cells: nodes.iter().map(|&node| cell(found, node)).collect(),
        });
    Ok(Sheet {
        about: About::Cgroup {
            path: String::from_utf8_lossy(path.as_os_str().as_bytes()).into_owned(),
        },
        rows: rows.collect(),
        nodes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MadeUp;

    #[test]
    fn both_versions() {
        let made = MadeUp::new();
        made.write(
            "sys/fs/cgroup/a/memory.numa_stat",
            "anon N0=8192 N1=0\nslab_unreclaimable N0=1 N1=2\nworkingset_refault_anon N0=5 N1=6\n",
        );
        made.write(
            "sys/fs/cgroup/memory/b/memory.numa_stat",
            "total=3 N0=1 N8=2\nhierarchical_total=3 N0=1 N8=2\n",
        );
        let of = |path: &str| usage(&made.files(), Path::new(path), &[0, 1], 4096);
        for path in ["/a", "a", "/sys/fs/cgroup/a"] {
            let sheet = of(path).unwrap();
            let rows: Vec<&str> = sheet.rows.iter().map(|row| row.name.as_str()).collect();
            assert_eq!(rows, ["anon", "slab_unreclaimable"]);
            assert_eq!(sheet.rows[0].cells, [Some(8192), Some(0)]);
        }
        let sheet = of("/b").unwrap();
        assert_eq!(sheet.nodes, [0, 1, 8]);
        assert_eq!(sheet.rows[0].cells, [Some(4096), None, Some(8192)]);
    }

    #[test]
    fn groups_that_are_not_there_and_odd_files() {
        let made = MadeUp::new();
        let of = |path: &str| {
            usage(&made.files(), Path::new(path), &[0], 4096)
                .unwrap_err()
                .message
        };
        assert!(of("/x\u{1b}").starts_with("--cgroup=/x\\u{1b}: there is no such control group"));
        for (text, told) in [
            ("", "is empty"),
            ("anon N0=1", "cut short"),
            ("anon N0=1\nanon N0=\n", "cut short"),
            ("anon N0=1 x\n", "cut short"),
            ("anon=x N0=1\n", "cut short"),
            ("anon N99999999999=1\n", "cut short"),
        ] {
            made.write("sys/fs/cgroup/a/memory.numa_stat", text);
            assert!(of("a").contains(told), "{text:?}");
        }
    }
}
