//! Memory that is mapped more than once.

use super::*;
use crate::migrate::proc::process::Process;

/// The same file of 100 pages at three places, the last one only in part, beside another; the second
/// place has pages that the first has not.
fn world(can_scan: bool) -> World {
    let world = World::new(can_scan);
    world.pages(1000..1060, 0).pages(2000..2100, 0);
    world.pages(3000..3050, 0).pages(4000..4100, 0);
    world.root.write(
        "proc/7/maps",
        b"003e8000-0044c000 rw-s 00000000 00:01 9 /memfd:x (deleted)\n\
          007d0000-00834000 rw-s 00000000 00:01 9 /memfd:x (deleted)\n\
          00bb8000-00bea000 rw-s 00032000 00:01 9 /memfd:x (deleted)\n\
          00fa0000-01004000 rw-s 00000000 00:02 9 /memfd:y (deleted)\n",
    );
    world
}

fn look(world: &World, ranges: &[Range<usize>]) -> u64 {
    let sizes = Sizes {
        mapped: 1 << 21,
        resident: 310 * PAGE as u64,
        huge: 0,
    };
    let options = Options {
        look_only: true,
        ranges,
        ..options()
    };
    let (root, plan) = (world.root.root(), plan(&[0], &[1]));
    let engine = Engine::new(root, 7, &world.fake, sizes, plan, &options).unwrap();
    assert_eq!(finish(&engine, &mut Worker::new()), Ok(()));
    engine.counts().unwrap()[0].moved
}

#[test]
fn a_look_counts_a_page_once() {
    for can_scan in [true, false] {
        let world = world(can_scan);
        assert_eq!(look(&world, &[]), 100 + 100);
        // Outside of the ranges nothing has been counted.
        assert_eq!(
            look(&world, core::slice::from_ref(&(2000 * PAGE..4000 * PAGE))),
            100
        );
        assert_eq!(
            look(&world, core::slice::from_ref(&(3000 * PAGE..4000 * PAGE))),
            50
        );
        let apart = [1010 * PAGE..1020 * PAGE, 2000 * PAGE..2015 * PAGE];
        assert_eq!(look(&world, &apart), 10 + 10);
    }
}

#[test]
fn what_is_mapped_again_is_told() {
    let world = world(true);
    world.root.write("proc/7/status", b"");
    let process = Process::open(world.root.root(), 7).unwrap();
    assert_eq!(process.mapped_again(), Ok((100 + 50) * PAGE as u64));
}
