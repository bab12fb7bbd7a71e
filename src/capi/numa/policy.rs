//! The calling thread's memory policy.

use core::ffi::{CStr, c_int};
use core::ptr;
use core::sync::atomic::{AtomicU8, Ordering};

use super::asked::{self, Asked, ToldOf};
use super::callers::{all_nodes, bitmask, empty_nodes, new_node_mask, no_nodes, single, view};
use super::cpus::run_on_allowed;
use super::report::{OrComplain, warn, warning};
use crate::capi::debug::Told;
use crate::capi::result::{OrErrno, int};
use crate::error::Result;
use crate::mask::{Bits, NodeMask};
use crate::policy::{self, Mode, Setting};

const SET: &CStr = c"set_mempolicy";
const GET: &CStr = c"get_mempolicy";

/// Whether the kernel has a feature, asked once: 0 not yet asked, 1 no, 2 yes. Two threads that ask at
/// once get the same answer.
struct Feature(AtomicU8);

impl Feature {
    /// 1 or 0.
    fn get(&self, ask: fn() -> bool) -> c_int {
        match self.0.load(Ordering::Relaxed) {
            0 => {
                let has = ask();
                self.0.store(1 + u8::from(has), Ordering::Relaxed);
                has.into()
            }
            known => c_int::from(known) - 1,
        }
    }
}

static PREFERRED_MANY: Feature = Feature(AtomicU8::new(0));
static HOME_NODE: Feature = Feature(AtomicU8::new(0));

unsafe extern "C" {
    /// Whether numa_set_bind_policy() is off in this thread, in shim.c.
    safe fn numa_rs_prefers() -> bool;
    /// Whether numa_set_strict() is on in this thread, in shim.c.
    safe fn numa_rs_is_strict() -> bool;
}

/// Asks by mbind(2), once: for functions that make that call anyway.
// A call would make it 1.29 of the reference's time.
#[inline(always)]
fn has_preferred_many() -> c_int {
    PREFERRED_MANY.get(|| policy::supports_mode(Mode::PreferredMany))
}

/// The mode with which this thread places memory on nodes, after numa_set_bind_policy.
pub(super) fn bind_mode() -> Mode {
    if !numa_rs_prefers() {
        Mode::Bind
    } else if has_preferred_many() != 0 {
        Mode::PreferredMany
    } else {
        Mode::Preferred
    }
}

/// Whether numa_set_strict() is on in this thread.
pub(super) fn strict() -> bool {
    numa_rs_is_strict()
}

/// Sets the thread's policy as void functions do: failures go to numa_error.
#[inline(never)]
pub(super) fn set(function: &str, mode: Mode, nodes: Bits<'_>) {
    policy::set_thread_policy(mode, Some(nodes))
        .told_of(function, Asked::Policy(mode, Some(nodes)))
        .or_complain(SET, ());
}

/// Sets MPOL_BIND: pages come from these nodes only. EINVAL if the mask has no node that may be
/// used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_set_membind(nodemask: *mut bitmask) {
    // SAFETY: the caller's mask.
    set("set_membind", Mode::Bind, unsafe { view(nodemask) });
}

/// Sets MPOL_BIND and lets NUMA balancing move pages among the nodes (MPOL_F_NUMA_BALANCING,
/// Linux 5.12). On kernels that refuse the flag it does the same as numa_set_membind().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_set_membind_balancing(bmp: *mut bitmask) {
    const NAME: &str = "set_membind_balancing";
    // SAFETY: the caller's mask.
    let nodes = unsafe { view(bmp) };
    let asked = Asked::Policy(Mode::Bind, Some(nodes));
    let balances = policy::try_thread_bind_balancing(nodes)
        .told_of(NAME, asked)
        .or_complain(SET, true);
    if !balances {
        asked::surprised(NAME, &asked, asked::NO_BALANCING);
    }
}

pub(super) fn set_interleaving(function: &str, mode: Mode, nodes: Bits<'_>) {
    set(
        function,
        if nodes.is_empty() {
            Mode::Default
        } else {
            mode
        },
        nodes,
    );
}

/// Sets MPOL_INTERLEAVE: pages come from these nodes in turn. An empty mask sets MPOL_DEFAULT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_set_interleave_mask(nodemask: *mut bitmask) {
    // SAFETY: the caller's mask.
    set_interleaving("set_interleave_mask", Mode::Interleave, unsafe {
        view(nodemask)
    });
}

/// Sets MPOL_WEIGHTED_INTERLEAVE (Linux 6.9): pages come from these nodes in turn, from each as
/// many as its weight in /sys/kernel/mm/mempolicy/weighted_interleave. An empty mask sets
/// MPOL_DEFAULT. Older kernels fail with EINVAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_set_weighted_interleave_mask(nodemask: *mut bitmask) {
    // SAFETY: the caller's mask.
    let nodes = unsafe { view(nodemask) };
    let name = "set_weighted_interleave_mask";
    set_interleaving(name, Mode::WeightedInterleave, nodes);
}

