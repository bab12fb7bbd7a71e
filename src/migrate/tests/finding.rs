//! Finding pages, by both kinds of kernels.

use super::workers::made_by;
use super::*;
use crate::migrate::find::walk::{Found, Unit, Walk};
use crate::migrate::proc::maps::Kinds;
use crate::sys::Errno;

/// The pages of the base size that a walk finds.
fn found(world: &World, mapped: u64) -> Vec<usize> {
    world
        .root
        .write("proc/7/maps", world.fake.maps().as_bytes());
    let sizes = Sizes {
        mapped,
        resident: 0,
        huge: 0,
    };
    let (root, kernel) = (world.root.root(), &world.fake);
    let mut walk = Walk::new(root, 7, &kernel, sizes, Kinds::ALL, &[]).unwrap();
    let (mut units, mut pages) = (Vec::new(), Vec::new());
    loop {
        match walk.fill(&kernel, &mut units, 100, 8 << 20).unwrap() {
            Found::Units(unit) => pages.extend(
                units
                    .iter()
                    .flat_map(|&at| (at..at + unit.size(PAGE)).step_by(PAGE)),
            ),
            Found::Hole => {}
            Found::End => return pages,
        }
    }
}

#[test]
fn every_page_is_found_once_in_its_order() {
    for seed in 1..=60 {
        let world = made_by(&mut Chance(u64::wrapping_mul(seed, 0x9e37_79b9_7f4a_7c15)));
        let pages: Vec<usize> = world.fake.state().pages.keys().copied().collect();
        assert!(found(&world, 0) == pages, "{seed}");
        // The same where there should be numa_maps, and is not.
        assert!(found(&world, 1 << 46) == pages, "{seed}");
    }
}

#[test]
fn looking_for_pages_costs_what_is_there() {
    for world in worlds() {
        // 64 TiB of address space with 2000 pages at its beginning.
        world.pages(256..2256, 0);
        world.one_mapping(256..room_for(1 << 34));
        let numa_maps = b"00100000 default anon=2000 N0=2000 kernelpagesize_kB=4\n";
        world.root.write("proc/7/numa_maps", numa_maps);
        world
            .root
            .write("proc/7/maps", world.fake.maps().as_bytes());
        let sizes = Sizes {
            mapped: 1 << 46,
            resident: 2000 * PAGE as u64,
            huge: 0,
        };
        let root = world.root.root();
        let plan = plan(&[0], &[1]);
        let engine = Engine::new(root, 7, &world.fake, sizes, plan, &options()).unwrap();
        assert_eq!(finish(&engine, &mut Worker::new()), Ok(()));
        world.check(&engine);
        let state = world.fake.state();
        let calls = |call| state.calls.get(&call).copied().unwrap_or_default();
        assert!(calls(Call::Scan).0 <= 3 && calls(Call::Read).1 <= 8192);
    }
}

#[test]
fn a_hole_does_not_hold_up_a_step() {
    let world = World::new(false);
    // 64 GiB of which the first and the last page are there; numa_maps is not.
    let end = room_for(16 << 20);
    world.pages(256..257, 0).pages(end - 1..end, 0);
    world.one_mapping(256..end);
    let engine = world.engine(plan(&[0], &[1]), &options()).unwrap();
    let (mut worker, mut before) = (Worker::new(), 0);
    while engine.step(&mut worker).unwrap() != Step::Done {
        let words = world.fake.state().calls.get(&Call::Read).map_or(0, |c| c.1);
        assert!(words - before <= 64 * 8192, "{}", words - before);
        before = words;
    }
    world.check(&engine);
    assert_eq!(told(&engine.counts().unwrap()), [moved(2)]);
}

#[test]
fn a_scan_that_is_refused_later_is_done_without() {
    let world = World::new(true);
    for n in 0..1000 {
        world.pages(1000 + 3 * n..1001 + 3 * n, 0);
    }
    world.one_mapping(1000..4000);
    world
        .fake
        .state()
        .faults
        .insert((Call::Scan, 3), Errno::EPERM);
    let counts = world.run(plan(&[0], &[1]), &options());
    assert_eq!(told(&counts), [moved(1000)]);
    assert!(world.fake.calls(Call::Read) > 0);
}

#[test]
fn mappings_that_are_near_each_other_are_read_together() {
    let world = World::new(false);
    // 2000 of one page, with a page between two, and a page in every tenth.
    for number in (1000..5000).step_by(2) {
        world.pages(number..number + 1, 0);
    }
    world.fake.state().pages.retain(|at, _| at / PAGE % 20 == 0);
    let pages: Vec<usize> = world.fake.state().pages.keys().copied().collect();
    assert!(pages.len() == 200 && found(&world, 0) == pages);
    let (calls, words) = world.fake.state().calls[&Call::Read];
    assert!(calls < 20 && words < 3 * 4000, "{calls} {words}");
}

#[test]
fn mappings_that_are_far_apart_are_read_alone() {
    let world = World::new(false);
    for number in (1000..101_000).step_by(1000) {
        world.pages(number..number + 2, 0);
    }
    assert_eq!(found(&world, 0).len(), 200);
    assert_eq!(world.fake.state().calls[&Call::Read], (100, 200));
}

#[test]
fn what_was_read_in_one_step_is_not_believed_in_the_next() {
    let world = World::new(false);
    for number in (1000..1200).step_by(2) {
        world.pages(number..number + 1, 0);
    }
    let page = world.fake.state().pages.remove(&(1100 * PAGE)).unwrap();
    world
        .root
        .write("proc/7/maps", world.fake.maps().as_bytes());
    let (root, kernel) = (world.root.root(), &world.fake);
    let sizes = Sizes::default();
    let mut walk = Walk::new(root, 7, &kernel, sizes, Kinds::ALL, &[]).unwrap();
    let (mut units, mut count) = (Vec::new(), 0);
    while walk.fill(&kernel, &mut units, 10, 8 << 20).unwrap() != Found::End {
        world.fake.state().pages.insert(1100 * PAGE, page);
        count += units.len();
    }
    assert_eq!(count, 100);
    // And little is read for nothing.
    let (_, words) = world.fake.state().calls[&Call::Read];
    assert!(words < 11 * 300, "{words}");
}

#[test]
fn a_huge_page_at_the_end_of_all_addresses() {
    const END: usize = usize::MAX / PAGE;
    let world = World::new(true);
    world.huge(END - 511..END, 0);
    let maps = world.fake.maps();
    world.root.write("proc/7/maps", maps.as_bytes());
    let (root, kernel) = (world.root.root(), &world.fake);
    let mut walk = Walk::new(root, 7, &kernel, Sizes::default(), Kinds::ALL, &[]).unwrap();
    let mut units = Vec::new();
    let found = walk.fill(&kernel, &mut units, 100, 8 << 20).unwrap();
    assert_eq!(found, Found::Units(Unit::Huge(BLOCK)));
    assert_eq!(units, [END / 512 * BLOCK]);
    assert_eq!(walk.fill(&kernel, &mut units, 100, 8 << 20), Ok(Found::End));
}
