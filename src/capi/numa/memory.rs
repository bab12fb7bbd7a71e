//! Allocation on nodes, and the policies of address ranges.

use core::ffi::{CStr, c_int, c_ulong, c_void};
use core::hint::black_box;
use core::ptr;
use core::sync::atomic::{AtomicU8, Ordering};

use super::asked::{self, Asked, ToldOf};
use super::callers::{all_nodes, bitmask, single, view};
use super::load::page_size;
use super::policy::{bind_mode, strict};
use super::report::{OrComplain, complain};
use super::variables::fail_alloc_on_error;
use crate::capi::debug::Told;
use crate::capi::result::OrErrno;
use crate::error::Result;
use crate::mask::Bits;
use crate::memory::Mapping;
use crate::policy::{self, Mode};

const MBIND: &CStr = c"mbind";

/// Sets a range's policy with this thread's strict flag. A failure goes to numa_error.
#[inline(never)]
pub(super) fn place(
    function: &str,
    start: *mut c_void,
    size: usize,
    mode: Mode,
    nodes: Option<Bits<'_>>,
) {
    set_policy(start, size, mode, nodes)
        .told_of(function, Asked::Range(start as usize, mode, nodes))
        .or_complain(MBIND, ());
}

/// The same, with the mode that numa_set_bind_policy() chooses for the thread.
pub(super) fn bind(function: &str, start: *mut c_void, size: usize, nodes: Bits<'_>) {
    let mode = bind_mode();
    place(function, start, size, mode, Some(nodes));
    let mut several = nodes.iter().skip(1);
    if mode == Mode::Preferred && several.next().is_some() {
        let asked = Asked::Policy(Mode::PreferredMany, Some(nodes));
        asked::surprised(function, &asked, asked::FIRST);
    }
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
pub(super) fn allocate(
    function: &str,
    size: usize,
    mode: Mode,
    nodes: Option<Bits<'_>>,
) -> *mut c_void {
    allocate_for(function, &Asked::Policy(mode, nodes), size, mode, nodes)
}

#[inline(never)]
fn allocate_for(
    function: &str,
    asked: &Asked<'_>,
    size: usize,
    mode: Mode,
    nodes: Option<Bits<'_>>,
) -> *mut c_void {
    let error = match map(size) {
        Ok(start) => match set_policy(start, size, mode, nodes) {
            Ok(()) => return start,
            Err(error) => {
                // Nothing has been touched, so memory is mapped anew after numa_error: this mapping
                // would be lost if that does not return.
                // SAFETY: the new mapping, whose address is known only here.
                drop(unsafe { Mapping::from_address(start, size) });
                error
            }
        },
        Err(error) => return Err(error).told(function).or_errno(ptr::null_mut()),
    };
    let fails = fail_alloc_on_error();
    let instead = if fails { "" } else { asked::UNPLACED };
    asked::failed(function, asked, &error, instead);
    complain(MBIND, error.errno());
    if fail_alloc_on_error() {
        return ptr::null_mut();
    }
    map(size).told(function).or_errno(ptr::null_mut())
}

/// Allocates memory with the thread's policy and touches all its pages, so that they are placed
/// at once. Uses MADV_POPULATE_WRITE of madvise(2) (Linux 5.14), and writes to each page on older
/// kernels. Makes no policy call.
#[unsafe(no_mangle)]
pub extern "C" fn numa_alloc(size: usize) -> *mut c_void {
    let start = map(size).told("alloc").or_errno(ptr::null_mut());
    // Linux before 5.14 has no such call.
    if !start.is_null() && policy::populate(start as usize, size).is_err() {
        // SAFETY: the new mapping has `size` bytes.
        unsafe { touch(start, size) };
    }
    start
}

/// Allocates memory with MPOL_LOCAL: pages come from the node of the CPU that touches them first.
#[unsafe(no_mangle)]
pub extern "C" fn numa_alloc_local(size: usize) -> *mut c_void {
    allocate("alloc_local", size, Mode::Local, None)
}

/// Allocates memory on a node, with the mode that numa_set_bind_policy() chooses for the thread.
/// With MPOL_BIND a number that no node can have fails with EINVAL.
#[unsafe(no_mangle)]
pub extern "C" fn numa_alloc_onnode(size: usize, node: c_int) -> *mut c_void {
    let mode = bind_mode();
    let asked = Asked::On(0, mode, node);
    match single(node) {
        Ok(nodes) => {
            let nodes = Some(nodes.as_bits());
            allocate_for("alloc_onnode", &asked, size, mode, nodes)
        }
        Err(error) => Err(error).or_errno(ptr::null_mut()),
    }
}

/// Allocates memory with MPOL_INTERLEAVE over the nodes of numa_all_nodes_ptr.
#[unsafe(no_mangle)]
pub extern "C" fn numa_alloc_interleaved(size: usize) -> *mut c_void {
    allocate(
        "alloc_interleaved",
        size,
        Mode::Interleave,
        Some(all_nodes()),
    )
}

/// Allocates memory with MPOL_INTERLEAVE over these nodes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_alloc_interleaved_subset(
    size: usize,
    nodemask: *mut bitmask,
) -> *mut c_void {
    // SAFETY: the caller's mask.
    allocate(
        "alloc_interleaved_subset",
        size,
        Mode::Interleave,
        Some(unsafe { view(nodemask) }),
    )
}

