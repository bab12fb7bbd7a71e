//! On which nodes the pages of a range are, asked in pieces, for C: numa_ext.h.

use core::ffi::{c_int, c_long, c_ulong, c_void};
use core::ops::Range;
use core::slice;

use crate::capi::result::OrErrno;
use crate::error::{Error, Result};
use crate::migrate::{self, PageRun};

/// Pages next to each other of which the kernel says the same.
#[allow(non_camel_case_types)]
#[repr(C)]
pub struct numa_ext_run {
    /// Address of the first page.
    pub start: usize,
    /// First address behind the last page.
    pub end: usize,
    /// The node where they are, or a negative errno: -ENOENT (older kernels: -EFAULT) if they are
    /// not there, never touched or swapped out, -EFAULT if nothing is mapped or was only ever read.
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
    // SAFETY: as the caller says.
    unsafe { slice::from_raw_parts_mut(array, len) }
}

/// Asks on which node each page is of the length bytes at start in a process (0: the caller), as
/// move_pages(2) does, but without an array of addresses. The pages are those that the range
/// spans: the first one may begin before start. nodes receives for each the node, or a negative
/// errno as in numa_ext_run.
///
/// page_size is the distance of the addresses that are asked about: 0 for numa_pagesize(), or a
/// multiple of it. With the size of huge pages, each of those is asked about once.
///
/// Returns the number of pages, or -1 with errno: EINVAL if that is more than nnodes or for a bad
/// argument, ESRCH no such process, EPERM not permitted (as for move_pages). The process runs on:
/// what is told about one page may be past when the next one is asked about. Nothing is allocated.
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
        .or_errno(-1)
}

/// The same for ranges of any size, without any array: calls each with every run of pages, in the
/// order of their addresses, until it returns another value than 0. Returns that value, 0 at the
/// end, or -1 with errno as above.
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
        return Err(Error::Invalid("function")).or_errno(-1);
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
        Err(error) => Err(error).or_errno(-1),
    }
}

/// Counts the same pages by nodes: counts[n] becomes the number of pages on node n, for n below
/// ncounts; numa_num_possible_nodes() is enough for all. Returns the number of pages that are
/// there, on any node, or -1 with errno as above.
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
        .or_errno(-1)
}
