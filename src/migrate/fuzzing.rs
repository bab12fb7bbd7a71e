//! A door for the fuzzer (fuzz/ in the sources): no part of the interface.

use core::cell::Cell;
use core::ffi::c_int;
use core::ops::Range;

use super::calls::Share;
use super::engine::{Engine, Step};
use super::kernel::Kernel;
use super::options::Options;
use super::plan::{Plan, Route};
use super::proc::status::Sizes;
use super::tally::{NodeCount, Reason};
use super::worker::Worker;
use crate::error::Result;
use crate::mask::Node;
use crate::root::Root;
use crate::sys::Errno;
use crate::sys::pagemap::{HUGE, Region};

/// When a route's pages leave.
pub fn layer(route: Route) -> u32 {
    route.layer()
}

/// How many layers a plan has.
pub fn layers(plan: &Plan) -> u32 {
    plan.layers()
}

/// A kernel that says anything.
#[derive(Debug)]
pub struct Anything<'a> {
    /// Where its answers come from: zeros once they have been used.
    pub answers: Cell<&'a [u8]>,
    /// Whether it has a call that finds pages.
    pub can_scan: bool,
    /// Whether what it finds need not lie in the range that it was asked about.
    pub lies: bool,
    /// Its clock.
    pub now: Cell<u64>,
}

const PAGE: usize = 4096;
const ERRORS: [Errno; 8] = [
    Errno::ENOENT,
    Errno::EFAULT,
    Errno::EBUSY,
    Errno::EACCES,
    Errno::ESRCH,
    Errno::ENOMEM,
    Errno::EINVAL,
    Errno::EPERM,
];

impl Anything<'_> {
    fn byte(&self) -> u8 {
        let Some((&first, rest)) = self.answers.get().split_first() else {
            return 0;
        };
        self.answers.set(rest);
        first
    }

    fn long(&self) -> u64 {
        (0..8).fold(0, |long, _| long << 8 | u64::from(self.byte()))
    }

    /// Fails sometimes.
    fn enter(&self) -> Result<(), Errno> {
        let byte = self.byte();
        self.now
            .set(self.now.get().saturating_add(u64::from(byte) << 14));
        match byte {
            0xf0..=0xf7 => Err(ERRORS[usize::from(byte & 7)]),
            _ => Ok(()),
        }
    }

    /// Something of each page, from one byte for all.
    fn of(byte: u8, address: usize) -> u8 {
        let mixed = (address / PAGE) as u64 ^ u64::from(byte) << 32;
        (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8
    }

    fn status(byte: u8, address: usize) -> c_int {
        match (byte, Self::of(byte, address)) {
            (0..16, _) => c_int::from(byte & 3),
            (_, of @ 0..200) => c_int::from(of & 7),
            (128.., 255) => c_int::MAX,
            (_, of) => -ERRORS[usize::from(of & 7)].0,
        }
    }
}

impl Kernel for &Anything<'_> {
    fn page_size(&self) -> usize {
        PAGE
    }

    fn locate(&self, pages: &[usize], status: &mut [c_int]) -> Result<(), Errno> {
        assert_eq!(pages.len(), status.len());
        self.enter()?;
        let byte = self.byte();
        for (&page, status) in pages.iter().zip(status) {
            *status = Anything::status(byte, page);
        }
        Ok(())
    }

    fn move_pages(
        &self,
        pages: &[usize],
        nodes: &[c_int],
        status: &mut [c_int],
        _: Share,
    ) -> Result<usize, Errno> {
        assert!(pages.len() == nodes.len() && pages.len() == status.len() && !pages.is_empty());
        self.enter()?;
        let byte = self.byte();
        let answered = usize::from(self.byte()).min(pages.len());
        for (&page, status) in pages.iter().zip(status).take(answered) {
            *status = Anything::status(byte, page);
        }
        Ok(usize::from(byte))
    }

    fn may_move_all(&self, share: Share) -> bool {
        share == Share::All
    }

    fn move_all(&self, _: Node, _: Node) -> Result<(), Errno> {
        self.enter()
    }

    fn scan(&self, range: Range<usize>, regions: &mut [Region]) -> Result<(usize, usize), Errno> {
        if !self.can_scan {
            return Err(Errno(libc::ENOTTY));
        }
        self.enter()?;
        if range.is_empty() {
            return Ok((0, range.end));
        }
        let count = usize::from(self.byte()).min(regions.len());
        let mut at = range.start as u64;
        for (found, region) in regions[..count].iter_mut().enumerate() {
            let byte = self.byte();
            let gap = u64::from(byte & 3) * PAGE as u64;
            let len = u64::from(byte >> 2 & 31) * PAGE as u64;
            let start = at.saturating_add(gap);
            let end = start.saturating_add(len + PAGE as u64);
            let is_within = start < end && end <= range.end as u64;
            if self.lies && byte == 255 {
                (region.start, region.end) = (self.long(), self.long());
            } else if is_within {
                (region.start, region.end) = (start, end);
            } else {
                return Ok((found, range.end));
            }
            region.categories = if byte >= 128 { HUGE } else { 0 };
            at = region.end;
        }
        let end = if self.lies {
            self.long() as usize
        } else {
            at as usize
        };
        Ok((count, end))
    }

    fn read_pagemap(&self, first: usize, words: &mut [u64]) -> Result<usize, Errno> {
        self.enter()?;
        let byte = self.byte();
        for (at, word) in words.iter_mut().enumerate() {
            let of = Anything::of(byte, first.wrapping_add(at).wrapping_mul(PAGE));
            let bits = u64::from(of) << 56;
            *word = if byte < 16 {
                u64::from(byte) << 60
            } else {
                bits
            };
        }
        Ok(match byte {
            255 => 0,
            200.. => words.len() / 2,
            _ => words.len(),
        })
    }

    fn has_ended(&self) -> bool {
        self.is_pagemap_gone()
    }

    fn is_replaced(&self) -> bool {
        self.byte() == 255
    }

    fn nanoseconds(&self) -> u64 {
        self.now.get()
    }
}

/// What came of a job.
#[derive(Debug)]
pub struct Outcome {
    /// What became of the pages.
    pub counts: alloc::vec::Vec<NodeCount>,
    /// Whether it ended by itself.
    pub ended: bool,
}

/// Makes a job on a kernel that says anything, and works for so many steps; then it stops the job and checks
/// that this ends it. Checks that the counts are those of the progress.
pub fn migrate(
    root: Root<'_>,
    pid: i32,
    sizes: Sizes,
    plan: Plan,
    options: &Options<'_>,
    kernel: &Anything<'_>,
    steps: usize,
) -> Result<Outcome> {
    let engine = Engine::new(root, pid, kernel, sizes, plan, options)?;
    let mut worker = Worker::new();
    let mut ended = false;
    for _ in 0..steps {
        let step = engine.step(&mut worker)?;
        let progress = engine.progress();
        assert!(progress.present >= progress.examined);
        ended = step == Step::Done;
        if ended {
            break;
        }
    }
    if !ended {
        engine.stop();
        assert_eq!(engine.step(&mut worker)?, Step::Done);
    }
    let counts = engine.counts()?;
    let moved: u64 = counts.iter().map(|count| count.moved).sum();
    assert_eq!(moved, engine.progress().moved);
    for count in &counts {
        let all: u64 = count.left.iter().sum();
        assert_eq!(count.stayed() + count.left_for(Reason::Gone), all);
    }
    Ok(Outcome { counts, ended })
}
