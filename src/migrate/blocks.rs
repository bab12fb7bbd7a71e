//! Moving blocks that may be huge pages: before Linux 6.7 nothing says whether they are, and a call
//! for each small page of a huge one would take far longer than one for the whole.

use alloc::vec::Vec;

use super::find::aliases::Met;
use super::kernel::Kernel;
use super::mover::{Mover, on};
use super::pieces::Blocks;
use super::room;
use super::worker::Worker;
use crate::error::{Error, Result};

/// Blocks are looked at page by page, so no more bytes than these at once.
const PIECE_BYTES: usize = 16 << 20;
/// Pages of a block that tell for all.
const PROBES: usize = 3;

/// The first page of a block.
#[derive(Debug, Clone, Copy)]
struct Head {
    block: usize,
    /// Index of the block's route, if it looks like a huge page that has to move.
    route: Option<usize>,
}

/// Moves some of the worker's blocks: tries the first page of each and looks whether the
/// others came along. What did not becomes the worker's pages, one by one.
pub(super) fn move_blocks(mover: &Mover<impl Kernel>, worker: &mut Worker) -> Result<()> {
    let blocks = &worker.blocks;
    let most = (PIECE_BYTES / blocks.size).clamp(1, blocks.list.len());
    if mover.look_only {
        return open_blocks(mover, worker, most, most);
    }
    let take = match blocks.were_small {
        true => 1,
        false => (mover.pace.chunk() / blocks.size).clamp(1, most),
    };
    let heads = find_heads(mover, worker, take)?;
    let start = mover.kernel.nanoseconds();
    let moved = move_heads(mover, worker, &heads);
    let end = mover.kernel.nanoseconds();
    let small = moved
        .and_then(|()| settle_heads(mover, worker, &heads))
        .inspect_err(|error| lose_heads(mover, worker.blocks.size, &heads, error))?;
    if small < take {
        let bytes = (take - small) * worker.blocks.size;
        mover.pace.learn(bytes, start, end);
    }
    worker.blocks.were_small = small == take;
    if worker.blocks.were_small {
        return open_blocks(mover, worker, most, most);
    }
    open_blocks(mover, worker, small, take)
}

/// Asks where the probed pages of the worker's first blocks are: a huge page is on one node.
fn probe(mover: &Mover<impl Kernel>, worker: &mut Worker, take: usize) -> Result<()> {
    let size = worker.blocks.size;
    let probes: [usize; PROBES] = [0, mover.page, size - mover.page];
    let addresses = worker.batch.refill(take * PROBES)?;
    for &block in &worker.blocks.list[..take] {
        addresses.extend(probes.map(|offset| block + offset));
    }
    worker.batch.locate(&mover.kernel)
}

fn find_heads(mover: &Mover<impl Kernel>, worker: &mut Worker, take: usize) -> Result<Vec<Head>> {
    probe(mover, worker, take)?;
    let mut heads = room::with_room(take)?;
    let blocks = worker.blocks.list.iter();
    for (&block, status) in blocks.zip(worker.batch.status().chunks_exact(PROBES)) {
        let same = status.iter().all(|other| *other == status[0]);
        let route = same.then(|| mover.route_of(status[0], worker.layer()));
        let mut route = route.flatten();
        // Its pages are met one by one then.
        if route.is_some() && mover.aliases.count(block, worker.blocks.size)? == Met::Again {
            route = None;
        }
        heads.push(Head { block, route });
    }
    Ok(heads)
}

/// Moves the heads, with a call for each route.
fn move_heads(mover: &Mover<impl Kernel>, worker: &mut Worker, heads: &[Head]) -> Result<()> {
    for (index, route) in mover.plan.routes().iter().enumerate() {
        let ours = heads.iter().filter(|head| head.route == Some(index));
        let addresses = worker.batch.refill(heads.len())?;
        addresses.extend(ours.map(|head| head.block));
        if worker.batch.is_empty() {
            continue;
        }
        // Whatever comes of it is seen afterwards; what fails is tried again page by page.
        let ended = worker.batch.move_to(&mover.kernel, route.to, mover.share);
        if ended == Err(Error::OutOfMemory) {
            return Err(Error::OutOfMemory);
        }
    }
    Ok(())
}

/// Counts the blocks that moved whole, and brings the others to the front. Returns their
/// number.
fn settle_heads(mover: &Mover<impl Kernel>, worker: &mut Worker, heads: &[Head]) -> Result<usize> {
    probe(mover, worker, heads.len())?;
    let weight = worker.blocks.size / mover.page;
    let Blocks { list, size, .. } = &mut worker.blocks;
    let mut small = 0;
    let answers = worker.batch.status().chunks_exact(PROBES);
    for (at, (head, status)) in heads.iter().zip(answers).enumerate() {
        if let Some(index) = head.route {
            let to = on(mover.plan.routes()[index].to);
            if status.iter().all(|status| *status == to) {
                mover.tally.moved(index, weight);
                mover.tally.examined(weight);
                continue;
            }
            // A head that moved alone is a page like any other.
            if status[0] == to {
                mover.tally.moved(index, 1);
            }
            mover.aliases.open(head.block, *size)?;
        }
        list.swap(small, at);
        small += 1;
    }
    Ok(small)
}

/// Counts blocks of which it cannot be said any more whether they moved.
fn lose_heads(mover: &Mover<impl Kernel>, size: usize, heads: &[Head], error: &Error) {
    let weight = size / mover.page;
    for index in heads.iter().filter_map(|head| head.route) {
        mover.tally.examined(weight);
        mover.tally.left(index, mover.reason_of(error), weight);
    }
}

/// Makes the first `small` of the worker's blocks its pages, and is done with the first
/// `take`.
fn open_blocks(
    mover: &Mover<impl Kernel>,
    worker: &mut Worker,
    small: usize,
    take: usize,
) -> Result<()> {
    let weight = worker.blocks.size / mover.page;
    let addresses = worker.batch.refill(small * weight)?;
    for &block in &worker.blocks.list[..small] {
        addresses.extend((0..weight).map(|page| block + page * mover.page));
    }
    worker.blocks.list.drain(..take);
    mover.examine(worker, mover.page)
}
