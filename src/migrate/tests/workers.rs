//! Several workers, in any order.

use super::fake::FOREVER;
use super::*;

/// A process as chance makes it.
pub(super) fn made_by(chance: &mut Chance) -> World {
    let world = World::new(chance.one_in(2));
    let mut at = 512;
    for _ in 0..1 + chance.below(8) {
        let node = chance.below(4) as u32;
        if chance.one_in(3) {
            let blocks = 1 + chance.below(3);
            at = (at + BLOCK / PAGE).next_multiple_of(BLOCK / PAGE);
            world.huge(at..at + blocks * 512, node);
            if chance.one_in(3) {
                let block = at + chance.below(blocks) * 512;
                let busy = [1, 2, 5, FOREVER][chance.below(4)];
                world.change(block..block + 512, |page| page.busy = busy);
            }
            at += blocks * 512;
        } else {
            let pages = 1 + chance.below(1500);
            world.pages(at..at + pages, node);
            for _ in 0..chance.below(20) {
                let page = at + chance.below(pages);
                let busy = [0, 1, 2, 5, FOREVER][chance.below(5)];
                let shared = chance.one_in(3);
                world.change(page..page + 1, |page| {
                    (page.busy, page.shared) = (busy, shared);
                });
            }
            at += pages;
        }
        at += chance.below(2) * chance.below(2000);
    }
    if chance.one_in(4) {
        let (node, free) = (1 + chance.below(4) as u32, chance.below(3000));
        world.fake.state().free.insert(node, free);
    }
    if chance.one_in(4) {
        world.fake.state().forbidden.insert(chance.below(5) as u32);
    }
    world
}

fn plan_by(chance: &mut Chance) -> Plan {
    let plans: [(&[u32], &[u32]); 6] = [
        (&[0, 1, 2, 3], &[1, 2, 3, 4]),
        (&[0, 1, 2, 3], &[4, 5, 6, 7]),
        (&[0, 1, 2, 3], &[0, 1]),
        (&[0, 1], &[1, 2]),
        (&[2], &[0]),
        (&[1, 2, 3], &[0, 1, 2]),
    ];
    let (from, to) = plans[chance.below(plans.len())];
    plan(from, to)
}

#[test]
fn whatever_the_process_and_the_order() {
    for seed in 1..=150 {
        let mut chance = Chance(u64::wrapping_mul(seed, 0x9e37_79b9_7f4a_7c15));
        let world = made_by(&mut chance);
        let workers = 1 + chance.below(4);
        let wanted = Options {
            share: [Share::All, Share::Private][chance.below(2)],
            workers,
            ..options()
        };
        let engine = world.engine(plan_by(&mut chance), &wanted).unwrap();
        let mut workers: Vec<Worker> = (0..workers).map(|_| Worker::new()).collect();
        let mut steps = 0;
        while !workers.is_empty() {
            let at = chance.below(workers.len());
            if engine.step(&mut workers[at]).unwrap() == Step::Done {
                workers.swap_remove(at);
            }
            steps += 1;
            assert!(steps < ENOUGH, "a job without end: {seed}");
        }
        world.check(&engine);
    }
}

#[test]
fn no_layer_begins_before_the_last_one_ends() {
    for world in worlds() {
        world.pages(300..3000, 0).pages(20_000..21_000, 1);
        world.change(20_000..20_010, |page| page.busy = FOREVER);
        let engine = world.engine(plan(&[0, 1], &[1, 2]), &options()).unwrap();
        let mut workers = [Worker::new(), Worker::new()];
        // The second one takes what the first has left, and waits for it.
        while engine.step(&mut workers[0]).unwrap() == Step::Worked && workers[0].claim.is_none() {}
        let mut idle = 0;
        while idle < 10 {
            idle += usize::from(engine.step(&mut workers[1]).unwrap() == Step::Idle);
        }
        assert_eq!(world.went(Node(0), Node(1)), 0);
        for worker in &mut workers {
            assert_eq!(finish(&engine, worker), Ok(()));
        }
        world.check(&engine);
    }
}

#[test]
fn threads() {
    for world in worlds() {
        world.pages(300..6000, 0).huge(6144..10_240, 1);
        world.pages(20_000..22_000, 2);
        world.change(400..420, |page| page.busy = 1);
        world.change(420..430, |page| page.busy = FOREVER);
        let wanted = Options {
            workers: 4,
            ..options()
        };
        let engine = world.engine(plan(&[0, 1, 2], &[1, 2, 3]), &wanted).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut worker = Worker::new();
                    loop {
                        match engine.step(&mut worker).unwrap() {
                            Step::Done => return,
                            Step::Idle => std::thread::yield_now(),
                            Step::Worked => {}
                        }
                    }
                });
            }
        });
        world.check(&engine);
        let counts = engine.counts().unwrap();
        let stays = left(5690, Reason::Busy, 10);
        assert_eq!(told(&counts), [stays, moved(4096), moved(2000)]);
    }
}
