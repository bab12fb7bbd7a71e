//! Which CPUs a node has, and on which CPUs threads run.

use core::ffi::{CStr, c_int};

use super::cache;
use super::data::{all_nodes, limits, make_ready, nodes, published_limits};
use super::masks::numa_allocate_nodemask;
use super::report::{OrComplain, complain, numa_warn, warn, warning};
use super::result::{OrErrno, int};
use super::types::{CpuRoom, bitmask, view, view_mut, view_mut_ready};
use crate::affinity;
use crate::error::{Error, Result};
use crate::mask::{Bits, Node, WORD_BITS, Word, bits};
use crate::root::Root;
use crate::sys::Errno;
use crate::topology;

const MISMATCH: &CStr = c"map size mismatch";
const SETAFFINITY: &CStr = c"numa_sched_setaffinity_v2_int() failed";

/// A node number that may exist, or ERANGE as the measured answer to one beyond the highest.
pub(super) fn node_in_range(node: c_int) -> Result<Node, Errno> {
    let n = u32::try_from(node).map_err(|_| Errno::ERANGE)?;
    if n as usize > limits().max_node() {
        Err(Errno::ERANGE)
    } else {
        Ok(Node(n))
    }
}

/// The CPUs of a node, into a mask. 0, or -1 with errno: ERANGE if the node is negative or
/// beyond numa_max_node(), ENOENT if there is no such node, EINVAL after numa_error if a CPU of
/// the node does not fit. Cached; see numa_node_to_cpu_update.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_node_to_cpus(node: c_int, mask: *mut bitmask) -> c_int {
    make_ready(mask);
    // SAFETY: the caller's mask.
    let (words, size) = unsafe { view_mut_ready(mask) };
    // A node beyond the highest may be cached too.
    if node as u32 as usize <= published_limits().max_node() {
        if let Some((cpus, end)) = cache::cached_cpus(Node(node as u32)) {
            // Whole words: there is no CPU beyond the size in them.
            if end <= size {
                bits::copy_words(cpus, words);
                return 0;
            }
        }
    }
    node_to_cpus(node, words, size)
}

/// [`numa_node_to_cpus`] of any node, cached or not.
#[cold]
#[inline(never)]
pub(super) fn node_to_cpus(node: c_int, words: &mut [Word], size: usize) -> c_int {
    let node = match node_in_range(node) {
        Ok(node) => node,
        Err(errno) => {
            errno.set();
            return -1;
        }
    };
    let mut room = CpuRoom::new();
    match cache::cpus(node, &mut room) {
        Ok((cpus, end)) if end <= size => {
            bits::copy_words(cpus, words);
            0
        }
        Ok(_) => {
            complain(MISMATCH, Errno::EINVAL);
            -1
        }
        Err(error) => Err(error).or_errno(-1),
    }
}

/// Makes the next queries of all nodes' CPUs read /sys again, after CPUs came or went.
#[unsafe(no_mangle)]
pub extern "C" fn numa_node_to_cpu_update() {
    cache::forget_cpus();
}

/// The node of a CPU, or -1 with EINVAL if it belongs to none.
#[unsafe(no_mangle)]
pub extern "C" fn numa_node_of_cpu(cpu: c_int) -> c_int {
    // As one that is negative is beyond the table.
    match cache::cached_node_of_cpu(cpu as usize) {
        Some(node) => node as c_int,
        None => find_node_of_cpu(cpu),
    }
}

/// [`numa_node_of_cpu`] of a CPU that is not in the table.
#[cold]
#[inline(never)]
fn find_node_of_cpu(cpu: c_int) -> c_int {
    match usize::try_from(cpu).ok().and_then(cache::find_node_of_cpu) {
        Some(node) => int(node.0 as usize),
        None => {
            Errno::EINVAL.set();
            -1
        }
    }
}