/// Sets a policy for one node. A number that cannot be a node is the same as -1, as in the reference:
/// near the CPU that the thread runs on.
fn prefer(node: c_int) -> Result<()> {
    const NAME: &str = "set_preferred";
    let nodes = single(node)?;
    let mode = if nodes.is_empty() {
        Mode::Local
    } else {
        Mode::Preferred
    };
    let asked = Asked::Policy(mode, Some(nodes.as_bits()));
    policy::set_thread_policy(mode, Some(nodes.as_bits())).told_of(NAME, asked)?;
    if mode == Mode::Local && node != -1 {
        asked::surprised(NAME, &Asked::Node(node), asked::LOCAL);
    }
    Ok(())
}

/// Sets MPOL_PREFERRED: pages come from this node, and from others if it is full. -1, and any
/// other number that no node can have, sets MPOL_LOCAL. EINVAL if the node does not exist or may
/// not be used.
#[unsafe(no_mangle)]
pub extern "C" fn numa_set_preferred(node: c_int) {
    prefer(node).or_complain(SET, ());
}

/// Sets MPOL_PREFERRED_MANY (Linux 5.15): pages come from these nodes, and from others if they
/// are full. On older kernels it warns through numa_warn() and sets MPOL_PREFERRED with the
/// lowest of the nodes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_set_preferred_many(bitmask: *mut bitmask) {
    const NAME: &str = "set_preferred_many";
    // SAFETY: the caller's mask.
    let nodes = unsafe { view(bitmask) };
    let result = policy::set_thread_policy(Mode::PreferredMany, Some(nodes));
    let Err(error) = result else { return };
    let asked = Asked::Policy(Mode::PreferredMany, Some(nodes));
    if has_preferred_many() != 0 {
        return result.told_of(NAME, asked).or_complain(SET, ());
    }
    asked::failed(NAME, &asked, &error, asked::FIRST);
    warn(
        warning::PREFERRED_MANY,
        c"Unable to handle MANY preferred nodes. Falling back to first node\n",
    );
    prefer_first(NAME, nodes).or_complain(SET, ());
}

/// Prefers the first of some nodes. Without any the kernel decides.
fn prefer_first(function: &str, nodes: Bits<'_>) -> Result<()> {
    let first = single(nodes.next(0).map_or(-1, int))?;
    let first = Some(first.as_bits());
    policy::set_thread_policy(Mode::Preferred, first)
        .told_of(function, Asked::Policy(Mode::Preferred, first))
}

/// Sets MPOL_LOCAL: pages come from the node of the CPU that touches them first, and from others
/// if it is full.
#[unsafe(no_mangle)]
pub extern "C" fn numa_set_localalloc() {
    set("set_localalloc", Mode::Local, no_nodes());
}

/// Reads the thread's policy and its nodes. `None` after a failure, which goes to numa_error.
#[inline(never)]
fn read_policy(function: &str, nodes: &mut NodeMask) -> Option<Setting> {
    policy::read_thread_policy(nodes.bits_mut())
        .map(Some)
        .told(function)
        .or_complain(GET, None)
}

