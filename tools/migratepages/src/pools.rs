//! Explicit huge pages that a move needs on its targets: they come from the pool of the node.

use std::collections::BTreeMap;
use std::fs;

use numa::migrate::{Options, Plan, Process};

/// Explicit huge pages that are larger are not made when they are needed: the target must have
/// free ones.
const LARGEST_MADE: u64 = 4 << 20;

/// Huge pages that need free ones on their target: by node and size.
#[derive(Debug, Default)]
pub(crate) struct HugeNeeds(BTreeMap<(u32, u64), u64>);

/// Where a pool is too small.
#[derive(Debug)]
pub(crate) struct Lacking {
    pub(crate) node: u32,
    pub(crate) page_size: u64,
    pub(crate) free: u64,
    pub(crate) needed: u64,
}

impl HugeNeeds {
    /// Those of a process.
    pub(crate) fn of(process: &Process, plan: &Plan, options: &Options<'_>) -> HugeNeeds {
        let mut needs = HugeNeeds::default();
        // numa_maps counts whole mappings, so it cannot tell for ranges. It is a warning only: if
        // the file is not there, there is none.
        if !options.ranges.is_empty() {
            return needs;
        }
        let _ = process.for_each_numa_mapping(|kind, line| {
            if !line.is_huge || line.page_size <= LARGEST_MADE || !options.kinds.contains(kind) {
                return;
            }
            for (node, pages) in line.nodes() {
                if let Some(to) = plan.target(node) {
                    let needed = needs.0.entry((to.0, line.page_size)).or_default();
                    *needed = needed.saturating_add(pages);
                }
            }
        });
        needs
    }

    /// Bytes that come from the node's pools.
    pub(crate) fn bytes_on(&self, node: u32) -> u64 {
        let pools = self.0.iter().filter(|((other, _), _)| *other == node);
        let bytes = pools.map(|((_, size), &pages)| size.saturating_mul(pages));
        bytes.fold(0, u64::saturating_add)
    }

    /// The pools that are too small.
    pub(crate) fn lacking(&self) -> Vec<Lacking> {
        let lacking = self.0.iter().filter_map(|(&(node, page_size), &needed)| {
            let free = free_pages(node, page_size)?;
            (free < needed).then_some(Lacking {
                node,
                page_size,
                free,
                needed,
            })
        });
        lacking.collect()
    }
}

fn free_pages(node: u32, page_size: u64) -> Option<u64> {
    let path = format!(
        "/sys/devices/system/node/node{node}/hugepages/hugepages-{}kB/free_hugepages",
        page_size / 1024
    );
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_node_has_its_own_pools() {
        let needs = HugeNeeds(BTreeMap::from([
            ((2, 1 << 30), 3),
            ((2, 16 << 20), 2),
            ((3, 1 << 30), 1),
            ((5, 1 << 30), u64::MAX),
            ((5, 16 << 20), 1),
        ]));
        assert_eq!(needs.bytes_on(2), (3 << 30) + (32 << 20));
        assert_eq!(needs.bytes_on(4), 0);
        assert_eq!(needs.bytes_on(5), u64::MAX);
    }
}
