//! The workings of a job, on any kernel.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

use super::blocks;
use super::find::aliases::Aliases;
use super::find::walk::{Found, Unit, Walk};
use super::hidden;
use super::kernel::Kernel;
use super::mover::Mover;
use super::options::Options;
use super::pace::Pace;
use super::pieces::FullTargets;
use super::plan::Plan;
use super::proc::maps::{Kind, Kinds};
use super::proc::process::Process;
use super::proc::status::Sizes;
use super::source::{Next, Source};
use super::tally::{NodeCount, Reason, Tally};
use super::worker::Worker;
use crate::error::Result;
use crate::root::Root;
use crate::sys::lock::Lock;

/// Units and bytes that a worker takes at once.
const PIECE_UNITS: usize = 8192;
const PIECE_BYTES: usize = 64 << 20;
/// Bytes of a piece that is only looked at: the caller may be counting itself.
const LOOK_BYTES: usize = 8 << 20;
/// Ways that the pages of a piece may go, so that each gets calls of the full size.
const MIXED: usize = 8;

/// How far a job is, in pages of the base size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Present pages that were looked at. If a node of the plan is left and gone to, pages are
    /// looked at more than once.
    pub examined: u64,
    /// Those that were moved.
    pub moved: u64,
    /// Present pages of the process when the job began, about, as often as they are looked at.
    pub present: u64,
    /// Workers that may run now.
    pub workers: usize,
    /// Bytes that the next call moves.
    pub chunk: usize,
}

/// What [`Job::step`](super::Job::step) did.
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

/// Whether the job goes on, and why not.
#[derive(Debug)]
struct State(AtomicU8);

impl State {
    const RUNNING: u8 = 0;
    /// By the caller.
    const STOPPED: u8 = 1;
    /// By an error.
    const FAILED: u8 = 2;
    /// By the end of the process.
    const ENDED: u8 = 3;
    /// By another program of the process.
    const REPLACED: u8 = 4;

    const fn new() -> State {
        State(AtomicU8::new(Self::RUNNING))
    }

    fn get(&self) -> u8 {
        self.0.load(Relaxed)
    }

    /// Ends the job; the first reason counts.
    fn end(&self, why: u8) {
        let _ = self
            .0
            .compare_exchange(Self::RUNNING, why, Relaxed, Relaxed);
    }
}

/// A job on a kernel: what [`Job`](super::Job) says, and how.
#[derive(Debug)]
pub(super) struct Engine<'r, K> {
    mover: Mover<K>,
    source: Lock<Source<'r>>,
    /// Pages that are there, about.
    present: u64,
    state: State,
}

