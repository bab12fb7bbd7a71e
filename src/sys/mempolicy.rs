//! The memory policy system calls.
//!
//! In the C library the five calls that it exports itself (mbind and so on) go
//! through their own exported symbols, so that a program that defines one of them
//! sees this library's calls too. Elsewhere they are made directly.
//!
//! The kernel takes a mask as a pointer and `maxnode`, and reads `maxnode` - 1 bits. All functions
//! here therefore pass size + 1, so that every bit of the mask counts.

use core::ffi::{c_int, c_long, c_uint, c_ulong, c_void};
use core::ptr;

use super::{Errno, answer};
use crate::words::{Bits, BitsMut};

/// Policy of a thread or range, as passed to the kernel.
#[allow(missing_docs)]
pub(crate) mod mode {
    use core::ffi::c_int;
    pub(crate) const DEFAULT: c_int = 0;
    pub(crate) const PREFERRED: c_int = 1;
    pub(crate) const BIND: c_int = 2;
    pub(crate) const INTERLEAVE: c_int = 3;
    pub(crate) const LOCAL: c_int = 4;
    pub(crate) const PREFERRED_MANY: c_int = 5;
    pub(crate) const WEIGHTED_INTERLEAVE: c_int = 6;
    /// Mode flag: let NUMA balancing move pages within a BIND set (Linux 5.12).
    pub(crate) const FLAG_NUMA_BALANCING: c_int = 1 << 13;
    /// Mode flag: node ids are relative to the cpuset.
    pub(crate) const FLAG_RELATIVE_NODES: c_int = 1 << 14;
    /// Mode flag: node ids stay as they are when the cpuset changes.
    pub(crate) const FLAG_STATIC_NODES: c_int = 1 << 15;
    /// All mode flags.
    pub(crate) const FLAGS: c_int = FLAG_NUMA_BALANCING | FLAG_RELATIVE_NODES | FLAG_STATIC_NODES;
}

const GET_NODE: c_ulong = 1 << 0;
const GET_ADDR: c_ulong = 1 << 1;
const GET_MEMS_ALLOWED: c_ulong = 1 << 2;

/// mbind: fail with EIO when pages do not follow the policy.
pub(crate) const MF_STRICT: c_uint = 1 << 0;
/// move_pages: move pages that only this process maps.
pub(crate) const MF_MOVE: c_int = 1 << 1;
/// move_pages: move pages that other processes map too (needs CAP_SYS_NICE).
pub(crate) const MF_MOVE_ALL: c_int = 1 << 2;

#[cfg(capi)]
mod raw {
    use super::*;
    // The symbols of src/capi/shim.c, weak there: the program's own definition wins.
    unsafe extern "C" {
        pub(super) fn mbind(
            addr: *mut c_void,
            len: c_ulong,
            mode: c_int,
            mask: *const c_ulong,
            maxnode: c_ulong,
            flags: c_uint,
        ) -> c_long;
        pub(super) fn set_mempolicy(mode: c_int, mask: *const c_ulong, maxnode: c_ulong) -> c_long;
        pub(super) fn get_mempolicy(
            mode: *mut c_int,
            mask: *mut c_ulong,
            maxnode: c_ulong,
            addr: *mut c_void,
            flags: c_uint,
        ) -> c_long;
        pub(super) fn migrate_pages(
            pid: c_int,
            maxnode: c_ulong,
            from: *const c_ulong,
            to: *const c_ulong,
        ) -> c_long;
        pub(super) fn move_pages(
            pid: c_int,
            count: c_ulong,
            pages: *mut *mut c_void,
            nodes: *const c_int,
            status: *mut c_int,
            flags: c_int,
        ) -> c_long;
    }
}

#[cfg(not(capi))]
mod raw {
    use super::*;
    #[cfg(not(target_arch = "arm"))]
    use libc::SYS_migrate_pages;
    use libc::{SYS_get_mempolicy, SYS_mbind, SYS_move_pages, SYS_set_mempolicy};

