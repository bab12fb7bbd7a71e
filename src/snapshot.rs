//! What the machine is, read once and kept: nodes, CPUs, memory, distances, costs and tiers.
//!
//! The functions of [`topology`], [`attributes`] and [`tiers`](mod@tiers) read their files on each call. A program
//! that asks often, or wants answers that belong together, keeps a [`Topology`] instead. It does not follow
//! what changes: memory that is used, nodes and CPUs that come and go.

use alloc::vec::Vec;

use crate::attributes::{self, Access, Figures};
use crate::error::{Error, Result};
use crate::mask::{Cpu, CpuMask, Node, NodeMask};
use crate::root::Root;
use crate::tiers::{self, Tier};
use crate::topology::{self, NodeMemory};

/// A node, as it was.
#[derive(Debug, Clone)]
pub struct NodeInfo {
    /// Its number.
    pub node: Node,
    /// Its CPUs: empty for memory alone. The masks of all nodes have the same size.
    pub cpus: CpuMask,
    /// Its memory in bytes, how much of it was free; `None` where the kernel does not say.
    pub memory: Option<NodeMemory>,
    /// What its memory costs from its best initiators of any kind; all unknown on most machines.
    pub figures: Figures,
    /// The same from the best initiators with CPUs.
    pub figures_from_cpus: Figures,
    /// The rank of its memory tier, 0 the fastest; `None` without memory and before Linux 6.1.
    pub tier: Option<usize>,
}

/// A machine as it was when this was made. Nothing in it changes, so that threads may share it.
#[derive(Debug, Clone)]
pub struct Topology {
    nodes: NodeMask,
    /// In ascending order of nodes.
    infos: Vec<NodeInfo>,
    /// A row for each node, in the order of `infos`; 0 where it is not known.
    distances: Vec<u32>,
    tiers: Vec<Tier>,
}

/// The value; `None` if what there is to read does not say. Fails for lack of memory or descriptors.
fn known<T>(read: Result<T>) -> Result<Option<T>> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.errno().is_shortage() => Err(error),
        Err(_) => Ok(None),
    }
}

fn room<T>(len: usize) -> Result<Vec<T>> {
    let mut room = Vec::new();
    room.try_reserve_exact(len)
        .map_err(|_| Error::OutOfMemory)?;
    Ok(room)
}

impl Topology {
    /// Reads a machine: the running system, or a made-up or recorded one.
    ///
    /// What a file does not say, or says so that it cannot be read, is not known: `None` or empty. A node that
    /// goes away meanwhile is left out. Fails for lack of memory or descriptors, and where the CPUs of a node
    /// that is there cannot be read.
    ///
    /// ```
    /// use numa::{Root, Topology};
    ///
    /// let machine = Topology::of(Root::SYSTEM)?;
    /// for info in machine.iter() {
    ///     println!("node {}: CPUs {}, memory {:?}", info.node, info.cpus, info.memory);
    /// }
    /// // It may be kept for good, and shared.
    /// let machine: &'static Topology = Box::leak(Box::new(machine));
    /// std::thread::spawn(|| println!("{} nodes", machine.nodes().len())).join().unwrap();
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn of(root: Root<'_>) -> Result<Topology> {
        let size = topology::node_mask_size(root);
        let mut nodes = NodeMask::new(size)?;
        let tiers = known(tiers::tiers(root, size))?.unwrap_or_default();
        let listed = topology::nodes(root, size)?;
        let mut infos = room(listed.len())?;
        let mut cpu_bits = topology::any_cpu_mask_size();
        for node in listed.iter() {
            let cpus = loop {
                match topology::cpus_of_node(root, node, cpu_bits) {
                    Err(Error::MaskTooSmall { .. }) if cpu_bits < 1 << 20 => cpu_bits *= 2,
                    Err(Error::NoSuchNode(_)) => break None,
                    cpus => break Some(cpus?),
                }
            };
            let Some(cpus) = cpus else { continue };
            let figures = |access| known(attributes::best(root, node, access));
            nodes.insert(node)?;
            infos.push(NodeInfo {
                node,
                cpus,
                memory: known(topology::node_memory(root, node))?,
                figures: figures(Access::Any)?.unwrap_or_default(),
                figures_from_cpus: figures(Access::Cpus)?.unwrap_or_default(),
                tier: tiers.iter().position(|tier| tier.nodes.contains(node)),
            });
        }
        // Masks of kernels have room for many more CPUs than there are.
        let highest = infos.iter().filter_map(|info| info.cpus.last()).max();
        let cpu_bits = highest.map_or(1, |cpu| cpu.0 as usize + 1);
        for info in &mut infos {
            info.cpus = CpuMask::from_bits(cpu_bits, info.cpus.as_bits())?;
        }
        let distances = read_distances(root, &listed, &infos)?;
        Ok(Topology {
            nodes,
            infos,
            distances,
            tiers,
        })
    }

