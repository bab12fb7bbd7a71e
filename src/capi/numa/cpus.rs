//! Which CPUs a node has, and on which CPUs threads run.

use core::ffi::{CStr, c_int};
use core::ptr;

use super::asked::{self, Asked, ToldOf};
use super::cache::{self, NodeCpus};
use super::callers::{all_nodes, bitmask, empty_nodes, new_node_mask, nodes, view, view_mut};
use super::load::limits;
use super::report::{OrComplain, complain, numa_warn, warn, warning};
use crate::affinity;
use crate::capi::debug::Told;
use crate::capi::result::{OrErrno, int};
use crate::cause::is_memoryless;
use crate::error::{Error, Result};
use crate::mask::{Bits, BitsMut, CpuMask, Node, NodeMask};
use crate::root::Root;
use crate::sys::Errno;
use crate::topology;

const MISMATCH: &CStr = c"map size mismatch";
const SETAFFINITY: &CStr = c"numa_sched_setaffinity_v2_int() failed";

/// A node number that may exist, or ERANGE, as in the reference for one beyond the highest.
fn node_in_range(node: c_int) -> Result<Node, Errno> {
    let n = u32::try_from(node).map_err(|_| Errno::ERANGE)?;
    if n as usize > limits().max_node.size() {
        Err(Errno::ERANGE)
    } else {
        Ok(Node(n))
    }
}

/// The CPUs of a node. Warns if they cannot be read, but not if no node was seen at load, as in the
/// reference.
#[inline]
fn cpus_of(node: Node) -> Result<NodeCpus> {
    cache::cpus(node).inspect_err(|error| {
        // Not for an id in a gap.
        if limits().seen_nodes() && nodes().contains(node.0 as usize) {
            warn_of_cpumap(node, error);
        }
    })
}

#[cold]
fn warn_of_cpumap(node: Node, error: &Error) {
    if matches!(error, Error::MaskTooSmall { .. } | Error::OutOfMemory) {
        return;
    }
    if !matches!(error, Error::Malformed { .. }) {
        let path = topology::cpumap_path(node);
        let path = path.as_c_str().unwrap_or(c"cpumap").as_ptr();
        let opened = c"/sys not mounted or invalid. Assuming one node: %s";
        let which = c"(cannot open or correctly parse %s)";
        // SAFETY: the formats take one string.
        unsafe {
            let reason = libc::strerror(error.errno().0);
            numa_warn(warning::NO_SYSFS, opened.as_ptr().cast_mut(), reason);
            numa_warn(warning::NO_SYSFS, which.as_ptr().cast_mut(), path);
        }
    }
    // The file was there and could not be read.
    if !matches!(error, Error::NoSuchNode(_) | Error::Open { .. }) {
        warn(warning::CPUMAP, c"Cannot parse cpumap. Assuming one node");
    }
}

/// Writes the CPUs of a node to mask, which should have numa_num_possible_cpus() bits. They come
/// from /sys/devices/system/node/nodeN/cpumap. All longs of the map are written.
///
/// Returns 0, or -1 with errno. ERANGE if node is negative or beyond numa_max_node(), and EINVAL,
/// after numa_error(), if a CPU of the node does not fit; both leave the mask alone. ENOENT if
/// there is no such node, EIO if the file makes no sense, else what reading it fails with; the
/// reason goes to numa_warn(), and all bits below numa_num_possible_cpus() are set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_node_to_cpus(node: c_int, mask: *mut bitmask) -> c_int {
    // SAFETY: the caller's mask.
    node_to_cpus(node, unsafe { view_mut(mask) })
}

