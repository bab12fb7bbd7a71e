//! What a command line asks for: steps in its order, read before the first of them is done.
//!
//! What is wrong with it is collected: `--explain` shows all of it, and otherwise the first is an error.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::sync::OnceLock;

use cli::numbers;
use cli::options::{Misread, Word};
use numa::mask::{Id, Mask};
use numa::policy::{Flags, Mode};
use numa::selection::Want;
use numa::{CpuMask, NodeMask};

use crate::given::Given;
use crate::lists::{self, List};
use crate::machine::Machine;
use crate::options::{DEFINITION, Opt};
use crate::refusal::Refusal;
use crate::views::{View, matrix};

/// A memory policy.
#[derive(Debug, Clone)]
pub(crate) struct Placement {
    pub(crate) given: Given,
    pub(crate) mode: Mode,
    pub(crate) flags: Flags,
    pub(crate) nodes: NodeMask,
}

/// CPUs to run on.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub(crate) given: Given,
    /// The nodes, if nodes were named.
    pub(crate) nodes: Option<NodeMask>,
    pub(crate) cpus: CpuMask,
}

/// Shared memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) given: Given,
    /// Whether it is a System V segment.
    pub(crate) segment: bool,
    pub(crate) path: OsString,
    pub(crate) number: i32,
    pub(crate) mode: u32,
    /// 0: as long as the segment is.
    pub(crate) length: u64,
    pub(crate) offset: u64,
    pub(crate) huge: bool,
}

/// Something to do. There are few of them, so that their size is of no matter.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)]
pub(crate) enum Step {
    /// Set this process's policy.
    Policy(Placement),
    /// Set its CPUs.
    Run(Running),
    /// Open shared memory.
    Open(Memory),
    /// Set the shared memory's policy; fail if pages are elsewhere.
    Place(Placement, bool),
    /// Allocate its pages.
    Touch,
    /// Check where they are.
    Verify(Placement),
    /// Show its policies.
    Dump,
    /// Show its nodes.
    DumpNodes,
    /// Show the process's policy.
    Show,
}

/// How that is to be done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct How {
    pub(crate) json: bool,
    pub(crate) explain: bool,
    pub(crate) best_effort: bool,
    pub(crate) help: bool,
    pub(crate) version: bool,
    /// CPUs as ranges.
    pub(crate) ranges: bool,
    /// A matrix of what is measured.
    pub(crate) measure: bool,
}

/// A command line, as it was understood.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) how: How,
    pub(crate) steps: Vec<Step>,
    /// Show the nodes.
    pub(crate) hardware: bool,
    /// Show or set what memory is.
    pub(crate) views: Vec<View>,
    /// What to run.
    pub(crate) command: Vec<OsString>,
    /// `--strict` was given without shared memory.
    pub(crate) useless_strict: bool,
    /// Why it does not work, in the order of the command line.
    pub(crate) refusals: Vec<Refusal>,
    /// What is left out, with `--best-effort`.
    pub(crate) notices: Vec<Refusal>,
    /// Whether nothing was asked for.
    pub(crate) is_empty: bool,
    machine: OnceLock<numa::Result<Machine>>,
}

/// What has been read of a command line so far.
struct Reader {
    plan: Plan,
    flags: Flags,
    /// The option of the policy that was read.
    policy: Option<Given>,
    placement: Option<Placement>,
    /// The last node list.
    same: Option<Vec<u8>>,
    all: bool,
    any_list: bool,
    memory: Memory,
    /// The option of the shared memory that was read.
    is_open: bool,
    /// Options that only shared memory has.
    of_memory: Vec<&'static str>,
    strict: bool,
    any: bool,
}

impl Plan {
    /// Reads a command line. `always` is whether the environment asks for `--best-effort`.
    pub(crate) fn read(words: Vec<Result<Word<Opt>, Misread>>, always: bool) -> Plan {
        let mut reader = Reader::new(&words, always);
        for word in words {
            let read = match word {
                Err(misread) => {
                    let text = misread.to_string();
                    Err(Refusal::saying(text, "", ""))
                }
                Ok(Word::Operand(word)) => {
                    reader.plan.command.push(word);
                    Ok(())
                }
                // What comes behind --show is not looked at.
                Ok(Word::Option(..)) if reader.is_shown() => Ok(()),
                Ok(Word::Option(id, value)) => reader.option(id, value.as_deref()),
            };
            if let Err(refusal) = read {
                reader.plan.refusals.push(refusal);
            }
        }
        reader.finish()
    }