    /// The nodes.
    ///
    /// ```
    /// # use numa::{Root, Topology};
    /// let machine = Topology::of(Root::at(b"/nowhere"))?;
    /// assert_eq!(machine.nodes().to_string(), "0"); // where there is no /sys
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn nodes(&self) -> &NodeMask {
        &self.nodes
    }

    /// What each node is, in ascending order.
    ///
    /// ```
    /// # use numa::{Root, Topology};
    /// let machine = Topology::of(Root::SYSTEM)?;
    /// let without_cpus = machine.iter().filter(|info| info.cpus.is_empty());
    /// println!("{} nodes are memory alone", without_cpus.count());
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &NodeInfo> {
        self.infos.iter()
    }

    /// What a node is; `None` if there is no such node.
    ///
    /// ```
    /// # use numa::{Root, Topology};
    /// use numa::Node;
    ///
    /// let machine = Topology::of(Root::SYSTEM)?;
    /// assert!(machine.node(Node(4_000_000)).is_none());
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn node(&self, node: Node) -> Option<&NodeInfo> {
        self.place(node).map(|at| &self.infos[at])
    }

    fn place(&self, node: Node) -> Option<usize> {
        self.infos
            .binary_search_by_key(&node.0, |info| info.node.0)
            .ok()
    }

    /// The node of a CPU; `None` if no node has it.
    ///
    /// ```
    /// # use numa::{Root, Topology};
    /// use numa::Cpu;
    ///
    /// let machine = Topology::of(Root::SYSTEM)?;
    /// println!("CPU 0 is on node {:?}", machine.node_of_cpu(Cpu(0)));
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn node_of_cpu(&self, cpu: Cpu) -> Option<Node> {
        let info = self.iter().find(|info| info.cpus.contains(cpu))?;
        Some(info.node)
    }

    /// The distance from one node to another as the firmware reports it; 10 is local. `None` if there is no
    /// such node, or the firmware does not say.
    ///
    /// ```
    /// # use numa::{Root, Topology};
    /// use numa::Node;
    ///
    /// let machine = Topology::of(Root::SYSTEM)?;
    /// println!("{:?}", machine.distance(Node(0), Node(1)));
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn distance(&self, from: Node, to: Node) -> Option<u32> {
        let at = self.place(from)? * self.infos.len() + self.place(to)?;
        Some(self.distances[at]).filter(|&distance| distance != 0)
    }

    /// The memory tiers, the fastest first; none before Linux 6.1.
    ///
    /// ```
    /// # use numa::{Root, Topology};
    /// let machine = Topology::of(Root::SYSTEM)?;
    /// for (rank, tier) in machine.tiers().iter().enumerate() {
    ///     println!("tier {rank}: nodes {}", tier.nodes);
    /// }
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn tiers(&self) -> &[Tier] {
        &self.tiers
    }
}

