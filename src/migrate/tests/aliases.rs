//! Memory that is mapped more than once.

use super::fake::{FOREVER, State};
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

fn counts(world: &World, options: &Options<'_>, workers: usize) -> Vec<NodeCount> {
    let sizes = Sizes {
        mapped: 1 << 21,
        resident: 310 * PAGE as u64,
        huge: 0,
    };
    let mut state = world.fake.state();
    state.numa_maps = Some(world.root.path("proc/7/numa_maps"));
    state.write_numa_maps();
    drop(state);
    let (root, plan) = (world.root.root(), plan(&[0], &[1]));
    let engine = Engine::new(root, 7, &world.fake, sizes, plan, options).unwrap();
    let mut workers: Vec<Worker> = (0..workers).map(|_| Worker::new()).collect();
    let mut done = 0;
    for at in 0..ENOUGH {
        let at = at % workers.len();
        let step = engine.step(&mut workers[at]).unwrap();
        done = if step == Step::Done { done + 1 } else { 0 };
        if done == workers.len() {
            return engine.counts().unwrap();
        }
    }
    panic!("a job without end");
}

fn ranges_alone(ranges: &[Range<usize>]) -> Options<'_> {
    Options {
        ranges,
        ..options()
    }
}

#[test]
// One range is what is meant.
#[allow(clippy::single_range_in_vec_init)]
fn a_page_is_counted_once() {
    for (can_scan, look_only) in [(true, true), (false, true), (true, false), (false, false)] {
        let moved_of = |ranges: &[Range<usize>]| {
            let options = Options {
                look_only,
                ..ranges_alone(ranges)
            };
            counts(&world(can_scan), &options, 1)[0].moved
        };
        assert_eq!(moved_of(&[]), 100 + 100);
        // Outside of the ranges nothing has been counted.
        assert_eq!(moved_of(&[2000 * PAGE..4000 * PAGE]), 100);
        assert_eq!(moved_of(&[3000 * PAGE..4000 * PAGE]), 50);
        let apart = [1010 * PAGE..1020 * PAGE, 2000 * PAGE..2015 * PAGE];
        assert_eq!(moved_of(&apart), 10 + 10);
    }
}

#[test]
fn a_page_that_stays_is_counted_once() {
    type Prepare = fn(&mut State, &mut Options<'_>);
    let cases: [(Reason, Prepare); 4] = [
        (Reason::Busy, |state, _| {
            state.pages.values_mut().for_each(|p| p.busy = FOREVER);
        }),
        (Reason::Shared, |state, options| {
            state.pages.values_mut().for_each(|p| p.shared = true);
            options.share = Share::Private;
        }),
        (Reason::TargetFull, |state, _| {
            state.free.insert(1, 0);
        }),
        (Reason::NotPermitted, |state, _| {
            state.forbidden.insert(1);
        }),
    ];
    for (reason, prepare) in cases {
        for (can_scan, workers) in [(true, 1), (false, 1), (true, 3), (false, 3)] {
            let world = world(can_scan);
            let mut options = Options {
                workers,
                ..options()
            };
            prepare(&mut world.fake.state(), &mut options);
            let counts = counts(&world, &options, workers);
            assert_eq!(told(&counts), [left(0, reason, 200)]);
        }
    }
}

#[test]
fn a_page_that_is_hidden_at_one_address_moves_at_another() {
    // Nobody may access the first place.
    let private = Options {
        share: Share::Private,
        ..options()
    };
    let world = world(false);
    world.change(1000..1060, |page| page.hidden = true);
    assert_eq!(told(&counts(&world, &private, 1)), [moved(200)]);
    // And what stays there is busy, not hidden too.
    let world = self::world(false);
    world.change(1000..1060, |page| page.hidden = true);
    world.change(2000..2010, |page| page.busy = FOREVER);
    let wanted = left(190, Reason::Busy, 10);
    assert_eq!(told(&counts(&world, &private, 1)), [wanted]);
}

#[test]
fn a_page_that_is_hidden_everywhere_is_counted_once() {
    let hidden = || {
        let world = world(false);
        world.change(1000..3050, |page| page.hidden = true);
        world.change(4000..4004, |page| page.busy = FOREVER);
        world
    };
    let private = Options {
        share: Share::Private,
        ..options()
    };
    let told = told(&counts(&hidden(), &private, 1));
    let mut wanted = left(96, Reason::Hidden, 100);
    wanted.1[Reason::Busy as usize] = 4;
    assert_eq!(told, [wanted]);
    // All of them move at once in the end, and the busy ones do not.
    let told = self::told(&counts(&hidden(), &options(), 1));
    assert_eq!(told, [left(196, Reason::Busy, 4)]);
}

#[test]
fn huge_pages_that_are_mapped_as_small_ones_too() {
    for busy in [0, FOREVER] {
        for can_scan in [true, false] {
            let world = World::new(can_scan);
            // 4 MiB three times, the second time with small pages.
            world.huge(1024..2048, 0).pages(3000..4024, 0);
            world.huge(5120..6144, 0);
            world.change(1024..6144, |page| page.busy = busy);
            world.root.write(
                "proc/7/maps",
                b"00400000-00800000 rw-s 00000000 00:01 9 /memfd:x (deleted)\n\
                  00bb8000-00fb8000 rw-s 00000000 00:01 9 /memfd:x (deleted)\n\
                  01400000-01800000 rw-s 00000000 00:01 9 /memfd:x (deleted)\n",
            );
            let wanted = match busy {
                0 => moved(1024),
                _ => left(0, Reason::Busy, 1024),
            };
            assert_eq!(told(&counts(&world, &options(), 1)), [wanted]);
        }
    }
}

#[test]
fn what_is_mapped_again_is_told() {
    let world = world(true);
    world.root.write("proc/7/status", b"");
    let process = Process::open(world.root.root(), 7).unwrap();
    assert_eq!(process.mapped_again(), Ok((100 + 50) * PAGE as u64));
}

// With 32 bits no process is as large.
#[cfg(target_pointer_width = "64")]
#[test]
fn what_is_mapped_and_not_used_costs_nothing() {
    let made = MadeUp::new();
    made.write("proc/7/status", b"");
    // 2^59 bytes, twice: a bit for each page would take a terabyte.
    made.write(
        "proc/7/maps",
        b"1000000000000000-1800000000000000 rw-s 00000000 00:01 9 /memfd:x (deleted)\n\
          2000000000000000-2800000000000000 rw-s 00000000 00:01 9 /memfd:x (deleted)\n",
    );
    let process = Process::open(made.root(), 7).unwrap();
    assert_eq!(process.mapped_again(), Ok(1 << 59));
}