    /// The machine, which is read when it is asked for.
    pub(crate) fn machine(&self) -> Result<&Machine, Refusal> {
        self.machine
            .get_or_init(Machine::read)
            .as_ref()
            .map_err(|error| Refusal::saying(error.to_string(), "", ""))
    }

    /// Whether the process that runs the command is about to be changed, or shared memory is.
    pub(crate) fn shows_only(&self) -> bool {
        self.hardware || !self.views.is_empty() || matches!(self.steps.last(), Some(Step::Show))
    }
}

impl Reader {
    fn new(words: &[Result<Word<Opt>, Misread>], always: bool) -> Reader {
        let mut how = How {
            best_effort: always,
            ..How::default()
        };
        let mut flags = Flags::NONE;
        let mut any = false;
        for word in words.iter().flatten() {
            let Word::Option(id, _) = word else { continue };
            match id {
                Opt::Json => how.json = true,
                Opt::Explain => how.explain = true,
                Opt::BestEffort => how.best_effort = true,
                Opt::Help => how.help = true,
                Opt::CpuCompress => how.ranges = true,
                Opt::Measure => (how.measure, any) = (true, true),
                Opt::Version => how.version = true,
                Opt::Static => flags.static_nodes = true,
                Opt::Relative => flags.relative_nodes = true,
                Opt::Balancing => flags.balancing = true,
                _ => any = true,
            }
        }
        let given = Given {
            option: String::new(),
            text: Vec::new(),
        };
        Reader {
            plan: Plan {
                how,
                ..Plan::default()
            },
            flags,
            policy: None,
            placement: None,
            same: None,
            all: false,
            any_list: false,
            memory: Memory {
                given,
                segment: false,
                path: OsString::new(),
                number: 0,
                mode: 0o600,
                length: 0,
                offset: 0,
                huge: false,
            },
            is_open: false,
            of_memory: Vec::new(),
            strict: false,
            any,
        }
    }

    fn is_shown(&self) -> bool {
        matches!(self.plan.steps.last(), Some(Step::Show))
    }

    fn option(&mut self, id: Opt, value: Option<&OsStr>) -> Result<(), Refusal> {
        let given = Given {
            option: name(id),
            text: value.unwrap_or_default().as_bytes().to_vec(),
        };
        match id {
            Opt::Membind => self.policy(given, Mode::Bind),
            Opt::Interleave => self.policy(given, Mode::Interleave),
            Opt::WeightedInterleave => self.policy(given, Mode::WeightedInterleave),
            Opt::Preferred => self.policy(given, Mode::Preferred),
            Opt::PreferredMany => self.policy(given, Mode::PreferredMany),
            Opt::Localalloc => self.policy(given, Mode::Local),
            Opt::CpuNodeBind => self.cpu_nodes(given),
            Opt::PhysCpuBind => self.cpus(given),
            Opt::All => self.all(),
            Opt::Show => {
                self.plan.steps.push(Step::Show);
                Ok(())
            }
            Opt::Hardware => {
                self.plan.hardware = true;
                Ok(())
            }
            Opt::Measure => {
                // Of all, unless --matrix says of what.
                let is_matrix = |view: &View| matches!(view, View::Matrix(_));
                if !self.plan.views.iter().any(is_matrix) {
                    self.plan.views.push(View::Matrix(matrix::Figures::Both));
                }
                Ok(())
            }
            Opt::Matrix => {
                let view = View::of(id, &given, value.is_some())?;
                // It stands where --measure before it wanted one.
                self.plan
                    .views
                    .retain(|view| !matches!(view, View::Matrix(_)));
                self.plan.views.push(view);
                Ok(())
            }
            Opt::Tiers | Opt::Weights | Opt::Suggest => {
                let view = View::of(id, &given, value.is_some())?;
                self.plan.views.push(view);
                Ok(())
            }
            Opt::Length => {
                self.before_memory("--length")?;
                self.memory.length = size(&given)?;
                Ok(())
            }
            Opt::Offset => {
                self.before_memory("--offset")?;
                self.memory.offset = size(&given)?;
                Ok(())
            }
            Opt::ShmMode => {
                self.before_memory("--shmmode")?;
                self.memory.mode = permissions(&given)?;
                Ok(())
            }
            Opt::Huge => {
                self.before_memory("--huge")?;
                self.memory.huge = true;
                Ok(())
            }
            Opt::ShmId => {
                self.memory.number = number(&given)?;
                Ok(())
            }
            Opt::Shm => self.open(given, true),
            Opt::File => self.open(given, false),
            Opt::Strict => {
                self.strict = true;
                Ok(())
            }
            Opt::Touch => self.with_memory(
                Step::Touch,
                "--touch must be after shared memory specification",
            ),
            Opt::Verify => self.verify(),
            Opt::Dump => self.with_memory(Step::Dump, "Cannot do --dump without shared memory."),
            Opt::DumpNodes => self.with_memory(
                Step::DumpNodes,
                "Cannot do --dump-nodes without shared memory.",
            ),
            // Read before.
            Opt::Balancing
            | Opt::CpuCompress
            | Opt::Static
            | Opt::Relative
            | Opt::Explain
            | Opt::BestEffort
            | Opt::Json
            | Opt::Version
            | Opt::Help => Ok(()),
        }
    }

