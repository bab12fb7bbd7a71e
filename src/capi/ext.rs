//! What this library adds, in the version node libnuma_ext_1.

use core::ffi::{c_int, c_uint, c_ulong, c_void};

use super::result::OrErrno;
use crate::error::Error;
use crate::sys::mempolicy;

/// numa_set_mempolicy_home_node and the system call of that name.
pub(super) fn home_node(start: usize, len: usize, node: c_int, flags: c_int) -> c_int {
    // A negative number becomes a node that the kernel cannot have.
    mempolicy::set_mempolicy_home_node(start, len, node as c_uint as c_ulong, flags as c_ulong)
        .map_err(Error::kernel("set_mempolicy_home_node"))
        .map(|()| 0)
        .or_errno(-1)
}

/// set_mempolicy_home_node(2): sets the node that is tried first for a range with a bind or
/// preferred-many policy (Linux 5.17). len is in bytes; flags is 0. 0, or -1 with errno.
#[unsafe(no_mangle)]
pub extern "C" fn set_mempolicy_home_node(
    start: *mut c_void,
    len: c_ulong,
    home_node: c_int,
    flags: c_int,
) -> c_int {
    self::home_node(start as usize, len as usize, home_node, flags)
}
