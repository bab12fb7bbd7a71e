//! What libnuma.so.1 exports beyond the reference, in the version node libnuma_ext_1.

use core::ffi::{c_int, c_ulong, c_void};

use super::memory::numa_set_mempolicy_home_node;

/// set_mempolicy_home_node(2): sets the node that is tried first for a range with a bind or
/// preferred-many policy (Linux 5.17). len is in bytes; flags is 0. 0, or -1 with errno.
#[unsafe(no_mangle)]
pub extern "C" fn set_mempolicy_home_node(
    start: *mut c_void,
    len: c_ulong,
    home_node: c_int,
    flags: c_int,
) -> c_int {
    numa_set_mempolicy_home_node(start, len, home_node, flags)
}
