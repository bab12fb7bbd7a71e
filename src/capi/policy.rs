//! The calling thread's memory policy.

use core::ffi::{CStr, c_int};
use core::sync::atomic::{AtomicU8, Ordering};

use super::data::{all_nodes, limits};
use super::masks::numa_allocate_nodemask;
use super::report::{OrComplain, keeping_errno, warn, warning};
use super::result::{OrErrno, int};
use super::types::{NODE_ROOM, Single, bitmask, view, view_mut};
use crate::error::Error;
use crate::mask::{Bits, Word, bits, words_for};
use crate::policy::{self, Mode};
use crate::sys::mempolicy;

const SET: &CStr = c"set_mempolicy";
const GET: &CStr = c"get_mempolicy";

/// Something that the kernel has or has not, asked once: 0 not yet asked, 1 no, 2 yes. Two
/// threads that ask at once get the same answer.
struct Feature(AtomicU8);

impl Feature {
    fn get(&self, ask: fn() -> bool) -> bool {
        match self.0.load(Ordering::Relaxed) {
            0 => {
                let has = keeping_errno(ask);
                self.0.store(1 + u8::from(has), Ordering::Relaxed);
                has
            }
            known => known == 2,
        }
    }
}

static PREFERRED_MANY: Feature = Feature(AtomicU8::new(0));
static HOME_NODE: Feature = Feature(AtomicU8::new(0));

unsafe extern "C" {
    /// The two settings of this thread, in shim.c.
    safe fn numa_rs_thread_settings() -> *mut c_int;
}

/// Policies that prefer nodes, with and without mode flags.
fn prefers_nodes(mode: Mode, _flags: c_int) -> bool {
    matches!(mode, Mode::Preferred | Mode::PreferredMany | Mode::Bind)
}

/// Policies under which numa_preferred looks at the nodes: all but the interleaving ones.
fn may_prefer(mode: Mode, _flags: c_int) -> bool {
    !matches!(mode, Mode::Interleave | Mode::WeightedInterleave)
}

/// A policy without mode flags: with one, measured, it counts as another policy.
pub(super) fn is_bind(mode: Mode, flags: c_int) -> bool {
    mode == Mode::Bind && flags == 0
}

/// The same for interleaving.
pub(super) fn is_interleave(mode: Mode, flags: c_int) -> bool {
    mode == Mode::Interleave && flags == 0
}

/// The same for weighted interleaving.
fn is_weighted_interleave(mode: Mode, flags: c_int) -> bool {
    mode == Mode::WeightedInterleave && flags == 0
}

const PREFER: usize = 0;
const STRICT: usize = 1;

fn setting(which: usize) -> c_int {
    // SAFETY: the thread's own two ints.
    unsafe { numa_rs_thread_settings().add(which).read() }
}

fn set_setting(which: usize, value: c_int) {
    // SAFETY: the thread's own two ints.
    unsafe { numa_rs_thread_settings().add(which).write(value) };
}

/// The mode with which this thread places memory on nodes, after numa_set_bind_policy.
pub(super) fn bind_mode() -> Mode {
    if setting(PREFER) == 0 {
        Mode::Bind
    } else if numa_has_preferred_many() != 0 {
        Mode::PreferredMany
    } else {
        Mode::Preferred
    }
}

/// Whether this thread wants to be told of pages that do not follow a range's policy.
pub(super) fn strict() -> bool {
    setting(STRICT) != 0
}

/// How this thread's numa_alloc_onnode, numa_tonode_memory and numa_tonodemask_memory place
/// pages: 1 (the default) on the given nodes only, 0 on others too when those are full.
#[unsafe(no_mangle)]
pub extern "C" fn numa_set_bind_policy(strict: c_int) {
    set_setting(PREFER, (strict == 0).into());
}

/// Whether this thread's functions that set a range's policy report, through numa_error, pages
/// that are there already and elsewhere: 1, or 0 (the default).
#[unsafe(no_mangle)]
pub extern "C" fn numa_set_strict(flag: c_int) {
    set_setting(STRICT, (flag != 0).into());
}

