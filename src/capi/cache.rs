//! What was read about nodes, kept: CPUs and distances.
//!
//! The caches are read without a lock, and a fork at any moment leaves the child with caches
//! that work. What is in them is never changed and never freed, so that threads still running
//! at exit are safe: one block for each node that was asked about, and one more for each other
//! set of CPUs that it was found to have.

use core::ptr;
use core::slice;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use super::data::{limits, nodes, published_limits};
use super::types::{CPU_ROOM, CpuRoom, NODE_ROOM};
use crate::error::Result;
use crate::mask::{Bits, Node, Word, bits, words_for};
use crate::root::Root;
use crate::topology;

/// Nodes that are cached; others are read each time.
const NODES: usize = NODE_ROOM;

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
    let start = ARENA_USED.fetch_update(Ordering::AcqRel, Ordering::Acquire, |used| {
        used.checked_add(len).filter(|&end| end <= ARENA.len())
    });
    if let Ok(start) = start {
        return ARENA.get(start..start + len);
    }
    // SAFETY: calloc takes any size.
    let start = unsafe { libc::calloc(len, size_of::<AtomicUsize>()) };
    // SAFETY: null or a new block of that many zeros.
    unsafe { block(start.cast(), len) }
}

/// Gives a block back that nobody has seen.
fn drop_block(block: &'static [AtomicUsize]) {
    let (start, len) = (block.as_ptr(), block.len());
    let own = ARENA.as_ptr_range();
    if own.contains(&start) {
        for word in block {
            word.store(0, Ordering::Relaxed);
        }
        // The last one can be had again; others are lost, which takes two threads at once.
        let at = (start as usize - own.start as usize) / size_of::<AtomicUsize>();
        let _ = ARENA_USED.compare_exchange(at + len, at, Ordering::AcqRel, Ordering::Relaxed);
    } else {
        // SAFETY: the block came from calloc, and nobody else knows of it.
        unsafe { libc::free(start.cast_mut().cast()) };
    }
}

/// A block that a slot or another block points to. All blocks of a table have the same length.
///
/// # Safety
/// `start` is null or such a block of `len` words.
#[inline(always)]
unsafe fn block(start: *const AtomicUsize, len: usize) -> Option<&'static [AtomicUsize]> {
    // SAFETY: blocks are never freed once they are in a table.
    (!start.is_null()).then(|| unsafe { slice::from_raw_parts(start, len) })
}

/// For each node a chain of blocks, one for each set of CPUs that it was found to have.
static CPUS: [AtomicPtr<AtomicUsize>; NODES] = [const { AtomicPtr::new(ptr::null_mut()) }; NODES];

/// The CPUs of a node as they were read: a block of three words and the CPU mask, in the
/// kernel's size.
#[derive(Clone, Copy)]
struct Cpus {
    /// The generation in which the node was last seen so. The only word that ever changes.
    generation: &'static AtomicUsize,
    /// The number of the highest CPU and one; 0 without CPUs.
    end: usize,
    /// The block before this one, or null.
    next: *const AtomicUsize,
    words: &'static [Word],
}

impl Cpus {
    const HEADER: usize = 3;

    /// # Safety
    /// `start` is null or a block of CPUS.
    #[inline(always)]
    unsafe fn at(start: *const AtomicUsize, words: usize) -> Option<Cpus> {
        // SAFETY: as demanded of the caller.
        let block = unsafe { block(start, Cpus::HEADER + words) }?;
        let [generation, end, next, words @ ..] = block else {
            return None;
        };
        Some(Cpus {
            generation,
            end: end.load(Ordering::Relaxed),
            next: next.load(Ordering::Relaxed) as *const AtomicUsize,
            // SAFETY: integers of the same size, which nobody writes once the block is in CPUS.
            words: unsafe { slice::from_raw_parts(words.as_ptr().cast(), words.len()) },
        })
    }

