//! The cache of what was read about nodes: CPUs and distances.
//!
//! The caches are read without a lock, and a fork at any moment leaves the child with caches
//! that work. What is in them is never changed and never freed, so that threads still running
//! at exit are safe: one block for each node that was asked about, and one more for each other
//! set of CPUs that it was found to have.

use core::cell::UnsafeCell;
use core::ptr;
use core::slice;
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};

use super::callers::nodes;
use super::load::limits;
use super::variables::{CPU_ROOM, NODE_ROOM};
use crate::error::{Error, Result};
use crate::mask::{Bits, BitsMut, Node, Word, words_for};
use crate::root::Root;
use crate::topology;

/// Counts calls of numa_node_to_cpu_update(); what was read in an earlier generation is not used.
static GENERATION: AtomicU32 = AtomicU32::new(1);

/// Makes every following query read its file again.
pub(super) fn forget_cpus() {
    GENERATION.fetch_add(1, Ordering::AcqRel);
}

/// What is known of a node.
struct Slot {
    /// A chain of blocks, one for each set of CPUs that the node was found to have.
    cpus: AtomicPtr<Cpus>,
    /// A row: the distance to each node up to the highest one at load, or 0.
    distances: AtomicPtr<Word>,
}

static SLOTS: [Slot; NODE_ROOM] = [const {
    Slot {
        cpus: AtomicPtr::new(ptr::null_mut()),
        distances: AtomicPtr::new(ptr::null_mut()),
    }
}; NODE_ROOM];

/// For each CPU the generation in which its node was asked for, and the node; 0 is none.
static NODE_OF_CPU: [AtomicU32; CPU_ROOM] = [const { AtomicU32::new(0) }; CPU_ROOM];

fn slot(node: Node) -> Result<&'static Slot> {
    // No kernel has more nodes.
    SLOTS.get(node.0 as usize).ok_or(Error::NoSuchNode(node.0))
}

// --- blocks ----------------------------------------------------------------------------------

/// Words for blocks. Static, so that a program that opens and closes this library in a loop loses
/// nothing; what does not fit comes from the heap.
struct Arena {
    used: AtomicUsize,
    words: UnsafeCell<[Word; Arena::LEN]>,
}

// SAFETY: each word is handed out once, by `used`.
unsafe impl Sync for Arena {}

static ARENA: Arena = Arena {
    used: AtomicUsize::new(0),
    words: UnsafeCell::new([0; Arena::LEN]),
};

impl Arena {
    const LEN: usize = 8192;

    /// The address of the first word that is not handed out.
    fn start(&self) -> *mut Word {
        self.words.get().cast()
    }

    fn take(&self, len: usize) -> Option<*mut Word> {
        let enough = |used: usize| used.checked_add(len).filter(|&end| end <= Self::LEN);
        let taken = self
            .used
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, enough);
        // SAFETY: the block lies within the words.
        taken.ok().map(|used| unsafe { self.start().add(used) })
    }
}

/// A block of words that no other thread has seen yet.
struct Block {
    start: *mut Word,
    len: usize,
}

impl Block {
    fn new(len: usize) -> Result<Block> {
        let start = ARENA.take(len).unwrap_or_else(|| {
            // SAFETY: calloc takes any size.
            unsafe { libc::calloc(len, size_of::<Word>()) }.cast()
        });
        if start.is_null() {
            return Err(Error::OutOfMemory);
        }
        Ok(Block { start, len })
    }

    fn words(&mut self) -> &mut [Word] {
        // SAFETY: the block has so many words, and belongs to this value.
        unsafe { slice::from_raw_parts_mut(self.start, self.len) }
    }

    /// The block's address, for a slot. It is not written and not freed from then on.
    fn keep(self) -> *mut Word {
        let start = self.start;
        core::mem::forget(self);
        start
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        self.words().fill(0);
        let at = (self.start as usize).wrapping_sub(ARENA.start() as usize) / size_of::<Word>();
        if at >= Arena::LEN {
            // SAFETY: a block that is not in the arena came from calloc.
            unsafe { libc::free(self.start.cast()) };
            return;
        }
        // Only the last block can be reused. Another one is lost, which takes two threads at once.
        let end = at + self.len;
        let _ = ARENA
            .used
            .compare_exchange(end, at, Ordering::AcqRel, Ordering::Relaxed);
    }
}

