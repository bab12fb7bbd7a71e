//! What became of the pages: each one that has to move is counted once, as moved or as left with the
//! reason why.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::plan::Route;
use super::room;
use crate::error::Result;
use crate::sys::lock::Lock;

/// Why a page is not where it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// Something holds on to it: direct I/O, a pipe, RDMA, a driver, or just this moment.
    Busy,
    /// Other processes map it as well, and only private pages were to be moved.
    Shared,
    /// The target node has no memory left, or no huge page.
    TargetFull,
    /// The kernel does not allow the process to have pages there.
    NotPermitted,
    /// It went away meanwhile: freed, swapped out, moved by someone else, or the process ended.
    Gone,
    /// The kernel does not say where it is, and so does not move it alone: before Linux 6.5 those
    /// that NUMA balancing watches or that nobody may access (PROT_NONE).
    Hidden,
}

impl Reason {
    /// All of them, in the order of their numbers.
    pub const ALL: [Reason; 6] = [
        Reason::Busy,
        Reason::Shared,
        Reason::TargetFull,
        Reason::NotPermitted,
        Reason::Gone,
        Reason::Hidden,
    ];
}

/// What became of the pages of one node, in pages of the base size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeCount {
    /// From where to where.
    pub route: Route,
    /// Pages on their target.
    pub moved: u64,
    /// Pages that are not, by [`Reason`].
    pub left: [u64; Reason::ALL.len()],
}

impl NodeCount {
    /// The pages that are not on their target for this reason.
    ///
    /// ```no_run
    /// use numa::migrate::{Job, Options, Plan, Reason};
    /// use numa::{Node, NodeMask, Root};
    ///
    /// # let (mut from, mut to) = (NodeMask::new(64)?, NodeMask::new(64)?);
    /// # from.insert(Node(0))?;
    /// # to.insert(Node(1))?;
    /// # let plan = Plan::new(from.as_bits(), to.as_bits())?;
    /// # let job = Job::new(Root::SYSTEM, 4711, plan, &Options::default())?;
    /// for node in job.counts()? {
    ///     println!("{} pages are busy", node.left_for(Reason::Busy));
    /// }
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn left_for(&self, reason: Reason) -> u64 {
        self.left[reason as usize]
    }

    /// The pages that stayed on the node, for whatever reason.
    ///
    /// ```no_run
    /// use numa::migrate::{Job, Options, Plan};
    /// use numa::{Node, NodeMask, Root};
    ///
    /// # let (mut from, mut to) = (NodeMask::new(64)?, NodeMask::new(64)?);
    /// # from.insert(Node(0))?;
    /// # to.insert(Node(1))?;
    /// # let plan = Plan::new(from.as_bits(), to.as_bits())?;
    /// # let job = Job::new(Root::SYSTEM, 4711, plan, &Options::default())?;
    /// let stayed: u64 = job.counts()?.iter().map(|node| node.stayed()).sum();
    /// println!("{stayed} pages stayed");
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn stayed(&self) -> u64 {
        self.left.iter().sum::<u64>() - self.left_for(Reason::Gone)
    }
}

/// The counts of a job, written by all of its workers.
#[derive(Debug)]
pub(super) struct Tally {
    counts: Lock<Vec<NodeCount>>,
    examined: AtomicU64,
    moved: AtomicU64,
    denied: AtomicU64,
}

impl Tally {
    /// Zeros for each route.
    pub(super) fn new(routes: &[Route]) -> Result<Tally> {
        let mut counts = room::with_room(routes.len())?;
        counts.extend(routes.iter().map(|&route| NodeCount {
            route,
            moved: 0,
            left: [0; Reason::ALL.len()],
        }));
        Ok(Tally {
            counts: Lock::new(counts),
            examined: AtomicU64::new(0),
            moved: AtomicU64::new(0),
            denied: AtomicU64::new(0),
        })
    }

    /// Counts pages that were looked at.
    pub(super) fn examined(&self, pages: usize) {
        self.examined.fetch_add(pages as u64, Relaxed);
    }

    /// Counts pages of a route that are on their target.
    pub(super) fn moved(&self, route: usize, pages: usize) {
        if let Some(count) = self.counts.take().get_mut(route) {
            count.moved += pages as u64;
        }
        self.moved.fetch_add(pages as u64, Relaxed);
    }

    /// Counts pages of a route that are not.
    pub(super) fn left(&self, route: usize, reason: Reason, pages: usize) {
        if let Some(count) = self.counts.take().get_mut(route) {
            count.left[reason as usize] += pages as u64;
        }
    }

    /// Forgets which pages stayed, of the routes of a layer: they are counted anew.
    pub(super) fn recount(&self, layer: u32) {
        let mut counts = self.counts.take();
        for count in counts.iter_mut().filter(|c| c.route.layer() == layer) {
            let gone = count.left_for(Reason::Gone);
            count.left = [0; Reason::ALL.len()];
            count.left[Reason::Gone as usize] = gone;
        }
        self.denied.store(0, Relaxed);
    }

    /// Notes pages that are there, and of which the kernel says that they are not.
    pub(super) fn denied(&self, pages: usize) {
        self.denied.fetch_add(pages as u64, Relaxed);
    }

    /// Takes back that so many were noted: they are there at other addresses.
    pub(super) fn not_denied(&self, pages: usize) {
        let less = |denied: u64| Some(denied.saturating_sub(pages as u64));
        let _ = self.denied.fetch_update(Relaxed, Relaxed, less);
    }

    /// Those that were noted since the last time.
    pub(super) fn take_denied(&self) -> u64 {
        self.denied.swap(0, Relaxed)
    }

    /// Counts the hidden pages of a route: what its node had `before` a call for all beyond those
    /// that were `seen`, but no more than `most`. Those that are there `after` it are left for
    /// `reason`. Returns how many there were.
    pub(super) fn hidden(
        &self,
        route: usize,
        seen: u64,
        (before, after): (u64, u64),
        most: u64,
        reason: Reason,
    ) -> u64 {
        let mut counts = self.counts.take();
        let Some(count) = counts.get_mut(route) else {
            return 0;
        };
        let hidden = before.saturating_sub(seen).min(most);
        let went = before.saturating_sub(after);
        let mut moved = went.min(hidden);
        count.left[reason as usize] += hidden - moved;
        // A call that moves all may have moved those too that had stayed before.
        let mut others = went - moved;
        for reason in Reason::ALL
            .into_iter()
            .filter(|&reason| reason != Reason::Gone)
        {
            let some = count.left[reason as usize].min(others);
            count.left[reason as usize] -= some;
            others -= some;
            moved += some;
        }
        count.moved += moved;
        self.moved.fetch_add(moved, Relaxed);
        hidden
    }

    /// Pages that were looked at, and those that were moved.
    pub(super) fn so_far(&self) -> (u64, u64) {
        (self.examined.load(Relaxed), self.moved.load(Relaxed))
    }

    /// The counts of each route.
    pub(super) fn counts(&self) -> Result<Vec<NodeCount>> {
        let counts = self.counts.take();
        let mut copy = room::with_room(counts.len())?;
        copy.extend_from_slice(&counts);
        Ok(copy)
    }
}
