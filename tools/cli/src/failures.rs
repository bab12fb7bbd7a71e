//! Why something could not be done: a kind for programs that read the report, a message for people,
//! and the exit status.

use std::io::Write as _;

use numa::cause::Cause;
use numa::migrate::Process;
use numa::{Errno, Error, Root};
use serde::Serialize;

use crate::nodes::BadNodes;
use crate::pids::BadPid;
use crate::processes::Seen;
use crate::reasons;
use crate::text::safe;

/// Exit status: something could not be done.
pub const FAILED: u8 = 1;
/// Exit status: the command line is wrong.
pub const USAGE: u8 = 2;
/// Exit status: ended by Ctrl-C, as shells say it.
pub const INTERRUPTED: u8 = 130;

/// Something that could not be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// What it is about.
    pub kind: FailedKind,
    /// The message for the user.
    pub message: String,
}

/// The kinds of failures, by their names in reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailedKind {
    /// There is no process with this number.
    NoSuchProcess,
    /// It is a kernel thread or a zombie.
    NoMemoryOfItsOwn,
    /// The user may not do that, or a filter denies it.
    NotPermitted,
    /// The process's cpuset does not contain the node.
    NotAllowedByCpuset,
    /// A node has no memory left.
    TargetFull,
    /// A node of TO cannot have pages.
    UnusableNode,
    /// The command line is wrong.
    Usage,
    /// Anything else.
    Other,
}

impl Failed {
    /// A failure of this kind.
    pub fn new(kind: FailedKind, message: impl Into<String>) -> Failed {
        Failed {
            kind,
            message: message.into(),
        }
    }

    /// The command line is wrong.
    pub fn usage(message: impl Into<String>) -> Failed {
        Failed::new(FailedKind::Usage, message)
    }

    /// A failure of no particular kind.
    pub fn other(message: impl Into<String>) -> Failed {
        Failed::new(FailedKind::Other, message)
    }

    /// What an error about a process's memory means to the user of the command.
    pub fn of_process(pid: i32, error: Error) -> Failed {
        if let Error::NoMemory(_) = error {
            let message = format!("process {pid}: {error}");
            return Failed::new(FailedKind::NoMemoryOfItsOwn, message);
        }
        let kind = match error.errno() {
            Errno::ESRCH => {
                let message = format!("no such process: {pid}");
                return Failed::new(FailedKind::NoSuchProcess, message);
            }
            Errno::ENOSYS => {
                let message = "this kernel cannot move pages, or a seccomp filter hides the calls";
                return Failed::new(FailedKind::NotPermitted, message);
            }
            Errno::EPERM | Errno::EACCES => FailedKind::NotPermitted,
            _ => FailedKind::Other,
        };
        let message = match kind {
            FailedKind::NotPermitted => reasons::of_refusal(pid, error),
            _ => reasons::of_file(pid, error),
        };
        Failed::new(kind, message)
    }

    /// The exit status for it.
    pub fn status(&self) -> u8 {
        match self.kind {
            FailedKind::Usage => USAGE,
            _ => FAILED,
        }
    }
}

/// strerror(3), in the words of perror(3): `Invalid argument`.
pub fn strerror(errno: Errno) -> String {
    of_io(&std::io::Error::from_raw_os_error(errno.0))
}

/// The same of an error of the standard library, which adds a number.
pub fn of_io(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" (os error ") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

/// A cause in words that a terminal may show.
pub fn cause_text(cause: &Cause<'_>) -> String {
    let mut text = String::new();
    cause.tell(Root::SYSTEM, &mut |piece| text.push_str(piece));
    safe(&text)
}

/// perror(3): a line on standard error, which is returned as well.
pub fn perror(what: &str, errno: Errno) -> String {
    let text = format!("{what}: {}", strerror(errno));
    // Where standard error is full or closed, nobody can be told.
    let _ = writeln!(std::io::stderr(), "{text}");
    text
}