    /// The first block of a chain that is as wanted.
    fn find(
        first: *const AtomicUsize,
        words: usize,
        wanted: &dyn Fn(&Cpus) -> bool,
    ) -> Option<Cpus> {
        let mut at = first;
        // SAFETY: the slots of CPUS, and its blocks, point to blocks of CPUS.
        while let Some(cpus) = unsafe { Cpus::at(at, words) } {
            if wanted(&cpus) {
                return Some(cpus);
            }
            at = cpus.next;
        }
        None
    }
}

/// The CPUs of a node, if they are the usual case: cached, and not found to be others lately.
#[inline(always)]
pub(super) fn cached_cpus(node: Node) -> Option<(&'static [Word], usize)> {
    let generation = GENERATION.load(Ordering::Acquire);
    let first = CPUS.get(node.0 as usize)?.load(Ordering::Acquire);
    // What is in CPUS came after them.
    let words = words_for(published_limits().cpu_bits());
    // SAFETY: the slot points to a block of CPUS.
    let found = unsafe { Cpus::at(first, words) }?;
    (found.generation.load(Ordering::Acquire) == generation).then_some((found.words, found.end))
}

/// The CPUs of a node, from the cache or the file, in the kernel's size, and the number of the
/// highest one and one. What is read goes into `room`.
#[inline(never)]
pub(super) fn cpus(node: Node, room: &mut CpuRoom) -> Result<(&[Word], usize)> {
    match cached_cpus(node) {
        Some(cached) => Ok(cached),
        None => read_cpus(node, room),
    }
}

/// [`cpus`] from an older block or from the file, which is then cached.
#[cold]
#[inline(never)]
fn read_cpus(node: Node, room: &mut CpuRoom) -> Result<(&[Word], usize)> {
    // Asked for before the file is read: what is found is at least as new.
    let generation = GENERATION.load(Ordering::Acquire);
    let size = limits().cpu_bits();
    let slot = CPUS.get(node.0 as usize);
    let first = slot.map_or(ptr::null_mut(), |slot| slot.load(Ordering::Acquire));
    let is_fresh = |cpus: &Cpus| cpus.generation.load(Ordering::Acquire) == generation;
    if let Some(found) = Cpus::find(first, words_for(size), &is_fresh) {
        return Ok((found.words, found.end));
    }
    let words = room.zeroed()?;
    topology::read_cpus_of_node(Root::SYSTEM, node, words, size)?;
    let end = bits::last(words, size).map_or(0, |cpu| cpu + 1);
    if let Some(slot) = slot {
        keep_cpus(slot, generation, end, words);
    }
    Ok((words, end))
}

/// Puts what was read into a slot. Without memory for it nothing is kept.
#[inline(never)]
fn keep_cpus(slot: &AtomicPtr<AtomicUsize>, generation: usize, end: usize, words: &[Word]) {
    let first = slot.load(Ordering::Acquire);
    if let Some(same) = Cpus::find(first, words.len(), &|cpus| cpus.words == words) {
        same.generation.fetch_max(generation, Ordering::AcqRel);
        return;
    }
    let Some(new) = new_block(Cpus::HEADER + words.len()) else {
        return;
    };
    let content = [generation, end, first as usize]
        .into_iter()
        .chain(words.iter().map(|&word| word as usize));
    for (cell, value) in new.iter().zip(content) {
        cell.store(value, Ordering::Relaxed);
    }
    let start = new.as_ptr().cast_mut();
    let put = slot.compare_exchange(first, start, Ordering::AcqRel, Ordering::Acquire);
    if put.is_err() {
        // Another thread was first.
        drop_block(new);
    }
}

/// For each CPU its node: the generation in which it was asked for, and the node. 0 is none.
static NODE_OF_CPU: [AtomicUsize; CPU_ROOM] = [const { AtomicUsize::new(0) }; CPU_ROOM];
const NODE_BITS: u32 = NODES.ilog2();

/// What the table holds for CPUs of this node.
fn entry(generation: usize, node: Node) -> usize {
    generation << NODE_BITS | node.0 as usize
}

/// The lowest node that a CPU belongs to, of those that existed at load.
#[inline(always)]
pub(super) fn node_of_cpu(cpu: usize) -> Option<Node> {
    let found = NODE_OF_CPU
        .get(cpu)
        .map_or(0, |c| c.load(Ordering::Relaxed));
    let generation = GENERATION.load(Ordering::Relaxed);
    if found >> NODE_BITS == generation & (usize::MAX >> NODE_BITS) {
        Some(Node((found & (NODES - 1)) as u32))
    } else {
        find_node_of_cpu(cpu)
    }
}

