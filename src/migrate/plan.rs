//! Which node a page goes to.

use alloc::vec::Vec;

use crate::error::{Error, Result};
use crate::mask::{Bits, Node};

/// The rule of migrate_pages(2): for each node of one set, the node of another that gets its
/// pages.
///
/// The n-th node of FROM goes to the n-th node of TO; when TO is shorter, counting begins again
/// with its first node. If the sets have different sizes, pages on a node that is in both
/// stay where they are. Pages whose node would be its own target stay as well.
#[derive(Debug)]
pub struct Plan {
    routes: Vec<Route>,
    layers: u32,
}

/// One node's pages and where they go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The node that they leave.
    pub from: Node,
    /// The node that they go to.
    pub to: Node,
    /// When: layer by layer, so that no page that has arrived on a node is taken for one
    /// that has to leave it.
    layer: u32,
}

impl Route {
    /// When its pages leave.
    pub(super) fn layer(self) -> u32 {
        self.layer
    }
}

impl Plan {
    /// Plans the way from one set of nodes to another.
    ///
    /// # Errors
    /// [`Error::Invalid`] if `to` is empty, [`Error::OutOfMemory`].
    ///
    /// ```
    /// use numa::mask::Bits;
    /// use numa::migrate::Plan;
    ///
    /// let plan = Plan::new(Bits::new(&[0b0011], 4), Bits::new(&[0b1100], 4))?;
    /// for route in plan.routes() {
    ///     println!("from node {} to node {}", route.from, route.to);
    /// }
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn new(from: Bits<'_>, to: Bits<'_>) -> Result<Plan> {
        let (sources, targets) = (from.iter().count(), to.iter().count());
        if targets == 0 {
            return Err(Error::Invalid("set of target nodes"));
        }
        let mut routes = Vec::new();
        routes
            .try_reserve_exact(sources)
            .map_err(|_| Error::OutOfMemory)?;
        for (place, node) in from.iter().enumerate() {
            if sources != targets && to.contains(node) {
                continue;
            }
            let Some(target) = to.iter().nth(place % targets) else {
                continue;
            };
            if target != node {
                routes.push(Route {
                    from: Node(node as u32),
                    to: Node(target as u32),
                    layer: 0,
                });
            }
        }
        // A node's pages leave before others arrive there. Routes keep the order of the nodes
        // in sets of equal size, so that there are no cycles.
        let mut layers = u32::from(!routes.is_empty());
        for _ in 0..routes.len() {
            let mut changed = false;
            for at in 0..routes.len() {
                let next = routes
                    .iter()
                    .find(|r| r.from == routes[at].to)
                    .map(|r| r.layer + 1);
                if let Some(layer) = next.filter(|&layer| layer != routes[at].layer) {
                    routes[at].layer = layer;
                    layers = layers.max(layer + 1);
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        Ok(Plan { routes, layers })
    }

    /// Where the pages of `node` go; `None` if they stay.
    ///
    /// ```
    /// use numa::Node;
    /// use numa::mask::Bits;
    /// use numa::migrate::Plan;
    ///
    /// let plan = Plan::new(Bits::new(&[0b0011], 4), Bits::new(&[0b1100], 4))?;
    /// assert_eq!(plan.target(Node(1)), Some(Node(3)));
    /// assert_eq!(plan.target(Node(2)), None); // its pages stay
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn target(&self, node: Node) -> Option<Node> {
        self.routes.iter().find(|r| r.from == node).map(|r| r.to)
    }

    /// All nodes whose pages move, with their targets, in ascending order.
    ///
    /// ```
    /// use numa::mask::Bits;
    /// use numa::migrate::Plan;
    ///
    /// let plan = Plan::new(Bits::new(&[0b0011], 4), Bits::new(&[0b1100], 4))?;
    /// assert_eq!(plan.routes().len(), 2);
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// How many there are: 0 if nothing moves.
    pub(super) fn layers(&self) -> u32 {
        self.layers
    }

    /// The index of the route that begins at `node` in this layer.
    pub(super) fn route(&self, node: u32, layer: u32) -> Option<usize> {
        self.routes
            .iter()
            .position(|r| r.from.0 == node && r.layer == layer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::NodeMask;
    use crate::testing::same_cases;
    use proptest::collection::btree_set;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::string::String;

    fn plan(from: &[u32], to: &[u32]) -> Plan {
        let set = |ids: &[u32]| {
            let mut mask = NodeMask::new(64).unwrap();
            ids.iter().for_each(|&n| mask.insert(Node(n)).unwrap());
            mask
        };
        Plan::new(set(from).as_bits(), set(to).as_bits()).unwrap()
    }

    fn text(from: &[u32], to: &[u32]) -> String {
        let plan = plan(from, to);
        let parts: Vec<String> = plan
            .routes()
            .iter()
            .map(|r| format!("{}:{}", r.from.0, r.to.0))
            .collect();
        parts.join(" ")
    }

    #[test]
    fn the_kernels_rule() {
        assert_eq!(text(&[2, 3, 4, 5], &[7, 9, 12, 13]), "2:7 3:9 4:12 5:13");
        assert_eq!(text(&[0], &[1]), "0:1");
        assert_eq!(text(&[0, 1], &[0, 1]), "");
        assert_eq!(text(&[0, 1, 2], &[1, 2, 3]), "0:1 1:2 2:3");
        assert_eq!(text(&[0, 1, 2, 3], &[4, 5]), "0:4 1:5 2:4 3:5");
        assert_eq!(text(&[0], &[2, 3]), "0:2");
        // Different sizes: nodes in both sets keep their pages, the others keep their place.
        assert_eq!(text(&[0, 1, 2], &[1, 3]), "0:1 2:1");
        assert_eq!(text(&[0, 1, 2, 3], &[0, 1]), "2:0 3:1");
        assert_eq!(text(&[0, 1], &[0, 1, 2]), "");
        assert_eq!(text(&[], &[1]), "");
    }

    #[test]
    fn pages_leave_a_node_before_others_arrive() {
        let plan = plan(&[0, 1, 2], &[1, 2, 3]);
        assert_eq!(plan.layers(), 3);
        assert_eq!(plan.route(2, 0), Some(2));
        assert_eq!(plan.route(1, 1), Some(1));
        assert_eq!(plan.route(0, 2), Some(0));
        assert_eq!(plan.route(0, 0), None);
    }

    #[test]
    fn no_target_is_an_error() {
        let empty = NodeMask::new(64).unwrap();
        assert!(Plan::new(empty.as_bits(), empty.as_bits()).is_err());
    }

    proptest! {
        #![proptest_config(same_cases())]

        /// Layer by layer, a page of each node comes to that node's target and no further.
        #[test]
        fn each_page_moves_once(
            from in btree_set(0u32..64, 0..24),
            to in btree_set(0u32..64, 1..24),
        ) {
            let list = |set: &BTreeSet<u32>| -> Vec<u32> { set.iter().copied().collect() };
            let (sources, targets) = (list(&from), list(&to));
            let plan = plan(&sources, &targets);
            let mut pages: Vec<u32> = (0..64).collect();
            for layer in 0..plan.layers() {
                for page in &mut pages {
                    if let Some(route) = plan.route(*page, layer) {
                        *page = plan.routes()[route].to.0;
                    }
                }
            }
            for (page, node) in pages.into_iter().zip(0..) {
                let place = sources.iter().position(|&n| n == node);
                let stays = sources.len() != targets.len() && to.contains(&node);
                let wanted = place.filter(|_| !stays).map(|place| targets[place % targets.len()]);
                assert_eq!(page, wanted.unwrap_or(node), "node {node}");
            }
        }
    }
}