/// Calls `then` with the nodes of the thread's policy if `asked` says yes to it, else, and after a
/// failure, with `None`.
pub(super) fn with_nodes_under<R>(
    function: &str,
    asked: fn(Setting) -> bool,
    then: impl FnOnce(Option<Bits<'_>>) -> R,
) -> Result<R> {
    let mut nodes = empty_nodes()?;
    let found = read_policy(function, &mut nodes).is_some_and(asked);
    Ok(then(found.then(|| nodes.as_bits())))
}

pub(super) fn is_bind(setting: Setting) -> bool {
    setting.is_plain(Mode::Bind)
}

pub(super) fn is_interleave(setting: Setting) -> bool {
    setting.is_plain(Mode::Interleave)
}

fn is_weighted_interleave(setting: Setting) -> bool {
    setting.is_plain(Mode::WeightedInterleave)
}

fn prefers_nodes(setting: Setting) -> bool {
    matches!(
        setting.mode,
        Mode::Preferred | Mode::PreferredMany | Mode::Bind
    )
}

/// A new mask with the nodes of the thread's policy if `asked` says yes to it, else with `otherwise`.
fn mask_under(function: &str, asked: fn(Setting) -> bool, otherwise: Bits<'_>) -> *mut bitmask {
    with_nodes_under(function, asked, |nodes| {
        new_node_mask(nodes.unwrap_or(otherwise))
    })
    .or_errno(ptr::null_mut())
}

/// Returns the nodes of the thread's MPOL_INTERLEAVE policy. The mask is empty under another
/// policy and under one with mode flags (numaif.h).
#[unsafe(no_mangle)]
pub extern "C" fn numa_get_interleave_mask() -> *mut bitmask {
    mask_under("get_interleave_mask", is_interleave, Bits::EMPTY)
}

/// Returns the nodes of the thread's MPOL_WEIGHTED_INTERLEAVE policy. The mask is empty under
/// another policy and under one with mode flags.
#[unsafe(no_mangle)]
pub extern "C" fn numa_get_weighted_interleave_mask() -> *mut bitmask {
    mask_under(
        "get_weighted_interleave_mask",
        is_weighted_interleave,
        Bits::EMPTY,
    )
}

/// Returns the nodes of the thread's MPOL_BIND policy. Under another policy, and under one with
/// mode flags, such as numa_set_membind_balancing() sets, it returns the nodes of
/// numa_all_nodes_ptr.
#[unsafe(no_mangle)]
pub extern "C" fn numa_get_membind() -> *mut bitmask {
    mask_under("get_membind", is_bind, all_nodes())
}

/// Returns the nodes of the thread's MPOL_PREFERRED, MPOL_PREFERRED_MANY or MPOL_BIND policy,
/// with mode flags or without. The mask is empty under another policy.
#[unsafe(no_mangle)]
pub extern "C" fn numa_preferred_many() -> *mut bitmask {
    mask_under("preferred_many", prefers_nodes, Bits::EMPTY)
}

/// The lowest node of the thread's policy; `none` if it has none or interleaves.
fn preferred(function: &str, none: c_int) -> c_int {
    let interleaves = |mode| matches!(mode, Mode::Interleave | Mode::WeightedInterleave);
    empty_nodes()
        .map(|mut nodes| match read_policy(function, &mut nodes) {
            Some(setting) if !interleaves(setting.mode) => {
                nodes.first().map_or(none, |node| int(node.0 as usize))
            }
            _ => none,
        })
        .or_errno(none)
}

/// Returns the lowest node of the thread's policy, or 0 if the policy has no nodes or
/// interleaves.
#[unsafe(no_mangle)]
pub extern "C" fn numa_preferred() -> c_int {
    preferred("preferred", 0)
}

/// Returns the lowest node of the thread's policy, or -1 if the policy has no nodes or
/// interleaves. errno is set only on failure.
#[unsafe(no_mangle)]
pub extern "C" fn numa_preferred_err() -> c_int {
    preferred("preferred_err", -1)
}

/// Returns the node of the thread's next interleaved page, 0 with errno on failure: EINVAL unless
/// the thread has an interleaving policy. Does not call numa_error(). Since node 0 may be the
/// answer, set errno to 0 before the call. Calls get_mempolicy(2) with MPOL_F_NODE.
/// Async-signal-safe.
#[unsafe(no_mangle)]
pub extern "C" fn numa_get_interleave_node() -> c_int {
    policy::next_interleave_node()
        .map(|node| c_int::try_from(node.0).unwrap_or(0))
        .told("get_interleave_node")
        .or_errno(0)
}

/// Returns the nodes that the thread may allocate from now, as its cpuset says. Calls
/// get_mempolicy(2) with MPOL_F_MEMS_ALLOWED (Linux 2.6.24). The mask is empty if that fails.
#[unsafe(no_mangle)]
pub extern "C" fn numa_get_mems_allowed() -> *mut bitmask {
    empty_nodes()
        .map(|mut nodes| {
            policy::read_mems_allowed(nodes.bits_mut())
                .told("get_mems_allowed")
                .or_complain(GET, ());
            new_node_mask(nodes.as_bits())
        })
        .or_errno(ptr::null_mut())
}

/// Returns 1 if the kernel has MPOL_PREFERRED_MANY (Linux 5.15) and does not deny mbind(2), else
/// 0. The first call asks by mbind(2) with an empty range, which changes no policy. Leaves errno
/// alone. Async-signal-safe.
#[unsafe(no_mangle)]
pub extern "C" fn numa_has_preferred_many() -> c_int {
    has_preferred_many()
}

/// Returns 1 if the kernel has set_mempolicy_home_node(2) (Linux 5.17) and does not deny it, else
/// 0. The first call asks by that call with an empty range, which changes no policy. Leaves errno
/// alone. Async-signal-safe.
#[unsafe(no_mangle)]
pub extern "C" fn numa_has_home_node() -> c_int {
    HOME_NODE.get(policy::supports_home_node)
}

/// Runs the thread on the CPUs of these nodes, as numa_run_on_node_mask() does, and sets
/// MPOL_BIND with them, as numa_set_membind() does. If the first fails, the second is done
/// nevertheless. Each reports its failure through numa_error().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_bind(nodes: *mut bitmask) {
    // SAFETY: the caller's mask.
    let nodes = unsafe { view(nodes) };
    run_on_allowed("bind", nodes);
    set("bind", Mode::Bind, nodes);
}