/// The same for any mask.
pub(super) fn node_to_cpus(node: c_int, mut mask: BitsMut<'_>) -> c_int {
    let told = |error| asked::failed("node_to_cpus", &Asked::Node(node), &error, "");
    let node = match node_in_range(node) {
        Ok(node) => node,
        Err(errno) => {
            told(Error::File {
                file: "cpumap",
                errno,
            });
            errno.set();
            return -1;
        }
    };
    match cpus_of(node) {
        Ok(cpus) if cpus.end <= mask.size() => {
            mask.copy_words_from(cpus.set);
            0
        }
        Ok(_) => {
            told(Error::MaskTooSmall { bits: mask.size() });
            complain(MISMATCH, Errno::EINVAL);
            -1
        }
        Err(error) => {
            told(error);
            mask.clear();
            let size = mask.size().min(limits().cpu_bits.size());
            BitsMut::new(mask.words_mut(), size).fill();
            Err(error).or_errno(-1)
        }
    }
}

/// Forgets the CPUs of all nodes, so that the next query of each reads its file again. Call it
/// after CPUs have come or gone.
#[unsafe(no_mangle)]
pub extern "C" fn numa_node_to_cpu_update() {
    cache::forget_cpus();
}

/// Returns the node of a CPU, -1 with EINVAL if no node has that CPU. Nodes whose CPUs cannot be
/// read have none; that is reported through numa_warn().
#[unsafe(no_mangle)]
pub extern "C" fn numa_node_of_cpu(cpu: c_int) -> c_int {
    // A negative number becomes one that is beyond the table.
    let node = cache::cached_node_of_cpu(cpu as usize).or_else(|| find_node_of_cpu(cpu));
    node.ok_or(Error::Invalid("cpu"))
        .map(|node| int(node as usize))
        .told_of("node_of_cpu", Asked::Cpu(cpu))
        .or_errno(-1)
}

/// [`numa_node_of_cpu`] of a CPU that is not in the table. All CPUs of the node that is found go into
/// the table.
#[cold]
fn find_node_of_cpu(cpu: c_int) -> Option<u32> {
    let cpu = usize::try_from(cpu).ok()?;
    if cpu >= limits().cpu_bits.size() {
        return None;
    }
    for n in nodes().iter() {
        let node = Node(n as u32);
        // A node whose CPUs cannot be read has none.
        if let Ok(cpus) = cpus_of(node) {
            if cpus.set.contains(cpu) {
                cache::remember_node_of(node, cpus.set);
                return Some(node.0);
            }
        }
    }
    None
}

/// The CPUs of a node for the calling thread to run on. Warns if they cannot be read.
#[inline(never)]
fn cpus_to_run_on(node: Node) -> Result<NodeCpus> {
    let found = if node.0 as usize > limits().max_node.size() {
        Err(Error::NoSuchNode(node.0))
    } else {
        cpus_of(node)
    };
    found.inspect_err(|_| warn(warning::AFFINITY, c"Cannot read node cpumask from sysfs"))
}

/// Runs the calling thread on these CPUs.
#[inline(never)]
fn run_on(cpus: Bits<'_>) -> Result<()> {
    affinity::set_thread_cpus(0, cpus)
}

/// Runs the calling thread on the CPUs of a node, or on all CPUs if node is -1.
///
/// Returns 0, or -1 with errno: EINVAL if node is numa_num_possible_nodes() or more, or if the
/// thread may use none of the CPUs. ERANGE if it is beyond numa_max_node(), ENOENT if there is no
/// such node, both after numa_warn(), as is any failure to read the node's CPUs. Does not call
/// numa_error().
#[unsafe(no_mangle)]
pub extern "C" fn numa_run_on_node(node: c_int) -> c_int {
    const NAME: &str = "run_on_node";
    let asked = Asked::RunOn(node);
    if node >= limits().node_bits.int() {
        return Err(Error::Invalid("node"))
            .told_of(NAME, asked)
            .or_errno(-1);
    }
    run_on_number(node)
        .map(|()| 0)
        .told_of(NAME, asked)
        .or_errno(-1)
}

