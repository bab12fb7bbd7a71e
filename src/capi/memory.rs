//! Allocation on nodes, and the policies of address ranges.

use core::ffi::{CStr, c_int, c_ulong, c_void};
use core::hint::spin_loop;
use core::ptr;
use core::sync::atomic::{AtomicU8, Ordering};

use super::data::{all_nodes, fail_alloc_on_error};
use super::policy::{bind_mode, strict};
use super::report::{OrComplain, keeping_errno};
use super::result::OrErrno;
use super::types::{Single, bitmask, view};
use crate::error::{Error, Result};
use crate::mask::Bits;
use crate::memory::Mapping;
use crate::policy::{self, Mode};
use crate::sys::memory;
use crate::topology;

const MBIND: &CStr = c"mbind";

/// Sets a range's policy with this thread's strict flag.
fn bind(start: *mut c_void, size: usize, mode: Mode, nodes: Option<Bits<'_>>) -> Result<()> {
    policy::set_range_policy(start as usize, size, mode, nodes, strict())
}

/// The same for functions that return nothing: a failure goes to numa_error.
pub(super) fn place(start: *mut c_void, size: usize, mode: Mode, nodes: Option<Bits<'_>>) {
    bind(start, size, mode, nodes).or_complain(MBIND, ());
}

/// Maps memory and sets its policy. A policy that cannot be set is reported, and only if the
/// program asks for it the memory is given back.
pub(super) fn allocate(size: usize, mode: Mode, nodes: Option<Bits<'_>>) -> *mut c_void {
    let Some(memory) = Mapping::new(size).map(Some).or_errno(None) else {
        return ptr::null_mut();
    };
    let placed = bind(memory.address() as *mut c_void, size, mode, nodes)
        .map(|()| true)
        .or_complain(MBIND, false);
    if !placed && fail_alloc_on_error() {
        keeping_errno(|| drop(memory));
        return ptr::null_mut();
    }
    memory.into_raw()
}

/// size bytes of zeroed memory with the thread's current policy, all pages touched. Give it
/// back with numa_free. NULL with errno if there is none, or size is 0, as in all allocation
/// functions here; the size is rounded up to whole pages.
#[unsafe(no_mangle)]
pub extern "C" fn numa_alloc(size: usize) -> *mut c_void {
    let Some(mut memory) = Mapping::new(size).map(Some).or_errno(None) else {
        return ptr::null_mut();
    };
    keeping_errno(|| {
        if memory.populate().is_err() {
            // SAFETY: the new mapping has `size` bytes.
            unsafe { touch(memory.address() as *mut c_void, size) };
        }
    });
    memory.into_raw()
}

/// size bytes that come from the node of the CPU that touches them first. Pages are not touched
/// yet, as in all functions that follow.
#[unsafe(no_mangle)]
pub extern "C" fn numa_alloc_local(size: usize) -> *mut c_void {
    allocate(size, Mode::Local, None)
}

/// size bytes on a node, by this thread's bind policy (numa_set_bind_policy). If the policy
/// cannot be set, numa_error("mbind") tells, and the memory is returned all the same unless
/// numa_fail_alloc_on_error is set, as in all functions that follow.
#[unsafe(no_mangle)]
pub extern "C" fn numa_alloc_onnode(size: usize, node: c_int) -> *mut c_void {
    allocate(size, bind_mode(), Some(Single::new(node).as_bits()))
}

/// size bytes, page by page over all nodes that the process may use.
#[unsafe(no_mangle)]
pub extern "C" fn numa_alloc_interleaved(size: usize) -> *mut c_void {
    allocate(size, Mode::Interleave, Some(all_nodes()))
}

/// size bytes, page by page over these nodes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_alloc_interleaved_subset(
    size: usize,
    nodemask: *mut bitmask,
) -> *mut c_void {
    // SAFETY: the caller's mask.
    allocate(size, Mode::Interleave, Some(unsafe { view(nodemask) }))
}

/// size bytes, page by page over all nodes that the process may use, by their weights
/// (Linux 6.9).
#[unsafe(no_mangle)]
pub extern "C" fn numa_alloc_weighted_interleaved(size: usize) -> *mut c_void {
    allocate(size, Mode::WeightedInterleave, Some(all_nodes()))
}