    /// `same` stands for the last node list.
    fn same(&mut self, mut given: Given) -> Result<Given, Refusal> {
        if given.text == b"same" {
            let message = "same needs previous node specification";
            let before = self.same.clone();
            given.text = before.ok_or_else(|| Refusal::saying(message, given.name(), ""))?;
        }
        self.same = Some(given.text.clone());
        self.any_list = true;
        Ok(given)
    }

    fn policy(&mut self, given: Given, mode: Mode) -> Result<(), Refusal> {
        if let Some(before) = &self.policy {
            let detail = format!("{} after {}", given.name(), before.name());
            return Err(Refusal::saying(
                "Conflicting policies",
                given.name(),
                detail,
            ));
        }
        self.policy = Some(given.clone());
        let needs_nodes = mode != Mode::Local;
        let given = if needs_nodes {
            self.same(given)?
        } else {
            given
        };
        let machine = self.plan.machine()?;
        let mut nodes = NodeMask::new(machine.node_bits)
            .map_err(|error| Refusal::of(&given, error.to_string()))?;
        let (mut mode, mut notice) = (mode, None);
        if needs_nodes {
            let accepted = if self.flags.relative_nodes {
                // They count within the cpuset, whatever the ids are there.
                &first_nodes(machine).map_err(|error| Refusal::of(&given, error.to_string()))?
            } else if self.all {
                &machine.nodes
            } else {
                &machine.allowed
            };
            (nodes, notice) = self.usable_nodes(&given, accepted, Want::Memory, machine)?;
            if nodes.is_empty() && notice.is_none() {
                match mode {
                    // No nodes to interleave over: the system's own policy.
                    Mode::Interleave | Mode::WeightedInterleave if !self.is_open => {
                        mode = Mode::Default;
                    }
                    _ => return Err(Refusal::of(&given, "no node is left: the list is empty")),
                }
            }
            if mode == Mode::Preferred && nodes.len() > 1 {
                // Of shared memory as well, where the reference takes the first.
                let reason = format!(
                    "names {} nodes; --preferred takes one, --preferred-many several",
                    nodes.len()
                );
                return Err(Refusal::of(&given, reason));
            }
        }
        let flags = if needs_nodes { self.flags } else { Flags::NONE };
        let placement = Placement {
            given,
            mode,
            flags,
            nodes,
        };
        self.plan.notices.extend(notice);
        self.placement = Some(placement.clone());
        self.plan.steps.push(if self.is_open {
            Step::Place(placement, self.strict)
        } else {
            Step::Policy(placement)
        });
        Ok(())
    }

