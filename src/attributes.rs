//! What a node's memory costs: latencies and bandwidths as the firmware tells them to the kernel, and the
//! caches in front of memory. From /sys/devices/system/node (Linux 5.2; `access1` since 5.10).
//!
//! The kernel shows the figures of a node's memory from its best initiators only. An initiator is a node
//! whose CPUs or devices access memory. What is between other pairs of nodes is in the firmware's own
//! table ([`hmat`](crate::hmat)), which root alone can read.
//!
//! Every function reads its files on each call.

use alloc::vec::Vec;

use crate::error::{Error, Result};
use crate::mask::{Node, NodeMask};
use crate::root::{self, Path, Root, decimal};
use crate::sys::Errno;
use crate::topology;

/// Latencies and bandwidths. `None` is what the firmware does not report.
///
/// Figures are the firmware's: rated, not measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Latency of a read, in nanoseconds.
    pub read_latency: Option<u32>,
    /// Latency of a write, in nanoseconds.
    pub write_latency: Option<u32>,
    /// Bandwidth of reads, in MB/s.
    pub read_bandwidth: Option<u32>,
    /// Bandwidth of writes, in MB/s.
    pub write_bandwidth: Option<u32>,
}

impl Figures {
    /// Whether nothing is known.
    ///
    /// ```
    /// use numa::attributes::Figures;
    ///
    /// assert!(Figures::default().is_unknown());
    /// ```
    pub fn is_unknown(&self) -> bool {
        *self == Figures::default()
    }
}

/// Which initiators count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Those with CPUs, and devices: `access0`.
    Any,
    /// Those with CPUs alone: `access1`.
    Cpus,
}

impl Access {
    fn directory(self) -> &'static str {
        match self {
            Access::Any => "access0",
            Access::Cpus => "access1",
        }
    }
}

/// The directory with a node's best initiators and their figures.
fn initiators_of(root: Root<'_>, node: Node, access: Access) -> Path {
    let mut path = topology::node_file(root, node, access.directory());
    path.push(b"/initiators");
    path
}

/// The number in a small file; `None` if there is no such file, or 0 in it.
fn figure(mut path: Path, file: &'static str) -> Result<Option<u32>> {
    path.push(b"/").push(file.as_bytes());
    let mut buf = [0; 32];
    match path.read(&mut buf) {
        Ok(text) => match decimal(text.trim_ascii()) {
            // The kernel shows 0 for what the firmware does not report.
            Some(0) => Ok(None),
            Some(n) => n
                .try_into()
                .map(Some)
                .map_err(|_| Error::Malformed { file }),
            None => Err(Error::Malformed { file }),
        },
        Err(Errno::ENOENT) => Ok(None),
        Err(errno) => Err(Error::File { file, errno }),
    }
}

/// The figures of a node's memory from its best initiators, which [`best_initiators`] names.
///
/// [`Error::NotReported`] if the firmware tells nothing of the node, or the kernel is older than 5.2
/// (5.10 for [`Access::Cpus`]).
///
/// ```
/// use numa::attributes::{self, Access};
/// use numa::{Node, Root};
///
/// match attributes::best(Root::SYSTEM, Node(0), Access::Cpus) {
///     Ok(figures) => println!("node 0: {:?} ns", figures.read_latency),
///     Err(error) => println!("{error}"), // the firmware does not report it, for example
/// }
/// ```
pub fn best(root: Root<'_>, node: Node, access: Access) -> Result<Figures> {
    let of = |file| figure(initiators_of(root, node, access), file);
    let figures = Figures {
        read_latency: of("read_latency")?,
        write_latency: of("write_latency")?,
        read_bandwidth: of("read_bandwidth")?,
        write_bandwidth: of("write_bandwidth")?,
    };
    if figures.is_unknown() {
        topology::check_node(root, node)?;
        return Err(Error::NotReported {
            what: "memory attributes",
            node: node.0,
        });
    }
    Ok(figures)
}

/// The initiators for which [`best`] holds, in a mask of `size` bits.
///
/// ```
/// use numa::attributes::{self, Access};
/// use numa::{Node, Root, topology};
///
/// let size = topology::node_mask_size(Root::SYSTEM);
/// if let Ok(nodes) = attributes::best_initiators(Root::SYSTEM, Node(0), Access::Any, size) {
///     println!("the memory of node 0 is nearest to nodes {nodes}");
/// }
/// ```
pub fn best_initiators(
    root: Root<'_>,
    node: Node,
    access: Access,
    size: usize,
) -> Result<NodeMask> {
    const FILE: &str = "nodeN/accessN/initiators";
    let mut mask = NodeMask::new(size)?;
    let mut add = |name: &[u8]| {
        if let Some(id) = topology::node_of_name(name) {
            mask.bits_mut().insert(id.0 as usize);
        }
    };
    match initiators_of(root, node, access).list(&mut add) {
        Ok(()) if !mask.is_empty() => Ok(mask),
        Ok(()) | Err(Errno::ENOENT) => {
            topology::check_node(root, node)?;
            Err(Error::NotReported {
                what: "initiators",
                node: node.0,
            })
        }
        Err(errno) => Err(Error::File { file: FILE, errno }),
    }
}

