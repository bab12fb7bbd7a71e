//! Moving pages between nodes.

use core::ffi::{c_int, c_ulong, c_void};

use super::asked::{self, Asked, ToldOf};
use super::callers::{bitmask, view};
use super::load::limits;
use crate::capi::result::{OrErrno, int};
use crate::migrate;

unsafe extern "C" {
    /// The exported system call, the program's own one if it has one.
    fn move_pages(
        pid: c_int,
        count: c_ulong,
        pages: *mut *mut c_void,
        nodes: *const c_int,
        status: *mut c_int,
        flags: c_int,
    ) -> libc::c_long;
}

/// Moves the pages of a process (0: the caller) from fromnodes to tonodes with migrate_pages(2).
/// Pages of the n-th node of fromnodes go to the n-th node of tonodes, counted from its first
/// again if it has fewer. The masks may have any size; bits beyond the kernel's masks are
/// dropped.
///
/// Returns the number of pages that could not be moved, or -1 with errno: ESRCH if there is no
/// such process, EPERM if the caller may not move its pages, or lacks CAP_SYS_NICE and the
/// process may not use the target nodes, EINVAL if no target node exists or is allowed, ENOMEM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_migrate_pages(
    pid: c_int,
    fromnodes: *mut bitmask,
    tonodes: *mut bitmask,
) -> c_int {
    // SAFETY: the caller's masks.
    let (from, to) = unsafe { (view(fromnodes), view(tonodes)) };
    let stayed = migrate::migrate_all(pid, from, to, limits().node_bits.size())
        .map(int)
        .told_of("migrate_pages", Asked::Pages(pid))
        .or_errno(-1);
    if stayed > 0 {
        asked::stayed("migrate_pages", pid, stayed);
    }
    stayed
}

/// Moves count single pages of a process (0: the caller) with move_pages(2), each to the node
/// with the same place in nodes, or asks where they are if nodes is NULL. status receives the
/// node of each page or a negative errno. numaif.h has the flags and errors. Async-signal-safe.
///
/// Returns what the call returns: 0, the number of pages that were not moved (Linux 4.17), or -1
/// with errno.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_move_pages(
    pid: c_int,
    count: c_ulong,
    pages: *mut *mut c_void,
    nodes: *const c_int,
    status: *mut c_int,
    flags: c_int,
) -> c_int {
    // SAFETY: the caller's arrays have `count` elements, or the kernel answers EFAULT.
    let stayed = unsafe { move_pages(pid, count, pages, nodes, status, flags) as c_int };
    if stayed != 0 {
        asked::stayed("move_pages", pid, stayed);
    }
    stayed
}
