//! What was read about nodes, kept: CPUs and distances.
//!
//! Both caches are read without a lock, and a fork at any moment leaves the child with caches
//! that work. Their memory is bounded: one block for each node that was asked about, which is
//! never freed, so that threads still running at exit are safe.

use alloc::vec::Vec;
use core::ptr;
use core::slice;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering, fence};

use super::data::limits;
use super::types::{NODE_ROOM, with_cpu_words};
use crate::error::Result;
use crate::mask::{Node, WORD_BITS, Word, bits, words_for};
use crate::root::Root;
use crate::topology;

/// Nodes that are cached; others are read each time.
const NODES: usize = NODE_ROOM;

/// For each node a block: a state word, then the words of its CPU mask.
///
/// The state is 0 while nothing is there, odd while a thread writes, else twice the
/// generation that was read. A reader that finds another state than before has read a mix and
/// reads the file. A writer that died in a fork leaves the state odd: then the child reads the
/// file each time.
static CPUS: [AtomicPtr<AtomicUsize>; NODES] = [const { AtomicPtr::new(ptr::null_mut()) }; NODES];

/// Goes up with each numa_node_to_cpu_update; what was read in an earlier one is not used.
static GENERATION: AtomicUsize = AtomicUsize::new(1);

/// Makes every following query read its file again.
pub(super) fn forget_cpus() {
    GENERATION.fetch_add(1, Ordering::AcqRel);
}

/// Words for the blocks of machines of common size. Static, so that a program that opens and
/// closes this library in a loop loses nothing; pages that are not used cost nothing.
static ARENA: [AtomicUsize; 8192] = [const { AtomicUsize::new(0) }; 8192];
static ARENA_USED: AtomicUsize = AtomicUsize::new(0);

/// A block of `len` zeroed words that lives as long as the library.
fn new_block(len: usize) -> Option<&'static [AtomicUsize]> {
    let start = ARENA_USED.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
        used.checked_add(len).filter(|&end| end <= ARENA.len())
    });
    if let Ok(start) = start {
        return ARENA.get(start..start + len);
    }
    let mut words = Vec::new();
    words.try_reserve_exact(len).ok()?;
    words.resize_with(len, || AtomicUsize::new(0));
    Some(words.leak())
}

/// Gives a block back that nobody has seen.
fn drop_block(block: &'static [AtomicUsize]) {
    if !ARENA.as_ptr_range().contains(&block.as_ptr()) {
        let (start, len) = (block.as_ptr().cast_mut(), block.len());
        // SAFETY: made by Vec::leak from a vector of exactly this length and capacity.
        drop(unsafe { Vec::from_raw_parts(start, len, len) });
    }
}

/// The block in a slot, if there is one. All blocks of a table have the same length.
fn block(slot: &AtomicPtr<AtomicUsize>, len: usize) -> Option<&'static [AtomicUsize]> {
    let start = slot.load(Ordering::Acquire);
    // SAFETY: a slot holds null or a block of `len` words that is never freed.
    (!start.is_null()).then(|| unsafe { slice::from_raw_parts(start, len) })
}

/// The block in a slot, put there if there is none.
fn block_or_new(slot: &AtomicPtr<AtomicUsize>, len: usize) -> Option<&'static [AtomicUsize]> {
    if let Some(block) = block(slot, len) {
        return Some(block);
    }
    let new = new_block(len)?;
    let start = new.as_ptr().cast_mut();
    match slot.compare_exchange(ptr::null_mut(), start, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => Some(new),
        Err(_) => {
            // Another thread was first.
            drop_block(new);
            block(slot, len)
        }
    }
}