    // The libc crate has all numbers but this one.
    #[cfg(target_arch = "arm")]
    #[allow(non_upper_case_globals)]
    const SYS_migrate_pages: c_long = 400;

    macro_rules! direct {
        ($name:ident, $number:ident, $($arg:ident: $type:ty),*) => {
            pub(super) unsafe fn $name($($arg: $type),*) -> c_long {
                // SAFETY: the caller's arguments fit the call of this name.
                unsafe { libc::syscall($number, $($arg),*) }
            }
        };
    }

    direct!(mbind, SYS_mbind, addr: *mut c_void, len: c_ulong, mode: c_int,
            mask: *const c_ulong, maxnode: c_ulong, flags: c_uint);
    direct!(get_mempolicy, SYS_get_mempolicy, mode: *mut c_int, mask: *mut c_ulong,
            maxnode: c_ulong, addr: *mut c_void, flags: c_uint);
    direct!(set_mempolicy, SYS_set_mempolicy, mode: c_int, mask: *const c_ulong, maxnode: c_ulong);
    direct!(migrate_pages, SYS_migrate_pages, pid: c_int, maxnode: c_ulong,
            from: *const c_ulong, to: *const c_ulong);
    direct!(move_pages, SYS_move_pages, pid: c_int, count: c_ulong, pages: *mut *mut c_void,
            nodes: *const c_int, status: *mut c_int, flags: c_int);
}

/// `maxnode` of a mask, so that the kernel reads all of its bits.
fn maxnode(bits: Bits<'_>) -> c_ulong {
    bits.size() as c_ulong + 1
}

/// Pointer and `maxnode` of a mask, or of none.
fn kernel_mask(nodes: Option<Bits<'_>>) -> (*const c_ulong, c_ulong) {
    nodes.map_or((ptr::null(), 0), |bits| {
        (bits.words().as_ptr(), maxnode(bits))
    })
}

/// Sets the policy of the calling thread. `mode` includes mode flags.
pub(crate) fn set_mempolicy(mode: c_int, nodes: Option<Bits<'_>>) -> Result<(), Errno> {
    let (mask, maxnode) = kernel_mask(nodes);
    // SAFETY: the kernel reads maxnode - 1 bits, which Bits guarantees to be there.
    answer(|| unsafe { raw::set_mempolicy(mode, mask, maxnode) }).map(drop)
}

/// Sets the policy of the address range. Pages are not touched by it, so any range is safe.
pub(crate) fn mbind(
    addr: usize,
    len: usize,
    mode: c_int,
    nodes: Option<Bits<'_>>,
    flags: c_uint,
) -> Result<(), Errno> {
    let (mask, maxnode) = kernel_mask(nodes);
    let (addr, len) = (addr as *mut c_void, len as c_ulong);
    // SAFETY: the kernel reads maxnode - 1 bits, which Bits guarantees to be there; a policy
    // does not change what the range contains.
    answer(|| unsafe { raw::mbind(addr, len, mode, mask, maxnode, flags) }).map(drop)
}

/// get_mempolicy(2). The mask must be empty before: the kernel writes all of it, but a program's
/// own function of this name may not.
fn get(
    mode: Option<&mut c_int>,
    mask: Option<BitsMut<'_>>,
    addr: usize,
    flags: c_ulong,
) -> Result<(), Errno> {
    let mode = mode.map_or(ptr::null_mut(), ptr::from_mut);
    let (mask, maxnode) = match mask {
        Some(mut nodes) => (nodes.words_mut().as_mut_ptr(), maxnode(nodes.as_bits())),
        None => (ptr::null_mut(), 0),
    };
    let (addr, flags) = (addr as *mut c_void, flags as c_uint);
    // SAFETY: the mode is null or valid; the kernel writes words_for(maxnode - 1) words, which
    // are there.
    answer(|| unsafe { raw::get_mempolicy(mode, mask, maxnode, addr, flags) }).map(drop)
}