impl From<BadNodes> for Failed {
    fn from(bad: BadNodes) -> Failed {
        match bad {
            BadNodes::Text(text) => Failed::usage(text),
            BadNodes::Unusable(message) => Failed::new(FailedKind::UnusableNode, message),
        }
    }
}

impl From<BadPid> for Failed {
    fn from(bad: BadPid) -> Failed {
        Failed::usage(bad.to_string())
    }
}

/// Holds a process that was seen before and has memory that can be looked for.
pub fn hold(seen: &Seen) -> Result<Process, Failed> {
    let pid = seen.pid;
    let hold = || {
        let began = seen.began?;
        let process = Process::open(Root::SYSTEM, pid)?;
        let sizes = process.sizes()?;
        Ok((process.began()? == began, sizes.mapped > 0, process))
    };
    match hold() {
        Ok((true, true, process)) => Ok(process),
        Ok((true, false, process)) => {
            let message = reasons::of_no_memory(&process);
            Err(Failed::new(FailedKind::NoMemoryOfItsOwn, message))
        }
        Ok((false, _, _)) => {
            let message =
                format!("process {pid} has ended, and another one has its number: not touched");
            Err(Failed::new(FailedKind::NoSuchProcess, message))
        }
        Err(error) => Err(Failed::of_process(pid, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pids;

    #[test]
    fn errors_in_the_users_words() {
        let told = |errno| {
            let call = "move_pages";
            let failed = Failed::of_process(7, Error::Kernel { call, errno });
            (failed.kind, failed.message)
        };
        assert_eq!(
            told(Errno::ESRCH),
            (FailedKind::NoSuchProcess, "no such process: 7".into())
        );
        let (kind, message) = told(Errno::EPERM);
        assert_eq!(kind, FailedKind::NotPermitted);
        assert!(message.starts_with(
            "not allowed to move pages of process 7 (move_pages: Operation not permitted)"
        ));
        assert_eq!(told(Errno::ENOSYS).0, FailedKind::NotPermitted);
        assert_eq!(
            told(Errno::EIO),
            (
                FailedKind::Other,
                "process 7: move_pages: Input/output error".into()
            )
        );
        let failed = Failed::of_process(7, Error::NoMemory("a kernel thread"));
        assert_eq!(failed.kind, FailedKind::NoMemoryOfItsOwn);
        assert_eq!(failed.message, "process 7: a kernel thread has no memory");
        let (file, errno) = ("pagemap", Errno::EACCES);
        let failed = Failed::of_process(7, Error::File { file, errno });
        assert!(
            failed
                .message
                .starts_with("not allowed to look at the memory of process 7")
        );
    }

    #[test]
    fn errors_in_the_words_of_perror() {
        assert_eq!(strerror(Errno::EINVAL), "Invalid argument");
        assert_eq!(strerror(Errno::ENOSYS), "Function not implemented");
    }

    #[test]
    fn what_is_wrong_with_the_command_line_is_a_usage_error() {
        let failed = Failed::from(pids::parse("x").unwrap_err());
        assert_eq!((failed.kind, failed.status()), (FailedKind::Usage, USAGE));
        let failed = Failed::from(BadNodes::Text("x".into()));
        assert_eq!((failed.kind, failed.status()), (FailedKind::Usage, USAGE));
        let failed = Failed::from(BadNodes::Unusable("x".into()));
        assert_eq!(
            (failed.kind, failed.status()),
            (FailedKind::UnusableNode, FAILED)
        );
    }

    #[test]
    fn processes_with_memory_and_without() {
        let me = Seen::now(std::process::id() as i32);
        assert_eq!(hold(&me).unwrap().pid(), me.pid);
        let failed = hold(&Seen::now(i32::MAX)).unwrap_err();
        assert_eq!(failed.kind, FailedKind::NoSuchProcess);
        let before = Seen {
            began: me.began.map(|began| began - 1),
            ..me
        };
        let failed = hold(&before).unwrap_err();
        assert_eq!(failed.kind, FailedKind::NoSuchProcess);
        assert!(failed.message.contains("another one has its number"));
    }
}