/// size bytes, page by page over these nodes, by their weights (Linux 6.9).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_alloc_weighted_interleaved_subset(
    size: usize,
    nodemask: *mut bitmask,
) -> *mut c_void {
    // SAFETY: the caller's mask.
    allocate(
        size,
        Mode::WeightedInterleave,
        Some(unsafe { view(nodemask) }),
    )
}

/// Changes the size of memory from the functions above, which keeps its policy and may move.
/// NULL with errno if that fails; the old memory then stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_realloc(
    old_addr: *mut c_void,
    old_size: usize,
    new_size: usize,
) -> *mut c_void {
    // SAFETY: the caller gives the old range up.
    unsafe { memory::remap(old_addr, old_size, new_size) }
        .map_err(Error::kernel("mremap"))
        .or_errno(ptr::null_mut())
}

/// Gives memory from the functions above back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_free(mem: *mut c_void, size: usize) {
    // SAFETY: the caller gives the range up.
    unsafe { memory::unmap(mem, size) }
        .map_err(Error::kernel("munmap"))
        .or_errno(());
}

/// Touches every page that the range spans, so that the current policy places it. Contents stay,
/// also while other threads write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_police_memory(start: *mut c_void, size: usize) {
    // SAFETY: the caller's range.
    unsafe { touch(start, size) };
}

/// Writes to one byte of each page without changing it.
///
/// # Safety
/// The range is mapped for writing.
unsafe fn touch(start: *mut c_void, size: usize) {
    let page = topology::page_size();
    let (first, end) = (start as usize, (start as usize).saturating_add(size));
    let mut at = first;
    while at < end {
        // SAFETY: `at` lies in the caller's range; a byte has no alignment.
        let byte = unsafe { AtomicU8::from_ptr(at as *mut u8) };
        // An exchange of equals: the compiler may not turn it into a plain read, which would
        // map the shared zero page instead.
        let seen = byte.load(Ordering::Relaxed);
        if byte
            .compare_exchange(seen, seen, Ordering::Relaxed, Ordering::Relaxed)
            .is_err()
        {
            // Somebody else has just written to the page.
            spin_loop();
        }
        match (at & !(page - 1)).checked_add(page) {
            Some(next) => at = next,
            None => break,
        }
    }
}

/// Sets the range's policy to page by page over these nodes. Pages that are there already stay,
/// as in all functions here; failures go to numa_error("mbind"). The start is a page boundary.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_interleave_memory(mem: *mut c_void, size: usize, mask: *mut bitmask) {
    // SAFETY: the caller's mask.
    place(mem, size, Mode::Interleave, Some(unsafe { view(mask) }));
}

/// Sets the range's policy to page by page over these nodes, by their weights (Linux 6.9).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_weighted_interleave_memory(
    mem: *mut c_void,
    size: usize,
    mask: *mut bitmask,
) {
    // SAFETY: the caller's mask.
    place(
        mem,
        size,
        Mode::WeightedInterleave,
        Some(unsafe { view(mask) }),
    );
}

/// Places the range on a node, by this thread's bind policy.
#[unsafe(no_mangle)]
pub extern "C" fn numa_tonode_memory(start: *mut c_void, size: usize, node: c_int) {
    place(start, size, bind_mode(), Some(Single::new(node).as_bits()));
}

/// Places the range on these nodes, by this thread's bind policy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_tonodemask_memory(mem: *mut c_void, size: usize, mask: *mut bitmask) {
    // SAFETY: the caller's mask.
    place(mem, size, bind_mode(), Some(unsafe { view(mask) }));
}

/// Places the range near the CPU that touches a page first.
#[unsafe(no_mangle)]
pub extern "C" fn numa_setlocal_memory(start: *mut c_void, size: usize) {
    place(start, size, Mode::Local, None);
}

/// Sets the home node of a range with a bind or preferred-many policy: the node that is tried
/// first. 0, or -1 with errno: ENOSYS before Linux 5.17, EINVAL for a bad node or range.
#[unsafe(no_mangle)]
pub extern "C" fn numa_set_mempolicy_home_node(
    start: *mut c_void,
    len: c_ulong,
    home_node: c_int,
    flags: c_int,
) -> c_int {
    super::ext::home_node(start as usize, len as usize, home_node, flags)
}
