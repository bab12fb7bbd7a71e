//! What /proc and /sys/fs/cgroup say about processes beyond their memory: names, families, cgroups,
//! cpusets.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use numa::migrate::{Process, Stat};
use numa::{Errno, Root};

/// A process's name, as in ps; empty if it is gone. It may be anything: see [`crate::text::safe`].
pub fn name(pid: i32) -> String {
    let text = read(&format!("/proc/{pid}/comm")).unwrap_or_default();
    text.strip_suffix('\n').unwrap_or(&text).to_owned()
}

/// A file of a process. Its name in there may be no text.
fn read(path: &str) -> io::Result<String> {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// The list after `key` in /proc/PID/status.
fn status_list(pid: i32, key: &str) -> Option<Vec<u32>> {
    let text = read(&format!("/proc/{pid}/status")).ok()?;
    let list = text.lines().find_map(|line| line.strip_prefix(key))?;
    parse_list(list.trim())
}

/// A kernel list such as `0-3,8`.
fn parse_list(text: &str) -> Option<Vec<u32>> {
    let mut ids = Vec::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        ids.extend(first.parse::<u32>().ok()?..=last.parse::<u32>().ok()?);
    }
    Some(ids)
}

/// The nodes that the process's cpuset allows.
pub fn allowed_nodes(pid: i32) -> Option<Vec<u32>> {
    status_list(pid, "Mems_allowed_list:")
}

/// The CPUs that the process may run on.
pub fn allowed_cpus(pid: i32) -> Option<Vec<u32>> {
    status_list(pid, "Cpus_allowed_list:")
}

/// A process that was seen, and when it began: another one may have its number later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Its number.
    pub pid: i32,
    /// As [`Process::began`] says it, or why that is not known.
    pub began: numa::Result<u64>,
}

impl Seen {
    /// The process that has this number now.
    pub fn now(pid: i32) -> Seen {
        let began = Process::open(Root::SYSTEM, pid).and_then(|process| process.began());
        Seen { pid, began }
    }

    /// Whether it still is there.
    fn is_there(&self) -> bool {
        Seen::now(self.pid) == *self
    }
}

/// The process that a thread belongs to: what /proc says about children counts for that one.
fn leader(pid: i32) -> i32 {
    status_list(pid, "Tgid:")
        .and_then(|ids| i32::try_from(*ids.first()?).ok())
        .unwrap_or(pid)
}

/// Adds the descendants of the processes, each behind its parent.
pub fn with_descendants(processes: &[Seen]) -> io::Result<Vec<Seen>> {
    let mut children: HashMap<i32, Vec<Seen>> = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let stat = match fs::read(format!("/proc/{pid}/stat")) {
            Ok(stat) => stat,
            Err(error) => match error.kind() {
                // It has ended, or is hidden.
                ErrorKind::NotFound | ErrorKind::PermissionDenied => continue,
                _ if error.raw_os_error() == Some(Errno::ESRCH.0) => continue,
                _ => return Err(error),
            },
        };
        if let Some(stat) = Stat::parse(&stat) {
            let began = Ok(stat.began);
            children
                .entry(stat.parent)
                .or_default()
                .push(Seen { pid, began });
        }
    }
    let (mut all, mut known) = (Vec::new(), HashSet::new());
    let mut next: Vec<Seen> = processes.iter().rev().copied().collect();
    while let Some(process) = next.pop() {
        if !known.insert(process.pid) {
            continue;
        }
        all.push(process);
        // Only then are those whose parent has its number its children.
        if process.is_there() {
            let mut below = children.remove(&leader(process.pid)).unwrap_or_default();
            below.sort_unstable_by_key(|seen| seen.pid);
            next.extend(below.into_iter().rev());
        }
    }
    Ok(all)
}

/// The processes of a cgroup and of those below it.
pub fn of_cgroup(path: &Path) -> io::Result<Vec<Seen>> {
    let members = pids_of_cgroup(path)?;
    let mut seen: Vec<Seen> = members.into_iter().map(Seen::now).collect();
    // A number that was another process's when it was looked at is not a member's any more, or that
    // process is one.
    let members = pids_of_cgroup(path)?;
    seen.retain(|process| members.binary_search(&process.pid).is_ok());
    Ok(seen)
}

