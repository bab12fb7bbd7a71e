//! What one thread needs to work on a job.

use alloc::vec::Vec;

use super::batch::Batch;
use super::pieces::{Blocks, FullTargets, Later, Pages};
use super::source::Claim;

/// The state of one thread that works on a job. It belongs to that job until it is done.
#[derive(Debug)]
pub struct Worker {
    /// As long as there are pages or blocks in hand, or pages kept for later.
    pub(super) claim: Option<Claim>,
    pub(super) pages: Pages,
    pub(super) blocks: Blocks,
    pub(super) later: Later,
    pub(super) full: FullTargets,
    /// Pages of the batch that the last call did not get to.
    pub(super) untried: Vec<usize>,
    /// Arguments of the system calls.
    pub(super) batch: Batch,
}

impl Default for Worker {
    fn default() -> Self {
        Worker::new()
    }
}

impl Worker {
    /// A worker that has done nothing yet.
    ///
    /// ```
    /// use numa::migrate::Worker;
    ///
    /// // One for each thread that works on a job.
    /// let mut worker = Worker::new();
    /// # let _ = &mut worker;
    /// ```
    pub const fn new() -> Worker {
        Worker {
            claim: None,
            pages: Pages::none(),
            blocks: Blocks::none(),
            later: Later::none(),
            full: FullTargets::none(),
            untried: Vec::new(),
            batch: Batch::new(),
        }
    }

    /// The layer of the plan that it works on.
    pub(super) fn layer(&self) -> u32 {
        self.claim.as_ref().map_or(0, Claim::layer)
    }
}
