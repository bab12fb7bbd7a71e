//! Moving a process's pages in pieces that several threads may take.

use alloc::vec::Vec;
use core::ffi::c_int;
use core::ops::Range;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use core::time::Duration;

use super::maps::{Kinds, Sizes};
use super::pace::Pace;
use super::plan::{Plan, Route};
use super::walk::{Found, Unit, Walk};
use super::{Share, locate_pages};
use crate::error::{Error, Result};
use crate::root::Root;
use crate::sys::lock::Lock;
use crate::sys::{Errno, mempolicy, monotonic_nanoseconds};

/// Units and bytes that a worker takes at once.
const PIECE_UNITS: usize = 8192;
const PIECE_BYTES: usize = 64 << 20;
/// Bytes of a piece that is only looked at: the caller may be counting itself.
const LOOK_BYTES: usize = 8 << 20;
/// Ways that the pages of a piece may go, so that each gets calls of the full size.
const MIXED: usize = 8;
/// Blocks are looked at page by page.
const BLOCK_PIECE_BYTES: usize = 16 << 20;
/// How often pages that could not be moved are tried again while that helps.
const TRIES: u32 = 4;
/// After so many calls in a row that found no memory, a target counts as full.
const FULL_AFTER: u32 = 3;
/// Pages that are kept for a last try.
const MAX_LATER: usize = 1024;
/// What no status of the kernel is.
const UNSET: c_int = c_int::MIN;

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
}

impl Reason {
    /// All of them, in the order of their numbers.
    pub const ALL: [Reason; 5] = [
        Reason::Busy,
        Reason::Shared,
        Reason::TargetFull,
        Reason::NotPermitted,
        Reason::Gone,
    ];
}

/// What to move, and how.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    /// Only pages that no other process maps, or shared ones too.
    pub share: Share,
    /// Only mappings of these kinds.
    pub kinds: Kinds,
    /// Only pages with these addresses; empty for all. Huge pages move whole.
    pub ranges: &'a [Range<usize>],
    /// How long a thread of the process may have to wait for a page in transit: a goal, no
    /// guarantee.
    pub max_pause: Duration,
    /// How many workers may run at once, at most; fewer if more are not faster.
    pub workers: usize,
    /// Only count: `moved` then is what would be moved.
    pub look_only: bool,
}

impl Default for Options<'_> {
    /// All pages that the caller may move, 20 ms, one worker.
    fn default() -> Self {
        Options {
            share: Share::permitted(),
            kinds: Kinds::ALL,
            ranges: &[],
            max_pause: Duration::from_millis(20),
            workers: 1,
            look_only: false,
        }
    }
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
    pub fn left_for(&self, reason: Reason) -> u64 {
        self.left[reason as usize]
    }

    /// The pages that stayed on the node, for whatever reason.
    pub fn stayed(&self) -> u64 {
        self.left.iter().sum::<u64>() - self.left_for(Reason::Gone)
    }
}

/// How far a job is, in pages of the base size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Present pages that were looked at.
    pub examined: u64,
    /// Those that were moved.
    pub moved: u64,
    /// Present pages of the process when the job began, about.
    pub present: u64,
    /// Workers that may run now.
    pub workers: usize,
    /// Bytes that the next call moves.
    pub chunk: usize,
}

/// What [`Job::step`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A call's worth of pages, or a stretch without any: call again.
    Worked,
    /// Nothing: enough workers run, or the last ones have to finish first. Call again a few
    /// milliseconds later.
    Idle,
    /// There is nothing left for this worker.
    Done,
}

/// One process, the pages of which are being moved.
///
/// The job has no threads. Whoever calls [`Job::step`] works; several threads may, each with a
/// [`Worker`] of its own. A job that is not stepped any more can be dropped at any time: every
/// page is on one node or the other.
///
/// ```no_run
/// use numa::migrate::{Job, Options, Plan, Step, Worker};
/// use numa::{Node, NodeMask, Root};
///
/// let (mut from, mut to) = (NodeMask::new(64)?, NodeMask::new(64)?);
/// from.insert(Node(0))?;
/// to.insert(Node(1))?;
/// let plan = Plan::new(from.as_bits(), to.as_bits())?;
/// let job = Job::new(Root::SYSTEM, 4711, plan, &Options::default())?;
/// let mut worker = Worker::new();
/// while job.step(&mut worker)? != Step::Done {
///     println!("{} pages moved", job.progress().moved);
/// }
/// for node in job.counts()? {
///     println!("{}: {} moved, {} stayed", node.route.from, node.moved, node.stayed());
/// }
/// # Ok::<(), numa::Error>(())
/// ```
#[derive(Debug)]
pub struct Job<'r> {
    pid: i32,
    plan: Plan,
    flags: c_int,
    look_only: bool,
    page: usize,
    present: u64,
    pace: Pace,
    source: Lock<Source<'r>>,
    counts: Lock<Vec<NodeCount>>,
    examined: AtomicU64,
    moved: AtomicU64,
    stopped: AtomicBool,
}

