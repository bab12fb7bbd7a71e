//! Whether there is NUMA, and how much of it.

use core::ffi::c_int;

use super::asked::{Asked, ToldOf};
use super::load::{Once, limits, page_size};
use crate::capi::result::OrErrno;
use crate::sys::Errno;
use crate::topology;

/// Returns 0 if memory policies can be used, or -1 if the kernel has none (ENOSYS) or denies them
/// to this process (EPERM, as seccomp filters do), with errno. Calls get_mempolicy(2) each time.
/// All other functions may be called whatever it returns.
#[unsafe(no_mangle)]
pub extern "C" fn numa_available() -> c_int {
    limits();
    match topology::ask_for_policies().told_of("available", Asked::Policies) {
        // Another refusal sets errno as well, as in the reference, and is no answer to the question.
        Err(error) if !matches!(error.errno(), Errno::ENOSYS | Errno::EPERM) => {
            Err(error).or_errno(0)
        }
        asked => asked.map(|()| 0).or_errno(-1),
    }
}

/// Returns the highest node that exists, 0 without /sys. This is not a count: the numbers of
/// nodes may have gaps.
#[unsafe(no_mangle)]
pub extern "C" fn numa_max_node() -> c_int {
    limits().max_node.int()
}

/// Returns the highest node that the masks can hold: numa_num_possible_nodes() - 1.
#[unsafe(no_mangle)]
pub extern "C" fn numa_max_possible_node() -> c_int {
    limits().node_bits.int() - 1
}

/// Returns the size of node masks in bits, a multiple of the bits of a long. It comes from the
/// digits of Mems_allowed in /proc/self/status, or from /sys/devices/system/node/possible if that
/// is more, and is 1024 if the former cannot be read.
#[unsafe(no_mangle)]
pub extern "C" fn numa_num_possible_nodes() -> c_int {
    limits().node_bits.int()
}

/// Returns the size of CPU masks in bits: those that sched_getaffinity(2) fills.
#[unsafe(no_mangle)]
pub extern "C" fn numa_num_possible_cpus() -> c_int {
    limits().cpu_bits.int()
}

/// Returns the number of nodes that exist, those without memory or CPUs included; at least 1.
#[unsafe(no_mangle)]
pub extern "C" fn numa_num_configured_nodes() -> c_int {
    limits().configured_nodes.int()
}

/// Returns the number of CPUs of the system, those that are offline included; at least 1. It
/// comes from sysconf(_SC_NPROCESSORS_CONF) as of the first call. Not async-signal-safe.
#[unsafe(no_mangle)]
pub extern "C" fn numa_num_configured_cpus() -> c_int {
    static COUNT: Once = Once::new();
    COUNT.get(topology::configured_cpus).int()
}

/// Returns the number of CPUs in numa_all_cpus_ptr as of load: those that the process may run on.
#[unsafe(no_mangle)]
pub extern "C" fn numa_num_task_cpus() -> c_int {
    limits().task_cpus.int()
}

/// Returns the number of nodes in numa_all_nodes_ptr as of load: those that the process may
/// allocate from; at least 1.
#[unsafe(no_mangle)]
pub extern "C" fn numa_num_task_nodes() -> c_int {
    limits().task_nodes.int()
}

/// Same as numa_num_task_cpus().
#[unsafe(no_mangle)]
pub extern "C" fn numa_num_thread_cpus() -> c_int {
    numa_num_task_cpus()
}

/// Same as numa_num_task_nodes().
#[unsafe(no_mangle)]
pub extern "C" fn numa_num_thread_nodes() -> c_int {
    numa_num_task_nodes()
}

/// Returns the size of a base page in bytes, from sysconf(_SC_PAGESIZE).
#[unsafe(no_mangle)]
pub extern "C" fn numa_pagesize() -> c_int {
    page_size().int()
}