/// Adds the CPUs of a node to `all`; a failure is warned about.
fn add_cpus(all: &mut [Word], node: Node) -> Result<()> {
    let mut room = CpuRoom::new();
    let (cpus, _) = cache::cpus(node, &mut room)
        .inspect_err(|_| warn(warning::AFFINITY, c"Cannot read node cpumask from sysfs"))?;
    all.iter_mut().zip(cpus).for_each(|(to, from)| *to |= from);
    Ok(())
}

/// Runs the calling thread on these CPUs.
fn run_on(cpus: &[Word]) -> Result<()> {
    affinity::set_thread_cpus(0, Bits::new(cpus, limits().cpu_bits()))
}

/// Runs the calling thread on the CPUs of a node; -1 means all CPUs. 0, or -1 with errno:
/// EINVAL if the node is impossible, ERANGE or ENOENT after a warning if it does not exist.
#[unsafe(no_mangle)]
pub extern "C" fn numa_run_on_node(node: c_int) -> c_int {
    if node >= int(limits().node_bits()) {
        return Err(Error::Invalid("node")).or_errno(-1);
    }
    run_on_number(node).map(|()| 0).or_errno(-1)
}

/// The same for a number that is not too high.
fn run_on_number(node: c_int) -> Result<()> {
    let mut room = CpuRoom::new();
    let cpus = room.zeroed()?;
    if node == -1 {
        bits::fill(cpus, limits().cpu_bits(), true);
        return run_on(cpus);
    }
    // A negative number is, measured, a node that is not there; an id that no node has is
    // warned about like a file that cannot be read.
    let errno = match node_in_range(node) {
        Ok(node) => {
            add_cpus(cpus, node)?;
            return run_on(cpus);
        }
        Err(_) if node < 0 => Errno::ENOENT,
        Err(errno) => errno,
    };
    warn(warning::AFFINITY, c"Cannot read node cpumask from sysfs");
    Err(Error::File {
        file: "cpumap",
        errno,
    })
}

/// Calls `each` with every node of a set, in which most words are empty.
/// What [`bits::iter`] does, but without calls: numa_get_run_node_mask is 3 % faster so (measured).
#[inline(always)]
fn each_node(nodes: Bits<'_>, mut each: impl FnMut(Node)) {
    let (words, size) = (nodes.words(), nodes.size());
    let mut i = 0;
    while let Some(&word) = words.get(i) {
        let mut left = word;
        while left != 0 {
            let n = i * WORD_BITS + left.trailing_zeros() as usize;
            left &= left - 1;
            if n < size {
                each(Node(n as u32));
            }
        }
        i += 1;
        // A loop of its own, which needs no more than it looks at.
        i += words
            .get(i..)
            .unwrap_or_default()
            .iter()
            .take_while(|&&word| word == 0)
            .count();
    }
}

/// Collects the CPUs of those nodes that the process may use, and of those without memory, and
/// runs the calling thread there. With `any` it may be any node that exists. Others are warned
/// about and left out, and so are nodes whose CPUs cannot be read.
fn run_on_nodes(wanted: Bits<'_>, any: bool) -> c_int {
    let known = if any { nodes() } else { all_nodes() };
    let allowed = |node: Node| {
        let n = node.0 as usize;
        known.contains(n)
            || if any {
                // An id in a gap is, measured, a node whose CPUs cannot be read.
                n <= limits().max_node()
            } else {
                nodes().contains(n) && is_memoryless(node)
            }
    };
    let mut room = CpuRoom::new();
    room.zeroed()
        .and_then(|cpus| {
            each_node(wanted, |node| {
                if allowed(node) {
                    // A failure has been warned about.
                    let _ = add_cpus(cpus, node);
                } else {
                    // SAFETY: the format takes one int.
                    unsafe {
                        let format = c"node %d not allowed";
                        let number = int(node.0 as usize);
                        numa_warn(warning::AFFINITY, format.as_ptr().cast_mut(), number);
                    }
                }
            });
            run_on(cpus)
        })
        .map(|()| 0)
        .or_complain(SETAFFINITY, -1)
}

