//! What /proc and /sys/fs/cgroup say about processes beyond their memory: names, families, cgroups,
//! cpusets.

use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use numa::Errno;

/// A process's name, as in ps; empty if it is gone.
pub fn name(pid: i32) -> String {
    fs::read(format!("/proc/{pid}/comm"))
        .map(|bytes| {
            let text = String::from_utf8_lossy(&bytes);
            // A process may call itself anything; a terminal must not obey it.
            text.trim_end()
                .chars()
                .map(|c| if c.is_control() { '?' } else { c })
                .collect()
        })
        .unwrap_or_default()
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

/// Whether it is there.
pub fn exists(pid: i32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

/// The parent in the text of /proc/PID/stat.
fn parent(stat: &str) -> Option<i32> {
    // The name comes first, in parentheses, and may contain anything.
    stat[stat.rfind(')')? + 1..]
        .split_ascii_whitespace()
        .nth(1)?
        .parse()
        .ok()
}

/// The process that a thread belongs to: what /proc says about children counts for that one.
fn leader(pid: i32) -> i32 {
    status_list(pid, "Tgid:")
        .and_then(|ids| i32::try_from(*ids.first()?).ok())
        .unwrap_or(pid)
}

/// Adds the descendants of the processes, each behind its parent.
pub fn with_descendants(pids: &[i32]) -> io::Result<Vec<i32>> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let stat = match read(&format!("/proc/{pid}/stat")) {
            Ok(stat) => stat,
            Err(error) => match error.kind() {
                // It has ended, or is hidden.
                ErrorKind::NotFound | ErrorKind::PermissionDenied => continue,
                _ if error.raw_os_error() == Some(Errno::ESRCH.0) => continue,
                _ => return Err(error),
            },
        };
        if let Some(parent) = parent(&stat) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut all = Vec::new();
    let mut next: Vec<i32> = pids.iter().rev().copied().collect();
    while let Some(pid) = next.pop() {
        if !all.contains(&pid) {
            all.push(pid);
            let mut below = children.remove(&leader(pid)).unwrap_or_default();
            below.sort_unstable();
            next.extend(below.into_iter().rev());
        }
    }
    Ok(all)
}

/// The processes of a cgroup and of those below it.
pub fn of_cgroup(path: &Path) -> io::Result<Vec<i32>> {
    // A name as in /proc/PID/cgroup begins at the mount point.
    let under_mount =
        |path: &Path| PathBuf::from("/sys/fs/cgroup").join(path.strip_prefix("/").unwrap_or(path));
    let has_processes = |path: &Path| path.join("cgroup.procs").exists();
    let path = if has_processes(path) {
        path.to_owned()
    } else {
        under_mount(path)
    };
    // An error here is the user's to know: a group may be threaded, or not be there.
    fs::read_to_string(path.join("cgroup.procs"))?;
    let mut pids = Vec::new();
    let mut next = vec![path];
    while let Some(path) = next.pop() {
        // Below, one may vanish at any time, and threaded ones tell nothing that their
        // parent has not told.
        if let Ok(text) = fs::read_to_string(path.join("cgroup.procs")) {
            pids.extend(text.lines().filter_map(|line| line.parse::<i32>().ok()));
        }
        if let Ok(entries) = fs::read_dir(&path) {
            let directories = entries
                .flatten()
                .filter(|e| e.file_type().is_ok_and(|t| t.is_dir()));
            next.extend(directories.map(|entry| entry.path()));
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
    fn parents_of_strange_names() {
        assert_eq!(parent("12 (a) b) S 7 12 12"), Some(7));
        assert_eq!(parent("12 (x"), None);
        assert_eq!(parse_list("0-2,8"), Some(vec![0, 1, 2, 8]));
        assert_eq!(parse_list(""), Some(vec![]));
        assert_eq!(parse_list("x"), None);
    }

    #[test]
    fn this_process_is_in_its_own_family() {
        let me = std::process::id() as i32;
        let all = with_descendants(&[me]).unwrap();
        assert_eq!(all.first(), Some(&me));
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
