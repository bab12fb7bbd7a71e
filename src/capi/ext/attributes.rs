//! What memory costs, and its tiers, for C: numa_ext.h.

use core::ffi::c_int;
use core::ptr;

use super::reason::{OrReason, because, no_node, node, refuse};
use crate::attributes::{self, Access, Figures};
use crate::capi::bitmask::bitmask;
use crate::capi::result::int;
use crate::error::{Error, Result};
use crate::root::Root;
use crate::sys::Errno;
use crate::tiers::{self, Tier};
use crate::topology;

/// Latency of a read, in nanoseconds.
pub const NUMA_EXT_READ_LATENCY: c_int = 1;
/// Latency of a write, in nanoseconds.
pub const NUMA_EXT_WRITE_LATENCY: c_int = 2;
/// Bandwidth of reads, in MB/s (1,000,000 bytes).
pub const NUMA_EXT_READ_BANDWIDTH: c_int = 3;
/// Bandwidth of writes, in MB/s.
pub const NUMA_EXT_WRITE_BANDWIDTH: c_int = 4;

/// From the best initiators of all, devices included: the kernel's access class 0.
pub const NUMA_EXT_ACCESS_ANY: c_int = 0;
/// From the best initiators with CPUs: the kernel's access class 1.
pub const NUMA_EXT_ACCESS_CPUS: c_int = 1;

/// One of the figures, and its name.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    of: fn(&Figures) -> Option<u32>,
}

fn kind(number: c_int) -> Result<Kind, Errno> {
    let (name, of): (_, fn(&Figures) -> Option<u32>) = match number {
        NUMA_EXT_READ_LATENCY => ("read latency", |figures| figures.read_latency),
        NUMA_EXT_WRITE_LATENCY => ("write latency", |figures| figures.write_latency),
        NUMA_EXT_READ_BANDWIDTH => ("read bandwidth", |figures| figures.read_bandwidth),
        NUMA_EXT_WRITE_BANDWIDTH => ("write bandwidth", |figures| figures.write_bandwidth),
        _ => {
            return Err(refuse(
                Errno::EINVAL,
                format_args!("there is no attribute of kind {number}"),
            ));
        }
    };
    Ok(Kind { name, of })
}

fn access(number: c_int) -> Result<Access, Errno> {
    match number {
        NUMA_EXT_ACCESS_ANY => Ok(Access::Any),
        NUMA_EXT_ACCESS_CPUS => Ok(Access::Cpus),
        _ => Err(refuse(
            Errno::EINVAL,
            format_args!("there is no access class {number}"),
        )),
    }
}

fn mask_size() -> usize {
    topology::node_mask_size(Root::SYSTEM)
}

/// The attribute among what is known.
fn attribute(
    known: Result<Figures>,
    kind: Kind,
    unknown: impl FnOnce() -> Errno,
) -> Result<c_int, Errno> {
    match known {
        Ok(figures) => (kind.of)(&figures)
            .map(|figure| int(figure as usize))
            .ok_or_else(unknown),
        Err(Error::NotReported { .. }) => Err(unknown()),
        Err(error) => Err(because(error)),
    }
}

fn between(initiator: c_int, target: c_int, number: c_int) -> Result<c_int, Errno> {
    let (from, to, kind) = (node(initiator)?, node(target)?, kind(number)?);
    let known = attributes::between(Root::SYSTEM, from, to, mask_size());
    attribute(known, kind, || {
        let name = kind.name;
        refuse(
            Errno::ENODATA,
            format_args!(
                "the kernel shows no {name} of node {to} from node {from}: the firmware reports none, or node {from} \
                 is not among the nearest"
            ),
        )
    })
}

fn best(target: c_int, class: c_int, number: c_int) -> Result<c_int, Errno> {
    let (target, access, kind) = (node(target)?, access(class)?, kind(number)?);
    let known = attributes::best(Root::SYSTEM, target, access);
    attribute(known, kind, || {
        let name = kind.name;
        refuse(
            Errno::ENODATA,
            format_args!("the kernel shows no {name} of node {target} for access class {class}"),
        )
    })
}

fn initiators(target: c_int, class: c_int) -> Result<*mut bitmask, Errno> {
    let (target, access) = (node(target)?, access(class)?);
    attributes::best_initiators(Root::SYSTEM, target, access, mask_size())
        .and_then(|nodes| bitmask::of_nodes(&nodes))
        .map_err(because)
}