/// Sets the thread's policy as void functions do: failures go to numa_error.
pub(super) fn set(mode: Mode, nodes: Bits<'_>) {
    policy::set_thread_policy(mode, Some(nodes)).or_complain(SET, ());
}

/// Allocates from these nodes only. Failures go to numa_error("set_mempolicy"), as in all
/// void functions here.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_set_membind(nodemask: *mut bitmask) {
    // SAFETY: the caller's mask.
    set(Mode::Bind, unsafe { view(nodemask) });
}

/// Allocates from these nodes only, and lets NUMA balancing move pages among them where the
/// kernel can (Linux 5.12).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_set_membind_balancing(bmp: *mut bitmask) {
    // SAFETY: the caller's mask.
    policy::set_thread_bind_balancing(unsafe { view(bmp) }).or_complain(SET, ());
}

pub(super) fn set_interleaving(mode: Mode, nodes: Bits<'_>) {
    set(
        if nodes.is_empty() {
            Mode::Default
        } else {
            mode
        },
        nodes,
    );
}

/// Allocates page by page over these nodes. An empty mask means the default policy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_set_interleave_mask(nodemask: *mut bitmask) {
    // SAFETY: the caller's mask.
    set_interleaving(Mode::Interleave, unsafe { view(nodemask) });
}

/// Allocates page by page over these nodes, by their weights in /sys/kernel/mm/mempolicy
/// (Linux 6.9). An empty mask means the default policy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_set_weighted_interleave_mask(nodemask: *mut bitmask) {
    // SAFETY: the caller's mask.
    set_interleaving(Mode::WeightedInterleave, unsafe { view(nodemask) });
}

/// Allocates from this node first, from others when it is full. -1 means the node of the CPU
/// that the thread runs on.
#[unsafe(no_mangle)]
pub extern "C" fn numa_set_preferred(node: c_int) {
    let nodes = Single::new(node);
    let nodes = nodes.as_bits();
    // A number that cannot be a node is, measured, the same as -1.
    let mode = if nodes.is_empty() {
        Mode::Local
    } else {
        Mode::Preferred
    };
    set(mode, nodes);
}

/// Allocates from these nodes first, from others when they are full (Linux 5.15); on older
/// kernels from the first of them, after a warning.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_set_preferred_many(bitmask: *mut bitmask) {
    // SAFETY: the caller's mask.
    let nodes = unsafe { view(bitmask) };
    if numa_has_preferred_many() != 0 {
        set(Mode::PreferredMany, nodes);
        return;
    }
    warn(
        warning::PREFERRED_MANY,
        c"Unable to handle MANY preferred nodes. Falling back to first node\n",
    );
    let first = nodes
        .iter()
        .next()
        .and_then(|n| c_int::try_from(n).ok())
        .unwrap_or(-1);
    set(Mode::Preferred, Single::new(first).as_bits());
}

/// Allocates near the CPU that the thread runs on.
#[unsafe(no_mangle)]
pub extern "C" fn numa_set_localalloc() {
    numa_set_preferred(-1);
}

/// Which policies a function asks about: mode and mode flags.
pub(super) type Asked = fn(Mode, c_int) -> bool;

/// Reads the thread's policy: its nodes into `words` if it is one that is asked about. `false`,
/// with empty words, under another and after a failure, which goes to numa_error.
pub(super) fn read_nodes_under(asked: Asked, words: &mut [Word], size: usize) -> bool {
    let policy = policy::read_thread_policy(words, size)
        .map(Some)
        .or_complain(GET, None);
    let found = policy.is_some_and(|(mode, flags)| asked(mode, flags));
    if !found {
        bits::fill(words, size, false);
    }
    found
}