    /// The nodes of a list that can be used. With `--best-effort` those that cannot be are left out, which
    /// the notice says.
    fn usable_nodes(
        &self,
        given: &Given,
        accepted: &NodeMask,
        want: Want,
        machine: &Machine,
    ) -> Result<(NodeMask, Option<Refusal>), Refusal> {
        self.usable(lists::nodes(given, accepted, want, machine)?, accepted)
    }

    /// The same of a list that has been read.
    fn usable<I: Id, const W: usize>(
        &self,
        list: List<Mask<I, W>>,
        accepted: &Mask<I, W>,
    ) -> Result<(Mask<I, W>, Option<Refusal>), Refusal> {
        match list {
            List::Named(ids) => Ok((ids, None)),
            List::Unusable(mut ids, refusal) if self.plan.how.best_effort => {
                let mut dropped = ids.clone();
                dropped.subtract(accepted);
                ids.intersect(accepted);
                Ok((ids, Some(refusal.without(I::KIND, &dropped))))
            }
            List::Unusable(_, refusal) => Err(refusal),
        }
    }

    fn cpu_nodes(&mut self, given: Given) -> Result<(), Refusal> {
        self.no_memory("-c/--cpubind/--cpunodebind", &given)?;
        let given = self.same(given)?;
        let machine = self.plan.machine()?;
        let failed = |error: numa::Error| Refusal::of(&given, error.to_string());
        let accepted = if self.all {
            machine.nodes.clone()
        } else {
            machine.run_nodes().map_err(failed)?
        };
        let (nodes, notice) = self.usable_nodes(&given, &accepted, Want::Cpus, machine)?;
        let cpus = machine.cpus_of_all(&nodes).map_err(failed)?;
        if cpus.is_empty() && notice.is_none() {
            let reason = if nodes.is_empty() {
                "no node is left: the list is empty".to_owned()
            } else {
                machine.why_no_cpus(&nodes)
            };
            return Err(Refusal::of(&given, reason));
        }
        let nodes = Some(nodes);
        self.plan.notices.extend(notice);
        self.plan
            .steps
            .push(Step::Run(Running { given, nodes, cpus }));
        Ok(())
    }

    fn cpus(&mut self, given: Given) -> Result<(), Refusal> {
        self.no_memory("-C/--physcpubind", &given)?;
        self.any_list = true;
        let machine = self.plan.machine()?;
        let accepted = if self.all {
            machine.possible_cpus()
        } else {
            machine.cpus.clone()
        };
        let list = lists::cpus(&given, &accepted, machine)?;
        let (cpus, notice) = self.usable(list, &accepted)?;
        if cpus.is_empty() && notice.is_none() {
            return Err(Refusal::of(&given, "no CPU is left: the list is empty"));
        }
        self.plan.notices.extend(notice);
        self.plan.steps.push(Step::Run(Running {
            given,
            nodes: None,
            cpus,
        }));
        Ok(())
    }

    fn all(&mut self) -> Result<(), Refusal> {
        if self.any_list {
            let message = "--all/-a option must be before all cpu/node specifications";
            return Err(Refusal::saying(message, "--all", ""));
        }
        self.all = true;
        Ok(())
    }

    /// An option that says of which kind the shared memory is.
    fn before_memory(&mut self, option: &'static str) -> Result<(), Refusal> {
        if self.is_open {
            let message = format!("{option} must be before shared memory specification");
            return Err(Refusal::saying(message, option, ""));
        }
        self.of_memory.push(option);
        Ok(())
    }

    /// An option that only a process has.
    fn no_memory(&self, names: &str, given: &Given) -> Result<(), Refusal> {
        if let Some(option) = self.of_memory.first() {
            let message = format!("{option} shm option is not allowed before {names}");
            return Err(Refusal::saying(message, given.name(), ""));
        }
        if self.is_open {
            let message = "cannot do --cpubind on shared memory";
            return Err(Refusal::saying(message, given.name(), ""));
        }
        Ok(())
    }