/// Allocates memory with MPOL_WEIGHTED_INTERLEAVE (Linux 6.9) over the nodes of
/// numa_all_nodes_ptr.
#[unsafe(no_mangle)]
pub extern "C" fn numa_alloc_weighted_interleaved(size: usize) -> *mut c_void {
    allocate(
        "alloc_weighted_interleaved",
        size,
        Mode::WeightedInterleave,
        Some(all_nodes()),
    )
}

/// Allocates memory with MPOL_WEIGHTED_INTERLEAVE (Linux 6.9) over these nodes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_alloc_weighted_interleaved_subset(
    size: usize,
    nodemask: *mut bitmask,
) -> *mut c_void {
    // SAFETY: the caller's mask.
    allocate(
        "alloc_weighted_interleaved_subset",
        size,
        Mode::WeightedInterleave,
        Some(unsafe { view(nodemask) }),
    )
}

/// Changes the size of memory from the functions above with mremap(2), and returns its address,
/// which may be another one. Contents and policy stay; new pages are not touched. old_size is the
/// size that was allocated.
///
/// Returns NULL with errno on failure, and the old memory stays as it is: EINVAL if new_size is
/// 0, ENOMEM if there is no room, EFAULT if the old range is not mapped.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_realloc(
    old_addr: *mut c_void,
    old_size: usize,
    new_size: usize,
) -> *mut c_void {
    // SAFETY: the caller gives the old range up.
    let mut memory = unsafe { Mapping::from_address(old_addr, old_size) };
    let resized = memory.resize(new_size);
    // The caller's again, moved or not.
    let start = memory.into_address();
    resized
        .map(|()| start)
        .told("realloc")
        .or_errno(ptr::null_mut())
}

/// Frees memory from the functions above with munmap(2). size is the size that was allocated.
/// Sets errno on failure, and does not call numa_error(): EINVAL if mem is not a page boundary or
/// size is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_free(mem: *mut c_void, size: usize) {
    // SAFETY: the caller gives the range up.
    unsafe { Mapping::from_address(mem, size) }
        .close()
        .told("free")
        .or_errno(());
}

/// Writes to each page that the range touches, without changing its contents, so that the policy
/// places it. Other threads may write to the range meanwhile. The range must be mapped for
/// writing, else the program gets SIGSEGV. Reports nothing. Async-signal-safe.
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
    let page = page_size().size();
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

/// Sets MPOL_INTERLEAVE over these nodes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_interleave_memory(mem: *mut c_void, size: usize, mask: *mut bitmask) {
    // SAFETY: the caller's mask.
    let nodes = Some(unsafe { view(mask) });
    place("interleave_memory", mem, size, Mode::Interleave, nodes);
}

/// Sets MPOL_WEIGHTED_INTERLEAVE (Linux 6.9) over these nodes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_weighted_interleave_memory(
    mem: *mut c_void,
    size: usize,
    mask: *mut bitmask,
) {
    // SAFETY: the caller's mask.
    place(
        "weighted_interleave_memory",
        mem,
        size,
        Mode::WeightedInterleave,
        Some(unsafe { view(mask) }),
    );
}

/// Places the range on a node, with the mode that numa_set_bind_policy() chooses for the thread.
#[unsafe(no_mangle)]
pub extern "C" fn numa_tonode_memory(start: *mut c_void, size: usize, node: c_int) {
    let mode = bind_mode();
    single(node)
        .and_then(|nodes| set_policy(start, size, mode, Some(nodes.as_bits())))
        .told_of("tonode_memory", Asked::On(start as usize, mode, node))
        .or_complain(MBIND, ());
}

/// Places the range on these nodes, with the mode that numa_set_bind_policy() chooses for the
/// thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_tonodemask_memory(mem: *mut c_void, size: usize, mask: *mut bitmask) {
    // SAFETY: the caller's mask.
    bind("tonodemask_memory", mem, size, unsafe { view(mask) });
}

/// Sets MPOL_LOCAL: pages come from the node of the CPU that touches them first.
#[unsafe(no_mangle)]
pub extern "C" fn numa_setlocal_memory(start: *mut c_void, size: usize) {
    place("setlocal_memory", start, size, Mode::Local, None);
}

/// Sets the home node of a range whose policy is MPOL_BIND or MPOL_PREFERRED_MANY: its pages come
/// from that node, or from the one of the policy's nodes that is nearest to it (Linux 5.17). len
/// is in bytes. flags must be 0. Calls set_mempolicy_home_node(2).
///
/// Returns 0, or -1 with errno: EINVAL if the node is not online, start is not a page boundary or
/// flags is not 0, ENOENT if no mapping of the range has a policy, EOPNOTSUPP if one has a policy
/// of another mode, ENOSYS on older kernels. Does not call numa_error(). Async-signal-safe.
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
        .told_of("set_mempolicy_home_node", Asked::Node(home_node))
        .or_errno(-1)
}