/// Reads the CPUs of a node, from the cache or the file, into `words` for the kernel's size.
pub(super) fn read_cpus(node: Node, words: &mut [Word]) -> Result<()> {
    let size = limits().cpu_bits();
    let len = 1 + words_for(size);
    let wanted = GENERATION.load(Ordering::Acquire).wrapping_mul(2);
    let slot = CPUS.get(node.0 as usize);

    if let Some(found) = slot.and_then(|slot| block(slot, len)) {
        let state = &found[0];
        if state.load(Ordering::Acquire) == wanted {
            for (to, from) in words.iter_mut().zip(&found[1..]) {
                *to = from.load(Ordering::Relaxed) as Word;
            }
            fence(Ordering::Acquire);
            if state.load(Ordering::Relaxed) == wanted {
                return Ok(());
            }
        }
    }

    topology::read_cpus_of_node(Root::SYSTEM, node, words, size)?;
    if let Some(new) = slot.and_then(|slot| block_or_new(slot, len)) {
        let state = &new[0];
        let seen = state.load(Ordering::Relaxed);
        let mine = seen & 1 == 0
            && state
                .compare_exchange(seen, seen | 1, Ordering::Acquire, Ordering::Relaxed)
                .is_ok();
        if mine {
            fence(Ordering::Release);
            for (to, from) in new[1..].iter().zip(&*words) {
                to.store(*from as usize, Ordering::Relaxed);
            }
            state.store(wanted, Ordering::Release);
        }
    }
    Ok(())
}

/// Whether a node has a CPU, from the cache or the file.
pub(super) fn node_has_cpu(node: Node, cpu: usize) -> bool {
    let size = limits().cpu_bits();
    if cpu >= size {
        return false;
    }
    let wanted = GENERATION.load(Ordering::Acquire).wrapping_mul(2);
    let cached = CPUS
        .get(node.0 as usize)
        .and_then(|slot| block(slot, 1 + words_for(size)));
    if let Some(found) = cached.filter(|found| found[0].load(Ordering::Acquire) == wanted) {
        let word = found[1 + cpu / WORD_BITS].load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        if found[0].load(Ordering::Relaxed) == wanted {
            return word >> (cpu % WORD_BITS) & 1 != 0;
        }
    }
    let mut has = false;
    let read = with_cpu_words(&mut |words| {
        read_cpus(node, words)?;
        has = bits::get(words, size, cpu);
        Ok(())
    });
    read.is_ok() && has
}

/// For each node a row: one word for each node up to the highest one at load, the distance to
/// it, or 0. Written before it is put into its slot, and never again.
static DISTANCES: [AtomicPtr<AtomicUsize>; NODES] =
    [const { AtomicPtr::new(ptr::null_mut()) }; NODES];

/// The distance between two nodes, from the cache or the files. Nodes that appeared after the
/// load are found in the files.
pub(super) fn distance(from: Node, to: Node) -> Result<u32> {
    let limits = limits();
    let len = limits.max_node() + 1;
    let slot = DISTANCES.get(from.0 as usize);
    let cached = slot.and_then(|slot| block(slot, len));
    if let Some(found) = cached.and_then(|row| row.get(to.0 as usize)) {
        let value = found.load(Ordering::Relaxed);
        if value != 0 {
            return Ok(value as u32);
        }
    }
    if let (Some(slot), None) = (slot, cached) {
        fill_row(slot, from, len, limits.node_bits())?;
        if let Some(found) = block(slot, len).and_then(|row| row.get(to.0 as usize)) {
            let value = found.load(Ordering::Relaxed);
            if value != 0 {
                return Ok(value as u32);
            }
        }
    }
    topology::distance(Root::SYSTEM, from, to, limits.node_bits())
}

/// Reads a node's distances into its slot.
fn fill_row(slot: &AtomicPtr<AtomicUsize>, from: Node, len: usize, size: usize) -> Result<()> {
    // Which column belongs to which node is asked now: nodes may have come since the load.
    let mut nodes = [0; words_for(NODE_ROOM)];
    let size = size.min(NODE_ROOM);
    topology::read_nodes(Root::SYSTEM, &mut nodes, size)?;
    // Without memory for it nothing is kept.
    let Some(row) = new_block(len) else {
        return Ok(());
    };
    let mut columns = bits::iter(&nodes, size);
    let read = topology::distance_row(Root::SYSTEM, from, &mut |_, distance| {
        if let Some(cell) = columns.next().and_then(|node| row.get(node)) {
            cell.store(distance as usize, Ordering::Relaxed);
        }
    });
    let start = row.as_ptr().cast_mut();
    let put = read.is_ok()
        && slot
            .compare_exchange(ptr::null_mut(), start, Ordering::AcqRel, Ordering::Acquire)
            .is_ok();
    if !put {
        drop_block(row);
    }
    read
}
