//! The calling thread's memory policy.

use core::ffi::{CStr, c_int};
use core::ptr;
use core::sync::atomic::{AtomicU8, Ordering};

use super::cpus::run_on_allowed;
use super::data::{all_nodes, limits};
use super::report::{OrComplain, complain, warn, warning};
use super::result::{OrErrno, int};
use super::types::{self, NO_NODES, NODE_ROOM, bitmask, single, view, view_mut};
use crate::mask::{Bits, Word, bits};
use crate::policy::{self, Mode};
use crate::sys::mempolicy::{self, mode};

const SET: &CStr = c"set_mempolicy";
const GET: &CStr = c"get_mempolicy";

/// Something that the kernel has or has not, asked once: 0 not yet asked, 1 no, 2 yes. Two
/// threads that ask at once get the same answer.
struct Feature(AtomicU8);

impl Feature {
    /// 1 or 0.
    #[inline(always)]
    fn get(&self, ask: fn() -> bool) -> c_int {
        match self.0.load(Ordering::Relaxed) {
            0 => self.find_out(ask),
            known => c_int::from(known) - 1,
        }
    }

    #[cold]
    #[inline(never)]
    fn find_out(&self, ask: fn() -> bool) -> c_int {
        // What asks makes system calls that leave errno alone.
        let has = ask();
        self.0.store(1 + u8::from(has), Ordering::Relaxed);
        has.into()
    }
}

static PREFERRED_MANY: Feature = Feature(AtomicU8::new(0));
static HOME_NODE: Feature = Feature(AtomicU8::new(0));

unsafe extern "C" {
    /// The two settings of this thread, in shim.c.
    safe fn numa_rs_thread_settings() -> *mut c_int;
}

/// Policies that a function asks about: a bit for each mode's number. A policy with mode flags
/// is, measured, in no such set, unless the set has [`WITH_FLAGS`].
pub(super) type Asked = u32;

const WITH_FLAGS: Asked = 1 << 31;

/// A set of one policy.
pub(super) const fn only(mode: c_int) -> Asked {
    1 << mode
}

/// Policies that prefer nodes.
const PREFERS_NODES: Asked =
    only(mode::PREFERRED) | only(mode::PREFERRED_MANY) | only(mode::BIND) | WITH_FLAGS;