    fn open(&mut self, given: Given, segment: bool) -> Result<(), Refusal> {
        if self.is_open {
            let message = "only one --shm or --file can be given";
            return Err(Refusal::saying(message, given.name(), ""));
        }
        let process_only = self.plan.steps.iter().find_map(|step| match step {
            Step::Run(running) => Some(running.given.name()),
            _ => None,
        });
        if let Some(option) = process_only {
            let message = "cannot do --cpubind on shared memory";
            return Err(Refusal::saying(message, given.name(), option));
        }
        if let Some(policy) = &self.policy {
            let message = "specify policy after --shm/--file";
            return Err(Refusal::saying(message, given.name(), policy.name()));
        }
        self.is_open = true;
        self.memory.segment = segment;
        self.memory.path = OsStr::from_bytes(&given.text).to_owned();
        self.memory.given = given;
        self.plan.steps.push(Step::Open(self.memory.clone()));
        Ok(())
    }

    fn with_memory(&mut self, step: Step, message: &str) -> Result<(), Refusal> {
        if !self.is_open {
            return Err(Refusal::saying(message, "", ""));
        }
        self.plan.steps.push(step);
        Ok(())
    }

    fn verify(&mut self) -> Result<(), Refusal> {
        if !self.is_open {
            let message = "--verify must be after shared memory specification";
            return Err(Refusal::saying(message, "--verify", ""));
        }
        let policy = self
            .placement
            .clone()
            .ok_or_else(|| Refusal::saying("Need a policy first to verify", "--verify", ""))?;
        self.plan.steps.push(Step::Verify(policy));
        Ok(())
    }

    /// What can be said only of the whole.
    fn finish(mut self) -> Plan {
        let refuse = |message: String, option: &str| Refusal::saying(message, option, "");
        let mut refusals = Vec::new();
        let does_nothing = self.plan.command.is_empty() && !self.is_open && !self.plan.shows_only();
        if !self.is_open && !self.plan.shows_only() {
            if let Some(option) = self.of_memory.first() {
                refusals.push(refuse(
                    format!("shm related option {option} for process"),
                    option,
                ));
            }
        }
        if self.is_open && !self.plan.command.is_empty() && !self.plan.shows_only() {
            let command = self.plan.command[0].to_string_lossy().into_owned();
            let message = format!(
                "a command ('{}') cannot be run with --shm or --file",
                cli::text::safe(&command)
            );
            refusals.push(refuse(message, ""));
        }
        if self.flags.balancing {
            let mode = self.placement.as_ref().map(|placement| placement.mode);
            let reason = match mode {
                Some(Mode::Bind | Mode::PreferredMany) | None => None,
                Some(_) => Some("balancing within nodes is for --membind and --preferred-many"),
            };
            self.plan
                .notices
                .extend(reason.filter(|_| self.plan.how.explain).map(|reason| {
                    Refusal::saying("--balancing does nothing here", "--balancing", reason)
                }));
        }
        if self.flags.static_nodes && self.flags.relative_nodes {
            refusals.push(refuse(
                "--static and --relative exclude each other".into(),
                "--static",
            ));
        }
        self.plan.useless_strict = self.strict && !self.is_open;
        self.plan.is_empty = does_nothing && !self.any;
        if does_nothing
            && self.any
            && !self.plan.how.explain
            && self.plan.refusals.is_empty()
            && refusals.is_empty()
        {
            refusals.push(refuse(
                "no command is given, and nothing to show".into(),
                "",
            ));
        }
        self.plan.refusals.extend(refusals);
        self.plan
    }
}

/// As many nodes as the cpuset allows, counted from 0.
fn first_nodes(machine: &Machine) -> numa::Result<NodeMask> {
    let mut nodes = NodeMask::new(machine.node_bits)?;
    for n in 0..machine.allowed.len() {
        nodes.insert(numa::Node(n as u32))?;
    }
    Ok(nodes)
}

/// An option's long name.
fn name(id: Opt) -> String {
    let spec = DEFINITION.options.iter().find(|spec| spec.id == id);
    format!("--{}", spec.map_or("", |spec| spec.long))
}

fn size(given: &Given) -> Result<u64, Refusal> {
    let size = numbers::size(OsStr::from_bytes(&given.text));
    let size = size.map_err(|bad| Refusal::of(given, bad.reason()))?;
    // What no file can have.
    if i64::try_from(size).is_err() {
        return Err(Refusal::of(given, "the number is too large"));
    }
    Ok(size)
}

