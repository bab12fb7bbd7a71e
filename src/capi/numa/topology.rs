//! Distances and memory sizes.

use core::ffi::{c_int, c_long, c_longlong};

use super::asked::{Asked, ToldOf};
use super::cache;
use super::load::limits;
use super::report::{numa_warn, warning};
use crate::capi::debug::Told;
use crate::capi::result::{OrErrno, int};
use crate::error::{Error, Result};
use crate::mask::Node;
use crate::root::Root;
use crate::topology;

/// Returns the distance from node1 to node2 as the firmware reports it: 10 is a node's distance
/// to itself, larger numbers mean slower memory. Returns 0 with errno on failure: EINVAL for a
/// negative node, ENOENT if there is no such node, EIO if the file makes no sense, else what
/// reading it fails with.
///
/// The distances come from /sys/devices/system/node/nodeN/distance. They are read once for each
/// node; those of nodes that appear after load are read each time. A file that exists but cannot
/// be read is reported through numa_warn().
#[unsafe(no_mangle)]
pub extern "C" fn numa_distance(node1: c_int, node2: c_int) -> c_int {
    // Negative numbers become ones that are in no cache.
    match cache::cached_distance(Node(node1 as u32), Node(node2 as u32)) {
        Some(distance) => int(distance as usize),
        None => read_distance(node1, node2),
    }
}

/// The distance where it is not cached. A row that is there and cannot be read is warned about, as in
/// the reference.
#[cold]
fn read_distance(node1: c_int, node2: c_int) -> c_int {
    const NAME: &str = "distance";
    let (Ok(from), Ok(to)) = (u32::try_from(node1), u32::try_from(node2)) else {
        return Err(Error::Invalid("node")).told(NAME).or_errno(0);
    };
    let found = cache::read_distance(Node(from), Node(to)).told(NAME);
    if let (Err(error @ (Error::Open { .. } | Error::File { .. } | Error::Empty { .. })), true) =
        (&found, limits().seen_nodes())
    {
        let format = c"Cannot parse distance information in sysfs: %s";
        // SAFETY: the format takes one string, which strerror returns.
        unsafe {
            let reason = libc::strerror(error.errno().0);
            numa_warn(warning::DISTANCE, format.as_ptr().cast_mut(), reason);
        }
    }
    found.map(|distance| int(distance as usize)).or_errno(0)
}

/// Total and free memory of a node, -1 for a figure that is missing. Missing figures are warned
/// about, as in the reference.
fn memory(node: c_int) -> Result<(c_longlong, c_longlong)> {
    let n = u32::try_from(node).map_err(|_| Error::NoSuchNode(0))?;
    let read = topology::read_node_memory(Root::SYSTEM, Node(n));
    let lines = match &read {
        Ok((total, free)) => c_int::from(total.is_some()) + c_int::from(free.is_some()),
        // A file that could be opened.
        Err(Error::File { .. }) => 0,
        Err(_) => 2,
    };
    if lines < 2 && limits().seen_nodes() {
        let format = c"Cannot parse sysfs meminfo (%d)".as_ptr().cast_mut();
        // SAFETY: the format takes one int.
        unsafe { numa_warn(warning::MEMINFO, format, lines) };
    }
    let bytes =
        |n: Option<u64>| n.map_or(-1, |n| c_longlong::try_from(n).unwrap_or(c_longlong::MAX));
    match read? {
        (None, None) => Err(Error::Malformed { file: "meminfo" }),
        (total, free) => Ok((bytes(total), bytes(free))),
    }
}

/// Returns the size of a node's memory in bytes and, if freep is not NULL, stores there how much
/// of it is free. Both figures come from /sys/devices/system/node/nodeN/meminfo, which is read on
/// each call. A node without memory has a size of 0.
///
/// On failure both are -1, with errno: ENOENT if there is no such node, EIO if the file has
/// neither figure, else what reading it fails with. If the file has only one of the figures, the
/// other is -1. Missing figures are reported through numa_warn().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_node_size64(node: c_int, freep: *mut c_longlong) -> c_longlong {
    // SAFETY: null or the caller's variable.
    sizes(node, unsafe { freep.as_mut() }, |bytes| bytes)
}

/// The size of a node's memory and what is free, -1 each if that is not known.
#[inline(never)]
fn both_sizes(node: c_int) -> (c_longlong, c_longlong) {
    memory(node)
        .told_of("node_size", Asked::Node(node))
        .or_errno((-1, -1))
}

/// The same in a caller's type.
fn sizes<T>(node: c_int, freep: Option<&mut T>, convert: fn(c_longlong) -> T) -> T {
    let (total, free) = both_sizes(node);
    if let Some(slot) = freep {
        *slot = convert(free);
    }
    convert(total)
}

/// Same as numa_node_size64(), in long: on 32-bit machines larger sizes become LONG_MAX.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_node_size(node: c_int, freep: *mut c_long) -> c_long {
    // SAFETY: null or the caller's variable.
    sizes(node, unsafe { freep.as_mut() }, |bytes| {
        c_long::try_from(bytes).unwrap_or(c_long::MAX)
    })
}
