//! Moving pages between nodes.

use core::ffi::{c_int, c_ulong, c_void};

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

/// Moves the pages of a process (0: the caller) that are on the nodes of one mask to those of
/// another, keeping a node's place in the sets. The number of pages that could not be moved, or
/// -1 with errno: ESRCH no such process, EPERM not permitted (CAP_SYS_NICE, the process's
/// cpuset), EINVAL no usable target. The masks may have any size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_migrate_pages(
    pid: c_int,
    fromnodes: *mut bitmask,
    tonodes: *mut bitmask,
) -> c_int {
    // SAFETY: the caller's masks.
    let (from, to) = unsafe { (view(fromnodes), view(tonodes)) };
    migrate::migrate_all(pid, from, to, limits().node_bits())
        .map(int)
        .or_errno(-1)
}

/// move_pages(2): moves single pages of a process (0: the caller), or asks where they are if
/// nodes is NULL. Returns what the kernel returns.
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
    unsafe { move_pages(pid, count, pages, nodes, status, flags) as c_int }
}