/// Where the pieces come from.
#[derive(Debug)]
struct Source<'r> {
    walk: Walk<'r>,
    layer: u32,
    /// Bytes that nobody has taken, about.
    left: usize,
    /// Pieces that are being worked on.
    taken: usize,
    at_end: bool,
}

/// A page that has to move.
#[derive(Debug, Clone, Copy)]
struct Page {
    address: usize,
    /// Index of its route.
    route: u32,
}

/// The state of one thread that works on a job. It belongs to that job until it is done.
#[derive(Debug)]
pub struct Worker {
    has_piece: bool,
    layer: u32,
    unit: Unit,
    /// Bytes of each of `pages`.
    size: usize,
    /// Those of the piece that have to move, and how many of them are done.
    pages: Vec<Page>,
    next: usize,
    /// Blocks that may be huge pages or not.
    blocks: Vec<usize>,
    /// Whether the last ones were not: then one is tried before the others.
    blocks_were_small: bool,
    /// Arguments of the system calls.
    addresses: Vec<usize>,
    nodes: Vec<c_int>,
    status: Vec<c_int>,
    /// Pages that something held on to, and their size: tried again at the end, as most are
    /// busy for a moment only.
    later: Vec<Page>,
    later_size: usize,
    /// Whether this is the end.
    last_try: bool,
    /// Targets without memory: index of the route, and calls in a row that said so.
    full: Vec<(u32, u32)>,
}

impl Default for Worker {
    fn default() -> Self {
        Worker::new()
    }
}

impl Worker {
    /// A worker that has done nothing yet.
    pub const fn new() -> Worker {
        Worker {
            has_piece: false,
            layer: 0,
            unit: Unit::Page,
            size: 1,
            pages: Vec::new(),
            next: 0,
            blocks: Vec::new(),
            blocks_were_small: false,
            addresses: Vec::new(),
            nodes: Vec::new(),
            status: Vec::new(),
            later: Vec::new(),
            later_size: 0,
            last_try: false,
            full: Vec::new(),
        }
    }

    /// Asks where the pages of `addresses` are; the answers are in `status`.
    fn locate(&mut self, pid: i32) -> Result<()> {
        self.status.clear();
        let len = self.addresses.len();
        self.status
            .try_reserve(len)
            .map_err(|_| Error::OutOfMemory)?;
        self.status.resize(len, UNSET);
        locate_pages(pid, &self.addresses, &mut self.status)
    }
}

/// Whether a call failed because the process has ended.
fn has_ended(error: &Error) -> bool {
    matches!(
        error,
        Error::Kernel {
            errno: Errno::ESRCH | Errno::EINVAL,
            ..
        }
    )
}

