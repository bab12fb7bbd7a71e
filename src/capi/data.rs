//! The exported variables, and what is fixed when the library is loaded.
//!
//! Programs that are not position-independent hold their own copies of the variables (COPY
//! relocations), so all access goes through the exported symbols. The masks that they point
//! to are static: nothing is allocated for them on machines of up to 1024 nodes and 8192
//! CPUs, and nothing is ever freed, so threads that still run at exit are safe.
//!
//! The constructor fills everything in, at the price of eight system calls. Calls from other
//! libraries' constructors, which may come earlier, do so themselves through [`limits`]. What
//! takes another file, the CPUs that are configured and those that are offline, waits for the
//! first call that wants it.

use core::ffi::{c_int, c_ulong};
use core::hint::black_box;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::{ptr, slice};

use super::report::keeping_errno;
use super::types::{CPU_ROOM, NODE_ROOM, bitmask, nodemask_t};
use crate::affinity;
use crate::mask::{Bits, WORD_BITS, Word, bits, words_for};
use crate::root::Root;
use crate::topology;

static mut ALL_NODES_MAP: [Word; words_for(NODE_ROOM)] = [0; words_for(NODE_ROOM)];
static mut NO_NODES_MAP: [Word; words_for(NODE_ROOM)] = [0; words_for(NODE_ROOM)];
static mut NODES_MAP: [Word; words_for(NODE_ROOM)] = [0; words_for(NODE_ROOM)];
static mut ALL_CPUS_MAP: [Word; words_for(CPU_ROOM)] = [0; words_for(CPU_ROOM)];

static mut ALL_NODES: bitmask = bitmask {
    size: 0,
    maskp: &raw mut ALL_NODES_MAP as *mut c_ulong,
};
static mut NO_NODES: bitmask = bitmask {
    size: 0,
    maskp: &raw mut NO_NODES_MAP as *mut c_ulong,
};
static mut NODES: bitmask = bitmask {
    size: 0,
    maskp: &raw mut NODES_MAP as *mut c_ulong,
};
static mut ALL_CPUS: bitmask = bitmask {
    size: 0,
    maskp: &raw mut ALL_CPUS_MAP as *mut c_ulong,
};

/// The nodes that this process may allocate from, as of load. Do not free.
#[unsafe(no_mangle)]
pub static mut numa_all_nodes_ptr: *mut bitmask = &raw mut ALL_NODES;

/// The empty set of nodes. Do not free.
#[unsafe(no_mangle)]
pub static mut numa_no_nodes_ptr: *mut bitmask = &raw mut NO_NODES;

/// The nodes that exist, as of load. Do not free.
#[unsafe(no_mangle)]
pub static mut numa_nodes_ptr: *mut bitmask = &raw mut NODES;

/// The CPUs that this process may run on, as of load. Do not free.
#[unsafe(no_mangle)]
pub static mut numa_all_cpus_ptr: *mut bitmask = &raw mut ALL_CPUS;

/// The nodes that exist and fit the old mask. New programs use numa_all_nodes_ptr.
#[unsafe(no_mangle)]
pub static mut numa_all_nodes: nodemask_t = nodemask_t::EMPTY;

/// The empty old mask. New programs use numa_no_nodes_ptr.
#[unsafe(no_mangle)]
pub static mut numa_no_nodes: nodemask_t = nodemask_t::EMPTY;

/// Set by the program: numa_error ends the process. Default 0.
#[unsafe(no_mangle)]
pub static mut numa_exit_on_error: c_int = 0;

/// Set by the program: numa_warn ends the process. Default 0.
#[unsafe(no_mangle)]
pub static mut numa_exit_on_warn: c_int = 0;

/// Set by the program: allocation functions return NULL when the policy of the new memory
/// cannot be set. Default 0: they return the memory all the same.
#[unsafe(no_mangle)]
pub static mut numa_fail_alloc_on_error: c_int = 0;

