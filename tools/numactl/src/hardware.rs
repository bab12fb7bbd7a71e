//! `--hardware`: the nodes, from /sys alone.

use std::fmt::Write as _;

use numa::{CpuMask, Node, Root, topology};
use serde::Serialize;

use crate::machine::Machine;

/// The machine's nodes.
#[derive(Debug, Serialize)]
pub(crate) struct Hardware {
    nodes: Vec<Described>,
}

/// A node.
#[derive(Debug, Serialize)]
struct Described {
    id: u32,
    cpus: Option<Vec<u32>>,
    memory_bytes: Option<u64>,
    free_bytes: Option<u64>,
    /// To each node, in the order of `nodes`.
    distances: Vec<Option<u32>>,
    #[serde(skip)]
    mask: Option<CpuMask>,
}

impl Hardware {
    /// Reads it.
    pub(crate) fn read(machine: &Machine) -> Hardware {
        let count = machine.nodes.len();
        let describe = |node: Node| {
            let mask = topology::cpus_of_node(Root::SYSTEM, node, machine.cpu_bits).ok();
            let memory = topology::node_memory(Root::SYSTEM, node).ok();
            let mut distances = vec![None; count];
            // A row that cannot be read stays unknown.
            let _ = topology::distance_row(Root::SYSTEM, node, &mut |column, distance| {
                if let Some(cell) = distances.get_mut(column) {
                    *cell = Some(distance);
                }
            });
            Described {
                id: node.0,
                cpus: mask
                    .as_ref()
                    .map(|mask| mask.iter().map(|cpu| cpu.0).collect()),
                memory_bytes: memory.map(|memory| memory.total),
                free_bytes: memory.map(|memory| memory.free),
                distances,
                mask,
            }
        };
        Hardware {
            nodes: machine.nodes.iter().map(describe).collect(),
        }
    }

    /// As the reference prints it, with CPUs one by one or as ranges.
    pub(crate) fn text(&self, machine: &Machine, ranges: bool) -> String {
        let mut text = String::new();
        let size = |bytes: Option<u64>| match bytes {
            Some(bytes) => format!("{} MB", bytes >> 20),
            None => "<not available>".into(),
        };
        let _ = writeln!(
            text,
            "available: {} nodes ({})",
            self.nodes.len(),
            machine.nodes
        );
        for node in &self.nodes {
            let _ = write!(text, "node {} cpus:", node.id);
            match (&node.mask, ranges) {
                (Some(mask), true) if mask.is_empty() => text.push_str(" (0)"),
                (Some(mask), true) => {
                    let _ = write!(text, " {mask} ({})", mask.len());
                }
                (Some(mask), false) => {
                    for cpu in mask.iter() {
                        let _ = write!(text, " {cpu}");
                    }
                }
                (None, _) => text.push_str(" <not available>"),
            }
            let _ = writeln!(text, "\nnode {} size: {}", node.id, size(node.memory_bytes));
            let _ = writeln!(text, "node {} free: {}", node.id, size(node.free_bytes));
        }
        if self.nodes.iter().all(|node| node.distances.contains(&None)) {
            text.push_str("No distance information available.\n");
            return text;
        }
        text.push_str("node distances:\nnode  ");
        for node in &self.nodes {
            let _ = write!(text, "{:4} ", node.id);
        }
        text.push('\n');
        for node in &self.nodes {
            let _ = write!(text, "{:4}: ", node.id);
            for distance in &node.distances {
                let _ = match distance {
                    Some(distance) => write!(text, "{distance:4} "),
                    None => write!(text, "{:>4} ", "-"),
                };
            }
            text.push('\n');
        }
        text
    }
}
