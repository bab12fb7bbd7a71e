//! What the command line asks for.

use std::ffi::OsString;

use cli::failures::Failed;
use cli::memory::Huge;
use cli::nodes::Machine;
use cli::nodestring::{self, BadList};
use cli::numbers;
use cli::options::Word;
use cli::pids;
use numa::{Errno, NodeMask, Root, topology};

use crate::options::Opt;

/// Pages that are moved when nothing else is said.
const PAGES: u64 = 1000;

/// Which pages are moved, and where.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) pages: u64,
    pub(crate) pid: Option<i32>,
    pub(crate) huge: Option<Huge>,
    pub(crate) verbose: bool,
    pub(crate) from: NodeMask,
    pub(crate) to: NodeMask,
}

/// Why nothing is moved.
#[derive(Debug)]
pub(crate) enum Stop {
    Help,
    Version,
    /// There are no FROM and TO.
    Usage,
    /// The kernel has no policies, or denies them.
    NoPolicies(Errno),
    /// A bad list, and what `-v` has said before it is looked at.
    Nodes(String, BadList),
    Failed(Failed),
}

impl From<Failed> for Stop {
    fn from(failed: Failed) -> Stop {
        Stop::Failed(failed)
    }
}

impl Order {
    /// Reads a command line, and the machine where that is needed.
    pub(crate) fn read(words: Vec<Word<Opt>>) -> Result<Order, Stop> {
        let (mut pages, mut pid, mut huge, mut verbose) = (PAGES, None, None, false);
        let mut operands = Vec::new();
        let usage = |text: String| Stop::Failed(Failed::usage(text));
        for word in words {
            match word {
                Word::Operand(word) => operands.push(word),
                Word::Option(Opt::Pages, Some(value)) => {
                    pages = numbers::whole(&value).map_err(|bad| usage(format!("-p {bad}")))?;
                }
                Word::Option(Opt::Pid, Some(value)) => {
                    let found = pids::parse(&value.to_string_lossy());
                    pid = Some(found.map_err(|bad| usage(format!("--pid {bad}")))?);
                }
                Word::Option(Opt::Huge, value) => huge = Some(Huge::read(value.as_deref())?),
                Word::Option(Opt::Verbose, _) => verbose = true,
                Word::Option(Opt::Help, _) => return Err(Stop::Help),
                Word::Option(Opt::Version, _) => return Err(Stop::Version),
                Word::Option(Opt::Json | Opt::Pages | Opt::Pid, _) => {}
            }
        }
        if huge.is_some() && pid.is_some() {
            return Err(usage("--huge: the pages of --pid are the process's".into()));
        }
        let mut operands = operands.into_iter();
        let (Some(from), Some(to)) = (operands.next(), operands.next()) else {
            return Err(Stop::Usage);
        };
        let machine = Machine::read(Root::SYSTEM)
            .map_err(|error| Failed::other(format!("cannot read the nodes: {error}")))?;
        let parse = |text: OsString| nodestring::parse(&text, &machine);
        let from = parse(from).map_err(|bad| Stop::Nodes(String::new(), bad))?;
        topology::ask_for_policies().map_err(|error| Stop::NoPolicies(error.errno()))?;
        let to = parse(to).map_err(|bad| {
            let said = verbose.then(|| listed("From", &from));
            Stop::Nodes(said.unwrap_or_default(), bad)
        })?;
        Ok(Order {
            pages,
            pid,
            huge,
            verbose,
            from,
            to,
        })
    }
}

/// `From: 0 1 `, a line of `-v`.
pub(crate) fn listed(title: &str, nodes: &NodeMask) -> String {
    let ids: String = nodes.iter().map(|node| format!("{node} ")).collect();
    format!("{title}: {ids}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DEFINITION;

    fn read(words: &[&str]) -> Result<Order, Stop> {
        let args: Vec<OsString> = words.iter().map(OsString::from).collect();
        Order::read(DEFINITION.read(args).unwrap())
    }

    fn refused(words: &[&str]) -> String {
        match read(words) {
            Err(Stop::Failed(failed)) => failed.message,
            other => panic!("{words:?}: {other:?}"),
        }
    }

    #[test]
    fn options_stand_anywhere() {
        if !topology::is_available() {
            return;
        }
        let order = read(&["0", "0"]).unwrap();
        assert_eq!((order.pages, order.verbose), (PAGES, false));
        let order = read(&["0", "-p0x10", "0", "-v", "ignored"]).unwrap();
        assert_eq!((order.pages, order.verbose), (16, true));
        let order = read(&["--pid=7", "0", "0"]).unwrap();
        assert_eq!(order.pid, Some(7));
        let said = |words: &[&str]| match read(words) {
            Err(Stop::Nodes(said, _)) => said,
            other => panic!("{words:?}: {other:?}"),
        };
        assert_eq!(said(&["0", "5000"]), "");
        assert_eq!(said(&["5000", "0"]), "");
        assert_eq!(said(&["-v", "5000", "0"]), "");
        assert_eq!(said(&["-v", "0", "5000"]), "From: 0 \n");
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(refused(&["-p", "x", "0", "0"]), "-p 'x': not a number");
        assert_eq!(
            refused(&["-p10k", "0", "0"]),
            "-p '10k': 'k' follows the number"
        );
        assert!(refused(&["--pid=x", "0", "0"]).starts_with("--pid 'x' is not a process id"));
        assert_eq!(
            refused(&["--pid=1", "--huge=thp", "0", "0"]),
            "--huge: the pages of --pid are the process's"
        );
        assert!(matches!(read(&["0"]), Err(Stop::Usage)));
        assert!(matches!(read(&["-h"]), Err(Stop::Help)));
        assert!(matches!(read(&["--version"]), Err(Stop::Version)));
    }
}
