//! What would spoil a move, as far as it can be seen before.

use std::fmt::Write as _;
use std::fs;

use cli::processes;
use cli::text::{count, grouped, nodes, pages, size};
use numa::migrate::Share;
use numa::{Cpu, Node, NodeMask, Root, topology};
use serde::Serialize;

use crate::pools::Lacking;

#[derive(Debug, Serialize)]
pub(crate) struct Warning {
    pub(crate) kind: WarningKind,
    pub(crate) message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WarningKind {
    DoesNotFit,
    NumaBalancing,
    CpusElsewhere,
    OutsideCpuset,
    NodeCounts,
    SharedStay,
    HiddenStay,
}

impl Warning {
    fn new(kind: WarningKind, message: impl Into<String>) -> Warning {
        Warning {
            kind,
            message: message.into(),
        }
    }

    /// A node has too little free memory.
    pub(crate) fn does_not_fit(node: u32, free: u64, needed: u64) -> Warning {
        let (has, less) = (size(free), size(needed - free));
        let message = format!("node {node} has {has} free, {less} less than needed");
        Warning::new(WarningKind::DoesNotFit, message)
    }

    /// Some of a node's pages cannot be moved alone.
    pub(crate) fn hidden_stay(node: u32, hidden: u64) -> Warning {
        let message = format!(
            "{} on node {node} would stay: the kernel hides them (PROT_NONE or NUMA balancing)",
            pages(hidden)
        );
        Warning::new(WarningKind::HiddenStay, message)
    }

    /// A node has too few free huge pages.
    pub(crate) fn lacks_huge_pages(lacking: &Lacking) -> Warning {
        let noun = if lacking.free == 1 { "page" } else { "pages" };
        let message = format!(
            "node {} has {} free huge {noun} of {}, {} less than needed",
            lacking.node,
            grouped(lacking.free),
            size(lacking.page_size),
            grouped(lacking.needed - lacking.free)
        );
        Warning::new(WarningKind::DoesNotFit, message)
    }
}

/// All other warnings.
pub(crate) fn about(pid: i32, from: &NodeMask, to: &NodeMask, share: Share) -> Vec<Warning> {
    [
        shared_stay(share),
        numa_balancing(),
        cpus_elsewhere(pid, to),
        outside_cpuset(pid, to),
        node_counts(from, to),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn shared_stay(share: Share) -> Option<Warning> {
    let reason = match (share, Share::permitted()) {
        (Share::All, _) => return None,
        (Share::Private, Share::All) => "",
        (Share::Private, Share::Private) => " without CAP_SYS_NICE",
    };
    let message = format!("pages among these that other processes also map would stay{reason}");
    Some(Warning::new(WarningKind::SharedStay, message))
}

fn numa_balancing() -> Option<Warning> {
    let text = fs::read_to_string("/proc/sys/kernel/numa_balancing").ok()?;
    let is_on = text.trim().parse::<u32>().is_ok_and(|mode| mode != 0);
    is_on.then(|| {
        let message = "automatic NUMA balancing is on and may move pages back";
        Warning::new(WarningKind::NumaBalancing, message)
    })
}

fn cpus_elsewhere(pid: i32, to: &NodeMask) -> Option<Warning> {
    let allowed = processes::allowed_cpus(pid).filter(|cpus| !cpus.is_empty())?;
    let size = topology::cpu_mask_size();
    let is_far = |&node: &Node| {
        let cpus = topology::cpus_of_node(Root::SYSTEM, node, size);
        cpus.is_ok_and(|cpus| {
            !cpus.is_empty() && !allowed.iter().any(|&cpu| cpus.contains(Cpu(cpu)))
        })
    };
    let far: Vec<u32> = to.iter().filter(is_far).map(|node| node.0).collect();
    (!far.is_empty()).then(|| {
        let message = format!("the process may not run on a CPU of {}", nodes(&far));
        Warning::new(WarningKind::CpusElsewhere, message)
    })
}

fn outside_cpuset(pid: i32, to: &NodeMask) -> Option<Warning> {
    let allowed = processes::allowed_nodes(pid)?;
    let ids = to.iter().map(|node| node.0);
    let outside: Vec<u32> = ids.filter(|node| !allowed.contains(node)).collect();
    (!outside.is_empty()).then(|| {
        let verb = if outside.len() == 1 { "is" } else { "are" };
        let message = format!(
            "{} {verb} outside the cpuset of the process",
            nodes(&outside)
        );
        Warning::new(WarningKind::OutsideCpuset, message)
    })
}

fn node_counts(from: &NodeMask, to: &NodeMask) -> Option<Warning> {
    if from.len() == to.len() {
        return None;
    }
    let common = from.iter().filter(|&node| to.contains(node));
    let both: Vec<u32> = common.map(|node| node.0).collect();
    let mut message = format!("FROM has {} and TO {}", count(from.len(), "node"), to.len());
    if !both.is_empty() {
        let _ = write!(message, ": pages on {}, in both, stay", nodes(&both));
    }
    Some(Warning::new(WarningKind::NodeCounts, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ids: &[u32]) -> NodeMask {
        let mut mask = NodeMask::new(64).unwrap();
        ids.iter().for_each(|&n| mask.insert(Node(n)).unwrap());
        mask
    }

    #[test]
    fn sets_of_different_sizes() {
        let told = |from, to| node_counts(&set(from), &set(to)).map(|warning| warning.message);
        assert_eq!(told(&[0, 1], &[2, 3]), None);
        assert_eq!(
            told(&[0, 1, 2], &[3, 4]),
            Some("FROM has 3 nodes and TO 2".into())
        );
        assert_eq!(
            told(&[1], &[1, 2]),
            Some("FROM has 1 node and TO 2: pages on node 1, in both, stay".into())
        );
    }

    #[test]
    fn too_little_memory() {
        assert_eq!(
            Warning::does_not_fit(2, 1 << 20, 3 << 20).message,
            "node 2 has 1 MiB free, 2 MiB less than needed"
        );
        let lacking = Lacking {
            node: 2,
            page_size: 1 << 30,
            free: 1,
            needed: 3,
        };
        assert_eq!(
            Warning::lacks_huge_pages(&lacking).message,
            "node 2 has 1 free huge page of 1 GiB, 2 less than needed"
        );
    }

    #[test]
    fn what_this_process_may_do() {
        let me = std::process::id() as i32;
        let allowed = processes::allowed_nodes(me).unwrap();
        assert!(outside_cpuset(me, &set(&allowed)).is_none());
        assert!(shared_stay(Share::All).is_none());
        assert!(shared_stay(Share::Private).is_some());
    }
}