/// The processes with a thread in this cgroup itself, not in those below it.
fn members(path: &Path) -> io::Result<Vec<i32>> {
    let ids = |file: &str| {
        let text = fs::read_to_string(path.join(file))?;
        let ids = text
            .lines()
            .map(|line| line.parse().map_err(io::Error::other));
        ids.collect::<io::Result<Vec<i32>>>()
    };
    match ids("cgroup.procs") {
        // A threaded group, as libvirt makes one for each virtual CPU, has threads only.
        Err(error) if error.raw_os_error() == Some(Errno::EOPNOTSUPP.0) => {
            let threads = ids("cgroup.threads")?;
            Ok(threads.into_iter().map(leader).collect())
        }
        members => members,
    }
}

/// Their numbers, in order.
fn pids_of_cgroup(path: &Path) -> io::Result<Vec<i32>> {
    // A name as in /proc/PID/cgroup begins at the mount point.
    let under_mount =
        |path: &Path| PathBuf::from("/sys/fs/cgroup").join(path.strip_prefix("/").unwrap_or(path));
    let has_processes = |path: &Path| path.join("cgroup.procs").exists();
    let path = if has_processes(path) {
        path.to_owned()
    } else {
        under_mount(path)
    };
    // An error here is the user's to know: the group may not be there.
    members(&path)?;
    let mut pids = Vec::new();
    let mut next = vec![path];
    while let Some(path) = next.pop() {
        // Below, one may vanish at any time.
        let vanished = |error: &io::Error| {
            error.kind() == ErrorKind::NotFound || error.raw_os_error() == Some(Errno::ENODEV.0)
        };
        match members(&path) {
            Ok(found) => pids.extend(found),
            Err(error) if vanished(&error) => continue,
            Err(error) => return Err(error),
        }
        match fs::read_dir(&path) {
            Ok(entries) => {
                let directories = entries
                    .flatten()
                    .filter(|e| e.file_type().is_ok_and(|t| t.is_dir()));
                next.extend(directories.map(|entry| entry.path()));
            }
            Err(error) if vanished(&error) => {}
            Err(error) => return Err(error),
        }
    }
    // 0 stands for processes that this namespace does not see.
    pids.retain(|&pid| pid > 0);
    pids.sort_unstable();
    pids.dedup();
    Ok(pids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        assert_eq!(parse_list("0-2,8"), Some(vec![0, 1, 2, 8]));
        assert_eq!(parse_list(""), Some(vec![]));
        assert_eq!(parse_list("x"), None);
    }

    #[test]
    fn this_process_is_in_its_own_family() {
        let me = std::process::id() as i32;
        let seen = Seen::now(me);
        assert!(seen.began.is_ok() && seen.is_there());
        let mut child = std::process::Command::new("sleep")
            .arg("1000")
            .spawn()
            .unwrap();
        let its = Seen::now(child.id() as i32);
        let all = with_descendants(&[seen]).unwrap();
        // One that began at another time is not this process, and those are not its children.
        let other = Seen {
            pid: me,
            began: seen.began.map(|began| began - 1),
        };
        let of_other = with_descendants(&[other]).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(all.first(), Some(&seen));
        assert!(all.contains(&its) && !its.is_there());
        assert_eq!(of_other, [other]);
        assert!(!name(me).is_empty());
        // A thread's number stands for its process.
        let (thread, its_leader) = std::thread::spawn(|| {
            let link = fs::read_link("/proc/thread-self").unwrap();
            let thread: i32 = link.file_name().unwrap().to_str().unwrap().parse().unwrap();
            (thread, leader(thread))
        })
        .join()
        .unwrap();
        assert!(thread != me && its_leader == me);
        assert_eq!(leader(me), me);
        assert_eq!(leader(i32::MAX), i32::MAX);
    }
}