/// The figures between an initiator and a node's memory, if the kernel shows them: if the initiator is
/// among the best ones of that node. [`Error::NotReported`] if it is not.
///
/// ```
/// use numa::{Node, Root, attributes};
///
/// match attributes::between(Root::SYSTEM, Node(0), Node(1), 1024) {
///     Ok(figures) => println!("node 1 from node 0: {:?} MB/s", figures.read_bandwidth),
///     Err(error) => println!("{error}"),
/// }
/// ```
pub fn between(root: Root<'_>, initiator: Node, target: Node, size: usize) -> Result<Figures> {
    topology::check_node(root, initiator)?;
    // The second class holds for a node with CPUs where a device is nearer to the memory.
    let mut answer = Err(Error::NotReported {
        what: "memory attributes",
        node: target.0,
    });
    for access in [Access::Any, Access::Cpus] {
        answer = match best_initiators(root, target, access, size) {
            Ok(nodes) if nodes.contains(initiator) => return best(root, target, access),
            Ok(_) | Err(Error::NotReported { .. }) => answer,
            Err(error) => return Err(error),
        };
    }
    answer
}

/// The nodes of devices that access memory by themselves, without CPUs (Linux 5.10), in a mask of `size` bits.
///
/// ```
/// use numa::{Root, attributes};
///
/// if let Ok(nodes) = attributes::generic_initiators(Root::SYSTEM, 1024) {
///     println!("devices are on nodes {nodes}");
/// }
/// ```
pub fn generic_initiators(root: Root<'_>, size: usize) -> Result<NodeMask> {
    let mut path = Path::below(root, topology::NODES);
    path.push(b"/has_generic_initiator");
    topology::read_id_list(&path, size)
}

/// A cache of memory in front of a node's memory, as that of HBM in front of DRAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SideCache {
    /// 1 is the cache that is nearest to the memory.
    pub level: u32,
    /// In bytes.
    pub size: u64,
    /// In bytes; 0 if it is not reported.
    pub line_size: u32,
    /// Whether a line has one place only.
    pub is_direct_mapped: bool,
    /// Whether writes go through to memory at once.
    pub is_write_through: bool,
}

