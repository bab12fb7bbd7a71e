//! What becomes of pages of each kind.

use super::fake::FOREVER;
use super::*;

#[test]
fn every_page_moves() {
    for world in worlds() {
        world.pages(256..1000, 0).pages(5000..5003, 1);
        world.pages(9000..9100, 2);
        let counts = world.run(plan(&[0, 1], &[3, 4]), &options());
        assert_eq!(told(&counts), [moved(744), moved(3)]);
        assert_eq!(world.went(Node(2), Node(2)), 100);
    }
}

#[test]
fn nothing_to_do() {
    for world in worlds() {
        world.pages(256..1000, 0);
        assert_eq!(told(&world.run(plan(&[1], &[2]), &options())), [moved(0)]);
        assert_eq!(world.run(plan(&[0], &[0]), &options()), []);
    }
}

#[test]
fn what_is_busy_for_a_moment_moves_in_the_end() {
    for world in worlds() {
        world.pages(256..2000, 0);
        world.change(300..302, |page| page.busy = 1);
        world.change(700..703, |page| page.busy = 2);
        let counts = world.run(plan(&[0], &[1]), &options());
        assert_eq!(told(&counts), [moved(1744)]);
    }
}

#[test]
fn what_is_busy_for_ever_stays() {
    for world in worlds() {
        world.pages(256..2000, 0);
        world.change(300..302, |page| page.busy = FOREVER);
        let counts = world.run(plan(&[0], &[1]), &options());
        assert_eq!(told(&counts), [left(1742, Reason::Busy, 2)]);
    }
}

#[test]
fn all_busy_pages_are_counted_however_many() {
    for world in worlds() {
        // More than are kept for a last try.
        world.pages(256..4352, 0).huge(8192..8704, 0);
        world.change(256..4352, |page| page.busy = FOREVER);
        world.change(8192..8704, |page| page.busy = FOREVER);
        let counts = world.run(plan(&[0], &[1]), &options());
        assert_eq!(told(&counts), [left(0, Reason::Busy, 4096 + 512)]);
    }
}

#[test]
fn shared_pages_stay_without_the_right_to_move_them() {
    for (share, wanted) in [
        (Share::Private, left(194, Reason::Shared, 150)),
        (Share::All, moved(344)),
    ] {
        for world in worlds() {
            world.pages(256..500, 0).pages(600..700, 0);
            world.change(400..650, |page| page.shared = true);
            let options = Options { share, ..options() };
            assert_eq!(told(&world.run(plan(&[0], &[1]), &options)), [wanted]);
        }
    }
}

#[test]
fn targets_that_are_not_permitted() {
    for world in worlds() {
        world.pages(256..500, 0).pages(600..700, 1);
        world.pages(1000..1010, 2);
        world.fake.state().forbidden.insert(4);
        // There is no node 63.
        let counts = world.run(plan(&[0, 1, 2], &[4, 5, 63]), &options());
        let not_permitted = |pages| left(0, Reason::NotPermitted, pages);
        assert_eq!(
            told(&counts),
            [not_permitted(244), moved(100), not_permitted(10)]
        );
    }
}

#[test]
fn a_full_target_takes_what_fits() {
    for world in worlds() {
        world.pages(256..20_256, 0).pages(30_000..30_100, 1);
        world.fake.state().free.insert(2, 700);
        let counts = world.run(plan(&[0, 1], &[2, 3]), &options());
        let full = left(700, Reason::TargetFull, 19_300);
        assert_eq!(told(&counts), [full, moved(100)]);
        // It is not tried in vain for every chunk.
        assert!(world.fake.calls(Call::Move) < 20);
    }
}

#[test]
fn memory_that_returns_is_used() {
    for world in worlds() {
        world.pages(256..20_256, 0);
        world.fake.state().free.insert(1, 0);
        world.fake.before(Call::Move, 3, |state| {
            state.free.insert(1, 1 << 30);
        });
        let counts = world.run(plan(&[0], &[1]), &options());
        // What the first two calls were about is tried again in the end.
        assert_eq!(told(&counts), [moved(20_000)]);
    }
}

