//! What the command line asks for.

use std::ffi::OsString;
use std::time::Duration;

use cli::failures::Failed;
use cli::memory::Huge;
use cli::nodes::Machine;
use cli::nodestring::{self, BadList};
use cli::numbers;
use cli::options::Word;
use cli::text::safe;
use numa::policy::{self, Mode};
use numa::{Errno, NodeMask, Root, topology};

use crate::options::Opt;

/// Memory, and what is done with it.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) size: usize,
    /// SIZE as it was written, safe to show.
    pub(crate) size_text: String,
    pub(crate) policy: Named,
    pub(crate) nodes: NodeMask,
    pub(crate) repeat: u64,
    pub(crate) file: Option<OsString>,
    pub(crate) huge: Option<Huge>,
    pub(crate) no_huge: bool,
    pub(crate) hold: Option<Hold>,
}

/// How long the memory is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    UntilSignal,
    For(Duration),
}

/// A policy by its name on the command line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named {
    pub(crate) name: &'static str,
    pub(crate) mode: Mode,
    takes_nodes: bool,
}

const fn named(name: &'static str, mode: Mode, takes_nodes: bool) -> Named {
    Named {
        name,
        mode,
        takes_nodes,
    }
}

const POLICIES: [Named; 8] = [
    named("default", Mode::Default, false),
    named("local", Mode::Local, false),
    named("membind", Mode::Bind, true),
    named("preferred", Mode::Preferred, true),
    named("preferred-many", Mode::PreferredMany, true),
    named("interleave", Mode::Interleave, true),
    named("weighted-interleave", Mode::WeightedInterleave, true),
    named("weighted interleave", Mode::WeightedInterleave, true),
];

/// Why nothing is done.
#[derive(Debug)]
pub(crate) enum Stop {
    Help,
    Version,
    /// There is no SIZE.
    Usage,
    /// The kernel has no policies, and one is asked for.
    NoPolicies,
    Nodes(BadList),
    Failed(Failed),
}

impl From<Failed> for Stop {
    fn from(failed: Failed) -> Stop {
        Stop::Failed(failed)
    }
}

fn usage(text: String) -> Stop {
    Stop::Failed(Failed::usage(text))
}

impl Order {
    /// Reads a command line, and the machine where that is needed.
    pub(crate) fn read(words: Vec<Word<Opt>>) -> Result<Order, Stop> {
        let (mut repeat, mut file, mut huge, mut no_huge, mut hold) = (1, None, None, false, None);
        let mut operands = Vec::new();
        for word in words {
            match word {
                Word::Operand(word) => operands.push(word),
                Word::Option(Opt::Repeat, Some(value)) => {
                    repeat = numbers::decimal(&value).map_err(|bad| usage(format!("-r {bad}")))?;
                }
                Word::Option(Opt::File, value) => file = value,
                Word::Option(Opt::NoHuge, _) => no_huge = true,
                Word::Option(Opt::Huge, value) => huge = Some(Huge::read(value.as_deref())?),
                Word::Option(Opt::Hold, value) => hold = Some(Hold::read(value)?),
                Word::Option(Opt::Help, _) => return Err(Stop::Help),
                Word::Option(Opt::Version, _) => return Err(Stop::Version),
                Word::Option(Opt::Json | Opt::Repeat, _) => {}
            }
        }
        if huge.is_some() && no_huge {
            return Err(usage("--huge and -H exclude each other".into()));
        }
        if huge.is_some() && file.is_some() {
            return Err(usage("--huge: the pages of -f are the file's".into()));
        }
        let mut operands = operands.into_iter();
        let size_text = operands.next().ok_or(Stop::Usage)?;
        let size = read_size(&size_text)?;
        let (policy, nodes) = read_policy(operands.next(), operands.next())?;
        Ok(Order {
            size,
            size_text: safe(&size_text.to_string_lossy()),
            policy,
            nodes,
            repeat,
            file,
            huge,
            no_huge,
            hold,
        })
    }
}

impl Hold {
    fn read(value: Option<OsString>) -> Result<Hold, Stop> {
        let Some(value) = value else {
            return Ok(Hold::UntilSignal);
        };
        let text = value.to_string_lossy();
        let seconds = text.parse::<f64>().ok();
        let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        time.map(Hold::For)
            .ok_or_else(|| usage(format!("--hold '{}': not a number of seconds", safe(&text))))
    }
}

fn read_size(text: &OsString) -> Result<usize, Stop> {
    let bytes = numbers::size(text).map_err(|bad| usage(format!("size {bad}")))?;
    match usize::try_from(bytes) {
        Ok(0) => {
            let text = safe(&text.to_string_lossy());
            Err(usage(format!("size '{text}': there is nothing to write")))
        }
        Ok(size) => Ok(size),
        Err(_) => Err(usage(format!("size {bytes}: the number is too large"))),
    }
}