/// [`node_of_cpu`] from the nodes' CPUs. All CPUs of the node that is found go into the table.
#[cold]
#[inline(never)]
fn find_node_of_cpu(cpu: usize) -> Option<Node> {
    let generation = GENERATION.load(Ordering::Acquire);
    let mut room = CpuRoom::new();
    for n in nodes().iter() {
        let node = Node(n as u32);
        // A node that cannot be read has no CPUs.
        let Ok((words, end)) = cpus(node, &mut room) else {
            continue;
        };
        if !bits::get(words, end, cpu) {
            continue;
        }
        if n < NODES {
            for cpu in Bits::new(words, end).iter() {
                if let Some(cell) = NODE_OF_CPU.get(cpu) {
                    cell.store(entry(generation, node), Ordering::Relaxed);
                }
            }
        }
        return Some(node);
    }
    None
}

/// For each node a row: one word for each node up to the highest one at load, the distance to
/// it, or 0. Written before it is put into its slot, and never again.
static DISTANCES: [AtomicPtr<AtomicUsize>; NODES] =
    [const { AtomicPtr::new(ptr::null_mut()) }; NODES];

/// The distance between two nodes, if it is cached.
#[inline(always)]
pub(super) fn cached_distance(from: Node, to: Node) -> Option<u32> {
    let start = DISTANCES.get(from.0 as usize)?.load(Ordering::Acquire);
    // What is in DISTANCES came after the limits.
    let len = published_limits().max_node() + 1;
    // SAFETY: the slots of DISTANCES hold null or a block of this length.
    let row = unsafe { block(start, len) }?;
    match row.get(to.0 as usize)?.load(Ordering::Relaxed) {
        0 => None,
        distance => Some(distance as u32),
    }
}

/// The distance between two nodes from the files, where [`cached_distance`] has none. Those of
/// nodes that appeared after the load are not kept.
#[cold]
#[inline(never)]
pub(super) fn read_distance(from: Node, to: Node) -> Result<u32> {
    let limits = limits();
    let slot = DISTANCES.get(from.0 as usize);
    if let Some(slot) = slot.filter(|slot| slot.load(Ordering::Acquire).is_null()) {
        fill_row(slot, from, limits.max_node() + 1, limits.node_bits())?;
        if let Some(found) = cached_distance(from, to) {
            return Ok(found);
        }
    }
    topology::distance(Root::SYSTEM, from, to, limits.node_bits())
}

/// Reads a node's distances into its slot.
#[inline(never)]
fn fill_row(slot: &AtomicPtr<AtomicUsize>, from: Node, len: usize, size: usize) -> Result<()> {
    // Without memory for it nothing is kept.
    let Some(row) = new_block(len) else {
        return Ok(());
    };
    let size = size.min(NODE_ROOM);
    let read = read_row(from, row, nodes().iter()).and_then(|count| {
        if count == limits().configured_nodes() {
            return Ok(());
        }
        // Nodes have come or gone since the load: which column is whose is asked now.
        let mut exist = [0; words_for(NODE_ROOM)];
        topology::read_nodes(Root::SYSTEM, &mut exist, size)?;
        row.iter().for_each(|cell| cell.store(0, Ordering::Relaxed));
        read_row(from, row, bits::iter(&exist, size)).map(drop)
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

/// Reads a node's distances, the columns of which belong to these nodes. Returns how many
/// columns there are.
#[inline(never)]
fn read_row(from: Node, row: &[AtomicUsize], mut columns: bits::Ones<'_>) -> Result<usize> {
    let mut count = 0;
    topology::distance_row(Root::SYSTEM, from, &mut |_, distance| {
        count += 1;
        if let Some(cell) = columns.next().and_then(|node| row.get(node)) {
            cell.store(distance as usize, Ordering::Relaxed);
        }
    })?;
    Ok(count)
}