#[test]
fn memory_that_returns_late_is_used() {
    let made = |can_scan, share| {
        let world = World::new(can_scan);
        world.pages(256..10_256, 0).huge(10_752..12_800, 0);
        world.pages(30_000..30_100, 1);
        world.change(300..310, |page| page.busy = FOREVER);
        world.change(30_000..30_010, |page| page.busy = FOREVER);
        world.change(400..450, |page| page.shared = share == Share::Private);
        world.fake.state().free.insert(2, 0);
        world
    };
    for (share, shared) in [(Share::All, 0), (Share::Private, 50)] {
        for can_scan in [false, true] {
            let options = Options { share, ..options() };
            let run = |world: &World| world.run(plan(&[0, 1], &[2, 3]), &options);
            let full = made(can_scan, share);
            assert!(run(&full)[0].left_for(Reason::TargetFull) > 12_000);
            // The last call of that one is a try whether there is room again.
            let world = made(can_scan, share);
            let last = full.fake.calls(Call::Move);
            world.fake.before(Call::Move, last, |state| {
                state.free.insert(2, 1 << 30);
            });
            let mut wanted = left(10_000 + 2048 - 10 - shared, Reason::Busy, 10);
            wanted.1[Reason::Shared as usize] = shared;
            assert_eq!(told(&run(&world)), [wanted, left(90, Reason::Busy, 10)]);
        }
    }
}

#[test]
fn a_target_that_was_full_is_looked_at_once_more_only() {
    for world in worlds() {
        world.pages(256..20_256, 0);
        world.fake.state().free.insert(1, 0);
        // A page has room when it is tried again, and no other.
        world.fake.before(Call::Move, 4, |state| {
            state.free.insert(1, 1);
        });
        let counts = world.run(plan(&[0], &[1]), &options());
        assert_eq!(told(&counts), [left(1, Reason::TargetFull, 19_999)]);
        assert!(world.fake.calls(Call::Move) < 20);
    }
}

#[test]
fn a_page_that_is_alone_is_tried_as_often_as_others() {
    for pages in [1, 100] {
        for (busy, wanted) in [(3, moved(pages)), (4, left(pages - 1, Reason::Busy, 1))] {
            for world in worlds() {
                world.pages(300..300 + pages as usize, 0);
                world.change(300..301, |page| page.busy = busy);
                let counts = world.run(plan(&[0], &[1]), &options());
                assert_eq!(told(&counts), [wanted], "{pages} {busy}");
            }
        }
    }
}

#[test]
fn pages_and_mappings_that_vanish() {
    for world in worlds() {
        world.pages(256..400, 0).pages(1000..1100, 0);
        // After they were looked at: freed, and unmapped.
        world.fake.before(Call::Move, 1, |state| {
            for number in 300..310 {
                state.pages.remove(&(number * PAGE));
            }
            for number in 1000..1100 {
                state.pages.remove(&(number * PAGE));
            }
            state.mapped.truncate(1);
        });
        // A page that did not move, before it is looked at again.
        world.change(320..321, |page| page.busy = FOREVER);
        world.fake.before(Call::Locate, 2, |state| {
            state.pages.get_mut(&(320 * PAGE)).unwrap().node = 5;
        });
        let counts = world.run(plan(&[0], &[1]), &options());
        assert_eq!(told(&counts), [left(133, Reason::Gone, 111)]);
    }
}

#[test]
fn what_arrives_by_someone_elses_doing_has_arrived() {
    for world in worlds() {
        world.pages(256..400, 0);
        world.change(256..400, |page| page.busy = 1);
        world.fake.before(Call::Move, 2, |state| {
            for page in state.pages.values_mut() {
                page.node = 1;
            }
        });
        let counts = world.run(plan(&[0], &[1]), &options());
        assert_eq!(told(&counts), [moved(144)]);
    }
}

#[test]
fn huge_pages_move_whole() {
    for world in worlds() {
        world.pages(300..512, 0).huge(512..512 * 9, 0);
        world.pages(512 * 9..512 * 9 + 10, 0);
        let counts = world.run(plan(&[0], &[1]), &options());
        assert_eq!(told(&counts), [moved(212 + 512 * 8 + 10)]);
        let state = world.fake.state();
        let (_, pages) = state.calls[&Call::Move];
        assert!(pages <= 212 + 8 + 10, "{pages} pages in calls");
    }
}

#[test]
fn huge_pages_that_do_not_move() {
    for (busy, wanted) in [
        (1, moved(512 * 8)),
        (FOREVER, left(512 * 7, Reason::Busy, 512)),
    ] {
        for world in worlds() {
            world.huge(512..512 * 9, 0);
            world.change(1024..1536, |page| page.busy = busy);
            let counts = world.run(plan(&[0], &[1]), &options());
            assert_eq!(told(&counts), [wanted]);
        }
    }
}