/// Returns what the memory of a node costs from an initiator, a node whose CPUs or devices access
/// it: the attribute kind, one of NUMA_EXT_READ_LATENCY and the like, in nanoseconds or MB/s.
///
/// The kernel shows it if the initiator is among the best ones of that node, so for a node and its
/// own memory, and for memory without CPUs and the sockets next to it. The figures are the
/// firmware's (ACPI's HMAT, or what CXL devices report), rated and not measured. Where both access
/// classes have the pair, it is that of NUMA_EXT_ACCESS_ANY.
///
/// Returns -1 with errno: ENODATA if it is not known, which is so on most machines; EINVAL if there
/// is no such node or kind; EIO if a file makes no sense; else what reading it fails with. From
/// /sys/devices/system/node/nodeN/access0 (Linux 5.2) and access1 (5.10), read on each call.
#[unsafe(no_mangle)]
pub extern "C" fn numa_ext_attribute(initiator: c_int, node: c_int, kind: c_int) -> c_int {
    between(initiator, node, kind).or_reason("attribute", -1)
}

/// Returns what the memory of a node costs from its best initiators of an access class,
/// NUMA_EXT_ACCESS_ANY or NUMA_EXT_ACCESS_CPUS; numa_ext_best_initiators() names them.
///
/// Returns -1 with errno as numa_ext_attribute(), and EINVAL if there is no such class.
#[unsafe(no_mangle)]
pub extern "C" fn numa_ext_best_attribute(node: c_int, access: c_int, kind: c_int) -> c_int {
    best(node, access, kind).or_reason("best_attribute", -1)
}

/// Returns a new mask with the best initiators of a node's memory, those from which it costs least.
/// The caller frees it with numa_bitmask_free().
///
/// Returns NULL with errno as numa_ext_best_attribute(), and ENOMEM.
#[unsafe(no_mangle)]
pub extern "C" fn numa_ext_best_initiators(node: c_int, access: c_int) -> *mut bitmask {
    initiators(node, access).or_reason("best_initiators", ptr::null_mut())
}

/// Why a file of the tiers cannot be read.
fn no_tiers(error: Error) -> Errno {
    if error.errno() == Errno::ENOENT {
        refuse(
            Errno::ENODATA,
            format_args!("this kernel has no memory tiers (Linux 6.1)"),
        )
    } else {
        because(error)
    }
}

fn all_tiers() -> Result<alloc::vec::Vec<Tier>, Errno> {
    tiers::tiers(Root::SYSTEM, mask_size()).map_err(no_tiers)
}

fn tier_of(number: c_int) -> Result<c_int, Errno> {
    match tiers::tier_of(Root::SYSTEM, node(number)?, mask_size()) {
        Ok((rank, _)) => Ok(int(rank)),
        Err(Error::NoSuchNode(node)) => Err(no_node(node)),
        Err(Error::NotReported { .. }) => Err(refuse(
            Errno::ENODATA,
            format_args!("node {number} is in no tier, as it has no memory"),
        )),
        Err(error) => Err(no_tiers(error)),
    }
}

fn tier_nodes(rank: c_int) -> Result<*mut bitmask, Errno> {
    let tiers = all_tiers()?;
    let tier = usize::try_from(rank).ok().and_then(|rank| tiers.get(rank));
    let Some(tier) = tier else {
        return Err(refuse(
            Errno::EINVAL,
            format_args!("there is no tier {rank}, only {}", tiers.len()),
        ));
    };
    bitmask::of_nodes(&tier.nodes).map_err(because)
}

/// Returns the rank of the memory tier that a node's memory is in: 0 for the fastest. Tiers are the
/// kernel's groups of nodes whose memory is about as fast. Nodes that are alike to a person may be
/// in two.
///
/// Returns -1 with errno: ENODATA if the kernel has no tiers (before Linux 6.1) or the node has no
/// memory, EINVAL if there is no such node, else as numa_ext_attribute(). From
/// /sys/devices/virtual/memory_tiering, read on each call.
#[unsafe(no_mangle)]
pub extern "C" fn numa_ext_tier(node: c_int) -> c_int {
    tier_of(node).or_reason("tier", -1)
}

/// Returns the number of memory tiers with nodes, or -1 with errno as numa_ext_tier().
#[unsafe(no_mangle)]
pub extern "C" fn numa_ext_num_tiers() -> c_int {
    all_tiers()
        .map(|tiers| int(tiers.len()))
        .or_reason("num_tiers", -1)
}

/// Returns a new mask with the nodes of a memory tier, by its rank. The caller frees it with
/// numa_bitmask_free().
///
/// Returns NULL with errno: EINVAL if there is no such tier, ENOMEM, else as numa_ext_tier().
#[unsafe(no_mangle)]
pub extern "C" fn numa_ext_tier_nodes(tier: c_int) -> *mut bitmask {
    tier_nodes(tier).or_reason("tier_nodes", ptr::null_mut())
}
