//! The nodes and CPUs of the machine, and those that this process may use. Everything from /sys and
//! /proc: no memory policy call is made.

use std::fs;

use cli::failures::cause_text;
use numa::cause::{self, Cause};
use numa::mask::Bits;
use numa::{CpuMask, Node, NodeMask, Root, affinity, selection, topology};

/// What there is.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    /// Bits of node masks.
    pub(crate) node_bits: usize,
    /// Bits of CPU masks.
    pub(crate) cpu_bits: usize,
    /// Nodes that exist.
    pub(crate) nodes: NodeMask,
    /// Nodes with memory that the cpuset allows.
    pub(crate) allowed: NodeMask,
    /// CPUs that the affinity and the cpuset allow.
    pub(crate) cpus: CpuMask,
}

impl Machine {
    /// Reads it. What /proc does not say is what /sys has.
    pub(crate) fn read() -> numa::Result<Machine> {
        let cpu_bits = topology::cpu_mask_size();
        let permitted = topology::permitted(Root::SYSTEM, cpu_bits)?;
        let node_bits = permitted.node_bits;
        let nodes = topology::nodes(Root::SYSTEM, node_bits)?;
        let mut allowed = permitted.nodes.unwrap_or_else(|_| nodes.clone());
        // A kernel that shows all bits of its masks shows nodes that do not exist.
        allowed.intersect(&nodes);
        let mut cpus = match permitted.cpus {
            Ok(cpus) => cpus,
            Err(_) => this_threads_cpus(cpu_bits)?,
        };
        let machine = Machine {
            node_bits,
            cpu_bits,
            nodes,
            allowed,
            cpus: cpus.clone(),
        };
        cpus.intersect(&machine.possible_cpus());
        Ok(Machine { cpus, ..machine })
    }

    /// CPUs that may ever be online.
    pub(crate) fn possible_cpus(&self) -> CpuMask {
        topology::possible_cpus(Root::SYSTEM, self.cpu_bits).unwrap_or_else(|_| self.cpus.clone())
    }

    /// The CPUs of a node; none where they cannot be read.
    pub(crate) fn cpus_of(&self, node: Node) -> CpuMask {
        topology::cpus_of_node(Root::SYSTEM, node, self.cpu_bits)
            .or_else(|_| CpuMask::new(self.cpu_bits))
            .unwrap_or_else(|_| self.cpus.clone())
    }

    /// The CPUs of nodes.
    pub(crate) fn cpus_of_all(&self, nodes: &NodeMask) -> numa::Result<CpuMask> {
        let mut cpus = CpuMask::new(self.cpu_bits)?;
        for node in nodes.iter() {
            cpus.bits_mut().add(self.cpus_of(node).as_bits());
        }
        Ok(cpus)
    }

    /// The nodes of which some of these CPUs are.
    pub(crate) fn nodes_of(&self, cpus: &CpuMask) -> numa::Result<NodeMask> {
        let mut found = NodeMask::new(self.node_bits)?;
        for node in self.nodes.iter() {
            if self.cpus_of(node).intersects(cpus) {
                found.insert(node)?;
            }
        }
        Ok(found)
    }

    /// Nodes that a process can be told to run on: those that the cpuset allows, and those without
    /// memory, which no cpuset knows.
    pub(crate) fn run_nodes(&self) -> numa::Result<NodeMask> {
        selection::runnable(Root::SYSTEM, &self.nodes, &self.allowed)
    }

    /// Nodes with CPUs.
    fn nodes_with_cpus(&self) -> Option<NodeMask> {
        let mut found = NodeMask::new(self.node_bits).ok()?;
        for node in self.nodes.iter() {
            if !self.cpus_of(node).is_empty() {
                found.insert(node).ok()?;
            }
        }
        Some(found)
    }

    /// What the core needs to know of it to tell causes.
    pub(crate) fn facts(&self) -> cause::Machine<'_> {
        cause::Machine {
            root: Root::SYSTEM,
            nodes: self.nodes.as_bits(),
            allowed: self.allowed.as_bits(),
        }
    }

    /// Why memory cannot be taken from a node.
    pub(crate) fn why_not_node(&self, number: i64) -> String {
        cause::why_not_node(number, &self.facts())
            .map_or_else(|| self.why_not_allowed(), |cause| cause_text(&cause))
    }

    /// That the cpuset allows other nodes.
    pub(crate) fn why_not_allowed(&self) -> String {
        cause_text(&Cause::NotAllowed {
            nodes: self.allowed.as_bits(),
        })
    }

    /// Why nothing can run on nodes.
    pub(crate) fn why_no_cpus(&self, nodes: &NodeMask) -> String {
        let others = self.nodes_with_cpus();
        cause_text(&Cause::NoCpus {
            nodes: nodes.as_bits(),
            others: others.as_ref().map_or(Bits::EMPTY, NodeMask::as_bits),
        })
    }
}

/// The numbers of the nodes.
pub(crate) fn ids(nodes: &NodeMask) -> Vec<u32> {
    nodes.iter().map(|node| node.0).collect()
}

/// The CPUs that this thread may run on and that are online.
pub(crate) fn this_threads_cpus(bits: usize) -> numa::Result<CpuMask> {
    let mut cpus = CpuMask::new(bits)?;
    affinity::read_thread_cpus(0, &mut cpus.bits_mut())?;
    Ok(cpus)
}

/// Whether NUMA balancing is on; `None` where the kernel does not say.
pub(crate) fn is_balancing() -> Option<bool> {
    let text = fs::read_to_string("/proc/sys/kernel/numa_balancing").ok()?;
    let mode: u32 = text.trim().parse().ok()?;
    Some(mode & 1 != 0)
}
