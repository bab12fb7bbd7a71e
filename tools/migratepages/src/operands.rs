//! What the command line names: processes, and the nodes to leave and to go to.

use std::collections::HashSet;
use std::path::Path;

use cli::failures::{self, Failed};
use cli::nodes::{self, Machine};
use cli::pids;
use cli::processes::{self, Seen};
use cli::terminal::Terminal;
use cli::text::safe;
use numa::{NodeMask, Root};

use crate::options::Cli;

/// What the operands say.
pub(crate) struct Operands {
    pub(crate) processes: Vec<Seen>,
    /// Of those, those that were found rather than named: no error if they end meanwhile.
    pub(crate) found: HashSet<i32>,
    pub(crate) nodes: Option<(NodeMask, NodeMask)>,
    pub(crate) machine: Machine,
}

impl Operands {
    /// Reads them, and finds the processes that are named by what they belong to.
    pub(crate) fn read(cli: &Cli, terminal: &Terminal) -> Result<Operands, Failed> {
        let machine = Machine::read(Root::SYSTEM).map_err(|error| {
            let hint = match Path::new("/proc/self").exists() {
                true => "",
                false => "; /proc is not mounted, or is that of another PID namespace",
            };
            Failed::other(format!("cannot read the NUMA nodes: {error}{hint}"))
        })?;
        let (pid_texts, node_texts) = match cli.operands.as_slice() {
            pids if cli.show => (pids, None),
            [pids @ .., from, to] => (pids, Some((from, to))),
            _ => {
                return Err(Failed::usage(
                    "process ids and two node lists, FROM and TO, are needed",
                ));
            }
        };
        let named = named_pids(pid_texts)?;
        if named.is_empty() && cli.cgroup.is_empty() {
            return Err(Failed::usage("a process id or --cgroup is needed"));
        }
        let nodes = match node_texts {
            None => None,
            Some((from, to)) => Some((
                nodes::parse_from(from, &machine)?,
                nodes::parse_to(to, &machine)?,
            )),
        };
        let mut processes: Vec<Seen> = named.iter().copied().map(Seen::now).collect();
        add_cgroups(cli, terminal, &mut processes)?;
        if cli.children {
            processes = processes::with_descendants(&processes)
                .map_err(|error| Failed::other(format!("cannot read /proc: {error}")))?;
        }
        let me = std::process::id() as i32;
        let named: HashSet<i32> = named.into_iter().collect();
        let is_named = |pid: &i32| named.contains(pid);
        let pids = processes.iter().map(|process| process.pid);
        let found = pids.filter(|pid| !is_named(pid)).collect();
        // The command may be a member of the group or a child of the process that it is to move.
        processes.retain(|process| process.pid != me || is_named(&process.pid));
        Ok(Operands {
            processes,
            found,
            nodes,
            machine,
        })
    }
}

fn named_pids(texts: &[String]) -> Result<Vec<i32>, Failed> {
    let (mut named, mut seen) = (Vec::new(), HashSet::new());
    for text in texts {
        named.extend(
            pids::parse_list(text)?
                .into_iter()
                .filter(|&pid| seen.insert(pid)),
        );
    }
    Ok(named)
}

fn add_cgroups(cli: &Cli, terminal: &Terminal, processes: &mut Vec<Seen>) -> Result<(), Failed> {
    let mut known: HashSet<i32> = processes.iter().map(|process| process.pid).collect();
    for path in &cli.cgroup {
        let shown = safe(&path.to_string_lossy());
        let members = processes::of_cgroup(path).map_err(|error| {
            let why = failures::of_io(&error);
            Failed::other(format!("cannot read the control group {shown}: {why}"))
        })?;
        if members.is_empty() {
            terminal.complain(format_args!("the control group {shown} has no processes"));
        }
        processes.extend(
            members
                .into_iter()
                .filter(|member| known.insert(member.pid)),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use cli::failures::FailedKind;

    fn read(arguments: &[&str]) -> Result<(Vec<i32>, Vec<i32>), FailedKind> {
        let cli = Cli::try_parse_from(["migratepages"].iter().chain(arguments)).unwrap();
        let operands = Operands::read(&cli, &Terminal::new("migratepages"));
        let lists = operands.map(|operands| {
            let pids = operands.processes.iter().map(|process| process.pid);
            let mut found = Vec::from_iter(operands.found);
            found.sort_unstable();
            (pids.collect(), found)
        });
        lists.map_err(|failed| failed.kind)
    }

    #[test]
    fn processes_come_first_and_once() {
        assert_eq!(read(&["7,8", "7", "0", "0"]), Ok((vec![7, 8], vec![])));
        assert_eq!(read(&["--show", "7", "8,9"]), Ok((vec![7, 8, 9], vec![])));
        for usage in [&["7", "0"][..], &["0"], &["--show"], &["0", "0"]] {
            assert_eq!(read(usage), Err(FailedKind::Usage), "{usage:?}");
        }
        assert_eq!(read(&["x", "0", "0"]), Err(FailedKind::Usage));
        assert_eq!(read(&["7", "0", "x"]), Err(FailedKind::Usage));
        let no_group = ["--cgroup", "/does/not/exist", "0", "0"];
        assert_eq!(read(&no_group), Err(FailedKind::Other));
    }

    #[test]
    fn the_command_itself_is_moved_only_if_it_is_named() {
        let me = std::process::id() as i32;
        let parent = std::os::unix::process::parent_id() as i32;
        let own = me.to_string();
        assert_eq!(read(&[&own, "0", "0"]), Ok((vec![me], vec![])));
        let family = ["--children", &parent.to_string(), "0", "0"];
        let (pids, found) = read(&family).unwrap();
        assert!(pids.contains(&parent) && !pids.contains(&me));
        assert!(!found.contains(&parent));
    }
}