fn permissions(given: &Given) -> Result<u32, Refusal> {
    let text = String::from_utf8_lossy(&given.text);
    u32::from_str_radix(&text, 8)
        .ok()
        .filter(|&mode| mode <= 0o777 && !text.starts_with('+'))
        .ok_or_else(|| Refusal::of(given, "not an octal mode such as 0600"))
}

fn number(given: &Given) -> Result<i32, Refusal> {
    let number = numbers::whole(OsStr::from_bytes(&given.text));
    let number = number.map_err(|bad| Refusal::of(given, bad.reason()))?;
    i32::try_from(number).map_err(|_| Refusal::of(given, "the number is too large"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(words: &[&str]) -> Plan {
        let args: Vec<OsString> = words.iter().map(OsString::from).collect();
        Plan::read(DEFINITION.words(args), false)
    }

    /// The first reason why it does not work.
    fn refused(words: &[&str]) -> String {
        plan(words)
            .refusals
            .first()
            .map_or(String::new(), Refusal::line)
    }

    #[test]
    fn a_command_alone_reads_nothing() {
        let plan = plan(&["true", "-m", "7"]);
        assert!(plan.refusals.is_empty() && plan.steps.is_empty());
        assert_eq!(plan.command, ["true", "-m", "7"]);
        assert!(plan.machine.get().is_none());
    }

    #[test]
    fn steps_are_in_the_order_of_the_command_line() {
        let plan = plan(&["-C", "0", "-m", "0", "-s", "-m", "99"]);
        assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
        assert!(matches!(
            plan.steps[..],
            [Step::Run(_), Step::Policy(_), Step::Show]
        ));
    }

    #[test]
    fn contradictions_are_refused() {
        for (words, reason) in [
            (
                &["-m", "0", "-i", "0", "true"][..],
                "Conflicting policies: --interleave=0 after --membind=0",
            ),
            (
                &["-l", "-l", "true"],
                "Conflicting policies: --localalloc after --localalloc",
            ),
            (
                &["-m", "0", "-a", "true"],
                "--all/-a option must be before all cpu/node specifications",
            ),
            (
                &["-m", "same", "true"],
                "same needs previous node specification",
            ),
            (
                &["-L", "4k", "true"],
                "shm related option --length for process",
            ),
            (
                &["-T", "true"],
                "--touch must be after shared memory specification",
            ),
            (&["-d"], "Cannot do --dump without shared memory."),
            (
                &["-m", "0", "-f", "x"],
                "specify policy after --shm/--file: --membind=0",
            ),
            (
                &["-L", "10x", "-f", "x"],
                "--length=10x: 'x' follows the number; units are k, m and g",
            ),
            (&["-f", "x", "-V"], "Need a policy first to verify"),
            (
                &["-f", "x", "-N", "0"],
                "cannot do --cpubind on shared memory",
            ),
            (&["-m", "", "true"], "--membind='': "),
            (
                &["-m", "9999", "true"],
                "--membind=9999: there is no node 9999, only ",
            ),
            (&["-m", "0x", "true"], "--membind=0x: "),
            (
                &["-C", "99999", "true"],
                "--physcpubind=99999: there is no CPU 99999, only ",
            ),
            (&["--nonsense"], "unrecognized option '--nonsense'"),
            (&["-m", "0"], "no command is given"),
            (
                &["--static", "--relative", "-m", "0", "true"],
                "--static and --relative",
            ),
            (
                &["-M", "999", "-f", "x"],
                "--shmmode=999: not an octal mode such as 0600",
            ),
        ] {
            assert!(
                refused(words).starts_with(reason),
                "{words:?}: {}",
                refused(words)
            );
        }
    }

    #[test]
    fn every_reason_is_collected() {
        let plan = plan(&["-m", "9999", "-C", "x", "true"]);
        assert_eq!(plan.refusals.len(), 2);
        assert_eq!(plan.refusals[0].out(), Some("<9999> is invalid\n"));
        assert_eq!(
            plan.refusals[1].warning().as_deref(),
            Some("libnuma: Warning: unparseable cpu description `x'\n")
        );
    }
}