/// The calling thread's policy; its nodes go into `nodes`, which is empty before. EINVAL if that is
/// shorter than the number of nodes that the kernel may have.
pub(crate) fn thread_policy(nodes: BitsMut<'_>) -> Result<c_int, Errno> {
    let mut mode = 0;
    get(Some(&mut mode), Some(nodes), 0, 0).map(|()| mode)
}

/// The policy of the page at `addr`; its nodes go into `nodes`, as above.
pub(crate) fn policy_at(addr: usize, nodes: BitsMut<'_>) -> Result<c_int, Errno> {
    let mut mode = 0;
    get(Some(&mut mode), Some(nodes), addr, GET_ADDR).map(|()| mode)
}

/// The node of the page at `addr`, which the kernel allocates if there is none.
pub(crate) fn node_at(addr: usize) -> Result<c_int, Errno> {
    let mut node = 0;
    get(Some(&mut node), None, addr, GET_ADDR | GET_NODE).map(|()| node)
}

/// The nodes that the calling thread may allocate from, as its cpuset says.
pub(crate) fn mems_allowed(nodes: BitsMut<'_>) -> Result<(), Errno> {
    get(None, Some(nodes), 0, GET_MEMS_ALLOWED)
}

/// The node of the next interleaved allocation. EINVAL without an interleave policy.
pub(crate) fn next_interleave_node() -> Result<c_int, Errno> {
    let mut node = 0;
    get(Some(&mut node), None, 0, GET_NODE).map(|()| node)
}

/// Calls get_mempolicy(2) for nothing: ENOSYS or EPERM where the kernel lacks or denies policy calls.
pub(crate) fn probe() -> Result<(), Errno> {
    get(None, None, 0, 0)
}

/// Moves the pages of `pid` (0: the caller) from nodes to nodes. Both masks must be as large
/// as those of the kernel, else the call fails with EINVAL. Returns the number of pages that could
/// not be moved.
pub(crate) fn migrate_pages(pid: c_int, from: Bits<'_>, to: Bits<'_>) -> Result<usize, Errno> {
    let maxnode = maxnode(from).min(maxnode(to));
    let (from, to) = (from.words().as_ptr(), to.words().as_ptr());
    // SAFETY: the kernel reads maxnode - 1 bits of both masks, and both have them.
    answer(|| unsafe { raw::migrate_pages(pid, maxnode, from, to) })
}

/// Moves single pages of `pid` (0: the caller), or asks where they are when `nodes` is `None`.
/// Each page's node, or negative errno, goes into `status`. Returns the number of pages that
/// could not be moved for a reason other than those in `status` (0 on kernels before 4.17).
///
/// Slices of different length are cut to the shortest.
pub(crate) fn move_pages(
    pid: c_int,
    pages: &[usize],
    nodes: Option<&[c_int]>,
    status: &mut [c_int],
    flags: c_int,
) -> Result<usize, Errno> {
    let mut count = pages.len().min(status.len());
    let targets = match nodes {
        Some(nodes) => {
            count = count.min(nodes.len());
            nodes.as_ptr()
        }
        None => ptr::null(),
    };
    let (pages, status) = (pages.as_ptr() as *mut *mut c_void, status.as_mut_ptr());
    // SAFETY: all arrays have `count` elements; the kernel only reads `pages`, whose elements
    // are addresses in the process `pid`; moving a page does not change its contents.
    answer(|| unsafe { raw::move_pages(pid, count as c_ulong, pages, targets, status, flags) })
}

/// Sets the home node of a range that has a BIND or PREFERRED_MANY policy (Linux 5.17).
pub(crate) fn set_mempolicy_home_node(
    addr: usize,
    len: usize,
    node: c_ulong,
    flags: c_ulong,
) -> Result<(), Errno> {
    let call = libc::SYS_set_mempolicy_home_node;
    // SAFETY: a policy does not change what the range contains.
    answer(|| unsafe { libc::syscall(call, addr, len, node, flags) }).map(drop)
}