/// Numbers that are fixed at load. A second thread may write them again, with the same values.
pub(super) struct Limits {
    ready: AtomicBool,
    node_bits: AtomicUsize,
    cpu_bits: AtomicUsize,
    max_node: AtomicUsize,
    configured_nodes: AtomicUsize,
    task_nodes: AtomicUsize,
    /// 0 until it is asked for.
    configured_cpus: AtomicUsize,
    /// Whether ALL_CPUS has the CPUs that are offline.
    cpus_complete: AtomicBool,
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident)*) => {
        impl Limits {
            $(
                $(#[$doc])*
                pub(super) fn $name(&self) -> usize {
                    self.$name.load(Ordering::Relaxed)
                }
            )*
        }
    };
}

numbers! {
    /// Bits of the kernel's node masks.
    node_bits
    /// Bits of the kernel's CPU masks.
    cpu_bits
    /// Highest node that exists.
    max_node
    /// Number of nodes that exist, at least one.
    configured_nodes
    /// Number of nodes that the process may use, as of load.
    task_nodes
}

impl Limits {
    /// Number of CPUs that the system is configured with.
    #[inline]
    pub(super) fn configured_cpus(&self) -> usize {
        match self.configured_cpus.load(Ordering::Relaxed) {
            0 => self.count_configured_cpus(),
            count => count,
        }
    }

    #[cold]
    #[inline(never)]
    fn count_configured_cpus(&self) -> usize {
        let count = keeping_errno(topology::configured_cpus);
        self.configured_cpus.store(count, Ordering::Relaxed);
        count
    }

    /// Number of CPUs that the process may use, as of load.
    pub(super) fn task_cpus(&self) -> usize {
        // SAFETY: the mask is a static of this file.
        let cpus = unsafe { super::types::view(&raw const ALL_CPUS) };
        bits::weight(cpus.words(), cpus.size())
    }
}

static LIMITS: Limits = Limits {
    ready: AtomicBool::new(false),
    node_bits: AtomicUsize::new(0),
    cpu_bits: AtomicUsize::new(0),
    max_node: AtomicUsize::new(0),
    configured_nodes: AtomicUsize::new(0),
    task_nodes: AtomicUsize::new(0),
    configured_cpus: AtomicUsize::new(0),
    cpus_complete: AtomicBool::new(false),
};

/// The numbers fixed at load; loads them if the constructor has not run yet.
#[inline(always)]
pub(super) fn limits() -> &'static Limits {
    if !LIMITS.ready.load(Ordering::Acquire) {
        load();
    }
    &LIMITS
}

/// The same for whoever knows that they are loaded, or does well with zeros.
#[inline(always)]
pub(super) fn published_limits() -> &'static Limits {
    &LIMITS
}

/// Runs when the library is loaded.
extern "C" fn constructor() {
    limits();
}

#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = constructor;