/// The same for a number that is not too high.
fn run_on_number(node: c_int) -> Result<()> {
    if node == -1 {
        let mut cpus = CpuMask::new(limits().cpu_bits.size())?;
        cpus.bits_mut().fill();
        return run_on(cpus.as_bits());
    }
    // A negative number is a node that is not there, as in the reference; an id that no node has is
    // warned about like a file that cannot be read.
    let errno = match node_in_range(node) {
        Ok(node) => return run_on(cpus_to_run_on(node)?.set),
        Err(_) if node < 0 => Errno::ENOENT,
        Err(errno) => errno,
    };
    warn(warning::AFFINITY, c"Cannot read node cpumask from sysfs");
    Err(Error::File {
        file: "cpumap",
        errno,
    })
}

/// Whether a node may be run on: one that the process may use, or that has no memory. With `any` it may
/// be any node that exists.
#[inline(never)]
fn may_run_on(node: Node, any: bool) -> bool {
    let n = node.0 as usize;
    if any {
        // An id in a gap is a node whose CPUs cannot be read, as in the reference.
        return n <= limits().max_node.size() || nodes().contains(n);
    }
    all_nodes().contains(n) || nodes().contains(n) && is_memoryless(Root::SYSTEM, node)
}

/// Collects the CPUs of the wanted nodes that may be run on, and runs the calling thread there. Others
/// are warned about and left out, and so are nodes whose CPUs cannot be read.
fn run_on_nodes(function: &str, wanted: Bits<'_>, any: bool) -> Result<()> {
    // All warnings come first: the set of CPUs may be on the heap.
    for n in wanted.iter() {
        let node = Node(n as u32);
        if may_run_on(node, any) {
            // A failure has been warned about.
            let _ = cpus_to_run_on(node).told_of(function, Asked::Node(int(n)));
        } else {
            asked::left_out(function, int(n));
            // SAFETY: the format takes one int.
            unsafe {
                let format = c"node %d not allowed".as_ptr().cast_mut();
                numa_warn(warning::AFFINITY, format, int(n));
            }
        }
    }
    run_where(wanted, |node| may_run_on(node, any)).told_of(function, Asked::Run(wanted))
}

/// Runs the calling thread on the CPUs of those nodes that `may` be run on and whose CPUs can be read.
fn run_where(wanted: Bits<'_>, may: impl Fn(Node) -> bool) -> Result<()> {
    let mut cpus = CpuMask::new(limits().cpu_bits.size())?;
    for n in wanted.iter() {
        let node = Node(n as u32);
        if may(node) {
            if let Ok(found) = cache::cpus(node) {
                cpus.bits_mut().add(found.set);
            }
        }
    }
    run_on(cpus.as_bits())
}

/// Runs the calling thread on the CPUs of these nodes. Nodes that are not in numa_all_nodes_ptr
/// are left out, after numa_warn(), except those without memory; so are nodes whose CPUs cannot
/// be read.
///
/// Returns 0, or -1 with errno, after numa_error(): EINVAL if the thread may use none of the CPUs
/// that remain.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_run_on_node_mask(mask: *mut bitmask) -> c_int {
    // SAFETY: the caller's mask.
    run_on_allowed("run_on_node_mask", unsafe { view(mask) })
}

/// The same for any mask.
pub(super) fn run_on_allowed(function: &str, wanted: Bits<'_>) -> c_int {
    run_on_nodes(function, wanted, false)
        .map(|()| 0)
        .or_complain(SETAFFINITY, -1)
}

/// Runs the calling thread on the CPUs of these nodes, whether the process may use their memory
/// or not. Nodes that do not exist and nodes whose CPUs cannot be read are left out, after
/// numa_warn().
///
/// Returns 0, or -1 with errno, after numa_error(): EINVAL if the thread may use none of the CPUs
/// that remain.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_run_on_node_mask_all(mask: *mut bitmask) -> c_int {
    // SAFETY: the caller's mask.
    let wanted = unsafe { view(mask) };
    run_on_nodes("run_on_node_mask_all", wanted, true)
        .map(|()| 0)
        .or_complain(SETAFFINITY, -1)
}

