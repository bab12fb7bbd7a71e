//! What was asked of a function, and why it was refused, for those who set NUMA_DEBUG=1.
//!
//! The files that tell causes are read only then, and not for functions that are async-signal-safe.

use core::ffi::c_int;

use super::callers::{all_cpus, all_nodes, nodes};
use super::load::page_size;
use super::variables::NODE_ROOM;
use crate::capi::debug::Line;
use crate::cause::{self, Cause, Machine};
use crate::error::{Error, Result};
use crate::mask::{Bits, BitsMut, words_for};
use crate::policy::{Flags, Mode};
use crate::root::Root;
use crate::strings::ListError;
use crate::sys::Errno;
use crate::topology;

/// What is done instead, in the words of numactl.
pub(super) const FIRST: &str = "instead: preferred, the first node alone";
pub(super) const UNPLACED: &str = "instead: memory without this policy";
pub(super) const LOCAL: &str = "no node has this number; instead: local";
pub(super) const NO_BALANCING: &str = "bound without NUMA balancing";

/// What was asked for.
#[derive(Clone, Copy)]
pub(super) enum Asked<'a> {
    /// A policy of the thread.
    Policy(Mode, Option<Bits<'a>>),
    /// A policy of the range that begins there.
    Range(usize, Mode, Option<Bits<'a>>),
    /// A policy with one node, of the range that begins there.
    On(usize, Mode, c_int),
    /// Whether there are memory policies.
    Policies,
    /// Something of a node. Its files are not looked at.
    Node(c_int),
    /// Something of a CPU.
    Cpu(c_int),
    /// Something of a process or thread. No file is looked at.
    Process(c_int),
    /// To move pages of a process.
    Pages(c_int),
    /// To run on the CPUs of nodes.
    Run(Bits<'a>),
    /// To run on the CPUs of a node.
    RunOn(c_int),
}

impl Asked<'_> {
    fn tell(&self, line: &mut Line) {
        let (kind, number) = match *self {
            Asked::Policy(mode, nodes) | Asked::Range(_, mode, nodes) => {
                line.say(mode.name().unwrap_or("a mode"));
                match nodes {
                    Some(nodes) if !nodes.is_empty() => {
                        line.say(" ");
                        tell_nodes(nodes, line);
                    }
                    Some(_) if mode != Mode::Local => line.say(" no nodes"),
                    _ => {}
                }
                return;
            }
            Asked::Run(nodes) => return tell_nodes(nodes, line),
            Asked::Policies => return line.say("memory policies"),
            Asked::On(_, mode, node) => {
                line.say(mode.name().unwrap_or("a mode"));
                (" node ", node)
            }
            Asked::Node(node) | Asked::RunOn(node) => ("node ", node),
            Asked::Cpu(cpu) => ("CPU ", cpu),
            Asked::Process(pid) | Asked::Pages(pid) => ("process ", pid),
        };
        line.say(kind);
        line.number(number.into());
    }
}

/// `nodes 0-3`
#[cold]
fn tell_nodes(nodes: Bits<'_>, line: &mut Line) {
    cause::tell_nodes(nodes, &mut |text| line.say(text));
}

/// What the machine has now.
#[cold]
#[inline(never)]
fn with_machine(then: &mut dyn FnMut(&Machine<'_>)) {
    let mut words = [0; words_for(NODE_ROOM)];
    let mut allowed = BitsMut::new(&mut words, NODE_ROOM);
    let none = BitsMut::new(&mut [], 0);
    let nodes = nodes();
    let read = topology::read_allowed(Root::SYSTEM, none, allowed.reborrow()).nodes;
    // Some kernels show nodes that do not exist.
    let within = if read { nodes } else { all_nodes() };
    for node in 0..NODE_ROOM {
        if !within.contains(node) {
            allowed.remove(node);
        } else if !read {
            allowed.insert(node);
        }
    }
    then(&Machine {
        root: Root::SYSTEM,
        nodes,
        allowed: allowed.as_bits(),
    });
}

#[cold]
#[inline(never)]
fn begin(function: &str, asked: &Asked<'_>) -> Option<Line> {
    let mut line = Line::begin(function)?;
    line.say(": ");
    asked.tell(&mut line);
    Some(line)
}

/// Tells of a failure, and what is done instead, if anything is.
#[cold]
#[inline(never)]
pub(super) fn failed(function: &str, asked: &Asked<'_>, error: &Error, instead: &str) {
    let Some(mut line) = begin(function, asked) else {
        return;
    };
    line.error(error);
    let Error::Kernel { call, errno } = *error else {
        return line.end();
    };
    match *asked {
        Asked::Range(start, ..) | Asked::On(start, ..)
            if errno == Errno::EINVAL && start & (page_size().size() - 1) != 0 =>
        {
            line.cause(Some(Cause::NotAligned));
        }
        Asked::On(_, _, node) if errno == Errno::EINVAL => with_machine(&mut |machine| {
            line.cause(cause::why_not_node(node.into(), machine));
        }),
        Asked::On(..) | Asked::Policies => line.cause(cause::of_errno(call, errno, Root::SYSTEM)),
        Asked::Policy(mode, nodes) | Asked::Range(_, mode, nodes) => with_machine(&mut |machine| {
            let asked = cause::Asked {
                mode,
                flags: Flags::NONE,
                nodes: nodes.unwrap_or(Bits::EMPTY),
            };
            line.cause(cause::of_policy(&asked, call, errno, machine));
        }),
        Asked::Run(_) | Asked::RunOn(_) => {
            line.cause(cause::of_cpus(call, errno, Root::SYSTEM, all_cpus()))
        }
        Asked::Pages(_) => line.cause(cause::of_process(call, errno, Root::SYSTEM)),
        Asked::Node(_) | Asked::Cpu(_) | Asked::Process(_) => {}
    }
    if !instead.is_empty() {
        line.say("; ");
        line.say(instead);
    }
    line.end();
}

/// Tells that something was done in part.
#[cold]
#[inline(never)]
pub(super) fn surprised(function: &str, asked: &Asked<'_>, what: &str) {
    if let Some(mut line) = begin(function, asked) {
        line.say(": ");
        line.say(what);
        if what == NO_BALANCING {
            line.cause(cause::why_not_balancing(Mode::Bind, Root::SYSTEM));
        }
        line.end();
    }
}

/// Tells that pages were not moved, so many of them, or why none was if that is negative: errno says.
/// Looks at no file.
#[cold]
#[inline(never)]
pub(super) fn stayed(function: &str, pid: c_int, pages: c_int) {
    let errno = Errno::last();
    if let Some(mut line) = begin(function, &Asked::Process(pid)) {
        line.say(": ");
        if pages < 0 {
            errno.tell(&mut |text| line.say(text));
            // Without a look at any file.
            line.cause(match errno {
                Errno::EPERM => Some(Cause::NoRights),
                _ => None,
            });
        } else {
            line.number(pages.into());
            line.say(" pages were not moved");
        }
        line.end();
    }
}

/// Tells that a node was left out.
#[cold]
#[inline(never)]
pub(super) fn left_out(function: &str, node: c_int) {
    if let Some(mut line) = begin(function, &Asked::Node(node)) {
        line.say(" is left out");
        with_machine(&mut |machine| line.cause(cause::why_not_node(node.into(), machine)));
        line.end();
    }
}

/// Tells what is wrong with a node or CPU string.
#[cold]
#[inline(never)]
pub(super) fn misread(function: &str, text: &[u8], error: &ListError<'_>, of_cpus: bool) {
    let Some(mut line) = Line::begin(function) else {
        return;
    };
    line.say(": '");
    line.say_bytes(text);
    line.say("'");
    match *error {
        ListError::OutOfRange { number: cpu, .. } if of_cpus => {
            let cpus = all_cpus();
            line.cause(Some(Cause::CpuNotAllowed { cpus }).filter(|_| cpu >= 0));
        }
        ListError::OutOfRange { number, .. } => {
            with_machine(&mut |machine| line.cause(cause::why_not_node(number, machine)));
        }
        ListError::MissingEnd { .. } => line.cause(Some(Cause::NoEnd)),
        ListError::Unparseable { .. } => line.cause(Some(Cause::NoList { of_cpus })),
        ListError::Device(ref device) => {
            line.say(": no node is known for the device");
            if let Some(errno) = device.errno() {
                line.say(": ");
                errno.tell(&mut |text| line.say(text));
            }
        }
    }
    line.end();
}

/// Extension of [`Result`] for the exported functions.
pub(super) trait ToldOf {
    /// Tells of a failure, with the function's name and what was asked of it.
    fn told_of(self, function: &str, asked: Asked<'_>) -> Self;
}

impl<T> ToldOf for Result<T> {
    #[inline]
    fn told_of(self, function: &str, asked: Asked<'_>) -> Self {
        if let Err(error) = &self {
            failed(function, &asked, error, "");
        }
        self
    }
}