/// Reads what is fixed at load and publishes it. Prints nothing and keeps errno.
///
/// Two threads that come here at once (only before the constructor) write the same values.
#[cold]
#[inline(never)]
fn load() {
    // Functions of the C library are avoided on the usual way: to find one takes longer than all
    // of this.
    {
        let root = Root::SYSTEM;
        let node_bits = topology::node_mask_size(root);
        let set = |n: &AtomicUsize, value: usize| n.store(value, Ordering::Relaxed);

        // SAFETY: the statics are only written here, with the same values by whoever comes.
        unsafe {
            // Its map is zero from the beginning.
            let (_, node_bits) = room(&raw mut NO_NODES, node_bits);
            let (existing, _) = room(&raw mut NODES, node_bits);
            let (allowed, _) = room(&raw mut ALL_NODES, node_bits);
            // Where the static map is large enough, one call tells the size and the content.
            let map =
                slice::from_raw_parts_mut((&raw mut ALL_CPUS_MAP).cast(), words_for(CPU_ROOM));
            let filled = affinity::thread_cpus(0, map);
            let size = filled.map_or_else(|_| topology::cpu_mask_size(), |bytes| bytes * 8);
            let (cpus, cpu_bits) = room(&raw mut ALL_CPUS, size);
            if filled.is_err() {
                keeping_errno(|| read_allowed_cpus(cpus, cpu_bits));
            }

            let (max_node, count) = match topology::add_nodes(root, existing, node_bits) {
                Ok((highest, count @ 1..)) => (highest, count),
                // Without /sys there is one node.
                _ => {
                    bits::put(existing, node_bits, 0, true);
                    (0, 1)
                }
            };
            let asked = topology::read_allowed_nodes(root, allowed, node_bits);
            let mut task_nodes = bits::sparse_weight(allowed, node_bits);
            if asked.is_err() || task_nodes == 0 {
                bits::copy(existing, node_bits, allowed, node_bits);
                task_nodes = count;
            }
            let mut old = nodemask_t::EMPTY;
            for (old, word) in old.n.iter_mut().zip(&*existing) {
                *old = *word;
            }
            numa_all_nodes = old;

            set(&LIMITS.node_bits, node_bits);
            set(&LIMITS.cpu_bits, cpu_bits);
            set(&LIMITS.max_node, max_node);
            set(&LIMITS.configured_nodes, count);
            set(&LIMITS.task_nodes, task_nodes);
        }
        LIMITS.ready.store(true, Ordering::Release);
    }
}

/// The CPUs that the kernel lets the process run on; those that are offline are not among them.
fn read_allowed_cpus(cpus: &mut [Word], size: usize) {
    if affinity::thread_cpus(0, cpus).is_err() {
        bits::fill(cpus, topology::configured_cpus().min(size), true);
    }
}

/// Adds the CPUs to ALL_CPUS that the process might have used at load if they had been online.
#[cold]
#[inline(never)]
fn complete_cpus() {
    let configured = limits().configured_cpus();
    keeping_errno(|| {
        // SAFETY: the mask is a static of this file; its header is written at load only, and its map
        // has so many bits.
        let map = unsafe {
            let words = words_for((ALL_CPUS.size as usize).min(CPU_ROOM));
            slice::from_raw_parts(ALL_CPUS.maskp.cast::<AtomicUsize>(), words)
        };
        let mut at_load = [0; words_for(CPU_ROOM)];
        for (to, from) in at_load.iter_mut().zip(map) {
            *to = from.load(Ordering::Relaxed) as Word;
        }
        let size = map.len() * WORD_BITS;
        let count = bits::weight(&at_load, size);
        if count >= configured {
            return;
        }
        let mut now = [0; words_for(CPU_ROOM)];
        let mut allowed = [0; words_for(CPU_ROOM)];
        if affinity::thread_cpus(0, &mut now).is_ok() && now == at_load {
            if topology::read_allowed_cpus(Root::SYSTEM, &mut allowed, size).is_err() {
                return;
            }
        } else if count >= topology::online_cpus() {
            // The affinity has changed since, but it was no restriction then.
            bits::fill(&mut allowed, size, true);
        }
        for cpu in bits::iter(&allowed, size).take_while(|&cpu| cpu < configured) {
            // Other threads may read it, or do the same.
            map[cpu / WORD_BITS].fetch_or(1 << (cpu % WORD_BITS), Ordering::Relaxed);
        }
    });
    LIMITS.cpus_complete.store(true, Ordering::Release);
}

/// Whether a mask is ready for use. Those of this library have no size until they are loaded, and
/// another library's constructor may come before ours; the CPUs wait for their first use.
#[inline(always)]
pub(super) fn is_ready(mask: *const bitmask) -> bool {
    LIMITS.ready.load(Ordering::Acquire)
        && (!ptr::eq(mask, &raw const ALL_CPUS) || LIMITS.cpus_complete.load(Ordering::Acquire))
}

