//! Calls that fail, processes that end, callers that stop.

use super::fake::FOREVER;
use super::*;
use crate::error::Error;
use crate::sys::Errno;

/// Errors that the kernel answers with, and one that it should not.
const ERRORS: [Errno; 9] = [
    Errno::EPERM,
    Errno::ENOENT,
    Errno::ESRCH,
    Errno::E2BIG,
    Errno::ENOMEM,
    Errno::EACCES,
    Errno::EFAULT,
    Errno::EINVAL,
    Errno::ENODEV,
];

const CALLS: [Call; 4] = [Call::Locate, Call::Move, Call::Scan, Call::Read];

/// A process that takes calls of all kinds: pages that move, stay for a moment and for ever, huge
/// pages, and two layers.
fn world(can_scan: bool) -> World {
    let world = World::new(can_scan);
    world.pages(500..512, 0).huge(512..2048, 0);
    world.pages(2048..2100, 0).pages(4000..4020, 1);
    world.change(502..504, |page| page.busy = 2);
    world.change(505..507, |page| page.busy = FOREVER);
    world.change(1024..1536, |page| page.busy = 1);
    world
}

fn overlapping() -> Plan {
    plan(&[0, 1], &[1, 2])
}

/// How many calls of each kind the job makes when nothing fails.
fn calls_of(can_scan: bool) -> [usize; 4] {
    let world = world(can_scan);
    world.run(overlapping(), &options());
    CALLS.map(|call| world.fake.calls(call))
}

/// Pages of a route that are in a count.
fn counted(engine: &Engine<'_, &Fake>, route: usize) -> u64 {
    let count = engine.counts().unwrap()[route];
    count.moved + count.left.iter().sum::<u64>()
}

/// Whether no page is in two counts, and what was moved in one.
fn check_broken_off(world: &World, engine: &Engine<'_, &Fake>) {
    assert!(engine.is_stopped());
    let counts = engine.counts().unwrap();
    for (index, count) in counts.iter().enumerate() {
        let (from, to) = (count.route.from, count.route.to);
        let all = world.went(from, from) + world.went(from, to);
        assert!(counted(engine, index) <= all, "{count:?} of {all}");
    }
    assert!(
        world
            .fake
            .state()
            .pages
            .values()
            .all(|page| page.moves <= 1)
    );
    // It stays as it is.
    let mut worker = Worker::new();
    assert_eq!(engine.step(&mut worker), Ok(Step::Done));
    assert_eq!(engine.counts().unwrap(), counts);
}

/// Every call of a kind fails once, with every error. `expect` says whether the job goes on.
fn each_call_fails(call: Call, goes_on: impl Fn(Errno, usize) -> bool) {
    for can_scan in [true, false] {
        let numbers = calls_of(can_scan)[call as usize];
        for (errno, number) in ERRORS
            .into_iter()
            .flat_map(|errno| (1..=numbers).map(move |number| (errno, number)))
        {
            let world = world(can_scan);
            world.fake.state().faults.insert((call, number), errno);
            let engine = world.engine(overlapping(), &options()).unwrap();
            let result = finish(&engine, &mut Worker::new());
            let ended = errno == Errno::ESRCH;
            if goes_on(errno, number) {
                assert_eq!(result, Ok(()), "{errno} at {number}");
                world.check(&engine);
                continue;
            }
            match result {
                Ok(()) if ended => {}
                Err(Error::Kernel { errno: said, .. }) if said == errno => {}
                other => panic!("{errno} at {number}: {other:?}"),
            }
            check_broken_off(&world, &engine);
        }
    }
}

#[test]
fn locating_fails() {
    each_call_fails(Call::Locate, |_, _| false);
}

#[test]
fn moving_fails() {
    // Which calls move the heads of blocks, whose failure says nothing, is seen here.
    for can_scan in [true, false] {
        for errno in ERRORS {
            for number in 1..=calls_of(can_scan)[Call::Move as usize] {
                let world = world(can_scan);
                world
                    .fake
                    .state()
                    .faults
                    .insert((Call::Move, number), errno);
                let engine = world.engine(overlapping(), &options()).unwrap();
                let result = finish(&engine, &mut Worker::new());
                if !engine.is_stopped() {
                    assert_eq!(result, Ok(()));
                    world.check(&engine);
                    continue;
                }
                assert!(!matches!(
                    errno,
                    Errno::ENOMEM | Errno::EACCES | Errno::ENODEV
                ));
                let ended = errno == Errno::ESRCH;
                let call = "move_pages";
                let wanted = if ended {
                    Ok(())
                } else {
                    Err(Error::Kernel { call, errno })
                };
                assert_eq!(result, wanted);
                world.check_moved(&engine);
                check_broken_off(&world, &engine);
            }
        }
    }
}

#[test]
fn scanning_fails() {
    // Then pagemap is read.
    each_call_fails(Call::Scan, |_, _| true);
}

