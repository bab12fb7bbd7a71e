//! Weights of weighted interleaving, for C: numa_ext.h.

use alloc::vec::Vec;
use core::ffi::c_int;
use core::slice;

use super::reason::{OrReason, because, node, refuse};
use crate::capi::result::int;
use crate::error::{Error, Result};
use crate::mask::Node;
use crate::root::Root;
use crate::sys::Errno;
use crate::topology;
use crate::weights::{self, SetError, Weight};

/// How many pages in a row a node gets when memory is interleaved by weights.
#[allow(non_camel_case_types)]
#[derive(Clone, Copy)]
#[repr(C)]
pub struct numa_ext_weight {
    /// The node.
    pub node: c_int,
    /// Its pages in each turn: 1 to 255.
    pub weight: c_int,
}

/// No kernel has as many nodes.
const MOST: usize = 1 << 16;

const NONE: &str = "weighted interleaving (Linux 6.9)";

fn unreadable(error: Error) -> Errno {
    match error.errno() {
        Errno::ENOENT => refuse(Errno::ENODATA, format_args!("this kernel has no {NONE}")),
        _ => because(error),
    }
}

fn weight(number: c_int) -> Result<c_int, Errno> {
    let node = node(number)?;
    let error = match weights::weight(Root::SYSTEM, node) {
        Ok(weight) => return Ok(weight.into()),
        Err(error) => error,
    };
    if error.errno() != Errno::ENOENT {
        return Err(because(error));
    }
    topology::check_node(Root::SYSTEM, node).map_err(because)?;
    weights::weights(Root::SYSTEM).map_err(unreadable)?;
    Err(refuse(
        Errno::ENODATA,
        format_args!("node {number} has no weight, as it has no memory"),
    ))
}

unsafe fn all(array: *mut numa_ext_weight, room: usize) -> Result<c_int, Errno> {
    let found = weights::weights(Root::SYSTEM).map_err(unreadable)?;
    if !array.is_null() {
        for (at, w) in found.iter().take(room).enumerate() {
            let w = numa_ext_weight {
                node: int(w.node.0 as usize),
                weight: w.weight.into(),
            };
            // SAFETY: the caller's array has `room` elements.
            unsafe { array.add(at).write(w) };
        }
    }
    Ok(int(found.len()))
}

unsafe fn wanted(array: *const numa_ext_weight, len: usize) -> Result<Vec<Weight>, Errno> {
    if len > MOST || len > 0 && array.is_null() {
        return Err(refuse(
            Errno::EINVAL,
            format_args!("invalid array of weights"),
        ));
    }
    let mut wanted = Vec::new();
    wanted
        .try_reserve_exact(len)
        .map_err(|_| because(Error::OutOfMemory))?;
    if len == 0 {
        return Ok(wanted);
    }
    // SAFETY: the caller's array has `len` elements.
    for w in unsafe { slice::from_raw_parts(array, len) } {
        let node = node(w.node)?;
        match u8::try_from(w.weight) {
            Ok(weight @ 1..) => wanted.push(Weight { node, weight }),
            _ => {
                return Err(refuse(
                    Errno::EINVAL,
                    format_args!("weights are from 1 to 255, not {}", w.weight),
                ));
            }
        }
    }
    Ok(wanted)
}

/// Why weights, or the switch, are not set.
fn not_set(error: SetError) -> Errno {
    let errno = error.errno();
    match error {
        SetError::Unreadable(_) if errno == Errno::ENOENT => {
            refuse(Errno::EOPNOTSUPP, format_args!("this kernel has no {NONE}"))
        }
        SetError::NoSwitch(Errno::ENOENT) => refuse(
            Errno::EOPNOTSUPP,
            format_args!("this kernel does not set the weights itself (Linux 6.16)"),
        ),
        SetError::BadNode(number) => match topology::check_node(Root::SYSTEM, Node(number)) {
            Err(missing) => because(missing),
            Ok(()) => refuse(errno, format_args!("{error}")),
        },
        _ if matches!(errno, Errno::EACCES | Errno::EPERM | Errno::EROFS) => refuse(
            errno,
            format_args!("{error}: only root can set weights, where /sys is writable"),
        ),
        _ => refuse(errno, format_args!("{error}")),
    }
}

/// Returns the weight of a node, 1 to 255: how many pages in a row it gets under
/// MPOL_WEIGHTED_INTERLEAVE. Weights hold for the whole system.
///
/// Returns -1 with errno: ENODATA if the kernel has no weights (before Linux 6.9) or the node no
/// memory, EINVAL if there is no such node, EIO if a file makes no sense, else what reading it
/// fails with. From /sys/kernel/mm/mempolicy/weighted_interleave, read on each call.
#[unsafe(no_mangle)]
pub extern "C" fn numa_ext_get_weight(node: c_int) -> c_int {
    weight(node).or_reason("get_weight", -1)
}

/// Stores the weights of all nodes that have one, in ascending order of nodes, in weights, an array
/// with room for nweights elements (NULL and 0 for none).
///
/// Returns how many nodes have one, which may be more than nweights, or -1 with errno as
/// numa_ext_get_weight(), and ENOMEM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_ext_get_weights(
    weights: *mut numa_ext_weight,
    nweights: usize,
) -> c_int {
    // SAFETY: the caller's array.
    unsafe { all(weights, nweights) }.or_reason("get_weights", -1)
}

/// Sets the weights of the nodes that an array names, all or none: where one is refused, those that
/// were set before it are put back. Other nodes keep theirs. Needs root, and holds for the whole
/// system until the next boot. Weights that the kernel has set itself become fixed.
///
/// Returns 0, or -1 with errno: EOPNOTSUPP if the kernel has no weights (before Linux 6.9); EINVAL
/// for a node that does not exist, has no memory or is named twice, and for a weight that is not
/// from 1 to 255; EACCES, EPERM or EROFS if the caller may not set them; ENOMEM. What fails in
/// putting back is said by numa_ext_reason(). Two callers at once may mix their weights.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_ext_set_weights(
    weights: *const numa_ext_weight,
    nweights: usize,
) -> c_int {
    // SAFETY: the caller's array.
    unsafe { wanted(weights, nweights) }
        .and_then(|wanted| weights::set(Root::SYSTEM, &wanted).map_err(not_set))
        .map(|()| 0)
        .or_reason("set_weights", -1)
}

/// Returns 1 if the kernel sets the weights itself, by the bandwidth of nodes, and 0 if not. Before
/// Linux 6.16 it never does.
///
/// Returns -1 with errno as numa_ext_get_weights().
#[unsafe(no_mangle)]
pub extern "C" fn numa_ext_get_auto_weights() -> c_int {
    let answer = match weights::are_automatic(Root::SYSTEM) {
        Ok(automatic) => Ok(automatic.into()),
        Err(error) if error.errno() == Errno::ENOENT => weights::weights(Root::SYSTEM)
            .map(|_| 0)
            .map_err(unreadable),
        Err(error) => Err(because(error)),
    };
    answer.or_reason("get_auto_weights", -1)
}

/// Lets the kernel set the weights itself, or with 0 leaves them as they are from now on. Needs
/// root, and Linux 6.16.
///
/// Returns 0, or -1 with errno: EOPNOTSUPP if the kernel cannot, EACCES, EPERM or EROFS if the
/// caller may not.
#[unsafe(no_mangle)]
pub extern "C" fn numa_ext_set_auto_weights(automatic: c_int) -> c_int {
    weights::set_automatic(Root::SYSTEM, automatic != 0)
        .map(|()| 0)
        .map_err(not_set)
        .or_reason("set_auto_weights", -1)
}
