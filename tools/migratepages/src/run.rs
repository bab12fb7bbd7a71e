//! From the command line to the exit status.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, error::ErrorKind};
use numa::{Errno, Error, Root, migrate};

use crate::cli::Cli;
use crate::nodes::{self, BadNodes, Machine};
use crate::pids;

/// Exit status: nothing, or nothing more, could be done for a process.
const FAILED: u8 = 1;
/// Exit status: the command line is wrong.
const USAGE: u8 = 2;
/// Exit status with `--strict`: pages stayed behind.
const LEFT_BEHIND: u8 = 3;

/// Why the command ends early.
enum Failure {
    Usage(String),
    Refused(String),
}

impl From<BadNodes> for Failure {
    fn from(bad: BadNodes) -> Failure {
        match bad {
            BadNodes::Text(text) => Failure::Usage(text),
            BadNodes::Unusable(text) => Failure::Refused(text),
        }
    }
}

/// Runs the command with the arguments of this process.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
                _ => ExitCode::from(USAGE),
            };
        }
    };
    match migrate(&cli) {
        Ok(left) if left > 0 && cli.strict => ExitCode::from(LEFT_BEHIND),
        Ok(_) => ExitCode::SUCCESS,
        Err(Failure::Usage(message)) => {
            eprintln!("migratepages: {message}");
            eprintln!("{}", Cli::command().render_usage());
            ExitCode::from(USAGE)
        }
        Err(Failure::Refused(message)) => {
            eprintln!("migratepages: {message}");
            ExitCode::from(FAILED)
        }
    }
}

/// Moves the pages; returns how many stayed.
fn migrate(cli: &Cli) -> Result<usize, Failure> {
    let [pid, from, to] = cli.operands.as_slice() else {
        return Err(Failure::Usage(
            "a process id and two node lists are needed".into(),
        ));
    };
    let pid = pids::parse(pid).map_err(|bad| Failure::Usage(bad.to_string()))?;
    let machine = Machine::read(Root::SYSTEM)
        .map_err(|error| Failure::Refused(format!("cannot find out about NUMA nodes: {error}")))?;
    let from = nodes::parse_from(from, &machine)?;
    let to = nodes::parse_to(to, &machine)?;
    let left = migrate::migrate_all(pid, from.as_bits(), to.as_bits(), machine.size)
        .map_err(|error| Failure::Refused(explain(pid, error)))?;
    if left > 0 {
        let pages = if left == 1 { "page" } else { "pages" };
        eprintln!("migratepages: process {pid}: {left} {pages} stayed behind");
    }
    Ok(left)
}

/// What a failed call means to the one who called the command.
fn explain(pid: i32, error: Error) -> String {
    match error.errno() {
        Errno::ESRCH => format!("there is no process {pid}"),
        Errno::EPERM => format!(
            "not allowed to move pages of process {pid}: it must belong to the same user, or \
             CAP_SYS_NICE (and CAP_SYS_PTRACE) is needed; a target node outside of its cpuset \
             needs CAP_SYS_NICE too, and a seccomp filter, as containers have, may deny the call"
        ),
        Errno::ENOSYS => "this kernel cannot move pages, or a seccomp filter hides the call".into(),
        Errno::ENOMEM => format!("process {pid}: the target nodes have no memory left"),
        Errno::EINVAL => {
            format!("process {pid} has no memory of its own: a kernel thread or a zombie")
        }
        _ => format!("process {pid}: {error}"),
    }
}