impl<'r> Job<'r> {
    /// Prepares the job. Nothing is moved yet.
    ///
    /// # Errors
    /// ESRCH: no such process. EACCES, EPERM: its memory may not be looked at by the caller.
    /// ENOENT: there is no /proc. [`Error::OutOfMemory`].
    pub fn new(root: Root<'r>, pid: i32, plan: Plan, options: &Options<'_>) -> Result<Job<'r>> {
        let walk = Walk::new(root, pid, options.kinds, options.ranges)?;
        let page = walk.page();
        let mut counts = Vec::new();
        let routes = plan.routes();
        counts
            .try_reserve_exact(routes.len())
            .map_err(|_| Error::OutOfMemory)?;
        counts.extend(routes.iter().map(|&route| NodeCount {
            route,
            moved: 0,
            left: [0; 5],
        }));
        let Sizes { resident, huge, .. } = walk.sizes();
        let max_pause = options.max_pause.as_nanos().min(u64::MAX.into()) as u64;
        Ok(Job {
            pid,
            flags: options.share.flags(),
            look_only: options.look_only,
            page,
            present: (resident + huge) / page as u64 * u64::from(plan.layers()),
            pace: Pace::new(max_pause, options.workers, walk.block()),
            source: Lock::new(Source {
                left: ((resident + huge) as usize).saturating_mul(plan.layers() as usize),
                walk,
                layer: 0,
                taken: 0,
                at_end: plan.routes().is_empty(),
            }),
            plan,
            counts: Lock::new(counts),
            examined: AtomicU64::new(0),
            moved: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        })
    }

    /// Makes every further step answer [`Step::Done`]. May be called from any thread and from
    /// a signal handler. Pages that were not looked at appear in no count.
    pub fn stop(&self) {
        self.stopped.store(true, Relaxed);
    }

    /// Whether the job was stopped, or stopped itself because the process ended.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Relaxed)
    }

    /// How far it is. May be called from any thread.
    pub fn progress(&self) -> Progress {
        let examined = self.examined.load(Relaxed);
        Progress {
            examined,
            moved: self.moved.load(Relaxed),
            present: self.present.max(examined),
            workers: self.pace.active(),
            chunk: self.pace.chunk(),
        }
    }

    /// What became of the pages so far, for each node that pages leave.
    pub fn counts(&self) -> Result<Vec<NodeCount>> {
        let counts = self.counts.take();
        let mut copy = Vec::new();
        copy.try_reserve_exact(counts.len())
            .map_err(|_| Error::OutOfMemory)?;
        copy.extend_from_slice(&counts);
        Ok(copy)
    }

    /// Moves some pages, with about one system call.
    ///
    /// # Errors
    /// What the kernel says when it refuses the process as a whole, and
    /// [`Error::OutOfMemory`]. The end of the process is none. After an error the job stops.
    pub fn step(&self, worker: &mut Worker) -> Result<Step> {
        if self.is_stopped() {
            self.give_up(worker);
            return Ok(Step::Done);
        }
        if !self.pace.enter() {
            return Ok(Step::Idle);
        }
        let result = self.work(worker);
        self.pace.leave();
        match result {
            Err(error) if has_ended(&error) => {
                self.lose(worker, Reason::Gone);
                self.stop();
                Ok(Step::Done)
            }
            Err(error) => {
                self.lose(worker, Reason::Busy);
                self.stop();
                Err(error)
            }
            done => done,
        }
    }

    fn work(&self, worker: &mut Worker) -> Result<Step> {
        if worker.next == worker.pages.len() {
            if worker.blocks.is_empty() {
                if let Some(idle) = self.take_piece(worker)? {
                    return Ok(idle);
                }
            }
            if !worker.blocks.is_empty() {
                self.move_blocks(worker)?;
            }
        }
        if worker.next < worker.pages.len() {
            self.move_chunk(worker)?;
        }
        Ok(Step::Worked)
    }

    /// How much to look at, when so many bytes are left: a call for each way that pages go.
    fn piece_bytes(&self, left: usize) -> usize {
        if self.look_only {
            return LOOK_BYTES;
        }
        let routes = self.plan.routes().len().clamp(1, MIXED);
        self.pace.piece(left, routes).min(PIECE_BYTES)
    }

    /// Gets the next piece, or says why there is none.
    fn take_piece(&self, worker: &mut Worker) -> Result<Option<Step>> {
        worker.last_try = false;
        let mut source = self.source.take();
        loop {
            if !source.at_end {
                let bytes = self.piece_bytes(source.left);
                let units = (bytes / self.page).clamp(1, PIECE_UNITS);
                match source.walk.fill(&mut worker.addresses, units, bytes)? {
                    Found::Units(unit) => {
                        worker.unit = unit;
                        let taken = worker.addresses.len() * unit.size(self.page);
                        source.left = source.left.saturating_sub(taken);
                        break;
                    }
                    // Time to see whether to stop.
                    Found::Hole => return Ok(Some(Step::Worked)),
                    Found::End => source.at_end = true,
                }
            }
            if !worker.later.is_empty() {
                // These are part of a piece, so that no other layer begins before.
                core::mem::swap(&mut worker.pages, &mut worker.later);
                worker.later.clear();
                (worker.next, worker.size, worker.last_try) = (0, worker.later_size, true);
                return Ok(None);
            }
            if worker.has_piece {
                worker.has_piece = false;
                source.taken -= 1;
            }
            if source.layer + 1 >= self.plan.layers() {
                return Ok(Some(Step::Done));
            }
            if source.taken > 0 {
                return Ok(Some(Step::Idle));
            }
            source.layer += 1;
            source.walk.rewind()?;
            source.at_end = false;
        }
        source.taken += usize::from(!worker.has_piece);
        worker.has_piece = true;
        worker.layer = source.layer;
        drop(source);
        worker.pages.clear();
        worker.next = 0;
        match worker.unit {
            Unit::Block(_) => core::mem::swap(&mut worker.addresses, &mut worker.blocks),
            unit => self.examine(worker, unit)?,
        }
        Ok(None)
    }

    /// Finds out which of the worker's addresses have to move.
    fn examine(&self, worker: &mut Worker, unit: Unit) -> Result<()> {
        worker.size = unit.size(self.page);
        let weight = (worker.size / self.page) as u64;
        self.examined
            .fetch_add(worker.addresses.len() as u64 * weight, Relaxed);
        worker.locate(self.pid)?;
        worker
            .pages
            .try_reserve(worker.addresses.len())
            .map_err(|_| Error::OutOfMemory)?;
        // Neighbours are mostly on the same node.
        let (mut last, mut route) = (UNSET, None);
        for (&address, &status) in worker.addresses.iter().zip(&worker.status) {
            if status != last {
                last = status;
                route = u32::try_from(status)
                    .ok()
                    .and_then(|n| self.plan.route(n, worker.layer));
            }
            if let Some(route) = route {
                worker.pages.push(Page {
                    address,
                    route: route as u32,
                });
            }
        }
        Ok(())
    }

    fn count(&self, route: u32, weight: u64, moved: u64, left: Option<(Reason, u64)>) {
        let mut counts = self.counts.take();
        let Some(count) = counts.get_mut(route as usize) else {
            return;
        };
        count.moved += moved * weight;
        if let Some((reason, pages)) = left {
            count.left[reason as usize] += pages * weight;
        }
        drop(counts);
        self.moved.fetch_add(moved * weight, Relaxed);
    }

    /// Counts what the worker kept for later.
    fn give_up(&self, worker: &mut Worker) {
        self.count_later(worker, Reason::Busy);
    }

    fn count_later(&self, worker: &mut Worker, reason: Reason) {
        let weight = (worker.later_size / self.page) as u64;
        for page in worker.later.drain(..) {
            self.count(page.route, weight, 0, Some((reason, 1)));
        }
    }

    /// The job ends here: what the worker had in hand stays, or is gone with its process.
    fn lose(&self, worker: &mut Worker, reason: Reason) {
        let weight = (worker.size / self.page) as u64;
        for page in worker.pages.drain(..).skip(worker.next) {
            self.count(page.route, weight, 0, Some((reason, 1)));
        }
        worker.next = 0;
        self.count_later(worker, reason);
    }

    /// Brings the next pages that have the same way to go together, and moves as many as one
    /// call should.
    fn move_chunk(&self, worker: &mut Worker) -> Result<()> {
        let size = worker.size;
        let (first, route) = (worker.next, worker.pages[worker.next].route);
        let max = (self.pace.chunk() / size).max(1);
        let mut end = first;
        for at in first..worker.pages.len() {
            if end - first == max {
                break;
            }
            if worker.pages[at].route == route {
                if at > end {
                    worker.pages.swap(at, end);
                }
                end += 1;
            }
        }
        worker.addresses.clear();
        worker
            .addresses
            .extend(worker.pages[first..end].iter().map(|page| page.address));
        worker.next = end;
        let weight = (size / self.page) as u64;
        self.move_addresses(worker, route, weight)
            .inspect_err(|error| {
                let reason = if has_ended(error) {
                    Reason::Gone
                } else {
                    Reason::NotPermitted
                };
                self.count(
                    route,
                    weight,
                    0,
                    Some((reason, worker.addresses.len() as u64)),
                );
            })
    }

    /// Moves the pages at the worker's addresses and counts what becomes of them.
    fn move_addresses(&self, worker: &mut Worker, route: u32, weight: u64) -> Result<()> {
        let Route { from, to, .. } = self.plan.routes()[route as usize];
        let (from, to) = (from.0 as c_int, to.0 as c_int);
        if self.look_only {
            self.count(route, weight, worker.addresses.len() as u64, None);
            return Ok(());
        }
        let is_full = |full: &(u32, u32)| full.0 == route && full.1 >= FULL_AFTER;
        if worker.full.iter().any(is_full) {
            self.count(
                route,
                weight,
                0,
                Some((Reason::TargetFull, worker.addresses.len() as u64)),
            );
            return Ok(());
        }
        let mut any_moved = false;
        for attempt in 1.. {
            let len = worker.addresses.len();
            if worker.nodes.first() != Some(&to) {
                worker.nodes.clear();
            }
            worker.status.clear();
            worker
                .nodes
                .try_reserve(len.saturating_sub(worker.nodes.len()))
                .map_err(|_| Error::OutOfMemory)?;
            worker
                .status
                .try_reserve(len)
                .map_err(|_| Error::OutOfMemory)?;
            worker.nodes.resize(len, to);
            worker.status.resize(len, UNSET);
            let start = monotonic_nanoseconds();
            let result = mempolicy::move_pages(
                self.pid,
                &worker.addresses,
                Some(&worker.nodes),
                &mut worker.status,
                self.flags,
            );
            self.pace
                .learn(len * worker.size, start, monotonic_nanoseconds());
            let no_memory = result == Err(Errno::ENOMEM);
            match result {
                Err(Errno::EACCES | Errno::ENODEV) => {
                    // The target is not allowed to the process, or not there any more.
                    self.count(route, weight, 0, Some((Reason::NotPermitted, len as u64)));
                    return Ok(());
                }
                Err(errno) if !no_memory => {
                    return Err(Error::Kernel {
                        call: "move_pages",
                        errno,
                    });
                }
                _ => {}
            }
            let moved = worker.status.iter().filter(|&&status| status == to).count();
            self.count(route, weight, moved as u64, None);
            any_moved |= moved > 0;
            if moved == len {
                break;
            }
            // The kernel tells nothing about pages that it tried in vain, nor about those that
            // it did not get to. So ask where they are.
            let mut shared = 0;
            let (mut at, status) = (0, &worker.status);
            worker.addresses.retain(|_| {
                at += 1;
                let status = status[at - 1];
                shared += u64::from(status == -Errno::EACCES.0);
                status != to && status != -Errno::EACCES.0
            });
            self.count(route, weight, 0, Some((Reason::Shared, shared)));
            worker.locate(self.pid)?;
            let (mut arrived, mut gone) = (0, 0);
            let (mut at, status) = (0, &worker.status);
            worker.addresses.retain(|_| {
                at += 1;
                let node = status[at - 1];
                arrived += u64::from(node == to);
                gone += u64::from(node != to && node != from);
                node == from
            });
            self.count(route, weight, arrived, Some((Reason::Gone, gone)));
            any_moved |= arrived > 0;
            let rest = worker.addresses.len();
            if rest == 0 {
                break;
            }
            if rest == len || attempt >= TRIES {
                let reason = if no_memory {
                    Reason::TargetFull
                } else {
                    Reason::Busy
                };
                let room = worker.later.is_empty() || worker.later_size == worker.size;
                if reason == Reason::Busy
                    && !worker.last_try
                    && room
                    && worker.later.len() + rest <= MAX_LATER
                    && worker.later.try_reserve(rest).is_ok()
                {
                    worker.later_size = worker.size;
                    let pages = worker.addresses.iter();
                    worker
                        .later
                        .extend(pages.map(|&address| Page { address, route }));
                    break;
                }
                self.count(route, weight, 0, Some((reason, rest as u64)));
                if no_memory && !any_moved {
                    self.note_full(worker, route)?;
                    return Ok(());
                }
                break;
            }
        }
        worker.full.retain(|full| full.0 != route);
        Ok(())
    }

    fn note_full(&self, worker: &mut Worker, route: u32) -> Result<()> {
        if let Some(full) = worker.full.iter_mut().find(|full| full.0 == route) {
            full.1 += 1;
            return Ok(());
        }
        worker.full.try_reserve(1).map_err(|_| Error::OutOfMemory)?;
        worker.full.push((route, 1));
        Ok(())
    }

    /// Moves blocks that may be huge pages: tries the first page of each and looks whether
    /// the others came along. What did not becomes the worker's piece, page by page.
    fn move_blocks(&self, worker: &mut Worker) -> Result<()> {
        let Unit::Block(size) = worker.unit else {
            return Ok(());
        };
        let weight = (size / self.page) as u64;
        let most = (BLOCK_PIECE_BYTES / size).clamp(1, worker.blocks.len());
        let take = match worker.blocks_were_small {
            true => 1,
            false => (self.pace.chunk() / size).clamp(1, most),
        };
        worker.pages.clear();
        worker.next = 0;
        if self.look_only {
            return self.examine_blocks(worker, most, most);
        }
        // Three pages of a huge page are on one node.
        let second_and_last = [0, self.page, size - self.page];
        let probes = |worker: &mut Worker| -> Result<()> {
            worker.addresses.clear();
            worker
                .addresses
                .try_reserve(take * 3)
                .map_err(|_| Error::OutOfMemory)?;
            for &block in &worker.blocks[..take] {
                worker
                    .addresses
                    .extend(second_and_last.map(|offset| block + offset));
            }
            worker.locate(self.pid)
        };
        probes(worker)?;
        let mut heads: Vec<Page> = Vec::new();
        heads
            .try_reserve_exact(take)
            .map_err(|_| Error::OutOfMemory)?;
        for (&block, status) in worker.blocks.iter().zip(worker.status.chunks_exact(3)) {
            let node = u32::try_from(status[0])
                .ok()
                .filter(|_| status.iter().all(|s| *s == status[0]));
            let route = node.and_then(|node| self.plan.route(node, worker.layer));
            heads.push(Page {
                address: block,
                route: route.map_or(u32::MAX, |r| r as u32),
            });
        }
        let start = monotonic_nanoseconds();
        for (index, route) in self.plan.routes().iter().enumerate() {
            let is_ours = |head: &&Page| head.route == index as u32;
            worker.addresses.clear();
            worker
                .addresses
                .extend(heads.iter().filter(is_ours).map(|head| head.address));
            let len = worker.addresses.len();
            if len == 0 {
                continue;
            }
            worker.nodes.clear();
            worker
                .nodes
                .try_reserve(len)
                .map_err(|_| Error::OutOfMemory)?;
            worker.nodes.resize(len, route.to.0 as c_int);
            // Whatever comes of it is seen below; what fails is tried again page by page.
            let _ = mempolicy::move_pages(
                self.pid,
                &worker.addresses,
                Some(&worker.nodes),
                &mut worker.status[..len],
                self.flags,
            );
        }
        let end = monotonic_nanoseconds();
        probes(worker)?;
        let mut small = 0;
        for (at, head) in heads.iter().enumerate() {
            let target = self
                .plan
                .routes()
                .get(head.route as usize)
                .map(|r| r.to.0 as c_int);
            let status = &worker.status[at * 3..at * 3 + 3];
            if target.is_some_and(|target| status.iter().all(|s| *s == target)) {
                self.count(head.route, weight, 1, None);
                self.examined.fetch_add(weight, Relaxed);
                continue;
            }
            // A head that moved alone is a page like any other.
            if target == Some(status[0]) {
                self.count(head.route, 1, 1, None);
            }
            worker.blocks.swap(small, at);
            small += 1;
        }
        if small < take {
            self.pace.learn((take - small) * size, start, end);
        }
        worker.blocks_were_small = small == take;
        if worker.blocks_were_small {
            return self.examine_blocks(worker, most, most);
        }
        self.examine_blocks(worker, small, take)
    }

    /// Makes the first `small` of the worker's blocks its piece, page by page, and is done with
    /// the first `take`.
    fn examine_blocks(&self, worker: &mut Worker, small: usize, take: usize) -> Result<()> {
        let Unit::Block(size) = worker.unit else {
            return Ok(());
        };
        let weight = size / self.page;
        worker.addresses.clear();
        worker
            .addresses
            .try_reserve(small * weight)
            .map_err(|_| Error::OutOfMemory)?;
        for &block in &worker.blocks[..small] {
            worker
                .addresses
                .extend((0..weight).map(|page| block + page * self.page));
        }
        worker.blocks.drain(..take);
        self.examine(worker, Unit::Page)
    }
}
