//! The nodes of this machine, and node lists of a command line: those that pages are on (FROM), and
//! those where a command can put pages (TO).

use std::fmt;

use numa::selection::{self, SelectError, Want};
use numa::strings::ListError;
use numa::{NodeMask, Root, topology};

use crate::text::safe;

/// The nodes of this machine, as this command sees them.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Bits in the kernel's node masks.
    pub size: usize,
    /// Nodes that exist, with or without memory.
    pub present: NodeMask,
    /// Nodes with memory that the cpuset of this command allows.
    pub allowed: NodeMask,
}

impl Machine {
    /// Reads it.
    pub fn read(root: Root<'_>) -> numa::Result<Machine> {
        // Its CPUs are of no interest.
        let permitted = topology::permitted(root, 0)?;
        let (size, mut allowed) = (permitted.node_bits, permitted.nodes?);
        // Where /sys is not there (some containers), the allowed nodes are all that is known.
        let present = topology::nodes(root, size).unwrap_or_else(|_| allowed.clone());
        // A kernel without cpusets shows all bits of its masks.
        allowed.intersect(&present);
        Ok(Machine {
            size,
            present,
            allowed,
        })
    }

    /// That the cpuset allows none of these nodes.
    pub(crate) fn why_not_allowed(&self, nodes: &NodeMask) -> String {
        let (noun, are) = match nodes.len() {
            1 => ("node", "is"),
            _ => ("nodes", "are"),
        };
        format!(
            "{noun} {nodes} {are} not allowed here: the cpuset of this command allows {}",
            self.allowed
        )
    }
}

/// Why a node list cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadNodes {
    /// The text is not a node list of this machine: a usage error.
    Text(String),
    /// It is one, but pages cannot be put there.
    Unusable(String),
}