fn read_policy(name: Option<OsString>, nodes: Option<OsString>) -> Result<(Named, NodeMask), Stop> {
    let machine = Machine::read(Root::SYSTEM)
        .map_err(|error| Failed::other(format!("cannot read the nodes: {error}")))?;
    let none = || {
        NodeMask::new(machine.size).map_err(|error| Stop::Failed(Failed::other(error.to_string())))
    };
    let Some(name) = name else {
        return Ok((POLICIES[0], none()?));
    };
    let found = POLICIES.iter().find(|policy| name == policy.name);
    let policy = *found.ok_or_else(|| {
        let name = safe(&name.to_string_lossy());
        let names: Vec<&str> = POLICIES[..7].iter().map(|policy| policy.name).collect();
        let names = names.join(", ");
        usage(format!("there is no policy '{name}', only {names}"))
    })?;
    if let Err(error) = topology::ask_for_policies() {
        if error.errno() == Errno::ENOSYS {
            return Err(Stop::NoPolicies);
        }
    }
    if !policy.takes_nodes {
        return Ok((policy, none()?));
    }
    let name = policy.name;
    let text = nodes.ok_or_else(|| usage(format!("{name} needs nodes, such as 0 or 0-3")))?;
    let nodes = nodestring::parse(&text, &machine).map_err(Stop::Nodes)?;
    // Preferring no node is preferring the nearest one.
    if nodes.is_empty() && policy.mode != Mode::Preferred {
        let text = safe(&text.to_string_lossy());
        return Err(usage(format!("{name} '{text}': the node list is empty")));
    }
    // Where policies are denied altogether, the call itself says so.
    if policy.mode == Mode::WeightedInterleave
        && policy::supports_mode(Mode::Default)
        && !policy::supports_mode(policy.mode)
    {
        let text = format!("{name}: the kernel does not weight nodes (Linux 6.9 does)");
        return Err(Stop::Failed(Failed::other(text)));
    }
    Ok((policy, nodes))
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
    fn a_size_alone_is_written_once_under_no_policy() {
        let order = read(&["1m"]).unwrap();
        assert_eq!((order.size, order.repeat), (1 << 20, 1));
        assert_eq!((order.policy.mode, order.nodes.len()), (Mode::Default, 0));
        assert!(order.huge.is_none() && order.hold.is_none() && !order.no_huge);
    }

    #[test]
    fn options_stand_anywhere() {
        let order = read(&["-r3", "1m", "-H", "--hold=0.5"]).unwrap();
        assert_eq!((order.repeat, order.no_huge), (3, true));
        assert_eq!(order.hold, Some(Hold::For(Duration::from_millis(500))));
        let order = read(&["1m", "--hold", "-f", "x"]).unwrap();
        assert_eq!(order.hold, Some(Hold::UntilSignal));
        assert_eq!(order.file, Some("x".into()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(refused(&["0"]), "size '0': there is nothing to write");
        assert_eq!(refused(&["abc"]), "size 'abc': not a number");
        assert_eq!(refused(&["-rx", "1m"]), "-r 'x': not a number");
        assert_eq!(refused(&["-r2x", "1m"]), "-r '2x': 'x' follows the number");
        assert!(refused(&["1m", "bogus"]).starts_with("there is no policy 'bogus', only default,"));
        assert_eq!(
            refused(&["1m", "--hold=-1"]),
            "--hold '-1': not a number of seconds"
        );
        assert_eq!(
            refused(&["1m", "--huge=thp", "-H"]),
            "--huge and -H exclude each other"
        );
        assert_eq!(
            refused(&["1m", "--huge=thp", "-fx"]),
            "--huge: the pages of -f are the file's"
        );
        assert!(matches!(read(&[]), Err(Stop::Usage)));
        assert!(matches!(read(&["--help", "x"]), Err(Stop::Help)));
        assert!(matches!(read(&["--version"]), Err(Stop::Version)));
    }

    #[test]
    fn policies_take_nodes() {
        if !topology::is_available() {
            return;
        }
        assert_eq!(
            refused(&["1m", "interleave"]),
            "interleave needs nodes, such as 0 or 0-3"
        );
        assert_eq!(
            refused(&["1m", "membind", ""]),
            "membind '': the node list is empty"
        );
        assert!(matches!(
            read(&["1m", "membind", "5000"]),
            Err(Stop::Nodes(_))
        ));
        let order = read(&["1m", "preferred", ""]).unwrap();
        assert_eq!((order.policy.mode, order.nodes.len()), (Mode::Preferred, 0));
        let order = read(&["1m", "local", "5000"]).unwrap();
        assert_eq!((order.policy.mode, order.nodes.len()), (Mode::Local, 0));
    }
}
