//! Why the memory of a process cannot be looked at or moved, and what would help: what the kernel's
//! error alone does not say.

use std::fs;

use numa::migrate::{Process, State};
use numa::{Errno, Error, Root};

/// Why a process has no memory, in words that follow its number.
pub(crate) fn of_no_memory(process: &Process) -> String {
    let pid = process.pid();
    match process.state() {
        Ok(State::KernelThread) => {
            format!("process {pid} is a kernel thread: it has no memory of its own")
        }
        Ok(State::Zombie) => match other_thread(pid) {
            Some(other) => format!(
                "the first thread of process {pid} has ended, and the memory is that of the others: \
                 name one of those, such as {other}"
            ),
            None => format!(
                "process {pid} has ended and has no memory any more (a zombie, which its parent has \
                 not waited for)"
            ),
        },
        _ => format!("process {pid} is ending, and has no memory any more"),
    }
}

/// A thread of the process that has not ended.
fn other_thread(pid: i32) -> Option<i32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let ids = threads.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let mut ids = ids.filter(|&id| {
        let state = Process::open(Root::SYSTEM, id).and_then(|thread| thread.state());
        state == Ok(State::Alive)
    });
    ids.next()
}

/// Why /proc of the process cannot be read, or does not say what it should.
pub(crate) fn of_file(pid: i32, error: Error) -> String {
    match error {
        Error::File { file: "/proc", .. } => format!(
            "cannot look for process {pid}: /proc is not there, or is that of another PID \
             namespace, with other numbers; mount the one of this namespace (mount -t proc proc /proc)"
        ),
        Error::File {
            file,
            errno: Errno::ENOENT,
        } => format!(
            "process {pid}: this kernel has no /proc/PID/{file} ({}): its pages cannot be found",
            match file {
                "numa_maps" => "it is built without CONFIG_NUMA or CONFIG_PROC_PAGE_MONITOR",
                "pagemap" => "it is built without CONFIG_PROC_PAGE_MONITOR",
                _ => "or something hides it",
            }
        ),
        Error::File {
            file,
            errno: Errno::EAGAIN,
        } => format!(
            "process {pid} began another program while /proc/{pid}/{file} was read: run the command \
             again"
        ),
        Error::File {
            file,
            errno: Errno::EFBIG,
        } => format!(
            "process {pid}: a line of /proc/{pid}/{file} has more than 4 MiB: a file that it maps \
             lies too deep in directories"
        ),
        Error::File { file, errno } => {
            format!("process {pid}: cannot read /proc/{pid}/{file}: {errno}")
        }
        Error::Empty { file } => format!(
            "process {pid} is there, but /proc/{pid}/{file} is empty: this is not what a kernel's \
             /proc looks like (a sandbox?)"
        ),
        Error::Malformed { file } => format!(
            "process {pid}: /proc/{pid}/{file} is cut short or is not what a kernel writes there (a \
             sandbox?)"
        ),
        error => format!("process {pid}: {error}"),
    }
}

/// Why the process's memory may not be looked at or moved; `error` is what the kernel said.
pub(crate) fn of_refusal(pid: i32, error: Error) -> String {
    if let Error::File {
        file: "/proc/PID", ..
    } = error
    {
        return format!(
            "process {pid} is hidden from this user (/proc is mounted with hidepid): run as root, or \
             as a member of the group that the option gid of /proc names"
        );
    }
    let act = match error {
        Error::File { .. } => "look at the memory of",
        _ => "move pages of",
    };
    let what = format!("not allowed to {act} process {pid} ({error})");
    let (mine, its) = (uids("self"), uids(&pid.to_string()));
    let is_root = mine.as_ref().is_some_and(|mine| mine[1] == 0);
    if is_root && is_in_user_namespace() {
        return format!(
            "{what}: root of a user namespace (a container) has no rights over processes outside of \
             it; run the command there, with CAP_SYS_PTRACE and CAP_SYS_NICE"
        );
    }
    if is_root {
        return format!(
            "{what}: this root lacks CAP_SYS_PTRACE or CAP_SYS_NICE, as in most containers, or a \
             security module denies it"
        );
    }
    match (mine, its) {
        (Some(mine), Some(its)) if its[..3].iter().all(|&id| id == mine[1]) => format!(
            "{what}: it is this user's, but keeps its memory to itself (it gained rights when it \
             began, is not dumpable, or is in another user namespace); run with CAP_SYS_PTRACE and \
             CAP_SYS_NICE"
        ),
        _ => format!("{what}: run as its user, or with CAP_SYS_PTRACE and CAP_SYS_NICE"),
    }
}

/// Real, effective, saved and file system user.
fn uids(process: &str) -> Option<Vec<u32>> {
    let text = fs::read(format!("/proc/{process}/status")).ok()?;
    let text = String::from_utf8_lossy(&text);
    let list = text.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    let ids: Option<Vec<u32>> = list
        .split_ascii_whitespace()
        .map(|id| id.parse().ok())
        .collect();
    ids.filter(|ids| ids.len() == 4)
}

/// Whether this command is in a user namespace that is not the system's own.
fn is_in_user_namespace() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let map: Vec<&str> = map.split_ascii_whitespace().collect();
    !map.is_empty() && map != ["0", "0", "4294967295"]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_files_say() {
        let told = |file, errno| of_file(7, Error::File { file, errno });
        assert!(told("pagemap", Errno::ENOENT).contains("CONFIG_PROC_PAGE_MONITOR"));
        assert!(told("numa_maps", Errno::ENOENT).contains("CONFIG_NUMA"));
        assert!(told("numa_maps", Errno::EAGAIN).contains("again"));
        assert!(told("numa_maps", Errno::EFBIG).contains("4 MiB"));
        assert!(told("/proc", Errno::ENOENT).contains("PID namespace"));
        assert_eq!(
            told("maps", Errno::EIO),
            "process 7: cannot read /proc/7/maps: Input/output error"
        );
        let file = "status";
        assert!(of_file(7, Error::Empty { file }).contains("/proc/7/status is empty"));
        assert!(of_file(7, Error::Malformed { file }).contains("/proc/7/status is cut short"));
        assert_eq!(of_file(7, Error::OutOfMemory), "process 7: out of memory");
    }

    #[test]
    fn refusals() {
        let (file, errno) = ("/proc/PID", Errno::EACCES);
        assert!(of_refusal(7, Error::File { file, errno }).contains("hidepid"));
        let me = uids("self").unwrap();
        assert_eq!(me.len(), 4);
        assert_eq!(uids("0"), None);
    }
}