// --- CPUs ------------------------------------------------------------------------------------

/// The head of a block with the CPUs of a node as they were read; their words follow.
#[repr(C)]
struct Cpus {
    /// The generation in which the node was last seen so. The only field that ever changes.
    generation: AtomicUsize,
    /// The number of the highest CPU and one; 0 without CPUs.
    end: usize,
    /// The block before this one, or null.
    next: *const Cpus,
}

impl Cpus {
    const WORDS: usize = size_of::<Cpus>() / size_of::<Word>();

    /// The set, as large as the kernel's masks.
    fn set(&'static self) -> Bits<'static> {
        let size = limits().cpu_bits.size();
        // SAFETY: the words follow the head of the block, and are not written any more.
        let words = unsafe {
            let start = ptr::from_ref(self).cast::<Word>().add(Cpus::WORDS);
            slice::from_raw_parts(start, words_for(size))
        };
        Bits::new(words, size)
    }

    fn is_of(&self, generation: u32) -> bool {
        self.generation.load(Ordering::Acquire) == generation as usize
    }

    /// The first block of a chain that is as wanted.
    fn find(first: *const Cpus, wanted: impl Fn(&'static Cpus) -> bool) -> Option<&'static Cpus> {
        let mut at = first;
        loop {
            // SAFETY: slots and blocks point to blocks, which are never freed, or to nothing.
            let cpus = unsafe { at.as_ref() }?;
            if wanted(cpus) {
                return Some(cpus);
            }
            at = cpus.next;
        }
    }
}

/// CPUs of a node.
#[derive(Clone, Copy)]
pub(super) struct NodeCpus {
    /// The set, as large as the kernel's masks.
    pub(super) set: Bits<'static>,
    /// The number of the highest CPU and one; 0 without CPUs.
    pub(super) end: usize,
}

impl From<&'static Cpus> for NodeCpus {
    fn from(cpus: &'static Cpus) -> NodeCpus {
        NodeCpus {
            set: cpus.set(),
            end: cpus.end,
        }
    }
}

/// The CPUs of a node, from the cache or the file.
#[inline]
pub(super) fn cpus(node: Node) -> Result<NodeCpus> {
    // Loaded before the file is read, so that the file's content is at least as new.
    let generation = GENERATION.load(Ordering::Acquire);
    let slot = &slot(node)?.cpus;
    let first = slot.load(Ordering::Acquire);
    match Cpus::find(first, |cpus| cpus.is_of(generation)) {
        Some(found) => Ok(found.into()),
        None => read_cpus(node, slot, first, generation),
    }
}

/// Reads the CPUs of a node into a new block, and keeps it unless they are as before.
#[cold]
fn read_cpus(
    node: Node,
    slot: &AtomicPtr<Cpus>,
    first: *mut Cpus,
    generation: u32,
) -> Result<NodeCpus> {
    let size = limits().cpu_bits.size();
    let mut block = Block::new(Cpus::WORDS + words_for(size))?;
    let (head, words) = block.words().split_at_mut(Cpus::WORDS);
    let mut set = BitsMut::new(words, size);
    if limits().seen_nodes() {
        topology::read_cpumap(Root::SYSTEM, node, set.reborrow())?;
    } else {
        topology::read_cpus_of_node(Root::SYSTEM, node, set.reborrow())?;
    }
    let set = set.as_bits();
    if let Some(same) = Cpus::find(first, |cpus| cpus.set() == set) {
        same.generation
            .fetch_max(generation as usize, Ordering::AcqRel);
        return Ok(same.into());
    }
    let new = Cpus {
        generation: AtomicUsize::new(generation as usize),
        end: set.last().map_or(0, |cpu| cpu + 1),
        next: first,
    };
    let head = head.as_mut_ptr().cast::<Cpus>();
    // SAFETY: the block begins with room for the head, and words are aligned as its fields are.
    unsafe { head.write(new) };
    let put = slot.compare_exchange(first, head, Ordering::AcqRel, Ordering::Acquire);
    if put.is_err() {
        // Another thread was first.
        drop(block);
        return cpus(node);
    }
    block.keep();
    // SAFETY: the head was just written, and the block is never freed.
    Ok(unsafe { &*head }.into())
}

/// The CPUs that the kernel may ever bring online, as of the first call.
pub(super) fn possible_cpus() -> Result<Bits<'static>> {
    static KEPT: AtomicPtr<Word> = AtomicPtr::new(ptr::null_mut());
    let size = limits().cpu_bits.size();
    let mut start = KEPT.load(Ordering::Acquire);
    if start.is_null() {
        let mut block = Block::new(words_for(size))?;
        topology::read_possible_cpus(Root::SYSTEM, BitsMut::new(block.words(), size));
        // Another thread may have been first: the sets are the same.
        start = block.keep();
        KEPT.store(start, Ordering::Release);
    }
    // SAFETY: a block of so many words, which is not written any more.
    let words = unsafe { slice::from_raw_parts(start, words_for(size)) };
    Ok(Bits::new(words, size))
}

const NODE_BITS: u32 = NODE_ROOM.ilog2();

/// What [`NODE_OF_CPU`] holds for CPUs of this node.
fn entry(generation: u32, node: u32) -> u32 {
    generation << NODE_BITS | node
}

/// The lowest node that a CPU belongs to, of those that existed at load, if it is in the table.
#[inline]
pub(super) fn cached_node_of_cpu(cpu: usize) -> Option<u32> {
    let found = NODE_OF_CPU.get(cpu)?.load(Ordering::Relaxed);
    // What is left of an entry of this generation is the node.
    let node = found ^ entry(GENERATION.load(Ordering::Relaxed), 0);
    (node < 1 << NODE_BITS).then_some(node)
}

/// Puts the CPUs of a node into the table.
pub(super) fn remember_node_of(node: Node, cpus: Bits<'_>) {
    let generation = GENERATION.load(Ordering::Acquire);
    for cell in cpus.iter().map_while(|cpu| NODE_OF_CPU.get(cpu)) {
        cell.store(entry(generation, node.0), Ordering::Relaxed);
    }
}

// --- distances -------------------------------------------------------------------------------

/// The distance between two nodes, if it is cached.
#[inline]
pub(super) fn cached_distance(from: Node, to: Node) -> Option<u32> {
    let start = SLOTS
        .get(from.0 as usize)?
        .distances
        .load(Ordering::Acquire);
    if start.is_null() || to.0 as usize > limits().max_node.size() {
        return None;
    }
    // SAFETY: the slot holds a row up to the highest node, which is not written any more.
    match unsafe { start.add(to.0 as usize).read() } {
        0 => None,
        distance => Some(distance as u32),
    }
}

/// The distance between two nodes from the files, where [`cached_distance`] has none. Those of
/// nodes that appeared after the load are not kept.
#[cold]
pub(super) fn read_distance(from: Node, to: Node) -> Result<u32> {
    let limits = limits();
    if let Ok(slot) = slot(from) {
        if slot.distances.load(Ordering::Acquire).is_null() {
            let row = read_row(from)?.keep();
            let none = ptr::null_mut();
            // Another thread may have been first: the rows are the same.
            let _ = slot
                .distances
                .compare_exchange(none, row, Ordering::AcqRel, Ordering::Acquire);
            if let Some(found) = cached_distance(from, to) {
                return Ok(found);
            }
        }
    }
    topology::distance(Root::SYSTEM, from, to, limits.node_bits.size())
}

/// Reads a node's distances.
fn read_row(from: Node) -> Result<Block> {
    let mut row = Block::new(limits().max_node.size() + 1)?;
    let fill = |row: &mut [Word], columns: Bits<'_>| {
        let mut ids = columns.iter();
        let mut count = 0;
        topology::distance_row(Root::SYSTEM, from, &mut |_, distance| {
            count += 1;
            if let Some(cell) = ids.next().and_then(|node| row.get_mut(node)) {
                *cell = distance as Word;
            }
        })?;
        Ok(count)
    };
    if fill(row.words(), nodes())? != limits().configured_nodes.size() {
        // Nodes have come or gone since load, so the nodes of the columns are read now.
        let now = topology::nodes(Root::SYSTEM, limits().node_bits.size())?;
        row.words().fill(0);
        fill(row.words(), now.as_bits())?;
    }
    Ok(row)
}