/// Whether the kernel's number, mode and flags, is in a set.
fn is_asked(number: c_int, asked: Asked) -> bool {
    let number = if asked & WITH_FLAGS == 0 {
        number
    } else {
        number & !mode::FLAGS
    };
    (0..31).contains(&number) && asked >> number & 1 != 0
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

#[inline(always)]
fn has_preferred_many() -> c_int {
    PREFERRED_MANY.get(|| policy::supports_mode(Mode::PreferredMany))
}

/// The mode with which this thread places memory on nodes, after numa_set_bind_policy.
pub(super) fn bind_mode() -> Mode {
    if setting(PREFER) == 0 {
        Mode::Bind
    } else if has_preferred_many() != 0 {
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
    if let Err(errno) = mempolicy::set_mempolicy(mode.number(), Some(nodes)) {
        complain(SET, errno);
    }
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

fn set_preferred(node: c_int) {
    let mut words = NO_NODES;
    let nodes = single(&mut words, node);
    // A number that cannot be a node is, measured, the same as -1.
    let mode = if usize::try_from(node).is_ok_and(|n| n < nodes.size()) {
        Mode::Preferred
    } else {
        Mode::Local
    };
    set(mode, nodes);
}

/// Allocates from this node first, from others when it is full. -1 means the node of the CPU
/// that the thread runs on.
#[unsafe(no_mangle)]
pub extern "C" fn numa_set_preferred(node: c_int) {
    set_preferred(node);
}

/// Allocates from these nodes first, from others when they are full (Linux 5.15); on older
/// kernels from the first of them, after a warning.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_set_preferred_many(bitmask: *mut bitmask) {
    // SAFETY: the caller's mask.
    let nodes = unsafe { view(bitmask) };
    if has_preferred_many() != 0 {
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
    set(Mode::Preferred, single(&mut { NO_NODES }, first));
}

/// Allocates near the CPU that the thread runs on.
#[unsafe(no_mangle)]
pub extern "C" fn numa_set_localalloc() {
    set_preferred(-1);
}

/// Reads the thread's policy: the kernel's number, mode and flags, and its nodes into `words`,
/// which hold zeros. `None` after a failure, which goes to numa_error.
#[inline(always)]
fn read_policy(words: &mut [Word], size: usize) -> Option<c_int> {
    match mempolicy::thread_policy(words, size) {
        Ok(number) => Some(number),
        Err(errno) => {
            complain(GET, errno);
            None
        }
    }
}

/// Reads the nodes of the thread's policy into `words`, which hold zeros, if it is one that is
/// asked about. `false`, with empty words, under another and after a failure.
pub(super) fn read_nodes_under(asked: Asked, words: &mut [Word], size: usize) -> bool {
    let found = read_policy(words, size).is_some_and(|number| is_asked(number, asked));
    if !found {
        bits::fill(words, size, false);
    }
    found
}

/// A new mask for nodes, which `read` fills; NULL with errno if there is no memory.
#[inline(always)]
fn new_mask(read: impl FnOnce(&mut [Word], usize)) -> *mut bitmask {
    let mask = types::allocate(limits().node_bits()).or_errno(ptr::null_mut());
    if !mask.is_null() {
        // SAFETY: the mask is new.
        let (words, size) = unsafe { view_mut(mask) };
        read(words, size);
    }
    mask
}

/// A new mask with the thread's nodes if its policy is one that is asked about, else with
/// `otherwise`.
fn nodes_under(asked: Asked, otherwise: Option<Bits<'_>>) -> *mut bitmask {
    new_mask(|words, size| {
        if !read_nodes_under(asked, words, size) {
            if let Some(otherwise) = otherwise {
                bits::copy(otherwise.words(), otherwise.size(), words, size);
            }
        }
    })
}

/// The nodes of the thread's interleave policy; empty under another. The mask is the caller's.
#[unsafe(no_mangle)]
pub extern "C" fn numa_get_interleave_mask() -> *mut bitmask {
    nodes_under(only(mode::INTERLEAVE), None)
}

/// The nodes of the thread's weighted interleave policy; empty under another. The mask is the
/// caller's.
#[unsafe(no_mangle)]
pub extern "C" fn numa_get_weighted_interleave_mask() -> *mut bitmask {
    nodes_under(only(mode::WEIGHTED_INTERLEAVE), None)
}

/// The nodes of the thread's bind policy; without one all that the process may use. The mask
/// is the caller's.
#[unsafe(no_mangle)]
pub extern "C" fn numa_get_membind() -> *mut bitmask {
    nodes_under(only(mode::BIND), Some(all_nodes()))
}

/// The nodes that the thread prefers (preferred, preferred-many and bind policies); empty under
/// another policy. The mask is the caller's.
#[unsafe(no_mangle)]
pub extern "C" fn numa_preferred_many() -> *mut bitmask {
    nodes_under(PREFERS_NODES, None)
}

/// The first node that the thread prefers, or `none`. All policies but the interleaving ones
/// are looked at.
fn preferred(none: c_int) -> c_int {
    let mut words = NO_NODES;
    let size = limits().node_bits().min(NODE_ROOM);
    match read_policy(&mut words, size).map(|number| number & !mode::FLAGS) {
        None | Some(mode::INTERLEAVE | mode::WEIGHTED_INTERLEAVE) => none,
        Some(_) => bits::next(&words, size, 0).map_or(none, int),
    }
}

/// The first node that the thread prefers, 0 if it prefers none.
#[unsafe(no_mangle)]
pub extern "C" fn numa_preferred() -> c_int {
    preferred(0)
}

/// The first node that the thread prefers, -1 if it prefers none.
#[unsafe(no_mangle)]
pub extern "C" fn numa_preferred_err() -> c_int {
    preferred(-1)
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
    new_mask(|words, size| {
        if let Err(errno) = mempolicy::mems_allowed(words, size) {
            complain(GET, errno);
        }
    })
}

/// 1 if the kernel knows the preferred-many policy (Linux 5.15), else 0. No policy changes.
#[unsafe(no_mangle)]
pub extern "C" fn numa_has_preferred_many() -> c_int {
    has_preferred_many()
}

/// 1 if the kernel knows home nodes (Linux 5.17), else 0. No policy changes.
#[unsafe(no_mangle)]
pub extern "C" fn numa_has_home_node() -> c_int {
    HOME_NODE.get(policy::supports_home_node)
}

/// Runs on the CPUs of these nodes and allocates from them only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_bind(nodes: *mut bitmask) {
    // SAFETY: the caller's mask.
    let nodes = unsafe { view(nodes) };
    run_on_allowed(nodes);
    set(Mode::Bind, nodes);
}
