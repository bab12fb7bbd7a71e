//! The exported variables.
//!
//! Programs that are not position-independent hold their own copies of them (COPY relocations), so
//! all access goes through the exported symbols. The masks that they point to are static: nothing is
//! allocated for them on machines of up to 1024 nodes and 8192 CPUs, and nothing is ever freed, so
//! threads that still run at exit are safe.

use core::ffi::{c_int, c_ulong};
use core::{ptr, slice};

use super::nodemask::nodemask_t;
use crate::capi::bitmask::bitmask;
use crate::mask::{Bits, BitsMut, Word, words_for};

/// Nodes and CPUs that static memory has room for: those of any kernel of today.
pub(super) const NODE_ROOM: usize = 1024;
pub(super) const CPU_ROOM: usize = 8192;

static mut ALL_NODES_MAP: [Word; words_for(NODE_ROOM)] = [0; words_for(NODE_ROOM)];
static mut NO_NODES_MAP: [Word; words_for(NODE_ROOM)] = [0; words_for(NODE_ROOM)];
static mut NODES_MAP: [Word; words_for(NODE_ROOM)] = [0; words_for(NODE_ROOM)];
static mut ALL_CPUS_MAP: [Word; words_for(CPU_ROOM)] = [0; words_for(CPU_ROOM)];

const fn empty(map: *mut c_ulong) -> bitmask {
    bitmask {
        size: 0,
        maskp: map,
    }
}

static mut ALL_NODES: bitmask = empty(&raw mut ALL_NODES_MAP as *mut c_ulong);
static mut NO_NODES: bitmask = empty(&raw mut NO_NODES_MAP as *mut c_ulong);
static mut NODES: bitmask = empty(&raw mut NODES_MAP as *mut c_ulong);
static mut ALL_CPUS: bitmask = empty(&raw mut ALL_CPUS_MAP as *mut c_ulong);

/// The nodes that the process may allocate from: Mems_allowed of /proc/self/status, or all nodes
/// that exist if that cannot be read.
#[unsafe(no_mangle)]
pub static mut numa_all_nodes_ptr: *mut bitmask = &raw mut ALL_NODES;

/// The empty set of nodes.
#[unsafe(no_mangle)]
pub static mut numa_no_nodes_ptr: *mut bitmask = &raw mut NO_NODES;

/// The nodes that exist: the directories /sys/devices/system/node/nodeN, or node 0 alone without
/// them.
#[unsafe(no_mangle)]
pub static mut numa_nodes_ptr: *mut bitmask = &raw mut NODES;

/// The CPUs that the process may run on: those of Cpus_allowed in /proc/self/status that are
/// possible, offline ones included, or else what sched_getaffinity(2) reports. This mask has
/// numa_num_possible_cpus() bits.
#[unsafe(no_mangle)]
pub static mut numa_all_cpus_ptr: *mut bitmask = &raw mut ALL_CPUS;

/// The nodes that exist, as far as they fit into a nodemask_t. New programs use
/// numa_all_nodes_ptr.
#[unsafe(no_mangle)]
pub static mut numa_all_nodes: nodemask_t = nodemask_t::EMPTY;

/// The empty nodemask_t. New programs use numa_no_nodes_ptr.
#[unsafe(no_mangle)]
pub static mut numa_no_nodes: nodemask_t = nodemask_t::EMPTY;

/// If the program sets it to non-zero, numa_error() ends the process. The default is 0.
#[unsafe(no_mangle)]
pub static mut numa_exit_on_error: c_int = 0;

/// If the program sets it to non-zero, numa_warn() ends the process. The default is 0.
#[unsafe(no_mangle)]
pub static mut numa_exit_on_warn: c_int = 0;

/// If the program sets it to non-zero, allocation functions return NULL if they cannot set the
/// policy of the new memory. The default is 0: they return memory without that policy.
#[unsafe(no_mangle)]
pub static mut numa_fail_alloc_on_error: c_int = 0;

/// What the exported masks hold.
pub(super) struct Sets<'a> {
    pub(super) nodes: Bits<'a>,
    pub(super) all_nodes: Bits<'a>,
    pub(super) all_cpus: Bits<'a>,
}

/// Fills the exported masks. Threads that come here at once, which is possible only before the
/// constructor, write the same values.
pub(super) fn publish(sets: &Sets<'_>) {
    // SAFETY: these statics, and what they point to, are written here only.
    unsafe {
        fill(&raw mut NODES, NODE_ROOM, sets.nodes);
        fill(&raw mut ALL_NODES, NODE_ROOM, sets.all_nodes);
        let no_nodes = Bits::new(&[], 0);
        fill(&raw mut NO_NODES, NODE_ROOM, no_nodes);
        NO_NODES.size = NODES.size;
        fill(&raw mut ALL_CPUS, CPU_ROOM, sets.all_cpus);
        numa_all_nodes = nodemask_t::from_bits(sets.nodes);
    }
}

/// Sets the size and the content of a static mask, and allocates a map if the static one, which has
/// `room` bits, is too small.
///
/// # Safety
/// `mask` is one of the statics of this file, and its map is borrowed nowhere.
unsafe fn fill(mask: *mut bitmask, room: usize, set: Bits<'_>) {
    // SAFETY: the statics' addresses are valid.
    let mask = unsafe { &mut *mask };
    let mut size = set.size();
    if size > room && mask.size == 0 {
        // SAFETY: calloc takes any size.
        let map = unsafe { libc::calloc(words_for(size), size_of::<c_ulong>()) };
        if map.is_null() {
            // Nearly always the ids that exist fit the static room.
            size = room;
        } else {
            mask.maskp = map.cast();
        }
    }
    // SAFETY: the map has room for `size` bits.
    let words = unsafe { slice::from_raw_parts_mut(mask.maskp, words_for(size)) };
    BitsMut::new(words, size).copy_from(set);
    mask.size = size as c_ulong;
}

/// Whether a mask is one of the exported ones, which are never freed.
pub(super) fn is_static(mask: *const bitmask) -> bool {
    [
        &raw const ALL_NODES,
        &raw const NO_NODES,
        &raw const NODES,
        &raw const ALL_CPUS,
    ]
    .into_iter()
    .any(|own| ptr::eq(mask, own))
}

/// Whether the program wants allocations to fail when their policy cannot be set.
pub(super) fn fail_alloc_on_error() -> bool {
    // SAFETY: the program sets it before, or lives with either answer.
    unsafe { (&raw const numa_fail_alloc_on_error).read_volatile() != 0 }
}
