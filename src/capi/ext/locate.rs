//! On which nodes the pages of a range are, for C: numa_ext.h.

use core::ffi::{c_int, c_long, c_ulong, c_void};
use core::ops::Range;
use core::slice;

use super::reason::OrReason;
use crate::error::{Error, Result};
use crate::migrate::{self, PageRun};

/// Adjacent pages with the same node or error.
#[allow(non_camel_case_types)]
#[repr(C)]
pub struct numa_ext_run {
    /// Address of the first page.
    pub start: usize,
    /// First address behind the last page.
    pub end: usize,
    /// The node where they are, or a negative errno: -ENOENT (on older kernels -EFAULT) if they
    /// were never touched or are swapped out, -EFAULT if nothing is mapped or they were only read
    /// so far. -ENODATA if they are there and the kernel does not say where: before Linux 6.5
    /// those that nobody may access (PROT_NONE) or that NUMA balancing watches.
    pub node: c_int,
}

/// The range of the caller's arguments.
fn range(pid: libc::pid_t, start: *const c_void, length: usize) -> Result<Range<usize>> {
    let start = start as usize;
    match start.checked_add(length) {
        Some(end) if pid >= 0 => Ok(start..end),
        _ => Err(Error::Invalid("process or range")),
    }
}

/// A caller's array; NULL has no room.
///
/// # Safety
/// `array` is null or has `len` elements.
unsafe fn array<'a, T>(array: *mut T, len: usize) -> &'a mut [T] {
    if array.is_null() {
        return &mut [];
    }
    // SAFETY: as demanded of the caller.
    unsafe { slice::from_raw_parts_mut(array, len) }
}

/// Stores in nodes on which node each page of a range of a process (0: the caller) is, or a
/// negative errno as in numa_ext_run. The range has length bytes from start; the first page may
/// begin before start. Calls move_pages(2) in pieces, and allocates nothing.
///
/// page_size is the distance of the addresses that are asked about: 0 for numa_pagesize(), or a
/// multiple of it. With the size of huge pages, each of those is asked about once.
///
/// Returns the number of pages, or -1 with errno: EINVAL if there are more than nnodes or an
/// argument is wrong, ESRCH if there is no such process or it has no memory (a kernel thread, or a
/// process that has ended), EPERM if the caller may not look at it, as with move_pages(2). The
/// process runs on meanwhile, so that the answers are of different moments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_ext_locate(
    pid: libc::pid_t,
    start: *const c_void,
    length: usize,
    page_size: usize,
    nodes: *mut c_int,
    nnodes: usize,
) -> c_long {
    range(pid, start, length)
        .and_then(|range| {
            // SAFETY: the caller's array.
            migrate::locate_range(pid, range, page_size, unsafe { array(nodes, nnodes) })
        })
        .map(|pages| pages as c_long)
        .or_reason("locate", -1)
}

/// Calls each with every run of such pages, in the order of their addresses, until it returns
/// another value than 0. No array is needed. The run is valid during the call only.
///
/// Returns the last value that each returned, 0 if there are no pages, or -1 with errno as above,
/// and EINVAL if each is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_ext_locate_runs(
    pid: libc::pid_t,
    start: *const c_void,
    length: usize,
    page_size: usize,
    each: Option<unsafe extern "C" fn(run: *const numa_ext_run, arg: *mut c_void) -> c_int>,
    arg: *mut c_void,
) -> c_int {
    let Some(each) = each else {
        return Err(Error::Invalid("function")).or_reason("locate_runs", -1);
    };
    let mut answer = 0;
    let call = &mut |run: PageRun| {
        let run = numa_ext_run {
            start: run.addresses.start,
            end: run.addresses.end,
            node: run.status,
        };
        // SAFETY: the caller's function and argument.
        answer = unsafe { each(&run, arg) };
        answer == 0
    };
    match range(pid, start, length)
        .and_then(|range| migrate::for_each_run(pid, range, page_size, call))
    {
        Ok(_) => answer,
        Err(error) => Err(error).or_reason("locate_runs", -1),
    }
}

/// Counts such pages by nodes: counts[n] becomes the number of pages on node n, for n below
/// ncounts; numa_num_possible_nodes() elements are enough for all nodes.
///
/// Returns the number of pages that are on any node, or -1 with errno as above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_ext_locate_counts(
    pid: libc::pid_t,
    start: *const c_void,
    length: usize,
    page_size: usize,
    counts: *mut c_ulong,
    ncounts: usize,
) -> c_long {
    const { assert!(size_of::<c_ulong>() == size_of::<usize>()) };
    range(pid, start, length)
        .and_then(|range| {
            // SAFETY: the caller's array, whose elements are as large.
            let counts = unsafe { array(counts.cast::<usize>(), ncounts) };
            migrate::count_range(pid, range, page_size, counts)
        })
        .map(|pages| pages as c_long)
        .or_reason("locate_counts", -1)
}
