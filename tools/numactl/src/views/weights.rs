//! `--weights` and `--suggest`: the weights of interleaving.

use std::fmt::Write as _;

use numa::attributes::{self, Access};
use numa::cause::is_memoryless;
use numa::weights::{self, SetError, Weight};
use numa::{Errno, Error, Node, Root};
use serde::Serialize;

use crate::given::Given;
use crate::machine::Machine;
use crate::refusal::Refusal;

/// The weights of now.
#[derive(Debug, Serialize)]
pub(crate) struct Weights {
    /// Whether the kernel sets them; null where it cannot (before Linux 6.16).
    automatic: Option<bool>,
    nodes: Vec<Share>,
}

#[derive(Debug, Serialize)]
struct Share {
    node: u32,
    weight: u8,
    /// Of all pages that are interleaved over all nodes.
    share: f64,
}

const NO_WEIGHTS: &str = "this kernel has no weighted interleaving (Linux 6.9)";

impl Weights {
    /// Reads them.
    pub(crate) fn read() -> Result<Weights, Refusal> {
        let all = weights::weights(Root::SYSTEM).map_err(|error| match error.errno() {
            Errno::ENOENT => Refusal::saying(NO_WEIGHTS, "--weights", ""),
            _ => Refusal::saying(error.to_string(), "--weights", ""),
        })?;
        let sum: u32 = all.iter().map(|w| u32::from(w.weight)).sum();
        let share = |w: &Weight| Share {
            node: w.node.0,
            weight: w.weight,
            share: f64::from(w.weight) / f64::from(sum),
        };
        Ok(Weights {
            automatic: weights::are_automatic(Root::SYSTEM).ok(),
            nodes: all.iter().map(share).collect(),
        })
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let mut text = "node  weight  share\n".to_owned();
        for share in &self.nodes {
            let (node, weight, percent) = (share.node, share.weight, share.share * 100.0);
            let _ = writeln!(text, "{node:4}  {weight:6}  {percent:4.1}%");
        }
        text.push_str(match self.automatic {
            None => "automatic: no, this kernel does not set weights itself (Linux 6.16)\n",
            Some(true) => "automatic: yes, the kernel sets the weights by bandwidth\n",
            Some(false) => "automatic: no\n",
        });
        text
    }
}

/// `0:3,2:1`
pub(crate) fn read(given: &Given) -> Result<Vec<Weight>, Refusal> {
    let text = String::from_utf8_lossy(&given.text);
    let mut weights = Vec::new();
    for pair in text.split(',') {
        let refuse = |reason: String| Refusal::of(given, reason);
        let shown = cli::text::safe(pair);
        let number = |text: &str| {
            let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| text.parse::<u32>().ok()).flatten()
        };
        let (node, weight) = pair
            .split_once(':')
            .and_then(|(node, weight)| Some((number(node)?, number(weight)?)))
            .ok_or_else(|| refuse(format!("'{shown}' is not NODE:WEIGHT, such as 0:3")))?;
        let weight = u8::try_from(weight)
            .ok()
            .filter(|&weight| weight > 0)
            .ok_or_else(|| refuse(format!("the weight of node {node} is not 1 to 255")))?;
        let node = Node(node);
        if weights.iter().any(|before: &Weight| before.node == node) {
            return Err(refuse(format!("node {node} is named twice")));
        }
        weights.push(Weight { node, weight });
    }
    Ok(weights)
}

/// Sets them, all or none.
pub(crate) fn set(given: &Given, wanted: &[Weight], machine: &Machine) -> Result<(), Refusal> {
    weights::set(Root::SYSTEM, wanted).map_err(|error| {
        let reason = match error {
            SetError::Unreadable(error) if error.errno() == Errno::ENOENT => NO_WEIGHTS.to_owned(),
            SetError::BadNode(node) => machine.why_not_node(node.into()),
            _ => why(&error),
        };
        Refusal::of(given, reason)
    })
}

