//! Moving what a worker has in hand, and counting what becomes of it.
//!
//! The kernel says little: of a call that did not move all of its pages it tells neither which ones
//! it tried in vain nor which ones it did not get to. So the pages are located afterwards, and what
//! is still on its node is tried again while that helps.

use alloc::vec::Vec;
use core::ffi::c_int;
use core::mem;

use super::batch::{Batch, Ended, is_denied};
use super::calls::Share;
use super::find::aliases::{Aliases, Met};
use super::find::regions::each_present;
use super::kernel::Kernel;
use super::pace::Pace;
use super::pieces::Page;
use super::plan::{Plan, Route};
use super::room;
use super::tally::{Reason, Tally};
use super::worker::Worker;
use crate::error::{Error, Result};
use crate::mask::Node;
use crate::sys::Errno;
use crate::sys::lock::Lock;

/// How often pages that could not be moved are tried again while that helps.
const TRIES: u32 = 4;

/// Pages of each route that tell in the end whether a target that was full still is.
const SAMPLES: usize = 4;

/// Everything that moving needs beside the pages: shared by all workers.
#[derive(Debug)]
pub(super) struct Mover<K> {
    pub(super) kernel: K,
    pub(super) plan: Plan,
    pub(super) pace: Pace,
    pub(super) tally: Tally,
    /// Memory of which a page may be met more than once.
    pub(super) aliases: Aliases,
    /// Some of the pages that full targets had no room for.
    pub(super) refused: Lock<Vec<(Trip, usize)>>,
    /// Which pages to move.
    pub(super) share: Share,
    /// Only count.
    pub(super) look_only: bool,
    /// Whether moving all pages of a node at once moves no other than are to be moved.
    pub(super) may_move_all: bool,
    /// Bytes of a page of the base size.
    pub(super) page: usize,
    /// Bytes of a transparent huge page.
    pub(super) block: usize,
}

/// Pages that go the same way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trip {
    /// Index of the route.
    index: usize,
    route: Route,
    /// Bytes of each page, and how many pages of the base size those are.
    size: usize,
    weight: usize,
}

/// The status of a page that is on this node.
pub(super) fn on(node: Node) -> c_int {
    node.0 as c_int
}

impl<K: Kernel> Mover<K> {
    /// Whether a call failed because the process has ended. EINVAL says so of one that is about to
    /// end, and has other reasons too.
    pub(super) fn has_ended(&self, error: &Error) -> bool {
        match error {
            Error::Kernel { errno, .. } | Error::File { errno, .. } => match *errno {
                Errno::ESRCH => true,
                Errno::EINVAL => self.kernel.has_ended(),
                _ => false,
            },
            _ => false,
        }
    }

    /// Why pages stay where they are when a call failed.
    pub(super) fn reason_of(&self, error: &Error) -> Reason {
        match error.errno() {
            Errno::EPERM | Errno::EACCES => Reason::NotPermitted,
            _ if self.has_ended(error) => Reason::Gone,
            _ => Reason::Busy,
        }
    }

    /// The index of the route that a page with this status takes in a layer of the plan.
    pub(super) fn route_of(&self, status: c_int, layer: u32) -> Option<usize> {
        let node = u32::try_from(status).ok()?;
        self.plan.route(node, layer)
    }

    /// Makes those pages of the batch the worker's that have to move. `size`: bytes of each.
    pub(super) fn examine(&self, worker: &mut Worker, size: usize) -> Result<()> {
        let layer = worker.layer();
        let batch = &mut worker.batch;
        let pages = worker.pages.refill(size, batch.len())?;
        batch.locate(&self.kernel)?;
        self.tally.examined(batch.len() * (size / self.page));
        // Neighbours are mostly on the same node.
        let (mut last, mut route) = (c_int::MIN, None);
        let (mut denied, mut found) = (0, 0);
        for (address, status) in batch.answers() {
            if status != last {
                (last, route) = (status, self.route_of(status, layer));
            }
            if let Some(route) = route {
                match self.aliases.count(address, size)? {
                    Met::Again => continue,
                    Met::Denied => found += 1,
                    Met::First => {}
                }
                pages.push(Page { address, route });
            } else if is_denied(status) && self.aliases.deny(address, size)? == Met::First {
                denied += 1;
            }
        }
        self.tally.denied(denied * (size / self.page));
        self.tally.not_denied(found * (size / self.page));
        Ok(())
    }

