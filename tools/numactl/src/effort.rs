//! `--best-effort`: the nearest thing that is permitted, where something is refused.

use numa::policy::{self, Flags, Mode};
use numa::{Errno, Error, NodeMask, affinity};

use crate::machine::Machine;
use crate::plan::{Placement, Running};
use crate::reasons;
use crate::refusal::Refusal;

/// Sets the calling thread's policy.
pub(crate) fn set(placement: &Placement) -> numa::Result<()> {
    let nodes = match placement.mode {
        Mode::Default | Mode::Local => None,
        _ => Some(placement.nodes.as_bits()),
    };
    let set = |flags| policy::set_thread_policy_with(placement.mode, flags, nodes);
    let plain = Flags {
        balancing: false,
        ..placement.flags
    };
    match set(placement.flags) {
        // Where balancing has no meaning it is left out, and with bind on kernels before 5.12, as libnuma
        // does; --explain says so.
        Err(error)
            if placement.flags.balancing
                && placement.mode != Mode::PreferredMany
                && error.errno() == Errno::EINVAL =>
        {
            set(plain).map_err(|_| error)
        }
        result => result,
    }
}

/// The error that a filter that kills would have given.
pub(crate) const KILLED: Error = Error::Kernel {
    call: "set_mempolicy",
    errno: Errno::EPERM,
};

/// Policies that come near to one, nearest first.
fn nearest(wanted: &Placement, machine: &Machine) -> Vec<Placement> {
    let mut found = Vec::new();
    let mut nodes = wanted.nodes.clone();
    if !wanted.flags.relative_nodes {
        nodes.intersect(&machine.allowed);
    }
    if nodes.is_empty() {
        return found;
    }
    let modes: &[Mode] = match wanted.mode {
        Mode::Bind => &[Mode::Bind, Mode::PreferredMany, Mode::Preferred],
        Mode::PreferredMany => &[Mode::PreferredMany, Mode::Preferred],
        Mode::WeightedInterleave => &[Mode::WeightedInterleave, Mode::Interleave],
        Mode::Interleave => &[Mode::Interleave],
        Mode::Preferred => &[Mode::Preferred],
        _ => &[],
    };
    for &mode in modes {
        let mut nodes = nodes.clone();
        if mode == Mode::Preferred {
            // It takes one.
            let first = nodes.first();
            nodes.clear();
            let _ = first.map(|node| nodes.insert(node));
        }
        found.push(Placement {
            mode,
            flags: Flags::NONE,
            nodes,
            given: wanted.given.clone(),
        });
    }
    found
}

/// Does the nearest thing to a policy that is refused; `why` is what the refusal was. Returns what to
/// say.
pub(crate) fn instead_of_policy(
    wanted: &Placement,
    why: &str,
    has_cpus: bool,
    may_set: bool,
    machine: &Machine,
) -> String {
    if may_set {
        for near in nearest(wanted, machine) {
            if set(&near).is_ok() {
                let mode = reasons::mode_name(near.mode);
                return format!("{why}; instead: {mode} {}", near.nodes);
            }
        }
    }
    if !has_cpus && run_on(&wanted.nodes, machine) {
        return format!(
            "{why}; instead: running on the CPUs of nodes {}",
            wanted.nodes
        );
    }
    format!("{why}; running without it")
}

/// Runs on those CPUs of nodes that are permitted, if there are some and they are not all.
fn run_on(nodes: &NodeMask, machine: &Machine) -> bool {
    let Ok(mut cpus) = machine.cpus_of_all(nodes) else {
        return false;
    };
    cpus.intersect(&machine.cpus);
    !cpus.is_empty() && cpus != machine.cpus && affinity::set_thread_cpus(0, cpus.as_bits()).is_ok()
}

/// Does the nearest thing to CPUs that are refused, and returns what to say.
pub(crate) fn instead_of_cpus(wanted: &Running, why: &Refusal, machine: &Machine) -> String {
    let mut cpus = wanted.cpus.clone();
    cpus.intersect(&machine.cpus);
    let why = why.line();
    if !cpus.is_empty() && affinity::set_thread_cpus(0, cpus.as_bits()).is_ok() {
        return format!("{why}; instead: CPUs {cpus}");
    }
    format!("{why}; running without it")
}