/// Lets the kernel set them.
pub(crate) fn set_automatic(given: &Given) -> Result<(), Refusal> {
    weights::set_automatic(Root::SYSTEM, true).map_err(|error| {
        let reason = match error.errno() {
            Errno::ENOENT => "this kernel does not set weights itself (Linux 6.16)".to_owned(),
            Errno::ENODEV => "the kernel knows no bandwidths of nodes to set them by".to_owned(),
            _ => why(&error),
        };
        Refusal::of(given, reason)
    })
}

fn why(error: &SetError) -> String {
    match error.errno() {
        Errno::EACCES | Errno::EPERM | Errno::EROFS => {
            "only root can set weights, where /sys is writable; none was changed".to_owned()
        }
        _ => error.to_string(),
    }
}

/// Weights by bandwidth.
#[derive(Debug, Serialize)]
pub(crate) struct Suggestion {
    /// The command that sets them.
    pub(crate) command: String,
    nodes: Vec<Suggested>,
}

#[derive(Debug, Serialize)]
struct Suggested {
    node: u32,
    bandwidth_mb_s: u32,
    weight: u8,
}

impl Suggestion {
    /// Works them out from the bandwidth of each node with memory.
    pub(crate) fn of(machine: &Machine) -> Result<Suggestion, Refusal> {
        let mut nodes = Vec::new();
        for node in machine
            .nodes
            .iter()
            .filter(|&node| !is_memoryless(Root::SYSTEM, node))
        {
            // From CPUs, as it is their threads that interleave.
            let figures = attributes::best(Root::SYSTEM, node, Access::Cpus)
                .or_else(|_| attributes::best(Root::SYSTEM, node, Access::Any));
            let bandwidth = match figures {
                Ok(figures) => figures.read_bandwidth,
                Err(Error::NotReported { .. }) => None,
                Err(error) => return Err(Refusal::saying(error.to_string(), "--suggest", "")),
            };
            let bandwidth_mb_s = bandwidth.ok_or_else(|| {
                let reason = format!("the firmware does not tell the bandwidth of node {node}");
                Refusal::saying(reason, "--suggest", "")
            })?;
            nodes.push((node.0, bandwidth_mb_s));
        }
        let bandwidths: Vec<u32> = nodes.iter().map(|node| node.1).collect();
        let weights = weights::suggested(&bandwidths).unwrap_or_default();
        let nodes: Vec<Suggested> = nodes
            .into_iter()
            .zip(weights)
            .map(|((node, bandwidth_mb_s), weight)| Suggested {
                node,
                bandwidth_mb_s,
                weight,
            })
            .collect();
        let pairs: Vec<String> = nodes
            .iter()
            .map(|node| format!("{}:{}", node.node, node.weight))
            .collect();
        let command = format!("numactl --weights={}", pairs.join(","));
        Ok(Suggestion { command, nodes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &str) -> Given {
        Given {
            option: "--weights".into(),
            text: text.into(),
        }
    }

    #[test]
    fn pairs_of_nodes_and_weights() {
        let two = read(&given("0:3,12:255")).unwrap();
        let expected = [(0, 3), (12, 255)];
        assert!(two.iter().map(|w| (w.node.0, w.weight)).eq(expected));
        for (text, reason) in [
            ("", "'' is not NODE:WEIGHT"),
            ("0", "'0' is not NODE:WEIGHT"),
            ("0:", "'0:' is not NODE:WEIGHT"),
            ("0:+1", "'0:+1' is not NODE:WEIGHT"),
            ("0:1,", "'' is not NODE:WEIGHT"),
            ("0:0", "the weight of node 0 is not 1 to 255"),
            ("0:256", "the weight of node 0 is not 1 to 255"),
            ("0:1,0:2", "node 0 is named twice"),
            ("0:99999999999", "'0:99999999999' is not NODE:WEIGHT"),
        ] {
            let line = read(&given(text)).unwrap_err().line();
            assert!(line.contains(reason), "{text}: {line}");
        }
    }
}
