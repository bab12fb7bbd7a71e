//! The engine on a made-up kernel: what becomes of every page, whatever happens meanwhile.

mod aliases;
mod errors;
mod fake;
mod finding;
mod hidden;
mod outcomes;
mod source;
mod workers;

use core::ops::Range;
use std::vec::Vec;

use fake::{BLOCK, Call, Fake, FakePage, PAGE};

use super::calls::Share;
use super::engine::{Engine, Step};
use super::find::regions::WORDS;
use super::options::Options;
use super::plan::Plan;
use super::proc::status::Sizes;
use super::tally::{NodeCount, Reason};
use super::worker::Worker;
use crate::error::Result;
use crate::mask::{Node, NodeMask};
use crate::testing::MadeUp;

/// More steps than any job here takes.
const ENOUGH: usize = 100_000;

/// A made-up process, and its files of /proc.
struct World {
    root: MadeUp,
    fake: Fake,
}

/// Both kinds of kernel: those that have a call to find pages, and those that do not.
fn worlds() -> [World; 2] {
    [true, false].map(World::new)
}

/// So many pages, or, with 32 bits, as many as there are addresses for, and for what is read at once behind them.
fn room_for(pages: u64) -> usize {
    pages.min((usize::MAX / PAGE - WORDS) as u64) as usize
}

impl World {
    fn new(can_scan: bool) -> World {
        let root = MadeUp::new();
        root.write("proc/self/status", b"");
        World {
            root,
            fake: Fake::new(can_scan),
        }
    }

    /// Adds pages on a node, at these page numbers, which become a mapping.
    fn pages(&self, numbers: Range<usize>, node: u32) -> &World {
        self.pages_of(numbers, node, PAGE)
    }

    /// The same, as huge pages.
    fn huge(&self, numbers: Range<usize>, node: u32) -> &World {
        self.pages_of(numbers, node, BLOCK)
    }

    fn pages_of(&self, numbers: Range<usize>, node: u32, size: usize) -> &World {
        let mut state = self.fake.state();
        let range = numbers.start * PAGE..numbers.end * PAGE;
        let pages = numbers.map(|number| {
            let page = FakePage {
                home: node,
                node,
                busy: 0,
                shared: false,
                hidden: false,
                size,
                moves: 0,
            };
            (number * PAGE, page)
        });
        state.pages.extend(pages);
        match state.mapped.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => state.mapped.push(range),
        }
        drop(state);
        self
    }

    /// Makes all mappings one.
    fn one_mapping(&self, numbers: Range<usize>) {
        let mut state = self.fake.state();
        state.mapped.clear();
        state.mapped.push(numbers.start * PAGE..numbers.end * PAGE);
    }

    /// Puts zero pages at these page numbers.
    fn zeros(&self, numbers: Range<usize>) -> &World {
        let mut state = self.fake.state();
        state.zeros.extend(numbers.map(|number| number * PAGE));
        drop(state);
        self
    }

    /// Changes the pages with these numbers.
    fn change(&self, numbers: Range<usize>, change: impl Fn(&mut FakePage)) -> &World {
        let range = numbers.start * PAGE..numbers.end * PAGE;
        let mut state = self.fake.state();
        state
            .pages
            .range_mut(range)
            .for_each(|(_, page)| change(page));
        drop(state);
        self
    }

    fn engine(&self, plan: Plan, options: &Options<'_>) -> Result<Engine<'_, &Fake>> {
        self.root.write("proc/7/maps", self.fake.maps().as_bytes());
        let mut state = self.fake.state();
        if state.pages.values().any(|page| page.hidden) || !state.zeros.is_empty() {
            state.numa_maps = Some(self.root.path("proc/7/numa_maps"));
            state.write_numa_maps();
        }
        drop(state);
        let bytes = (self.fake.state().pages.len() * PAGE) as u64;
        let sizes = Sizes {
            mapped: bytes,
            resident: bytes,
            huge: 0,
        };
        Engine::new(self.root.root(), 7, &self.fake, sizes, plan, options)
    }

    /// Moves everything with one worker.
    fn run(&self, plan: Plan, options: &Options<'_>) -> Vec<NodeCount> {
        let engine = self.engine(plan, options).unwrap();
        let mut worker = Worker::new();
        assert_eq!(finish(&engine, &mut worker), Ok(()));
        self.check(&engine);
        engine.counts().unwrap()
    }

    /// Pages that began on one node and are on another now.
    fn went(&self, from: Node, to: Node) -> u64 {
        let state = self.fake.state();
        let went = state
            .pages
            .values()
            .filter(|page| page.home == from.0 && page.node == to.0);
        went.count() as u64
    }

    /// Whether the counts say what has happened. No page is moved twice.
    fn check_moved(&self, engine: &Engine<'_, &Fake>) {
        let counts = engine.counts().unwrap();
        for count in &counts {
            let (from, to) = (count.route.from, count.route.to);
            assert_eq!(count.moved, self.went(from, to), "{count:?}");
        }
        let moved: u64 = counts.iter().map(|count| count.moved).sum();
        assert_eq!(engine.progress().moved, moved);
        assert!(self.fake.state().pages.values().all(|page| page.moves <= 1));
    }

    /// The same when a job is done: every page is in exactly one count.
    fn check(&self, engine: &Engine<'_, &Fake>) {
        self.check_moved(engine);
        let mut counted = 0;
        for count in engine.counts().unwrap() {
            let from = count.route.from;
            assert_eq!(count.stayed(), self.went(from, from), "{count:?}");
            counted += count.moved + count.left.iter().sum::<u64>();
        }
        assert!(engine.progress().examined >= counted);
    }
}

/// Steps until the worker is done.
fn finish(engine: &Engine<'_, &Fake>, worker: &mut Worker) -> Result<()> {
    for _ in 0..ENOUGH {
        if engine.step(worker)? == Step::Done {
            assert!(worker.claim.is_none() || engine.is_stopped());
            assert!(worker.later.give_up().next().is_none());
            return Ok(());
        }
    }
    panic!("a job without end");
}

fn plan(from: &[u32], to: &[u32]) -> Plan {
    let set = |ids: &[u32]| {
        let mut mask = NodeMask::new(64).unwrap();
        ids.iter().for_each(|&n| mask.insert(Node(n)).unwrap());
        mask
    };
    Plan::new(set(from).as_bits(), set(to).as_bits()).unwrap()
}

fn options() -> Options<'static> {
    Options {
        share: Share::All,
        ..Options::default()
    }
}

/// The pages of a node that moved, and those that are left, by reason.
fn moved(pages: u64) -> (u64, [u64; 6]) {
    (pages, [0; 6])
}

fn left(moved: u64, reason: Reason, pages: u64) -> (u64, [u64; 6]) {
    let mut left = [0; 6];
    left[reason as usize] = pages;
    (moved, left)
}

fn told(counts: &[NodeCount]) -> Vec<(u64, [u64; 6])> {
    counts
        .iter()
        .map(|count| (count.moved, count.left))
        .collect()
}

/// Numbers that look like chance, and are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    fn one_in(&mut self, number: usize) -> bool {
        self.below(number) == 0
    }
}