/// The distances between the nodes of `infos`; the kernel's rows have a column for each node that was listed.
fn read_distances(root: Root<'_>, listed: &NodeMask, infos: &[NodeInfo]) -> Result<Vec<u32>> {
    let mut distances = room(infos.len() * infos.len())?;
    distances.resize(infos.len() * infos.len(), 0);
    for (from, row) in infos.iter().zip(distances.chunks_mut(infos.len().max(1))) {
        let mut columns = listed.iter();
        let mut places = infos.iter().map(|info| info.node).zip(&mut *row).peekable();
        let read = topology::distance_row(root, from.node, &mut |_, distance| {
            let Some(node) = columns.next() else { return };
            if let Some((_, place)) = places.next_if(|(next, _)| *next == node) {
                *place = distance;
            }
        });
        if known(read)?.is_none() {
            row.fill(0);
        }
    }
    Ok(distances)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MadeUp;
    use std::string::ToString;

    #[test]
    fn threads_may_share_it() {
        fn is_shared<T: Send + Sync + 'static>() {}
        is_shared::<Topology>();
    }

    #[test]
    fn it_says_what_the_machines_are() {
        for name in ["cxl", "sparse", "memoryless", "asymmetric", "cpu-gaps"] {
            let made = MadeUp::machine(name);
            let expected = made.expected();
            let machine = Topology::of(made.root()).unwrap();
            assert_eq!(
                machine.nodes().to_string(),
                expected["nodes_online"],
                "{name}"
            );
            assert_eq!(machine.iter().count(), machine.nodes().len());
            for info in machine.iter() {
                let of = |key| &expected[&format!("node{}\t{key}", info.node)];
                assert_eq!(&info.cpus.to_string(), of("cpus"), "{name}");
                assert_eq!(info.cpus.size(), machine.infos[0].cpus.size());
                let memory = info.memory.unwrap();
                assert_eq!(&(memory.total >> 10).to_string(), of("total_kib"));
                assert_eq!(&(memory.free >> 10).to_string(), of("free_kib"));
                let row: Vec<_> = machine
                    .nodes()
                    .iter()
                    .map(|to| machine.distance(info.node, to).unwrap().to_string())
                    .collect();
                assert_eq!(&row.join(" "), of("distances"), "{name}");
                for cpu in info.cpus.iter() {
                    assert_eq!(machine.node_of_cpu(cpu), Some(info.node));
                }
            }
        }
    }

    #[test]
    fn costs_and_tiers_are_kept() {
        let made = MadeUp::new();
        made.node(0, "3", "10 20", 1 << 20, 1);
        made.node(5, "0", "20 10", 1 << 20, 1);
        let file = "sys/devices/system/node/node5/access0/initiators/read_latency";
        made.write(file, b"250\n");
        let tier = |number, nodes: &[u8]| {
            let file = format!("sys/devices/virtual/memory_tiering/memory_tier{number}/nodelist");
            made.write(&file, nodes);
        };
        tier(4, b"0\n");
        tier(20, b"5\n");
        let machine = Topology::of(made.root()).unwrap();
        let far = machine.node(Node(5)).unwrap();
        assert_eq!((far.tier, far.figures.read_latency), (Some(1), Some(250)));
        assert!(far.figures_from_cpus.is_unknown());
        assert_eq!(machine.node(Node(0)).unwrap().tier, Some(0));
        assert_eq!(machine.tiers()[1].nodes.to_string(), "5");
        // It stays as it was.
        made.write(file, b"1\n");
        let far = machine.node(Node(5)).unwrap();
        assert_eq!(far.figures.read_latency, Some(250));
    }

    #[test]
    fn what_is_not_known_is_none() {
        let made = MadeUp::new();
        let empty = Topology::of(made.root()).unwrap();
        let only = empty.node(Node(0)).unwrap();
        assert!(!only.cpus.is_empty());
        assert_eq!((only.memory, only.tier), (None, None));
        assert_eq!(empty.distance(Node(0), Node(0)), None);
        assert_eq!(empty.node_of_cpu(Cpu(9999)), None);
        made.node(0, "1", "10 x", 1, 1);
        made.node(1, "0", "20 10 30", 1, 1);
        made.write("sys/devices/system/node/node1/meminfo", b"x\n");
        let damaged = Topology::of(made.root()).unwrap();
        assert_eq!(damaged.distance(Node(0), Node(0)), None);
        assert_eq!(damaged.distance(Node(1), Node(0)), Some(20));
        assert_eq!(damaged.distance(Node(1), Node(2)), None);
        assert_eq!(damaged.node(Node(1)).unwrap().memory, None);
        assert!(damaged.node(Node(2)).is_none());
        made.write("sys/devices/system/node/node1/cpumap", b"x\n");
        assert!(Topology::of(made.root()).is_err());
    }
}