/// The old numa_run_on_node_mask: nodes whose CPUs cannot be read are left out after a warning, and a
/// refusal of the kernel is not reported (both as in the reference).
pub(super) fn run_on_old_mask(wanted: Bits<'_>) -> c_int {
    const NAME: &str = "run_on_node_mask";
    for n in wanted.iter() {
        let _ = cpus_to_run_on(Node(n as u32)).told_of(NAME, Asked::Node(int(n)));
    }
    run_where(wanted, |node| node.0 as usize <= limits().max_node.size())
        .map(|()| 0)
        .told_of(NAME, Asked::Run(wanted))
        .or_errno(-1)
}

/// The nodes on whose CPUs the calling thread may run: those that the process may use, and those
/// without memory. With `any` it may be any node, as the old version has it. If the
/// affinity cannot be read the set is empty.
pub(super) fn run_nodes(any: bool) -> Result<NodeMask> {
    let mut found = empty_nodes()?;
    for n in nodes().iter() {
        // A node whose CPUs cannot be read is left out, after a warning.
        let _ = cpus_of(Node(n as u32)).told_of("get_run_node_mask", Asked::Node(int(n)));
    }
    let mut mine = CpuMask::new(limits().cpu_bits.size())?;
    if affinity::read_thread_cpus(0, &mut mine.bits_mut())
        .told("get_run_node_mask")
        .is_err()
    {
        return Ok(found);
    }
    for n in nodes().iter() {
        let node = Node(n as u32);
        let shares = cache::cpus(node).is_ok_and(|cpus| cpus.set.intersects(mine.as_bits()));
        // is_memoryless reads a file, so it comes last.
        if shares && (any || all_nodes().contains(n) || is_memoryless(Root::SYSTEM, node)) {
            found.bits_mut().insert(n);
        }
    }
    Ok(found)
}

/// Returns the nodes on whose CPUs the calling thread may run, as a new mask of
/// numa_num_possible_nodes() bits, which the caller frees with numa_bitmask_free(). Nodes that
/// are not in numa_all_nodes_ptr are left out, except those without memory; so are nodes whose
/// CPUs cannot be read, after numa_warn(). The mask is empty if sched_getaffinity(2) fails.
///
/// Returns NULL with ENOMEM if there is no memory.
#[unsafe(no_mangle)]
pub extern "C" fn numa_get_run_node_mask() -> *mut bitmask {
    run_nodes(false)
        .map(|nodes| new_node_mask(nodes.as_bits()))
        .or_errno(ptr::null_mut())
}

/// Writes the CPUs that a thread (0: the caller) may run on and that are online to mask, which
/// has at least numa_num_possible_cpus() bits. Bits beyond those that the kernel writes stay as
/// they are.
///
/// Returns the number of bytes that the kernel wrote, or -1 with errno: EINVAL if the mask is too
/// small, ESRCH if there is no such thread. Async-signal-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_sched_getaffinity(pid: libc::pid_t, mask: *mut bitmask) -> c_int {
    // SAFETY: the caller's mask.
    affinity::read_thread_cpus(pid, &mut unsafe { view_mut(mask) })
        .map(int)
        .told_of("sched_getaffinity", Asked::Process(pid))
        .or_errno(-1)
}

/// Sets the CPUs that a thread (0: the caller) may run on. The mask may have any size; whole
/// longs of it are read, and CPUs that it lacks are not set.
///
/// Returns 0, or -1 with errno: EINVAL if the thread may use none of the CPUs, EPERM if the
/// caller lacks the permission, ESRCH if there is no such thread. Async-signal-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_sched_setaffinity(pid: libc::pid_t, mask: *mut bitmask) -> c_int {
    // SAFETY: the caller's mask.
    affinity::set_thread_cpus(pid, unsafe { view(mask) })
        .map(|()| 0)
        .told_of("sched_setaffinity", Asked::Process(pid))
        .or_errno(-1)
}