/// Makes a mask ready for use.
#[inline(always)]
pub(super) fn make_ready(mask: *const bitmask) {
    if !is_ready(mask) {
        prepare(mask);
    }
}

#[cold]
#[inline(never)]
fn prepare(mask: *const bitmask) {
    limits();
    if !is_ready(mask) {
        complete_cpus();
    }
}

/// A value computed from a mask that is ready. The computation is written twice, behind a call that
/// makes the mask ready, and where it is, as nearly always: there nothing has to survive a call,
/// which is half of the cost of a short function.
macro_rules! when_ready {
    ($mask:expr, $value:expr) => {
        if $crate::capi::data::is_ready($mask) {
            $value
        } else {
            $crate::capi::data::cold(move || {
                $crate::capi::data::make_ready($mask);
                $value
            })
        }
    };
}
pub(super) use when_ready;

/// Runs `body`, away from the code that calls it.
#[cold]
#[inline(never)]
pub(super) fn cold<R>(body: impl FnOnce() -> R) -> R {
    // The caller must not find out that this is a value that it has, and keep that instead.
    black_box(body())
}

/// Gives a static mask its size, and a map of its own if the static one is too small. Returns
/// the map and the size.
///
/// # Safety
/// `mask` is one of the statics of this file, and its map is borrowed nowhere.
#[inline(never)]
unsafe fn room(mask: *mut bitmask, size: usize) -> (&'static mut [Word], usize) {
    // SAFETY: the statics' addresses are valid.
    let mask = unsafe { &mut *mask };
    let is_cpus = ptr::eq(mask, &raw const ALL_CPUS);
    let room = if is_cpus { CPU_ROOM } else { NODE_ROOM };
    let mut size = size;
    if size > room && mask.size == 0 {
        // SAFETY: calloc takes any size.
        let map = unsafe { libc::calloc(words_for(size), size_of::<c_ulong>()) };
        if map.is_null() {
            // The ids of a real machine fit the static room far more often than not.
            size = room;
        } else {
            mask.maskp = map.cast();
        }
    }
    mask.size = size as c_ulong;
    // SAFETY: the map has room for `size` bits.
    (
        unsafe { slice::from_raw_parts_mut(mask.maskp, words_for(size)) },
        size,
    )
}

/// Whether a mask is one of those that this library owns and nobody may free.
pub(super) fn is_static(mask: *const bitmask) -> bool {
    // No array: the compiler would make a loop of it.
    ptr::eq(mask, &raw const ALL_NODES)
        || ptr::eq(mask, &raw const NO_NODES)
        || ptr::eq(mask, &raw const NODES)
        || ptr::eq(mask, &raw const ALL_CPUS)
}

/// The exported masks as a caller may have changed them.
macro_rules! exported {
    ($function:ident, $variable:ident) => {
        pub(super) fn $function() -> Bits<'static> {
            limits();
            // SAFETY: the variable points to a mask that is never freed; a program that puts
            // its own there vouches for it.
            unsafe { super::types::view((&raw const $variable).read_volatile()) }
        }
    };
}

exported!(all_nodes, numa_all_nodes_ptr);
exported!(nodes, numa_nodes_ptr);
exported!(all_cpus, numa_all_cpus_ptr);

/// Whether the program wants allocations to fail when their policy cannot be set.
pub(super) fn fail_alloc_on_error() -> bool {
    unsafe extern "C" {
        fn numa_rs_fail_alloc_on_error() -> c_int;
    }
    // SAFETY: a function of flags.c without preconditions.
    keeping_errno(|| unsafe { numa_rs_fail_alloc_on_error() != 0 })
}

/// The old all-nodes mask.
pub(super) fn old_all_nodes() -> nodemask_t {
    limits();
    // SAFETY: written at load only.
    unsafe { (&raw const numa_all_nodes).read_volatile() }
}
