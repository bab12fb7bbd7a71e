//! What libnuma.so.1 exports beyond the reference, in the version node libnuma_ext_1.

use core::ffi::{c_int, c_ulong, c_void};

use super::memory::numa_set_mempolicy_home_node;

/// Sets the home node of a range of memory whose policy is MPOL_BIND or MPOL_PREFERRED_MANY: its
/// pages come from that node, or from the one of the policy's nodes that is nearest to it. start
/// is a page boundary, len is in bytes, flags must be 0. Since Linux 5.17.
///
/// Returns 0, or -1 with errno: EINVAL if the node is not online or another argument is wrong,
/// ENOENT if no mapping of the range has a policy, EOPNOTSUPP if one has a policy of another
/// mode, ENOSYS on older kernels.
#[unsafe(no_mangle)]
pub extern "C" fn set_mempolicy_home_node(
    start: *mut c_void,
    len: c_ulong,
    home_node: c_int,
    flags: c_int,
) -> c_int {
    numa_set_mempolicy_home_node(start, len, home_node, flags)
}