#[test]
fn blocks_that_are_no_huge_pages() {
    for world in worlds() {
        // Whole blocks of small pages; one of them on two nodes, one busy, one huge.
        world.pages(512..512 * 9, 0).huge(512 * 9..512 * 10, 0);
        world.change(1030..1040, |page| (page.home, page.node) = (1, 1));
        world.change(2048..2049, |page| page.busy = FOREVER);
        let counts = world.run(plan(&[0, 1], &[2, 3]), &options());
        let stays = left(512 * 9 - 11, Reason::Busy, 1);
        assert_eq!(told(&counts), [stays, moved(10)]);
    }
}

#[test]
fn huge_pages_need_room_for_the_whole() {
    for world in worlds() {
        world.huge(512..512 * 9, 0);
        world.fake.state().free.insert(1, 512 * 3 + 100);
        let counts = world.run(plan(&[0], &[1]), &options());
        assert_eq!(told(&counts), [left(512 * 3, Reason::TargetFull, 512 * 5)]);
    }
}

#[test]
fn only_some_pages() {
    for world in worlds() {
        world.pages(256..400, 0);
        world.huge(1024..2048, 0);
        let ranges = [300 * PAGE..310 * PAGE, 390 * PAGE + 1..390 * PAGE + 2];
        let some = Options {
            ranges: &ranges,
            ..options()
        };
        let engine = world.engine(plan(&[0], &[1]), &some).unwrap();
        assert_eq!(finish(&engine, &mut Worker::new()), Ok(()));
        world.check_moved(&engine);
        assert_eq!(told(&engine.counts().unwrap()), [moved(11)]);
        assert_eq!(world.went(Node(0), Node(1)), 11);
    }
}

#[test]
fn looking_moves_nothing() {
    for world in worlds() {
        world.pages(256..1000, 0).huge(1024..2048, 1);
        let look = Options {
            look_only: true,
            ..options()
        };
        let engine = world.engine(plan(&[0, 1], &[2, 3]), &look).unwrap();
        assert_eq!(finish(&engine, &mut Worker::new()), Ok(()));
        let counts = engine.counts().unwrap();
        assert_eq!(told(&counts), [moved(744), moved(1024)]);
        assert_eq!(world.fake.calls(Call::Move), 0);
    }
}

#[test]
fn no_page_follows_another_that_has_arrived() {
    for world in worlds() {
        for node in 0..5 {
            let first = 1000 * (node as usize + 1);
            world.pages(first..first + 100 + node as usize, node);
        }
        world.change(3000..3001, |page| page.busy = FOREVER);
        let counts = world.run(plan(&[0, 1, 2, 3], &[1, 2, 3, 4]), &options());
        let stays = left(101, Reason::Busy, 1);
        assert_eq!(told(&counts), [moved(100), moved(101), stays, moved(103)]);
    }
}

#[test]
fn a_step_takes_about_one_call() {
    for world in worlds() {
        world.pages(256..9000, 0).huge(10_240..20_480, 1);
        world.change(256..9000, |page| page.busy = 2);
        let engine = world.engine(plan(&[0, 1], &[2, 3]), &options()).unwrap();
        let (mut worker, mut before, mut steps) = (Worker::new(), 0, 0);
        while engine.step(&mut worker).unwrap() != Step::Done {
            let calls = world.fake.calls(Call::Move);
            // Tries of pages that are busy, and blocks that turn out to be small.
            assert!(calls - before <= 6, "{}", calls - before);
            (before, steps) = (calls, steps + 1);
        }
        assert!(before <= 3 * steps, "{before} calls in {steps} steps");
        world.check(&engine);
    }
}

#[test]
fn sizes_that_are_out_of_all_proportion() {
    for world in worlds() {
        world.pages(256..400, 0).pages(1000..1010, 1);
        world
            .root
            .write("proc/7/maps", world.fake.maps().as_bytes());
        let sizes = Sizes {
            mapped: u64::MAX,
            resident: u64::MAX - 5,
            huge: u64::MAX / 2,
        };
        let root = world.root.root();
        let plan = plan(&[0, 1], &[1, 2]);
        let engine = Engine::new(root, 7, &world.fake, sizes, plan, &options()).unwrap();
        assert_eq!(finish(&engine, &mut Worker::new()), Ok(()));
        world.check(&engine);
    }
}