    /// Brings the worker's next pages that go the same way together, and moves as many as one
    /// call should.
    pub(super) fn move_pages(&self, worker: &mut Worker) -> Result<()> {
        let size = worker.pages.size();
        let max = self.pace.chunk() / size.max(1);
        let Some(index) = worker.pages.take(max, &mut worker.batch)? else {
            return Ok(());
        };
        let trip = Trip {
            index,
            route: self.plan.routes()[index],
            size,
            weight: size / self.page,
        };
        worker.untried.clear();
        self.move_batch(worker, trip).inspect_err(|error| {
            let pages = worker.batch.len() + worker.untried.len();
            self.leave(trip, self.reason_of(error), pages);
        })
    }

    fn leave(&self, trip: Trip, reason: Reason, pages: usize) {
        self.tally.left(trip.index, reason, pages * trip.weight);
    }

    fn arrive(&self, trip: Trip, pages: usize) {
        self.tally.moved(trip.index, pages * trip.weight);
    }

    /// Moves the pages of the worker's batch, and counts what becomes of them. After an error
    /// those are in the batch and in `untried` that were not counted.
    fn move_batch(&self, worker: &mut Worker, trip: Trip) -> Result<()> {
        if self.look_only {
            self.arrive(trip, worker.batch.len());
            return Ok(());
        }
        if worker.full.is_full(trip.index) {
            return self.refuse(trip, &worker.batch);
        }
        let (mut any_arrived, mut attempt) = (false, 0);
        while !worker.batch.is_empty() {
            attempt += 1;
            let before = worker.batch.len();
            let ended = self.call(&mut worker.batch, trip)?;
            if ended == Ended::NotPermitted {
                self.leave(trip, Reason::NotPermitted, before);
                return Ok(());
            }
            let part = match ended {
                Ended::Done => worker.batch.take_untried(&mut worker.untried)?,
                _ => None,
            };
            any_arrived |= self.settle(&mut worker.batch, trip)?;
            let helps = worker.batch.len() + worker.untried.len() < before;
            // A page that is alone gets as many tries as one among others that move.
            let is_first = attempt == 1 && ended == Ended::Done;
            if (helps || is_first) && attempt < TRIES {
                worker.batch.append(&mut worker.untried, |_| true)?;
                continue;
            }
            if ended == Ended::NoMemory {
                self.refuse(trip, &worker.batch)?;
                if !any_arrived {
                    return worker.full.note_none(trip.index);
                }
                break;
            }
            self.set_aside(worker, trip, part)?;
            attempt = 0;
        }
        worker.full.note_some(trip.index);
        Ok(())
    }

    /// Counts pages that a full target has no room for, and keeps one of them in mind.
    fn refuse(&self, trip: Trip, batch: &Batch) -> Result<()> {
        let mut refused = self.refused.take();
        let ours = refused
            .iter()
            .filter(|(other, _)| other.index == trip.index);
        if let Some(&page) = batch.addresses().first().filter(|_| ours.count() < SAMPLES) {
            room::reserve(&mut refused, 1)?;
            refused.push((trip, page));
        }
        self.leave(trip, Reason::TargetFull, batch.len());
        Ok(())
    }

    /// When all of a layer is done: tries some of the pages again that full targets had no room for.
    /// If a target has room by now, forgets what stayed in the layer, which is to be looked through
    /// once more then, and returns true.
    pub(super) fn has_room_again(&self, worker: &mut Worker, layer: u32) -> Result<bool> {
        let refused = mem::take(&mut *self.refused.take());
        let mut any = false;
        for (trip, page) in refused {
            any |= self.try_again(&mut worker.batch, trip, page)?;
        }
        if any {
            self.tally.recount(layer);
            self.aliases.recount();
        }
        Ok(any)
    }