/// The memory-side caches of a node, nearest to memory first: none, on most machines.
///
/// ```
/// use numa::{Node, Root, attributes};
///
/// for cache in attributes::side_caches(Root::SYSTEM, Node(0)).unwrap_or_default() {
///     println!("level {}: {} MiB", cache.level, cache.size >> 20);
/// }
/// ```
pub fn side_caches(root: Root<'_>, node: Node) -> Result<Vec<SideCache>> {
    const FILE: &str = "nodeN/memory_side_cache";
    // No machine has more levels; what a directory says is not believed.
    const MOST: usize = 8;
    let listed = topology::node_file(root, node, "memory_side_cache")
        .sorted(|name| name.strip_prefix(b"index").and_then(root::number));
    let mut levels = match listed {
        Err(Errno::ENOENT) => return topology::check_node(root, node).map(|()| Vec::new()),
        listed => listed.map_err(|errno| Error::File { file: FILE, errno })?,
    };
    levels.truncate(MOST);
    let mut caches = Vec::new();
    caches
        .try_reserve_exact(levels.len())
        .map_err(|_| Error::OutOfMemory)?;
    for level in levels {
        let of = |file: &'static str| -> Result<u64> {
            let mut path = topology::node_file(root, node, "memory_side_cache/index");
            path.number(level).push(b"/").push(file.as_bytes());
            let mut buf = [0; 32];
            let text = path
                .read(&mut buf)
                .map_err(|errno| Error::File { file, errno })?;
            decimal(text.trim_ascii()).ok_or(Error::Malformed { file })
        };
        caches.push(SideCache {
            level,
            size: of("size")?,
            line_size: of("line_size")?.try_into().unwrap_or(0),
            is_direct_mapped: of("indexing")? == 0,
            is_write_through: of("write_policy")? == 1,
        });
    }
    Ok(caches)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MadeUp;
    use std::string::ToString;

    /// Two sockets, and memory without CPUs (node 2) that is nearest to a device on node 3 and, of the
    /// CPUs, to node 0.
    fn machine() -> MadeUp {
        let made = MadeUp::new();
        for node in 0..4 {
            made.node(node, "1", "10 20 20 20", 1 << 20, 1 << 19);
        }
        let figures = |node, access, from: &str, [rl, wl, rb, wb]: [&str; 4]| {
            let directory = format!("sys/devices/system/node/node{node}/{access}/initiators");
            made.link(&format!("{directory}/{from}"), &format!("../../../{from}"));
            for (file, text) in [
                ("read_latency", rl),
                ("write_latency", wl),
                ("read_bandwidth", rb),
                ("write_bandwidth", wb),
            ] {
                made.write(
                    &format!("{directory}/{file}"),
                    format!("{text}\n").as_bytes(),
                );
            }
        };
        figures(0, "access0", "node0", ["90", "95", "200000", "180000"]);
        figures(0, "access1", "node0", ["90", "95", "200000", "180000"]);
        figures(2, "access0", "node3", ["50", "0", "900000", "0"]);
        figures(2, "access1", "node0", ["300", "310", "40000", "30000"]);
        made
    }

    #[test]
    fn figures_are_those_of_the_best_initiators() {
        let made = machine();
        let root = made.root();
        let near = Figures {
            read_latency: Some(90),
            write_latency: Some(95),
            read_bandwidth: Some(200_000),
            write_bandwidth: Some(180_000),
        };
        assert_eq!(best(root, Node(0), Access::Any), Ok(near));
        assert_eq!(between(root, Node(0), Node(0), 64), Ok(near));
        // 0 is what is not reported.
        let device = best(root, Node(2), Access::Any).unwrap();
        assert_eq!(
            (device.read_latency, device.write_latency),
            (Some(50), None)
        );
        let initiators = best_initiators(root, Node(2), Access::Any, 64).unwrap();
        assert_eq!(initiators.to_string(), "3");
        // From the CPUs of node 0 it is the other class that counts.
        let far = between(root, Node(0), Node(2), 64).unwrap();
        assert_eq!(far.read_latency, Some(300));
    }

    #[test]
    fn what_is_not_reported_is_an_error_of_its_own() {
        let made = machine();
        let root = made.root();
        let unknown = Err(Error::NotReported {
            what: "memory attributes",
            node: 1,
        });
        assert_eq!(best(root, Node(1), Access::Any), unknown);
        assert_eq!(
            best(root, Node(1), Access::Any).unwrap_err().errno(),
            Errno::ENODATA
        );
        assert_eq!(between(root, Node(0), Node(1), 64), unknown);
        // Node 1 is an initiator of nothing.
        assert!(between(root, Node(1), Node(0), 64).is_err());
        assert_eq!(best(root, Node(9), Access::Any), Err(Error::NoSuchNode(9)));
        assert_eq!(
            between(root, Node(9), Node(0), 64),
            Err(Error::NoSuchNode(9))
        );
        assert_eq!(side_caches(root, Node(9)), Err(Error::NoSuchNode(9)));
        assert_eq!(side_caches(root, Node(0)), Ok(Vec::new()));
    }

    #[test]
    fn generic_initiators_are_a_list() {
        let made = machine();
        assert_eq!(
            generic_initiators(made.root(), 64).unwrap_err().errno(),
            Errno::ENOENT
        );
        let file = "sys/devices/system/node/has_generic_initiator";
        made.write(file, b"\n");
        assert!(generic_initiators(made.root(), 64).unwrap().is_empty());
        made.write(file, b"3\n");
        assert_eq!(
            generic_initiators(made.root(), 64).unwrap().to_string(),
            "3"
        );
    }

    #[test]
    fn garbage_is_told() {
        let made = machine();
        let file = "sys/devices/system/node/node0/access0/initiators/read_latency";
        for text in [&b"fast\n"[..], b"-1\n", b"", b"99999999999\n", b"1 2\n"] {
            made.write(file, text);
            let expected = Err(Error::Malformed {
                file: "read_latency",
            });
            assert_eq!(
                best(made.root(), Node(0), Access::Any),
                expected,
                "{text:?}"
            );
        }
        made.write(file, &[b'1'; 100]);
        assert!(best(made.root(), Node(0), Access::Any).is_err());
    }

    #[test]
    fn caches_are_sorted_by_level() {
        let made = machine();
        for (index, size, indexing, policy) in [(2, 1u64 << 34, 1, 1), (1, 1 << 26, 0, 0)] {
            let directory = format!("sys/devices/system/node/node0/memory_side_cache/index{index}");
            made.write(&format!("{directory}/size"), format!("{size}\n").as_bytes());
            made.write(&format!("{directory}/line_size"), b"64\n");
            made.write(
                &format!("{directory}/indexing"),
                format!("{indexing}\n").as_bytes(),
            );
            made.write(
                &format!("{directory}/write_policy"),
                format!("{policy}\n").as_bytes(),
            );
        }
        let near = SideCache {
            level: 1,
            size: 1 << 26,
            line_size: 64,
            is_direct_mapped: true,
            is_write_through: false,
        };
        let far = SideCache {
            level: 2,
            size: 1 << 34,
            line_size: 64,
            is_direct_mapped: false,
            is_write_through: true,
        };
        assert_eq!(side_caches(made.root(), Node(0)), Ok(vec![near, far]));
        // A level without its files is told, not guessed.
        made.write(
            "sys/devices/system/node/node0/memory_side_cache/index3/size",
            b"1\n",
        );
        assert!(side_caches(made.root(), Node(0)).is_err());
    }
}
