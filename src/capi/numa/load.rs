//! What is fixed when the library is loaded.
//!
//! The constructor reads files of /proc and /sys and publishes what they hold. It makes no memory policy
//! call, prints nothing and keeps errno. A call from another library's constructor, which may come
//! earlier, does the same through [`limits`]. What the kernel can do is asked later, by the first
//! function that has to know.

use core::ffi::c_int;
use core::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use super::report::keeping_errno;
use super::variables::{self, CPU_ROOM, NODE_ROOM, Sets};
use crate::capi::result::int;
use crate::mask::{CpuMask, NodeMask};
use crate::root::Root;
use crate::topology;

/// A number that C asks for. It is kept as C's int, so that the functions that return it do nothing else.
pub(super) struct Number(AtomicI32);

impl Number {
    const fn unset() -> Number {
        Number(AtomicI32::new(0))
    }

    fn set(&self, value: usize) {
        self.0.store(int(value), Ordering::Relaxed);
    }

    /// As C's int.
    #[inline]
    pub(super) fn int(&self) -> c_int {
        self.0.load(Ordering::Relaxed)
    }

    /// As a size. None is negative.
    #[inline]
    pub(super) fn size(&self) -> usize {
        self.int() as usize
    }
}

/// Numbers that are fixed at load. A second thread may write them again, with the same values.
pub(super) struct Limits {
    ready: AtomicBool,
    seen_nodes: AtomicBool,
    /// Bits of the kernel's node masks.
    pub(super) node_bits: Number,
    /// Bits of the kernel's CPU masks.
    pub(super) cpu_bits: Number,
    /// Highest node that exists.
    pub(super) max_node: Number,
    /// Number of nodes that exist, at least one.
    pub(super) configured_nodes: Number,
    /// Number of nodes that the process may use.
    pub(super) task_nodes: Number,
    /// Number of CPUs that the process may use.
    pub(super) task_cpus: Number,
}

static LIMITS: Limits = Limits {
    ready: AtomicBool::new(false),
    seen_nodes: AtomicBool::new(false),
    node_bits: Number::unset(),
    cpu_bits: Number::unset(),
    max_node: Number::unset(),
    configured_nodes: Number::unset(),
    task_nodes: Number::unset(),
    task_cpus: Number::unset(),
};

impl Limits {
    /// Whether a directory of a node was seen. Without there is one node with all CPUs.
    pub(super) fn seen_nodes(&self) -> bool {
        self.seen_nodes.load(Ordering::Relaxed)
    }
}

/// A number that is read at its first use; 0 until then.
pub(super) struct Once(Number);

impl Once {
    pub(super) const fn new() -> Once {
        Once(Number::unset())
    }

    pub(super) fn get(&self, ask: fn() -> usize) -> &Number {
        if self.0.int() == 0 {
            self.0.set(ask());
        }
        &self.0
    }
}

/// Bytes of a page.
// A call would make it 1.32 of the reference's time.
#[inline(always)]
pub(super) fn page_size() -> &'static Number {
    static SIZE: Once = Once::new();
    SIZE.get(topology::page_size)
}

/// The numbers fixed at load; loads them if the constructor has not run yet.
#[inline(always)]
pub(super) fn limits() -> &'static Limits {
    if !LIMITS.ready.load(Ordering::Acquire) {
        keeping_errno(load);
    }
    &LIMITS
}

/// Runs when the library is loaded.
extern "C" fn constructor() {
    limits();
}

#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = constructor;

/// The CPUs that this thread may run on, of those that are possible: as the status file has them in
/// `cpus`, or else as the kernel has them `now`, without those that are offline.
fn complete_cpus(cpus: &mut CpuMask, from_status: bool, now: Option<CpuMask>) {
    match &now {
        // The CPUs of now are possible ones. Usually there are no others, and a file less is read.
        Some(now) if from_status && cpus == now => return,
        Some(now) if !from_status => return cpus.bits_mut().copy_from(now.as_bits()),
        Some(_) => {}
        None if from_status => {}
        None => cpus.bits_mut().fill(),
    }
    let possible = now.map_or_else(|| CpuMask::new(cpus.size()), Ok);
    if let Ok(mut possible) = possible {
        topology::read_possible_cpus(Root::SYSTEM, possible.bits_mut());
        cpus.intersect(&possible);
    }
}

/// Bits of CPU masks where the kernel does not tell: as many as the C library's own have.
const CPUS_IF_UNTOLD: usize = 1024;

/// Reads what is fixed at load and publishes it.
///
/// Two threads that come here at once (only before the constructor) write the same values.
#[cold]
#[inline(never)]
fn load() {
    let root = Root::SYSTEM;
    let (now, cpu_bits) = match topology::thread_cpus() {
        Ok((now, bits)) => (Some(now), bits),
        Err(_) => (None, CPUS_IF_UNTOLD),
    };
    let cpus = CpuMask::new(cpu_bits).or_else(|_| CpuMask::new(CPU_ROOM));
    // Neither fails: both fit where they are.
    let (Ok(mut cpus), Ok(mut all_nodes)) = (cpus, NodeMask::new(NODE_ROOM)) else {
        return;
    };
    let allowed = topology::read_allowed(root, cpus.bits_mut(), all_nodes.bits_mut());
    complete_cpus(&mut cpus, allowed.cpus, now);

    let node_bits = topology::node_mask_bits(root, allowed.node_bits);
    let Ok(mut nodes) = NodeMask::new(node_bits) else {
        return;
    };
    let seen = topology::read_nodes(root, nodes.bits_mut());
    if !allowed.nodes || all_nodes.is_empty() {
        all_nodes = nodes.clone();
    }
    let Ok(all_nodes) = NodeMask::from_bits(node_bits, all_nodes.as_bits()) else {
        return;
    };

    variables::publish(&Sets {
        nodes: nodes.as_bits(),
        all_nodes: all_nodes.as_bits(),
        all_cpus: cpus.as_bits(),
    });
    LIMITS.node_bits.set(node_bits);
    LIMITS.cpu_bits.set(cpus.size());
    let max_node = nodes.last().map_or(0, |node| node.0 as usize);
    LIMITS.max_node.set(max_node);
    LIMITS.configured_nodes.set(nodes.len());
    LIMITS.task_nodes.set(all_nodes.len());
    LIMITS.task_cpus.set(cpus.len());
    LIMITS.seen_nodes.store(seen, Ordering::Relaxed);
    LIMITS.ready.store(true, Ordering::Release);
}