    /// Moves one page. Returns whether it went.
    fn try_again(&self, batch: &mut Batch, trip: Trip, page: usize) -> Result<bool> {
        let around = if trip.size > self.page {
            page..page + 1
        } else {
            // It may be a part of a huge page, the other parts of which go with it.
            let start = page / self.block * self.block;
            start..start.saturating_add(self.block)
        };
        let addresses = batch.refill(around.len() / self.page + 1)?;
        addresses.extend(around.step_by(self.page));
        batch.locate(&self.kernel)?;
        batch.retain(|status| status == on(trip.route.from));
        if !batch.addresses().contains(&page) {
            return Ok(false);
        }
        let mut one = Batch::new();
        one.push(page)?;
        self.call(&mut one, trip)?;
        batch.locate(&self.kernel)?;
        let went = |status: &&c_int| **status == on(trip.route.to);
        let arrived = batch.status().iter().filter(went).count();
        self.arrive(trip, arrived);
        Ok(arrived > 0)
    }

    /// Keeps the pages of the batch, which are busy, for later, and goes on with those behind them
    /// that the kernel has not tried. If there is a `part` of a huge page that it could not move,
    /// the other parts are not tried: each of them would end a call.
    fn set_aside(&self, worker: &mut Worker, trip: Trip, part: Option<usize>) -> Result<()> {
        if let Some(part) = part {
            let same = |page: usize| page / self.block == part / self.block;
            worker.batch.append(&mut worker.untried, same)?;
            worker
                .pages
                .take_some(trip.index, same, &mut worker.batch)?;
        }
        if !worker.later.keep(&worker.pages, &worker.batch, trip.index) {
            self.leave(trip, Reason::Busy, worker.batch.len());
        }
        worker.batch.refill(0)?;
        worker.batch.append(&mut worker.untried, |_| true)
    }

    /// One call for the whole batch.
    fn call(&self, batch: &mut Batch, trip: Trip) -> Result<Ended> {
        let bytes = batch.len() * trip.size;
        let start = self.kernel.nanoseconds();
        let ended = batch.move_to(&self.kernel, trip.route.to, self.share);
        self.pace.learn(bytes, start, self.kernel.nanoseconds());
        ended
    }

    /// Counts the pages that are not where they were before the call, and keeps the others in
    /// the batch. Returns whether any arrived.
    fn settle(&self, batch: &mut Batch, trip: Trip) -> Result<bool> {
        let (from, to) = (on(trip.route.from), on(trip.route.to));
        let (mut arrived, mut shared) = (0, 0);
        batch.retain(|status| {
            arrived += usize::from(status == to);
            shared += usize::from(status == -Errno::EACCES.0);
            status != to && status != -Errno::EACCES.0
        });
        self.arrive(trip, arrived);
        self.leave(trip, Reason::Shared, shared);
        if batch.is_empty() {
            return Ok(arrived > 0);
        }
        batch.locate(&self.kernel)?;
        let mut hidden = 0;
        let count = |is_present| hidden += usize::from(is_present);
        each_present(&self.kernel, batch.denied()?, count)?;
        self.tally.denied(hidden * trip.weight);
        let (mut late, mut gone) = (0, 0);
        batch.retain(|status| {
            late += usize::from(status == to);
            gone += usize::from(status != to && status != from);
            status == from
        });
        self.arrive(trip, late);
        self.leave(trip, Reason::Gone, gone.saturating_sub(hidden));
        Ok(arrived + late > 0)
    }

    /// Counts what the worker kept for later.
    pub(super) fn give_up_later(&self, worker: &mut Worker, reason: Reason) {
        let weight = worker.later.size() / self.page;
        for page in worker.later.give_up() {
            self.tally.left(page.route, reason, weight);
        }
    }

    /// Counts all that the worker has in hand.
    pub(super) fn give_up(&self, worker: &mut Worker, reason: Reason) {
        let weight = worker.pages.size() / self.page;
        for page in worker.pages.give_up() {
            self.tally.left(page.route, reason, weight);
        }
        self.give_up_later(worker, reason);
    }
}
