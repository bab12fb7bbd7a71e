//! Which node's pages go where: the rule of migrate_pages(2), naively, and no page that has arrived leaves
//! again.
//!
//! Input: two sizes and two sets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use numa::Node;
use numa::migrate::{Plan, fuzzing};
use numa_fuzz::bytes;

fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let [(from, from_mask), (to, to_mask)] = [(); 2].map(|()| {
        let size = bytes::size(bytes::byte(&mut data)).min(256);
        let set = bytes::set(&mut data, size);
        let mask: numa::NodeMask = bytes::mask(&set, size);
        (set, mask)
    });
    let plan = Plan::new(from_mask.as_bits(), to_mask.as_bits());
    assert_eq!(plan.is_err(), to.is_empty());
    let Ok(plan) = plan else { return };
    let targets: Vec<usize> = to.iter().copied().collect();
    let mut routes = plan.routes().iter();
    let mut layers = 0;
    for (place, &node) in from.iter().enumerate() {
        let stays = from.len() != to.len() && to.contains(&node);
        let target = Some(targets[place % targets.len()]).filter(|&to| !stays && to != node);
        let target = target.map(|node| Node(node as u32));
        assert_eq!(plan.target(Node(node as u32)), target);
        if let Some(target) = target {
            let route = routes.next().expect("a route");
            assert_eq!((route.from.0 as usize, route.to), (node, target));
            let layer = fuzzing::layer(*route);
            layers = layers.max(layer + 1);
            // Whoever leaves the target has left before.
            for other in plan.routes().iter().filter(|other| other.from == target) {
                assert!(fuzzing::layer(*other) < layer, "{route:?} {other:?}");
            }
        }
    }
    assert_eq!(routes.next(), None);
    assert_eq!(fuzzing::layers(&plan), layers);
});