#[test]
fn a_pagemap_that_cannot_be_read_is_an_error() {
    for errno in ERRORS {
        let world = world(false);
        world.fake.state().faults.insert((Call::Read, 1), errno);
        let engine = world.engine(overlapping(), &options()).unwrap();
        let file = "pagemap";
        let wanted = match errno {
            Errno::ESRCH => Ok(()),
            errno => Err(Error::File { file, errno }),
        };
        assert_eq!(finish(&engine, &mut Worker::new()), wanted);
        assert!(engine.is_stopped());
        world.check_moved(&engine);
    }
}

#[test]
fn a_line_that_makes_no_sense_is_an_error() {
    for world in worlds() {
        world.pages(300..400, 0);
        let engine = world.engine(plan(&[0], &[1]), &options()).unwrap();
        let maps = [world.fake.maps().as_bytes(), b"00500000-0040\n"].concat();
        world.root.write("proc/7/maps", &maps);
        drop(engine);
        let root = world.root.root();
        let sizes = Sizes::default();
        let plan = plan(&[0], &[1]);
        let engine = Engine::new(root, 7, &world.fake, sizes, plan, &options()).unwrap();
        let malformed = Err(Error::Malformed { file: "maps" });
        assert_eq!(finish(&engine, &mut Worker::new()), malformed);
        world.check_moved(&engine);
    }
}

#[test]
fn an_invalid_call_is_the_end_only_if_the_memory_is_gone() {
    for (ended, wanted) in [
        (true, Ok(())),
        (
            false,
            Err(Error::Kernel {
                call: "move_pages",
                errno: Errno::EINVAL,
            }),
        ),
    ] {
        for world in worlds() {
            world.pages(300..400, 0);
            world
                .fake
                .before(Call::Move, 1, move |state| state.ended = ended);
            world
                .fake
                .state()
                .faults
                .insert((Call::Move, 1), Errno::EINVAL);
            let engine = world.engine(plan(&[0], &[1]), &options()).unwrap();
            assert_eq!(finish(&engine, &mut Worker::new()), wanted);
            let reason = if ended { Reason::Gone } else { Reason::Busy };
            assert_eq!(told(&engine.counts().unwrap()), [left(0, reason, 100)]);
        }
    }
}

#[test]
fn a_node_that_is_taken_away_is_no_error() {
    for (errno, reason) in [
        (Errno::EACCES, Reason::NotPermitted),
        (Errno::ENODEV, Reason::NotPermitted),
    ] {
        for world in worlds() {
            world.pages(300..400, 0);
            world.fake.state().faults.insert((Call::Move, 1), errno);
            let counts = world.run(plan(&[0], &[1]), &options());
            assert_eq!(told(&counts), [left(0, reason, 100)]);
        }
    }
}

#[test]
fn the_process_ends_at_any_call() {
    for (can_scan, held) in [(true, false), (false, false), (true, true), (false, true)] {
        for call in CALLS {
            for number in 1..=calls_of(can_scan)[call as usize] {
                let world = world(can_scan);
                world.fake.before(call, number, move |state| {
                    (state.ended, state.held) = (true, held);
                });
                let engine = world.engine(overlapping(), &options()).unwrap();
                assert_eq!(finish(&engine, &mut Worker::new()), Ok(()));
                world.fake.state().ended = false;
                for count in engine.counts().unwrap() {
                    let all = world.went(count.route.from, count.route.from)
                        + world.went(count.route.from, count.route.to);
                    let counted = count.moved + count.left.iter().sum::<u64>();
                    assert!(counted <= all, "{call:?} {number}: {count:?} of {all}");
                }
            }
        }
    }
}

#[test]
fn another_program_at_any_call_is_told() {
    for can_scan in [true, false] {
        for call in CALLS {
            for number in 1..=calls_of(can_scan)[call as usize] {
                let world = world(can_scan);
                world.fake.before(call, number, |state| state.replace());
                let engine = world.engine(overlapping(), &options()).unwrap();
                assert_eq!(finish(&engine, &mut Worker::new()), Ok(()));
                assert!(engine.is_replaced() && engine.is_stopped());
                let counted = counted(&engine, 0) + counted(&engine, 1);
                assert!(counted <= 12 + 1536 + 52 + 20, "{call:?} {number}");
            }
        }
    }
}

#[test]
fn another_program_is_told_whatever_error_it_makes() {
    for world in worlds() {
        world.pages(300..400, 0);
        world.fake.before(Call::Move, 1, |state| state.replace());
        let mut state = world.fake.state();
        state.faults.insert((Call::Move, 1), Errno::EFAULT);
        drop(state);
        let engine = world.engine(plan(&[0], &[1]), &options()).unwrap();
        assert_eq!(finish(&engine, &mut Worker::new()), Ok(()));
        assert!(engine.is_replaced());
        assert_eq!(counted(&engine, 0), 100);
    }
}

