//! `--show`: the policy of this process, which a command would inherit.

use std::fmt::Write as _;

use numa::policy::{self, Flags, Mode, Policy};
use numa::{Error, Node, NodeMask, Root, weights};
use serde::Serialize;

use crate::effort;
use crate::filter;
use crate::machine::{Machine, ids, this_threads_cpus};
use crate::reasons::mode_name;

/// What `--show` shows.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    /// Null where policies cannot be used here, with the reason.
    policy: Option<PolicyNow>,
    no_policies: Option<String>,
    cpus: Vec<u32>,
    /// Nodes of these CPUs, but for those whose memory the cpuset forbids.
    cpu_nodes: Vec<u32>,
    /// Nodes that memory can come from.
    memory_nodes: Vec<u32>,
}

/// A policy, for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct PolicyNow {
    pub(crate) mode: String,
    #[serde(rename = "static")]
    pub(crate) is_static: bool,
    pub(crate) relative: bool,
    pub(crate) balancing: bool,
    pub(crate) nodes: Vec<u32>,
    /// Of each of the nodes, where pages are interleaved by weights.
    pub(crate) weights: Option<Vec<u32>>,
    /// Where the next interleaved page goes.
    pub(crate) next: Option<u32>,
}

impl PolicyNow {
    /// A policy that the kernel reported for the calling thread.
    pub(crate) fn of(now: &Policy) -> PolicyNow {
        let nodes = ids(&now.nodes);
        let interleaves = matches!(now.mode, Mode::Interleave | Mode::WeightedInterleave);
        let next = interleaves.then(policy::next_interleave_node);
        PolicyNow {
            mode: mode_name(now.mode),
            is_static: now.flags.static_nodes,
            relative: now.flags.relative_nodes,
            balancing: now.flags.balancing,
            weights: (now.mode == Mode::WeightedInterleave)
                .then(|| nodes.iter().map(|&node| weight(node)).collect()),
            next: next.and_then(Result::ok).map(|node| node.0),
            nodes,
        }
    }
}

/// The weight of a node; 1 where the kernel has none for it.
fn weight(node: u32) -> u32 {
    weights::weight(Root::SYSTEM, Node(node)).map_or(1, u32::from)
}

/// ` (balancing, static)`
pub(crate) fn flags_text(flags: Flags) -> String {
    let names = [
        (flags.balancing, "balancing"),
        (flags.static_nodes, "static"),
        (flags.relative_nodes, "relative"),
    ];
    let set: Vec<&str> = names
        .iter()
        .filter(|flag| flag.0)
        .map(|flag| flag.1)
        .collect();
    if set.is_empty() {
        String::new()
    } else {
        format!(" ({})", set.join(", "))
    }
}

fn line(text: &mut String, key: &str, ids: impl IntoIterator<Item = u32>) {
    let _ = write!(text, "{key}: ");
    for id in ids {
        let _ = write!(text, "{id} ");
    }
    text.push('\n');
}

impl Shown {
    /// Asks the kernel. Returns what programs read, and what people do.
    pub(crate) fn read(machine: &Machine) -> numa::Result<(Shown, String)> {
        let kills = filter::kills_policies();
        let now = if kills {
            Err(effort::KILLED)
        } else {
            policy::thread_policy(machine.node_bits)
        };
        let cpus = this_threads_cpus(machine.cpu_bits)?;
        // As the reference has it: nodes whose memory the cpuset forbids are not among them.
        let mut run_nodes = machine.nodes_of(&cpus)?;
        run_nodes.intersect(&machine.run_nodes()?);
        let mut text = String::new();
        let memory = match &now {
            Ok(now) => {
                head(&mut text, now);
                if now.mode == Mode::Bind {
                    now.nodes.clone()
                } else {
                    mems_allowed(machine)
                }
            }
            Err(_) => machine.allowed.clone(),
        };
        line(&mut text, "physcpubind", cpus.iter().map(|cpu| cpu.0));
        line(&mut text, "cpubind", run_nodes.iter().map(|node| node.0));
        line(&mut text, "nodebind", run_nodes.iter().map(|node| node.0));
        line(&mut text, "membind", memory.iter().map(|node| node.0));
        let mut no_policies = None;
        match &now {
            Ok(now) => line(&mut text, "preferred", now.nodes.iter().map(|node| node.0)),
            Err(error) => {
                let reason = if kills {
                    filter::KILLS.to_owned()
                } else {
                    why_none(*error)
                };
                let _ = writeln!(text, "No NUMA support available on this system: {reason}");
                no_policies = Some(reason);
            }
        }
        let shown = Shown {
            policy: now.ok().as_ref().map(PolicyNow::of),
            no_policies,
            cpus: cpus.iter().map(|cpu| cpu.0).collect(),
            cpu_nodes: ids(&run_nodes),
            memory_nodes: ids(&memory),
        };
        Ok((shown, text))
    }
}

/// The lines about the policy itself.
fn head(text: &mut String, now: &Policy) {
    let described = PolicyNow::of(now);
    let _ = writeln!(text, "policy: {}{}", described.mode, flags_text(now.flags));
    let first = now
        .nodes
        .first()
        .map_or_else(|| "current".to_owned(), |node| node.to_string());
    let next = described
        .next
        .map_or_else(|| first.clone(), |node| node.to_string());
    let _ = match now.mode {
        Mode::Default | Mode::Local => writeln!(text, "preferred node: current"),
        Mode::Interleave | Mode::WeightedInterleave => {
            writeln!(text, "preferred node: {next} (interleave next)")
        }
        Mode::PreferredMany => writeln!(text, "preferred node: {first} (preferred-many)"),
        _ => writeln!(text, "preferred node: {first}"),
    };
    if matches!(now.mode, Mode::Interleave | Mode::WeightedInterleave) {
        line(text, "interleavemask", described.nodes);
        if let Some(weights) = described.weights {
            line(text, "interleaveweights", weights);
        }
        let _ = writeln!(text, "interleavenode: {next}");
    }
}

fn mems_allowed(machine: &Machine) -> NodeMask {
    let read = || {
        let mut nodes = NodeMask::new(machine.node_bits)?;
        policy::read_mems_allowed(nodes.bits_mut())?;
        Ok::<NodeMask, Error>(nodes)
    };
    read().unwrap_or_else(|_| machine.allowed.clone())
}

/// Why there are no policies here.
fn why_none(error: Error) -> String {
    filter::of_denied("get_mempolicy", error.errno()).unwrap_or_else(|| error.to_string())
}