/// A new mask with the thread's nodes if its policy is one that is asked about, else with
/// `otherwise`.
fn nodes_under(asked: Asked, otherwise: Option<Bits<'_>>) -> *mut bitmask {
    let mask = numa_allocate_nodemask();
    // SAFETY: the mask is new.
    let (words, size) = unsafe { view_mut(mask) };
    if !mask.is_null() && !read_nodes_under(asked, words, size) {
        if let Some(otherwise) = otherwise {
            bits::copy(otherwise.words(), otherwise.size(), words, size);
        }
    }
    mask
}

/// The nodes of the thread's interleave policy; empty under another. The mask is the caller's.
#[unsafe(no_mangle)]
pub extern "C" fn numa_get_interleave_mask() -> *mut bitmask {
    nodes_under(is_interleave, None)
}

/// The nodes of the thread's weighted interleave policy; empty under another. The mask is the
/// caller's.
#[unsafe(no_mangle)]
pub extern "C" fn numa_get_weighted_interleave_mask() -> *mut bitmask {
    nodes_under(is_weighted_interleave, None)
}

/// The nodes of the thread's bind policy; without one all that the process may use. The mask
/// is the caller's.
#[unsafe(no_mangle)]
pub extern "C" fn numa_get_membind() -> *mut bitmask {
    nodes_under(is_bind, Some(all_nodes()))
}

/// The nodes that the thread prefers (preferred, preferred-many and bind policies); empty under
/// another policy. The mask is the caller's.
#[unsafe(no_mangle)]
pub extern "C" fn numa_preferred_many() -> *mut bitmask {
    nodes_under(prefers_nodes, None)
}

/// The first node that the thread prefers, if its policy names any.
fn preferred_node() -> Option<c_int> {
    let mut words = [0; words_for(NODE_ROOM)];
    let size = limits().node_bits().min(NODE_ROOM);
    read_nodes_under(may_prefer, &mut words, size);
    bits::next(&words, size, 0).map(int)
}

/// The first node that the thread prefers, 0 if it prefers none.
#[unsafe(no_mangle)]
pub extern "C" fn numa_preferred() -> c_int {
    preferred_node().unwrap_or(0)
}

/// The first node that the thread prefers, -1 if it prefers none.
#[unsafe(no_mangle)]
pub extern "C" fn numa_preferred_err() -> c_int {
    preferred_node().unwrap_or(-1)
}

/// The node of the thread's next interleaved page; 0, with errno, without an interleave policy.
#[unsafe(no_mangle)]
pub extern "C" fn numa_get_interleave_node() -> c_int {
    policy::next_interleave_node()
        .map(|node| c_int::try_from(node.0).unwrap_or(0))
        .or_errno(0)
}

/// The nodes that the thread may allocate from now, as its cpuset says. The mask is the
/// caller's.
#[unsafe(no_mangle)]
pub extern "C" fn numa_get_mems_allowed() -> *mut bitmask {
    let mask = numa_allocate_nodemask();
    // SAFETY: the mask is new.
    let (words, size) = unsafe { view_mut(mask) };
    if !mask.is_null() {
        mempolicy::mems_allowed(words, size)
            .map_err(Error::kernel("get_mempolicy"))
            .or_complain(GET, ());
    }
    mask
}

/// 1 if the kernel knows the preferred-many policy (Linux 5.15), else 0. No policy changes.
#[unsafe(no_mangle)]
pub extern "C" fn numa_has_preferred_many() -> c_int {
    PREFERRED_MANY
        .get(|| policy::supports_mode(Mode::PreferredMany))
        .into()
}

/// 1 if the kernel knows home nodes (Linux 5.17), else 0. No policy changes.
#[unsafe(no_mangle)]
pub extern "C" fn numa_has_home_node() -> c_int {
    HOME_NODE.get(policy::supports_home_node).into()
}

/// Runs on the CPUs of these nodes and allocates from them only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_bind(nodes: *mut bitmask) {
    // SAFETY: the caller's mask.
    unsafe {
        super::cpus::numa_run_on_node_mask(nodes);
        numa_set_membind(nodes);
    }
}
