//! Allocation on nodes, and the policies of address ranges.

use core::ffi::{CStr, c_int, c_ulong, c_void};
use core::hint::black_box;
use core::ptr;
use core::sync::atomic::{AtomicU8, Ordering};

use super::callers::{all_nodes, bitmask, single, view};
use super::load::page_size;
use super::policy::{bind_mode, strict};
use super::report::{OrComplain, complain};
use super::variables::fail_alloc_on_error;
use crate::capi::result::OrErrno;
use crate::error::Result;
use crate::mask::Bits;
use crate::memory::Mapping;
use crate::policy::{self, Mode};

const MBIND: &CStr = c"mbind";

/// Sets a range's policy with this thread's strict flag. A failure goes to numa_error.
pub(super) fn place(start: *mut c_void, size: usize, mode: Mode, nodes: Option<Bits<'_>>) {
    set_policy(start, size, mode, nodes).or_complain(MBIND, ());
}

fn set_policy(start: *mut c_void, size: usize, mode: Mode, nodes: Option<Bits<'_>>) -> Result<()> {
    policy::set_range_policy(start as usize, size, mode, nodes, strict())
}

/// New memory with the thread's policy.
fn map(size: usize) -> Result<*mut c_void> {
    Mapping::new(size).map(Mapping::into_address)
}

/// Maps memory and sets its policy. A policy that cannot be set is reported, and the memory is returned
/// all the same, unless the program asks for NULL then.
pub(super) fn allocate(size: usize, mode: Mode, nodes: Option<Bits<'_>>) -> *mut c_void {
    allocate_with(size, |start| set_policy(start, size, mode, nodes))
}

fn allocate_with(size: usize, set: impl FnOnce(*mut c_void) -> Result<()>) -> *mut c_void {
    let error = match map(size) {
        Ok(start) => match set(start) {
            Ok(()) => return start,
            Err(error) => {
                // Nothing has been touched: new memory is as good, and is not lost if numa_error does
                // not return.
                // SAFETY: the new mapping, which nobody else knows of.
                drop(unsafe { Mapping::from_address(start, size) });
                error
            }
        },
        Err(error) => return Err(error).or_errno(ptr::null_mut()),
    };
    complain(MBIND, error.errno());
    if fail_alloc_on_error() {
        return ptr::null_mut();
    }
    map(size).or_errno(ptr::null_mut())
}

/// size bytes of zeroed memory with the thread's current policy, all pages touched. Give it
/// back with numa_free. NULL with errno if there is none, or size is 0, as in all allocation
/// functions here; the size is rounded up to whole pages.
#[unsafe(no_mangle)]
pub extern "C" fn numa_alloc(size: usize) -> *mut c_void {
    let start = map(size).or_errno(ptr::null_mut());
    // Linux before 5.14 has no such call.
    if !start.is_null() && policy::populate(start as usize, size).is_err() {
        // SAFETY: the new mapping has `size` bytes.
        unsafe { touch(start, size) };
    }
    start
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
    let mode = bind_mode();
    allocate_with(size, |start| {
        set_policy(start, size, mode, Some(single(node)?.as_bits()))
    })
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
    let mut memory = unsafe { Mapping::from_address(old_addr, old_size) };
    let resized = memory.resize(new_size);
    // Moved or not, it is the caller's.
    let start = memory.into_address();
    resized.map(|()| start).or_errno(ptr::null_mut())
}

/// Gives memory from the functions above back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_free(mem: *mut c_void, size: usize) {
    // SAFETY: the caller gives the range up.
    unsafe { Mapping::from_address(mem, size) }
        .close()
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
    let page = page_size();
    let (first, end) = (start as usize, (start as usize).saturating_add(size));
    let mut at = first;
    while at < end {
        // SAFETY: `at` lies in the caller's range; a byte has no alignment.
        let byte = unsafe { AtomicU8::from_ptr(at as *mut u8) };
        // A value that the compiler does not know to be 0, or it makes a plain read of this, which
        // would map the shared zero page.
        byte.fetch_or(black_box(0), Ordering::Relaxed);
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
    let mode = bind_mode();
    single(node)
        .and_then(|nodes| set_policy(start, size, mode, Some(nodes.as_bits())))
        .or_complain(MBIND, ());
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
    // A negative number becomes a node that the kernel cannot have.
    policy::set_home_node_with(start as usize, len as usize, home_node as u32, flags)
        .map(|()| 0)
        .or_errno(-1)
}