/// Runs the calling thread on the CPUs of these nodes. Nodes that the process may not use are
/// warned about and left out, but a node without memory is used for its CPUs. 0, or -1 with
/// errno, after numa_error, if no CPU is left.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_run_on_node_mask(mask: *mut bitmask) -> c_int {
    // SAFETY: the caller's mask.
    run_on_allowed(unsafe { view(mask) })
}

/// The same for any mask.
pub(super) fn run_on_allowed(wanted: Bits<'_>) -> c_int {
    run_on_nodes(wanted, false)
}

/// Runs the calling thread on the CPUs of these nodes, whether the process may use their memory
/// or not. Those that do not exist are warned about and left out. 0, or -1 with errno, after
/// numa_error, if no CPU is left.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_run_on_node_mask_all(mask: *mut bitmask) -> c_int {
    // SAFETY: the caller's mask.
    run_on_nodes(unsafe { view(mask) }, true)
}

/// The old numa_run_on_node_mask: it ends at a node that does not exist, after a warning; a
/// refusal of the kernel is not reported (both measured).
pub(super) fn run_on_old_mask(wanted: Bits<'_>) -> c_int {
    let mut room = CpuRoom::new();
    room.zeroed()
        .and_then(|cpus| {
            for n in wanted.iter() {
                add_cpus(cpus, Node(n as u32)).map_err(|_| Error::Invalid("node"))?;
            }
            run_on(cpus)
        })
        .map(|()| 0)
        .or_errno(-1)
}

/// Whether a node has no memory: no cpuset can ever allow it.
fn is_memoryless(node: Node) -> bool {
    topology::node_memory(Root::SYSTEM, node).is_ok_and(|memory| memory.total == 0)
}

/// Reads the nodes on whose CPUs the calling thread may run: those that the process may use,
/// and those without memory. With `any` it may be any node, as the old version has it.
pub(super) fn read_run_nodes(words: &mut [Word], size: usize, any: bool) {
    let (may_use, exists) = (all_nodes(), nodes());
    let (mut room, mut other_room) = (CpuRoom::new(), CpuRoom::new());
    // Without the affinity there is no answer, and the mask stays empty.
    let Ok(mine) = room.zeroed() else { return };
    if affinity::thread_cpus(0, mine).is_err() {
        return;
    }
    each_node(exists, |node| {
        let n = node.0 as usize;
        // A node whose file cannot be read is left out.
        let shares = cache::cpus(node, &mut other_room)
            .is_ok_and(|(cpus, _)| mine.iter().zip(cpus).any(|(a, b)| a & b != 0));
        // The last question takes a file.
        if shares && (any || may_use.contains(n) || is_memoryless(node)) {
            bits::put(words, size, n, true);
        }
    });
}

/// The nodes on whose CPUs the calling thread may run. The mask is the caller's.
#[unsafe(no_mangle)]
pub extern "C" fn numa_get_run_node_mask() -> *mut bitmask {
    let mask = numa_allocate_nodemask();
    // SAFETY: the mask is new.
    let (words, size) = unsafe { view_mut(mask) };
    read_run_nodes(words, size, false);
    mask
}

/// The CPUs that a thread (0: the caller) may run on, into a mask. The number of bytes that the
/// kernel filled, or -1 with errno: EINVAL if the mask is too small, ESRCH if there is no thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_sched_getaffinity(pid: libc::pid_t, mask: *mut bitmask) -> c_int {
    // SAFETY: the caller's mask.
    let (words, _) = unsafe { view_mut(mask) };
    affinity::thread_cpus(pid, words).map(int).or_errno(-1)
}

/// Sets the CPUs that a thread (0: the caller) may run on. 0, or -1 with errno.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_sched_setaffinity(pid: libc::pid_t, mask: *mut bitmask) -> c_int {
    // SAFETY: the caller's mask.
    affinity::set_thread_cpus(pid, unsafe { view(mask) })
        .map(|()| 0)
        .or_errno(-1)
}
