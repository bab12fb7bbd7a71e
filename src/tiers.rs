//! Memory tiers: nodes grouped by how fast their memory is, and whether the kernel demotes pages from a
//! faster tier to a slower one. From /sys/devices/virtual/memory_tiering (Linux 6.1).
//!
//! The kernel's number of a tier is a distance in the abstract: it has gaps, and less is faster. A tier's
//! rank here is its place in that order, 0 the fastest.
//!
//! Every function reads its files on each call.

use alloc::vec::Vec;

use crate::error::{Error, Result};
use crate::mask::{Node, NodeMask};
use crate::root::{Path, Root, number};
use crate::sys::Errno;
use crate::topology;

const TIERS: &str = "/sys/devices/virtual/memory_tiering";
const DEMOTION: &str = "/sys/kernel/mm/numa/demotion_enabled";

/// A memory tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// The kernel's number, as in the name of its directory; less is faster.
    pub number: u32,
    /// The nodes whose memory is in it.
    pub nodes: NodeMask,
}

/// The tiers, the fastest first, with masks of `size` bits. Tiers without nodes are left out.
///
/// [`Error::Open`] with ENOENT on a kernel without memory tiers.
///
/// ```
/// use numa::{Root, tiers, topology};
///
/// let size = topology::node_mask_size(Root::SYSTEM);
/// match tiers::tiers(Root::SYSTEM, size) {
///     Ok(tiers) => {
///         for (rank, tier) in tiers.iter().enumerate() {
///             println!("tier {rank}: nodes {}", tier.nodes);
///         }
///     }
///     Err(error) => println!("{error}"), // before Linux 6.1
/// }
/// ```
pub fn tiers(root: Root<'_>, size: usize) -> Result<Vec<Tier>> {
    let numbers = Path::below(root, TIERS)
        .sorted(|name| name.strip_prefix(b"memory_tier").and_then(number))
        .map_err(|errno| Error::Open {
            file: "memory_tiering",
            errno,
        })?;
    let mut tiers = Vec::new();
    tiers
        .try_reserve_exact(numbers.len())
        .map_err(|_| Error::OutOfMemory)?;
    for number in numbers {
        let mut path = Path::below(root, TIERS);
        path.push(b"/memory_tier").number(number).push(b"/nodelist");
        let nodes = match topology::read_id_list(&path, size) {
            // It went away meanwhile.
            Err(Error::File {
                errno: Errno::ENOENT,
                ..
            }) => continue,
            nodes => nodes?,
        };
        if !nodes.is_empty() {
            tiers.push(Tier { number, nodes });
        }
    }
    Ok(tiers)
}

/// The rank of a node's tier, 0 the fastest, and the tier. [`Error::NotReported`] of a node without memory,
/// which is in none.
///
/// ```
/// use numa::{Node, Root, tiers};
///
/// match tiers::tier_of(Root::SYSTEM, Node(0), 1024) {
///     Ok((rank, tier)) => println!("node 0 is in tier {rank}, with nodes {}", tier.nodes),
///     Err(error) => println!("{error}"),
/// }
/// ```
pub fn tier_of(root: Root<'_>, node: Node, size: usize) -> Result<(usize, Tier)> {
    let found = tiers(root, size)?
        .into_iter()
        .enumerate()
        .find(|(_, tier)| tier.nodes.contains(node));
    if let Some(found) = found {
        return Ok(found);
    }
    topology::check_node(root, node)?;
    Err(Error::NotReported {
        what: "tiers",
        node: node.0,
    })
}

/// Whether the kernel demotes pages of a full node to a slower tier instead of reclaiming them (Linux 5.15).
///
/// ```
/// use numa::{Root, tiers};
///
/// if let Ok(demotes) = tiers::is_demotion_enabled(Root::SYSTEM) {
///     println!("pages {} demoted", if demotes { "are" } else { "are not" });
/// }
/// ```
pub fn is_demotion_enabled(root: Root<'_>) -> Result<bool> {
    topology::read_switch(&Path::below(root, DEMOTION), "demotion_enabled")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MadeUp;
    use std::string::{String, ToString};

    fn machine(tiers: &[(&str, &str)]) -> MadeUp {
        let made = MadeUp::new();
        for node in 0..4 {
            made.node(node, "1", "10 20 20 20", 1 << 20, 1 << 19);
        }
        for (tier, nodes) in tiers {
            let file = format!("sys/devices/virtual/memory_tiering/{tier}/nodelist");
            made.write(&file, nodes.as_bytes());
        }
        made
    }

    fn shown(made: &MadeUp) -> Result<Vec<(u32, String)>> {
        let found = tiers(made.root(), 64)?;
        Ok(found
            .iter()
            .map(|tier| (tier.number, tier.nodes.to_string()))
            .collect())
    }

    #[test]
    fn tiers_are_sorted_by_number_and_not_by_name() {
        let made = machine(&[
            ("memory_tier28", "2-3\n"),
            ("memory_tier4", "0-1\n"),
            ("memory_tier100", "\n"),
            ("power", "0\n"),
        ]);
        let expected = vec![(4, "0-1".to_string()), (28, "2-3".to_string())];
        assert_eq!(shown(&made), Ok(expected));
        let (rank, tier) = tier_of(made.root(), Node(3), 64).unwrap();
        assert_eq!((rank, tier.number), (1, 28));
        assert_eq!(tier_of(made.root(), Node(9), 64), Err(Error::NoSuchNode(9)));
    }

    #[test]
    fn a_node_without_memory_is_in_no_tier() {
        let made = machine(&[("memory_tier4", "0\n")]);
        let error = tier_of(made.root(), Node(1), 64).unwrap_err();
        assert_eq!(error.errno(), Errno::ENODATA);
    }

    #[test]
    fn kernels_without_tiers_say_so() {
        let made = machine(&[]);
        assert_eq!(tiers(made.root(), 64).unwrap_err().errno(), Errno::ENOENT);
        assert_eq!(
            is_demotion_enabled(made.root()).unwrap_err().errno(),
            Errno::ENOENT
        );
    }

    #[test]
    fn garbage_is_told() {
        let made = machine(&[("memory_tier4", "0-\n")]);
        assert_eq!(shown(&made), Err(Error::Malformed { file: "nodelist" }));
    }

    #[test]
    fn the_switch_is_read_as_the_kernel_writes_it() {
        let made = machine(&[]);
        for (text, expected) in [
            ("true\n", Ok(true)),
            ("false\n", Ok(false)),
            ("1\n", Ok(true)),
            ("0\n", Ok(false)),
        ] {
            made.write("sys/kernel/mm/numa/demotion_enabled", text.as_bytes());
            assert_eq!(is_demotion_enabled(made.root()), expected, "{text}");
        }
        made.write("sys/kernel/mm/numa/demotion_enabled", b"perhaps\n");
        assert!(is_demotion_enabled(made.root()).is_err());
    }
}
