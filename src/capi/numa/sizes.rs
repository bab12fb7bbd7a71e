//! Whether there is NUMA, and how much of it.

use core::ffi::c_int;

use super::load::{Once, limits, page_size};
use crate::capi::result::int;
use crate::topology;

/// Whether memory policies can be used: 0, or -1 if the kernel has none or they are denied to
/// this process (seccomp). All other functions may be called all the same. Thread-safe,
/// async-signal-safe.
#[unsafe(no_mangle)]
pub extern "C" fn numa_available() -> c_int {
    limits();
    if topology::is_available() { 0 } else { -1 }
}

/// The highest node that exists, as of load; 0 without /sys. Not a count: ids may have gaps.
#[unsafe(no_mangle)]
pub extern "C" fn numa_max_node() -> c_int {
    int(limits().max_node())
}

/// The highest node id that the kernel could have.
#[unsafe(no_mangle)]
pub extern "C" fn numa_max_possible_node() -> c_int {
    int(limits().node_bits()) - 1
}

/// Number of bits in the kernel's node masks, and in those of numa_allocate_nodemask.
#[unsafe(no_mangle)]
pub extern "C" fn numa_num_possible_nodes() -> c_int {
    int(limits().node_bits())
}

/// Number of bits in the kernel's CPU masks, and in those of numa_allocate_cpumask.
#[unsafe(no_mangle)]
pub extern "C" fn numa_num_possible_cpus() -> c_int {
    int(limits().cpu_bits())
}

/// Number of nodes that exist, as of load, those without memory or CPUs included. At least 1.
#[unsafe(no_mangle)]
pub extern "C" fn numa_num_configured_nodes() -> c_int {
    int(limits().configured_nodes())
}

/// Number of CPUs of the system, those that are offline included.
#[unsafe(no_mangle)]
pub extern "C" fn numa_num_configured_cpus() -> c_int {
    static COUNT: Once = Once::new();
    int(COUNT.get(topology::configured_cpus))
}

/// Number of CPUs that the process may run on, as of load.
#[unsafe(no_mangle)]
pub extern "C" fn numa_num_task_cpus() -> c_int {
    int(limits().task_cpus())
}

/// Number of nodes that the process may allocate from, as of load.
#[unsafe(no_mangle)]
pub extern "C" fn numa_num_task_nodes() -> c_int {
    int(limits().task_nodes())
}

/// The same as numa_num_task_cpus.
#[unsafe(no_mangle)]
pub extern "C" fn numa_num_thread_cpus() -> c_int {
    numa_num_task_cpus()
}

/// The same as numa_num_task_nodes.
#[unsafe(no_mangle)]
pub extern "C" fn numa_num_thread_nodes() -> c_int {
    numa_num_task_nodes()
}

/// The page size in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn numa_pagesize() -> c_int {
    int(page_size())
}
