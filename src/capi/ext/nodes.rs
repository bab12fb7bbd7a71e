//! Node strings with words for what nodes are, for C: numa_ext.h.

use core::ffi::{CStr, c_char, c_uint};
use core::ptr;

use super::reason::{OrReason, because, no_node, refuse};
use crate::capi::bitmask::bitmask;
use crate::error::{Error, Result};
use crate::mask::{Node, NodeMask};
use crate::root::Root;
use crate::selection::{self, SelectError, Want, select};
use crate::strings::ListError;
use crate::sys::Errno;
use crate::topology;

/// Flag: the nodes are wanted for their CPUs, not for their memory. near: looks for CPUs, and nodes
/// without memory may be named.
pub const NUMA_EXT_NODES_FOR_CPUS: c_uint = 1;
/// Flag: all nodes that exist may be named, not only those that the cpuset of the process allows.
pub const NUMA_EXT_NODES_ALL: c_uint = 2;

/// Why a string stands for no nodes.
fn unreadable(text: &[u8], accepted: &NodeMask, error: &SelectError<'_>) -> Errno {
    let errno = error.errno();
    let text = core::str::from_utf8(text).unwrap_or("(not text)");
    match *error {
        SelectError::Unknown {
            error: Error::NoSuchNode(number),
            ..
        } => no_node(number),
        SelectError::List(ListError::OutOfRange { number, .. }) if exists(number) => refuse(
            errno,
            format_args!("{text}: node {number} may not be used here, only {accepted}"),
        ),
        SelectError::List(ListError::OutOfRange { number, .. }) => no_node(number),
        SelectError::List(ListError::MissingEnd { .. } | ListError::Unparseable { .. }) => refuse(
            errno,
            format_args!("{text}: not a list of nodes such as 0, 0-3, 0,2, !1, +0, all or fast"),
        ),
        // The others name the word.
        _ => refuse(errno, format_args!("{error}")),
    }
}

fn exists(number: i64) -> bool {
    u32::try_from(number).is_ok_and(|node| topology::check_node(Root::SYSTEM, Node(node)).is_ok())
}

fn parse(text: &[u8], flags: c_uint) -> Result<*mut bitmask, Errno> {
    if flags & !(NUMA_EXT_NODES_FOR_CPUS | NUMA_EXT_NODES_ALL) != 0 {
        return Err(refuse(Errno::EINVAL, format_args!("unknown flag {flags}")));
    }
    let want = match flags & NUMA_EXT_NODES_FOR_CPUS {
        0 => Want::Memory,
        _ => Want::Cpus,
    };
    let size = topology::node_mask_size(Root::SYSTEM);
    let accepted = match flags & NUMA_EXT_NODES_ALL {
        0 => selection::usable(Root::SYSTEM, want, size),
        _ => topology::nodes(Root::SYSTEM, size),
    }
    .map_err(because)?;
    let nodes = select(Root::SYSTEM, text, &accepted, want)
        .map_err(|error| unreadable(text, &accepted, &error))?;
    bitmask::of_nodes(&nodes).map_err(because)
}

/// Parses a node string into a new mask of numa_num_possible_nodes() bits, which the caller frees
/// with numa_bitmask_free(). flags is 0, or a sum of NUMA_EXT_NODES_....
///
/// It takes what numa_parse_nodestring() takes (0, 0-3, 0,2, !1, +0, all, netdev:eth0 and the
/// like), and words for what nodes are, wherever a number may stand:
///
///   cpu, mem       nodes with CPUs, with memory
///   fast, slow     with the fastest memory; with any other
///   tier:N         of the memory tier with this rank, as numa_ext_tier() has it
///   near:NODE      the node itself if it has what is wanted, or the nearest ones that have; also
///                  near:gpu:0 and the like
///   gpu:N, gpu:ADDRESS
///                  at the N-th GPU in the order of PCI addresses, or at the one with an address:
///                  the node of the CPUs next to it, never the GPU's own memory
///   nvme:DEV, ib:DEV, cxl:DEV
///                  at an NVMe controller, an InfiniBand adapter, a CXL memory device
///
/// An empty string is an empty mask. A word that no node answers to is an error, never all nodes or
/// none.
///
/// Returns NULL with errno: EINVAL if the string is NULL or cannot be read, or names a node that
/// does not exist or may not be used; ENODEV, or what /sys says (ENOENT), if there is no such
/// device; ENODATA if no node is what a word says, or neither kernel nor firmware tell; ENOMEM.
/// From /sys and /proc/self/status, read on each call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_ext_parse_nodes(
    string: *const c_char,
    flags: c_uint,
) -> *mut bitmask {
    let parsed = if string.is_null() {
        Err(refuse(
            Errno::EINVAL,
            format_args!("the node string is NULL"),
        ))
    } else {
        // SAFETY: the caller's string ends with a zero.
        parse(unsafe { CStr::from_ptr(string) }.to_bytes(), flags)
    };
    parsed.or_reason("parse_nodes", ptr::null_mut())
}
