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

/// All that is cached. Static, so that a program that opens and closes this library in a loop
/// loses nothing; pages that are not used cost nothing.
///
/// What a first query on a small machine needs is at both ends, in the pages of what is written at
/// load: a page that is touched for the first time costs a fifth of reading a file.
#[repr(C)]
struct Tables {
    near: Arena<160>,
    nodes: [Slot; NODES],
    far: Arena<8192>,
    /// For each CPU, the last one first, its node: the generation in which it was asked for, and
    /// the node. 0 is none.
    node_of_cpu: [AtomicUsize; CPU_ROOM],
}

impl Tables {
    #[inline(always)]
    fn node_of_cpu(&self, cpu: usize) -> Option<&AtomicUsize> {
        self.node_of_cpu.get((CPU_ROOM - 1).checked_sub(cpu)?)
    }
}

/// What is known of a node.
struct Slot {
    /// A chain of blocks, one for each set of CPUs that the node was found to have.
    cpus: AtomicPtr<AtomicUsize>,
    /// A row: one word for each node up to the highest one at load, the distance to it, or 0.
    /// Written before it is put here, and never again.
    distances: AtomicPtr<AtomicUsize>,
}

static TABLES: Tables = Tables {
    near: Arena::new(),
    nodes: [const {
        Slot {
            cpus: AtomicPtr::new(ptr::null_mut()),
            distances: AtomicPtr::new(ptr::null_mut()),
        }
    }; NODES],
    far: Arena::new(),
    node_of_cpu: [const { AtomicUsize::new(0) }; CPU_ROOM],
};

/// Words for blocks.
struct Arena<const N: usize> {
    used: AtomicUsize,
    words: [AtomicUsize; N],
}

impl<const N: usize> Arena<N> {
    const fn new() -> Self {
        Arena {
            used: AtomicUsize::new(0),
            words: [const { AtomicUsize::new(0) }; N],
        }
    }

    fn take(&self, len: usize) -> Option<&[AtomicUsize]> {
        let enough = |used: usize| used.checked_add(len).filter(|&end| end <= N);
        let start = self
            .used
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, enough)
            .ok()?;
        self.words.get(start..start + len)
    }

    /// Takes a block back that nobody has seen, if it is of this arena.
    fn give_back(&self, block: &[AtomicUsize]) -> bool {
        let own = self.words.as_ptr_range();
        let (start, len) = (block.as_ptr(), block.len());
        if !own.contains(&start) {
            return false;
        }
        for word in block {
            word.store(0, Ordering::Relaxed);
        }
        // The last one can be had again; others are lost, which takes two threads at once.
        let at = (start as usize - own.start as usize) / size_of::<AtomicUsize>();
        let _ = self
            .used
            .compare_exchange(at + len, at, Ordering::AcqRel, Ordering::Relaxed);
        true
    }
}

/// A block of `len` zeroed words that lives as long as the library.
fn new_block(len: usize) -> Option<&'static [AtomicUsize]> {
    let block = TABLES.near.take(len).or_else(|| TABLES.far.take(len));
    block.or_else(|| {
        // SAFETY: calloc takes any size.
        let start = unsafe { libc::calloc(len, size_of::<AtomicUsize>()) };
        // SAFETY: null or a new block of that many zeros.
        unsafe { self::block(start.cast(), len) }
    })
}

/// Gives a block back that nobody has seen.
fn drop_block(block: &'static [AtomicUsize]) {
    if !TABLES.near.give_back(block) && !TABLES.far.give_back(block) {
        // SAFETY: the block came from calloc, and nobody else knows of it.
        unsafe { libc::free(block.as_ptr().cast_mut().cast()) };
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
    /// `start` is null or a block of CPUs.
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
            // SAFETY: integers of the same size, which nobody writes once the block is in a slot.
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
        // SAFETY: the slots, and blocks of CPUs, point to blocks of CPUs.
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
    let slot = TABLES.nodes.get(node.0 as usize)?;
    let first = slot.cpus.load(Ordering::Acquire);
    // What is in a slot came after them.
    let words = words_for(published_limits().cpu_bits());
    // SAFETY: the slot points to a block of CPUs.
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
    let slot = TABLES.nodes.get(node.0 as usize).map(|slot| &slot.cpus);
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

/// In an entry of [`Tables::node_of_cpu`].
const NODE_BITS: u32 = NODES.ilog2();

/// What the table holds for CPUs of this node.
fn entry(generation: usize, node: Node) -> usize {
    generation << NODE_BITS | node.0 as usize
}

/// The lowest node that a CPU belongs to, of those that existed at load, if it is in the table.
#[inline(always)]
pub(super) fn cached_node_of_cpu(cpu: usize) -> Option<usize> {
    let entry = TABLES.node_of_cpu(cpu)?.load(Ordering::Relaxed);
    // What is left of an entry of this generation is the node.
    let node = entry ^ GENERATION.load(Ordering::Relaxed) << NODE_BITS;
    (node < NODES).then_some(node)
}

/// [`cached_node_of_cpu`] from the nodes' CPUs. All CPUs of the node that is found go into the
/// table.
pub(super) fn find_node_of_cpu(cpu: usize) -> Option<Node> {
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
                if let Some(cell) = TABLES.node_of_cpu(cpu) {
                    cell.store(entry(generation, node), Ordering::Relaxed);
                }
            }
        }
        return Some(node);
    }
    None
}

/// The distance between two nodes, if it is cached.
#[inline(always)]
pub(super) fn cached_distance(from: Node, to: Node) -> Option<u32> {
    let slot = TABLES.nodes.get(from.0 as usize)?;
    let start = slot.distances.load(Ordering::Acquire);
    // What is in a slot came after the limits.
    let len = published_limits().max_node() + 1;
    // SAFETY: the slot holds null or a block of this length.
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
    let slot = TABLES
        .nodes
        .get(from.0 as usize)
        .map(|slot| &slot.distances);
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