impl<'r, K: Kernel> Engine<'r, K> {
    /// `sizes` are those of the process, on which `kernel` works.
    pub(super) fn new(
        root: Root<'r>,
        pid: i32,
        kernel: K,
        sizes: Sizes,
        plan: Plan,
        options: &Options<'_>,
    ) -> Result<Engine<'r, K>> {
        let walk = Walk::new(root, pid, &kernel, sizes, options.kinds, options.ranges)?;
        let page = kernel.page_size();
        let aliases = if options.kinds.contains(Kind::Shared) {
            Aliases::of(&Process::open(root, pid)?, page)?
        } else {
            Aliases::default()
        };
        let layers = plan.layers();
        let bytes = sizes.resident.saturating_add(sizes.huge);
        let max_pause = options.max_pause.as_nanos().min(u64::MAX.into()) as u64;
        let left = usize::try_from(bytes).unwrap_or(usize::MAX);
        Ok(Engine {
            present: (bytes / page as u64).saturating_mul(layers.max(1).into()),
            mover: Mover {
                may_move_all: options.kinds == Kinds::ALL
                    && options.ranges.is_empty()
                    && kernel.may_move_all(options.share),
                share: options.share,
                look_only: options.look_only,
                page,
                block: walk.block(),
                pace: Pace::new(max_pause, options.workers, walk.block()),
                tally: Tally::new(plan.routes())?,
                aliases,
                refused: Lock::new(Vec::new()),
                plan,
                kernel,
            },
            source: Lock::new(Source::new(
                walk,
                page,
                layers,
                left.saturating_mul(layers as usize),
            )),
            state: State::new(),
        })
    }

    pub(super) fn stop(&self) {
        self.state.end(State::STOPPED);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.state.get() != State::RUNNING
    }

    pub(super) fn is_replaced(&self) -> bool {
        self.state.get() == State::REPLACED
    }

    pub(super) fn progress(&self) -> Progress {
        let (examined, moved) = self.mover.tally.so_far();
        Progress {
            examined,
            moved,
            present: self.present.max(examined),
            workers: self.mover.pace.active(),
            chunk: self.mover.pace.chunk(),
        }
    }

    pub(super) fn counts(&self) -> Result<Vec<NodeCount>> {
        self.mover.tally.counts()
    }

    pub(super) fn step(&self, worker: &mut Worker) -> Result<Step> {
        if self.is_stopped() {
            self.give_up(worker);
            return Ok(Step::Done);
        }
        if !self.mover.pace.enter() {
            return Ok(Step::Idle);
        }
        let result = self.work(worker);
        self.mover.pace.leave();
        let Err(error) = result else {
            return result;
        };
        // Where the memory goes while a file about it is read, that looks cut short.
        let why = if self.mover.kernel.is_replaced() {
            State::REPLACED
        } else if self.mover.has_ended(&error) {
            State::ENDED
        } else {
            State::FAILED
        };
        self.state.end(why);
        self.give_up(worker);
        match why {
            State::FAILED => Err(error),
            _ => Ok(Step::Done),
        }
    }

    /// Counts what the worker has in hand when the job is over.
    fn give_up(&self, worker: &mut Worker) {
        match self.state.get() {
            State::ENDED | State::REPLACED => self.mover.give_up(worker, Reason::Gone),
            State::FAILED => self.mover.give_up(worker, Reason::Busy),
            _ => self.mover.give_up_later(worker, Reason::Busy),
        }
    }

    fn work(&self, worker: &mut Worker) -> Result<Step> {
        if worker.pages.is_empty() {
            if worker.blocks.is_empty() {
                if let Some(step) = self.take_piece(worker)? {
                    return Ok(step);
                }
            }
            if worker.pages.is_empty() && !worker.blocks.is_empty() {
                blocks::move_blocks(&self.mover, worker)?;
            }
        }
        if !worker.pages.is_empty() {
            self.mover.move_pages(worker)?;
        }
        Ok(Step::Worked)
    }

    /// How much to look at, when so many bytes are left: a call for each way that pages go.
    fn piece_bytes(&self, left: usize) -> usize {
        if self.mover.look_only {
            return LOOK_BYTES;
        }
        let routes = self.mover.plan.routes().len().clamp(1, MIXED);
        self.mover.pace.piece(left, routes).min(PIECE_BYTES)
    }

    /// Gets the next piece, or says why there is none.
    fn take_piece(&self, worker: &mut Worker) -> Result<Option<Step>> {
        let mut source = self.source.take();
        loop {
            let bytes = self.piece_bytes(source.left());
            let units = (bytes / self.mover.page).clamp(1, PIECE_UNITS);
            let addresses = worker.batch.refill(0)?;
            match source.fill(&self.mover.kernel, addresses, units, bytes)? {
                Found::Units(unit) => {
                    worker.claim.get_or_insert_with(|| source.claim());
                    drop(source);
                    self.begin(worker, unit)?;
                    return Ok(None);
                }
                // Time to see whether to stop.
                Found::Hole => return Ok(Some(Step::Worked)),
                Found::End => {}
            }
            // These belong to the claim, so that no other layer begins before.
            if worker.pages.take_later(&mut worker.later) {
                return Ok(None);
            }
            if let Some(claim) = worker.claim.take() {
                source.give_back(claim);
                worker.full = FullTargets::none();
            }
            if source.is_done() {
                // The files about the memory that was looked at just end.
                if self.mover.kernel.is_replaced() {
                    self.state.end(State::REPLACED);
                    return Ok(Some(Step::Done));
                }
                // Memory that was freed meanwhile is used.
                if !source.is_again() && self.mover.has_room_again(worker, source.layer())? {
                    source.again()?;
                    continue;
                }
                hidden::settle(&self.mover, &source)?;
            }
            match source.next_layer()? {
                Next::Layer => {}
                Next::Wait => return Ok(Some(Step::Idle)),
                Next::End => return Ok(Some(Step::Done)),
            }
        }
    }

    /// Takes what is in the worker's batch in hand.
    fn begin(&self, worker: &mut Worker, unit: Unit) -> Result<()> {
        match unit {
            Unit::Block(size) => worker.blocks.refill(size, &worker.batch),
            unit => {
                let size = unit.size(self.mover.page);
                self.mover.examine(worker, size)
            }
        }
    }
}