impl fmt::Display for BadNodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadNodes::Text(text) | BadNodes::Unusable(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for BadNodes {}

/// Why a word stands for no node, with what each node of the machine has if that helps.
pub fn why_nothing(error: &SelectError<'_>, nodes: &NodeMask) -> String {
    let mut reason = error.to_string();
    if let SelectError::Nothing { .. } = error {
        let mut separator = " (";
        for node in nodes.iter() {
            reason.push_str(separator);
            separator = "; ";
            // A String takes all.
            let _ = selection::describe(Root::SYSTEM, node, nodes.size(), &mut reason);
        }
        reason.push(')');
    }
    reason
}

/// Parses a node list. Numbers must be in `accepted`, which is also what `all` and `!` mean.
fn parse(text: &str, accepted: &NodeMask, machine: &Machine) -> Result<NodeMask, BadNodes> {
    let (root, relative_to) = (Root::SYSTEM, &machine.allowed);
    selection::select_relative(root, text.as_bytes(), accepted, relative_to, Want::Memory).map_err(
        |error| {
            let shown = safe(text);
            BadNodes::Text(match error {
                SelectError::List(ListError::OutOfRange { number, .. }) => format!(
                    "there is no node {number} on this machine, only {}",
                    machine.present
                ),
                SelectError::List(ListError::MissingEnd { .. }) => {
                    format!("the node list '{shown}' lacks a number after '-'")
                }
                SelectError::List(ListError::Device(error)) => {
                    format!("the node list '{shown}': {error}")
                }
                SelectError::List(_) => format!(
                    "'{shown}' is not a node list such as 0, 2-5, 0,3, !1, +0-1, all, mem or file:PATH"
                ),
                error => {
                    let why = why_nothing(&error, &machine.present);
                    format!("the node list '{shown}': {why}")
                }
            })
        },
    )
}

/// Parses FROM: any node that exists, also those that our cpuset hides. It may be empty: no node is
/// left then.
pub fn parse_from(text: &str, machine: &Machine) -> Result<NodeMask, BadNodes> {
    if text.is_empty() {
        return NodeMask::new(machine.present.size())
            .map_err(|error| BadNodes::Unusable(error.to_string()));
    }
    parse(text, &machine.present, machine)
}

/// Parses TO: nodes that have memory and that our cpuset allows. `all`, `!` and words for what nodes are
/// count in those; a number that names another node is an error that says which.
pub fn parse_to(text: &str, machine: &Machine) -> Result<NodeMask, BadNodes> {
    let nodes = parse(text, &machine.present, machine)?;
    if nodes.is_empty() {
        let text = safe(text);
        return Err(BadNodes::Text(format!("the node list '{text}' is empty")));
    }
    // "All" and "all but", and what nodes are, mean those that can be used.
    if text.starts_with('!')
        || selection::has_words(text.as_bytes())
        || text
            .trim_start_matches('+')
            .split(',')
            .any(|part| part == "all")
    {
        let mut kept = nodes;
        kept.intersect(&machine.allowed);
        return if kept.is_empty() {
            Err(BadNodes::Unusable(format!(
                "none of the nodes of '{}' can be used: the cpuset of this command allows {}",
                safe(text),
                machine.allowed
            )))
        } else {
            Ok(kept)
        };
    }
    let unusable = nodes.iter().find(|&node| !machine.allowed.contains(node));
    let Some(node) = unusable else {
        return Ok(nodes);
    };
    Err(BadNodes::Unusable(
        match topology::node_memory(Root::SYSTEM, node) {
            Ok(memory) if memory.total == 0 => {
                format!("node {node} has no memory that pages could move to")
            }
            _ => format!(
                "node {node} is not allowed here: the cpuset of this command allows {}",
                machine.allowed
            ),
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use numa::Node;
    use std::fs;
    use std::os::unix::ffi::OsStrExt;

    fn set(ids: &[u32]) -> NodeMask {
        let mut mask = NodeMask::new(64).unwrap();
        ids.iter().for_each(|&n| mask.insert(Node(n)).unwrap());
        mask
    }

    #[test]
    fn a_kernel_without_cpusets_allows_nodes_that_do_not_exist() {
        let made = std::env::temp_dir().join(format!("numa-cli-nodes-{}", std::process::id()));
        for directory in [
            "proc/self",
            "sys/devices/system/node/node0",
            "sys/devices/system/node/node2",
        ] {
            fs::create_dir_all(made.join(directory)).unwrap();
        }
        let status =
            "Cpus_allowed:\t1\nMems_allowed:\tffffffff,ffffffff\nMems_allowed_list:\t0-63\n";
        fs::write(made.join("proc/self/status"), status).unwrap();
        let machine = Machine::read(Root::at(made.as_os_str().as_bytes())).unwrap();
        fs::remove_dir_all(&made).unwrap();
        assert_eq!(machine.size, 64);
        assert_eq!(machine.present.to_string(), "0,2");
        assert_eq!(machine.allowed.to_string(), "0,2");
    }

    #[test]
    fn from_sees_all_nodes_and_to_those_of_the_cpuset() {
        let machine = Machine {
            size: 64,
            present: set(&[0, 1, 2, 3]),
            allowed: set(&[2, 3]),
        };
        let from = |text| parse_from(text, &machine).map(|m| m.to_string());
        let to = |text| parse_to(text, &machine).map(|m| m.to_string());
        assert_eq!(from("0-1"), Ok("0-1".into()));
        assert_eq!(from("all"), Ok("0-3".into()));
        assert_eq!(from("!0"), Ok("1-3".into()));
        assert_eq!(from("+0"), Ok("2".into()));
        assert_eq!(to("2-3"), Ok("2-3".into()));
        assert_eq!(to("all"), Ok("2-3".into()));
        assert_eq!(to("!2"), Ok("3".into()));
        assert_eq!(to("!1"), Ok("2-3".into()));
        assert!(matches!(to("!2-3"), Err(BadNodes::Unusable(text)) if text.contains("2-3")));
        assert_eq!(to("+1"), Ok("3".into()));
        assert!(matches!(to("1-2"), Err(BadNodes::Unusable(text)) if text.contains("node 1")));
        // The nodes of words come from /sys, whatever the machine of this test has.
        for bad in ["gpu:999", "tier:x", "near:", "near:9", "nvme:../x"] {
            for refused in [to(bad), from(bad)] {
                let text = refused.unwrap_err().to_string();
                let start = format!("the node list '{bad}': ");
                assert!(text.starts_with(&start), "{text}");
            }
        }
        for bad in ["4", "0-", "x", "0;1", "1-9", "-1", "0 ", " "] {
            assert!(matches!(to(bad), Err(BadNodes::Text(_))), "{bad:?}");
            assert!(matches!(from(bad), Err(BadNodes::Text(_))), "{bad:?}");
        }
        for empty in ["", "!all", "!0-3"] {
            assert!(matches!(to(empty), Err(BadNodes::Text(_))), "{empty:?}");
            assert_eq!(from(empty), Ok(String::new()), "{empty:?}");
        }
    }
}