#[test]
fn all_that_was_in_hand_is_gone_with_the_process() {
    for world in worlds() {
        world.pages(300..400, 0);
        world.change(300..310, |page| page.busy = FOREVER);
        // The busy ones have been kept for later when the last try is made.
        world.fake.before(Call::Move, 3, |state| state.ended = true);
        let engine = world.engine(plan(&[0], &[1]), &options()).unwrap();
        assert_eq!(finish(&engine, &mut Worker::new()), Ok(()));
        assert!(engine.is_stopped());
        let counts = engine.counts().unwrap();
        assert_eq!(told(&counts), [left(90, Reason::Gone, 10)]);
    }
}

#[test]
fn the_end_of_the_process_is_known_to_all_workers() {
    for world in worlds() {
        world.pages(300..5000, 0);
        world.change(300..5000, |page| page.busy = FOREVER);
        let engine = world.engine(plan(&[0], &[1]), &options()).unwrap();
        let (mut first, mut second) = (Worker::new(), Worker::new());
        assert_eq!(engine.step(&mut first), Ok(Step::Worked));
        world.fake.state().ended = true;
        assert_eq!(engine.step(&mut second), Ok(Step::Done));
        assert_eq!(engine.step(&mut first), Ok(Step::Done));
        let count = engine.counts().unwrap()[0];
        assert!(
            count.left_for(Reason::Gone) > 0 && count.stayed() == 0,
            "{count:?}"
        );
    }
}

#[test]
fn what_was_looked_at_is_counted_after_an_error() {
    for number in 1..=12 {
        for (call, errno) in [
            (Call::Locate, Errno::EPERM),
            (Call::Locate, Errno::ESRCH),
            (Call::Move, Errno::EPERM),
            (Call::Move, Errno::ESRCH),
        ] {
            for world in worlds() {
                world.fake.state().faults.insert((call, number), errno);
                fails_with_two_workers(&world, errno);
            }
        }
    }
}

/// An error at one call, on whichever of two workers: all that was looked at is in a count.
fn fails_with_two_workers(world: &World, errno: Errno) {
    world.pages(300..512, 0).huge(512..4096, 0);
    world.change(400..410, |page| page.busy = FOREVER);
    // Two ways to go, so that a piece takes several calls.
    world.pages(4096..6000, 0);
    for number in (4096..6000).step_by(2) {
        world.change(number..number + 1, |page| (page.home, page.node) = (1, 1));
    }
    let engine = world.engine(plan(&[0, 1], &[2, 3]), &options()).unwrap();
    let mut workers = [Worker::new(), Worker::new()];
    let (mut failed, mut done) = (false, 0);
    for at in 0..ENOUGH {
        let step = engine.step(&mut workers[at % 2]);
        failed |= step.is_err();
        done = if step == Ok(Step::Done) { done + 1 } else { 0 };
        if done == 2 {
            break;
        }
    }
    assert!(!failed || errno == Errno::EPERM);
    if !engine.is_stopped() {
        return world.check(&engine);
    }
    check_broken_off(world, &engine);
    let counted = counted(&engine, 0) + counted(&engine, 1);
    let moved = world.went(Node(0), Node(2)) + world.went(Node(1), Node(3));
    assert!(counted >= engine.progress().examined && counted >= moved);
}

#[test]
fn what_was_kept_for_later_is_busy_when_the_caller_stops() {
    for world in worlds() {
        world.pages(300..400, 0);
        world.change(300..310, |page| page.busy = FOREVER);
        let engine = world.engine(plan(&[0], &[1]), &options()).unwrap();
        let mut worker = Worker::new();
        assert_eq!(engine.step(&mut worker), Ok(Step::Worked));
        assert_eq!(told(&engine.counts().unwrap()), [moved(90)]);
        engine.stop();
        assert_eq!(engine.step(&mut worker), Ok(Step::Done));
        assert_eq!(
            told(&engine.counts().unwrap()),
            [left(90, Reason::Busy, 10)]
        );
    }
}

#[test]
fn stopped_after_any_step() {
    for can_scan in [true, false] {
        for steps in 0..ENOUGH {
            let world = world(can_scan);
            let engine = world.engine(overlapping(), &options()).unwrap();
            let mut workers = [Worker::new(), Worker::new()];
            let mut done = 0;
            for at in 0..steps {
                let step = engine.step(&mut workers[at % 2]).unwrap();
                done = if step == Step::Done { done + 1 } else { 0 };
            }
            engine.stop();
            for worker in &mut workers {
                assert_eq!(engine.step(worker), Ok(Step::Done));
            }
            world.check_moved(&engine);
            check_broken_off(&world, &engine);
            if done >= 2 {
                world.check(&engine);
                break;
            }
        }
    }
}
