//! Node and CPU lists of the command line, and why they are refused.

// Errors carry names and must not need the heap.
#![allow(clippy::result_large_err)]

use cli::failures::cause_text;
use cli::nodes::why_nothing;
use numa::cause::Cause;
use numa::selection::{SelectError, Want, select};
use numa::strings::{self, ListError};
use numa::{CpuMask, NodeMask, Root};

use crate::given::Given;
use crate::machine::Machine;
use crate::refusal::Refusal;

/// A list that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum List<M> {
    /// What it names.
    Named(M),
    /// It names some that exist and cannot be used: what it names, and why not.
    Unusable(M, Refusal),
}

/// Reads a node list: nodes of `accepted`, which `all`, `!` and `+` count in.
pub(crate) fn nodes(
    given: &Given,
    accepted: &NodeMask,
    want: Want,
    machine: &Machine,
) -> Result<List<NodeMask>, Refusal> {
    let read = |accepted: &NodeMask| select(Root::SYSTEM, &given.text, accepted, want);
    let error = match read(accepted) {
        Ok(nodes) => return Ok(List::Named(nodes)),
        Err(SelectError::List(error)) => error,
        Err(error) => {
            // What the words stand for outside of the cpuset, or why they stand for nothing.
            return match read(&machine.nodes) {
                Ok(nodes) => {
                    let refusal = Refusal::of(given, machine.why_not_allowed());
                    Ok(List::Unusable(nodes, refusal))
                }
                Err(_) => Err(Refusal::of(given, why_nothing(&error, &machine.nodes))),
            };
        }
    };
    let refusal = Refusal::of_list(given, "node", &error, || {
        let ListError::OutOfRange { number, .. } = error else {
            return "not a list of nodes such as 0, 0-3, 0,2, !1, +0, all or netdev:eth0".into();
        };
        machine.why_not_node(number)
    });
    // Nodes that exist and that this process may not use.
    match read(&machine.nodes) {
        Ok(nodes) => Ok(List::Unusable(nodes, refusal)),
        Err(_) => Err(refusal),
    }
}

/// Reads a CPU list, likewise.
pub(crate) fn cpus(
    given: &Given,
    accepted: &CpuMask,
    machine: &Machine,
) -> Result<List<CpuMask>, Refusal> {
    let read = |accepted: &CpuMask| strings::parse_with(&given.text, accepted, &mut |_| None);
    let error = match read(accepted) {
        Ok(cpus) => return Ok(List::Named(cpus)),
        Err(error) => error,
    };
    let all = machine.possible_cpus();
    let refusal = Refusal::of_list(given, "cpu", &error, || {
        let ListError::OutOfRange { number, .. } = error else {
            return "not a list of CPUs such as 0, 0-3, 0,2, !1, +0 or all".into();
        };
        let exists = u32::try_from(number).is_ok_and(|n| all.contains(numa::Cpu(n)));
        if exists {
            cause_text(&Cause::CpuNotAllowed {
                cpus: accepted.as_bits(),
            })
        } else {
            cause_text(&Cause::NoSuchCpu {
                cpu: number,
                cpus: all.as_bits(),
            })
        }
    });
    match read(&all) {
        Ok(cpus) => Ok(List::Unusable(cpus, refusal)),
        Err(_) => Err(refusal),
    }
}
