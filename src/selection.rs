//! Node strings with words for what nodes are and what they are near to, for the commands: `mem,!tier:0` is
//! not one of libnuma's own strings, whose grammar [`strings`] holds.
//!
//! | word | nodes |
//! | --- | --- |
//! | `cpu` | those with CPUs |
//! | `mem` | those with memory |
//! | `tier:N` | those of the memory tier with this rank, 0 the fastest |
//! | `fast`, `slow` | those with the fastest memory; those with any other |
//! | `near:NODE` | the node itself if it has what is wanted, or the nearest ones that have; also `near:gpu:0` |
//! | `gpu:N`, `gpu:ADDRESS` | that of the N-th GPU in the order of PCI addresses, or of the one at an address; the nearest with CPUs if that is its own memory |
//! | `nvme:DEV`, `ib:DEV`, `cxl:DEV` | that of an NVMe controller, InfiniBand adapter, CXL memory device; `nvme:0` is nvme0, `cxl:0` mem0 |
//!
//! They stand wherever a number may, beside the older words (`netdev:` …), with `!` before all of them. A word
//! that no node answers to is an error, and a device whose node the firmware does not report as well. All
//! comes from /sys.

// Errors carry names and must not need the heap.
#![allow(clippy::result_large_err)]

use crate::attributes::{self, Access};
use crate::cause::is_memoryless;
use crate::device::{self, DeviceError, Name};
use crate::error::{Error, Result};
use crate::mask::{CpuMask, Node, NodeMask};
use crate::root::{Root, number};
use crate::strings::{self, ListError, Universe};
use crate::sys::Errno;
use crate::{tiers, topology};

/// What nodes are wanted for, which `near:` looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// Their memory.
    Memory,
    /// Their CPUs.
    Cpus,
}

/// Why a string is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectError<'a> {
    /// As a string of libnuma would be.
    #[error("{0}")]
    List(ListError<'a>),
    /// A device that leads to no node.
    #[error("{0}")]
    Device(DeviceError),
    /// What the word asks for cannot be read.
    #[error("{word}: {error}")]
    Unknown {
        /// The word.
        word: Name,
        /// Why.
        error: Error,
    },
    /// No node is what the word says.
    #[error("no node is {word}")]
    Nothing {
        /// The word.
        word: Name,
    },
    /// Neither a node nor a device stands behind `near:`, or no number behind `tier:`.
    #[error("{word} names no node, device or tier")]
    BadWord {
        /// The word.
        word: Name,
    },
}

impl SelectError<'_> {
    /// The errno that stands for this error in C: ENODEV for a device that is not there, ENODATA for what no
    /// node is and what neither kernel nor firmware tell, EINVAL for the string itself.
    ///
    /// ```
    /// use numa::selection::{Want, select};
    /// use numa::{Errno, Root, topology};
    ///
    /// let nodes = topology::nodes(Root::SYSTEM, topology::node_mask_size(Root::SYSTEM))?;
    /// let error = select(Root::SYSTEM, b"tier:x", &nodes, Want::Memory).unwrap_err();
    /// assert_eq!(error.errno(), Errno::EINVAL);
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn errno(&self) -> Errno {
        match self {
            SelectError::List(ListError::Device(error)) | SelectError::Device(error) => match error
            {
                DeviceError::Unknown { .. } => Errno::ENODATA,
                DeviceError::NoSuchDevice { .. }
                | DeviceError::OtherKind { .. }
                | DeviceError::NoBlockDevice { .. } => Errno::ENODEV,
                error => error.errno().unwrap_or(Errno::EINVAL),
            },
            SelectError::List(_) | SelectError::BadWord { .. } => Errno::EINVAL,
            SelectError::Nothing { .. } => Errno::ENODATA,
            SelectError::Unknown { error, .. } => match error {
                Error::NoSuchNode(_) => Errno::EINVAL,
                error if error.errno() == Errno::ENOENT => Errno::ENODATA,
                error => error.errno(),
            },
        }
    }
}

/// The nodes that this process may name: those whose memory its cpuset allows, and for CPUs also those without
/// memory, which no cpuset knows. Where /proc does not say, all that exist. In a mask of `size` bits, that of
/// the kernel's node masks.
///
/// ```
/// use numa::selection::{Want, usable};
/// use numa::{Root, topology};
///
/// let size = topology::node_mask_size(Root::SYSTEM);
/// println!("memory may come from nodes {}", usable(Root::SYSTEM, Want::Memory, size)?);
/// # Ok::<(), numa::Error>(())
/// ```
pub fn usable(root: Root<'_>, want: Want, size: usize) -> Result<NodeMask> {
    let nodes = topology::nodes(root, size)?;
    let Ok(mut usable) = topology::allowed_nodes(root, size) else {
        return Ok(nodes);
    };
    // A kernel that shows all bits of its masks shows nodes that do not exist.
    usable.intersect(&nodes);
    match want {
        Want::Memory => Ok(usable),
        Want::Cpus => runnable(root, &nodes, &usable),
    }
}

/// The nodes that a thread can be told to run on, of `nodes` that exist: those that its cpuset allows, and those
/// without memory, which no cpuset knows.
///
/// ```
/// use numa::{Root, selection, topology};
///
/// let size = topology::node_mask_size(Root::SYSTEM);
/// let nodes = topology::nodes(Root::SYSTEM, size)?;
/// let allowed = topology::allowed_nodes(Root::SYSTEM, size)?;
/// println!("{}", selection::runnable(Root::SYSTEM, &nodes, &allowed)?);
/// # Ok::<(), numa::Error>(())
/// ```
pub fn runnable(root: Root<'_>, nodes: &NodeMask, allowed: &NodeMask) -> Result<NodeMask> {
    let mut runnable = allowed.clone();
    for node in nodes.iter() {
        if !allowed.contains(node) && is_memoryless(root, node) {
            runnable.insert(node)?;
        }
    }
    Ok(runnable)
}

/// The nodes that a string stands for. Its numbers must be among `accepted`; words stand for those of their
/// nodes that are.
///
/// ```
/// use numa::selection::{Want, select};
/// use numa::{Root, topology};
///
/// let nodes = topology::nodes(Root::SYSTEM, topology::node_mask_size(Root::SYSTEM))?;
/// let with_cpus = select(Root::SYSTEM, b"cpu", &nodes, Want::Cpus).expect("one at least");
/// assert!(!with_cpus.is_empty());
/// assert!(select(Root::SYSTEM, b"gpu:999", &nodes, Want::Memory).is_err());
/// # Ok::<(), numa::Error>(())
/// ```
pub fn select<'a>(
    root: Root<'_>,
    text: &'a [u8],
    accepted: &NodeMask,
    want: Want,
) -> Result<NodeMask, SelectError<'a>> {
    select_relative(root, text, accepted, accepted, want)
}

/// The same with `+`, as in `+0`, counting in other nodes than those that are accepted: in those of a cpuset, as
/// libnuma does it.
///
/// ```
/// use numa::selection::{Want, select_relative};
/// use numa::{Root, topology};
///
/// let nodes = topology::nodes(Root::SYSTEM, topology::node_mask_size(Root::SYSTEM))?;
/// let first = select_relative(Root::SYSTEM, b"+0", &nodes, &nodes, Want::Memory).expect("one at least");
/// assert_eq!(first.first(), nodes.first());
/// # Ok::<(), numa::Error>(())
/// ```
pub fn select_relative<'a>(
    root: Root<'_>,
    text: &'a [u8],
    accepted: &NodeMask,
    relative_to: &NodeMask,
    want: Want,
) -> Result<NodeMask, SelectError<'a>> {
    let out_of_memory = |error| SelectError::Unknown {
        word: Name::new(b"mask"),
        error,
    };
    let mut found = NodeMask::new(accepted.size()).map_err(out_of_memory)?;
    if text.is_empty() {
        return Ok(found);
    }
    let (complement, list) = match text {
        [b'!', list @ ..] => (true, list),
        _ => (false, text),
    };
    let (relative, mut rest) = match list {
        [b'+', rest @ ..] => (true, rest),
        _ => (false, list),
    };
    let universe = Universe {
        accepted: accepted.as_bits(),
        relative_to: relative_to.as_bits(),
        beyond: accepted.size() as u32,
    };
    loop {
        let end = rest.iter().position(|&b| b == b',').unwrap_or(rest.len());
        let word = &rest[..end];
        match nodes_of_word(root, word, accepted, want)? {
            Some(mut nodes) => {
                nodes.bits_mut().keep(accepted.as_bits());
                if nodes.is_empty() {
                    return Err(SelectError::Nothing {
                        word: Name::new(word),
                    });
                }
                found.bits_mut().add(nodes.as_bits());
                rest = &rest[end..];
            }
            None => {
                let mut lookup = |text: &[u8]| device::node_of_word(root, text);
                let mut out = found.bits_mut();
                rest = strings::parse_element(rest, universe, relative, &mut out, &mut lookup)
                    .map_err(SelectError::List)?;
            }
        }
        match rest {
            [] => break,
            [b',', after @ ..] => rest = after,
            _ => return Err(SelectError::List(ListError::Unparseable { rest })),
        }
    }
    if complement {
        found.bits_mut().complement_in(accepted.as_bits());
    }
    Ok(found)
}

/// This module's own words; behind those with a colon stands which one.
pub const WORDS: [&str; 10] = [
    "cpu", "mem", "fast", "slow", "tier:", "near:", "gpu:", "nvme:", "ib:", "cxl:",
];

/// Whether one of [`WORDS`] stands in a list, whatever it leads to.
///
/// ```
/// use numa::selection::has_words;
///
/// assert!(has_words(b"!0,near:gpu:0"));
/// assert!(!has_words(b"all,netdev:eth0"));
/// ```
pub fn has_words(text: &[u8]) -> bool {
    let list = text.strip_prefix(b"!").unwrap_or(text);
    let list = list.strip_prefix(b"+").unwrap_or(list);
    list.split(|&b| b == b',').any(|word| {
        WORDS.iter().any(|own| match own.ends_with(':') {
            true => word.starts_with(own.as_bytes()),
            false => word == own.as_bytes(),
        })
    })
}

/// A word's kind, and what stands behind its colon.
fn parts(word: &[u8]) -> (&[u8], Option<&[u8]>) {
    match word.iter().position(|&b| b == b':') {
        Some(colon) => (&word[..colon], Some(&word[colon + 1..])),
        None => (word, None),
    }
}

/// The nodes of a word that is this module's; `None` of any other.
fn nodes_of_word<'a>(
    root: Root<'_>,
    word: &[u8],
    accepted: &NodeMask,
    want: Want,
) -> Result<Option<NodeMask>, SelectError<'a>> {
    let name = Name::new(word);
    let unknown = |error| SelectError::Unknown { word: name, error };
    let (kind, of) = parts(word);
    let nodes = match (kind, of) {
        (b"cpu", None) => having(root, accepted, Want::Cpus).map_err(unknown)?,
        (b"mem", None) => having(root, accepted, Want::Memory).map_err(unknown)?,
        (b"fast", None) => fastest(root, accepted).map_err(unknown)?,
        (b"slow", None) => {
            let mut slow = having(root, accepted, Want::Memory).map_err(unknown)?;
            let fast = fastest(root, accepted).map_err(unknown)?;
            fast.iter()
                .for_each(|node| slow.bits_mut().remove(node.0 as usize));
            slow
        }
        (b"tier", Some(rank)) => {
            let rank = number(rank).ok_or(SelectError::BadWord { word: name })?;
            let mut tiers = tiers::tiers(root, accepted.size()).map_err(unknown)?;
            if rank as usize >= tiers.len() {
                return Err(SelectError::Nothing { word: name });
            }
            tiers.swap_remove(rank as usize).nodes
        }
        (b"near", Some(of)) => {
            let node = match (number(of), device_node(root, of)) {
                (Some(id), _) if accepted.contains(Node(id)) => Node(id),
                (Some(id), _) => return Err(unknown_node(name, id)),
                (None, Some(node)) => node.map_err(SelectError::Device)?,
                (None, None) => return Err(SelectError::BadWord { word: name }),
            };
            nearest(root, node, accepted, want).map_err(unknown)?
        }
        _ => match device::node_of_kind(root, word) {
            None => return Ok(None),
            Some(node) => {
                let node = node.map_err(SelectError::Device)?;
                // Firmware may put a GPU on the node of its own memory.
                if kind == b"gpu" && has(root, node, Want::Cpus) == Ok(false) {
                    let all = topology::nodes(root, accepted.size()).map_err(unknown)?;
                    nearest(root, node, &all, Want::Cpus).map_err(unknown)?
                } else {
                    let mut nodes = NodeMask::new(accepted.size()).map_err(unknown)?;
                    nodes.bits_mut().insert(node.0 as usize);
                    nodes
                }
            }
        },
    };
    Ok(Some(nodes))
}

fn unknown_node<'a>(word: Name, id: u32) -> SelectError<'a> {
    SelectError::Unknown {
        word,
        error: Error::NoSuchNode(id),
    }
}

/// The node of a device word of any kind; `None` if it is none.
fn device_node(root: Root<'_>, word: &[u8]) -> Option<Result<Node, DeviceError>> {
    device::node_of_kind(root, word)
        .or_else(|| device::node_of_word(root, word).map(|found| found.map(|(node, _)| Node(node))))
}

/// Whether a node has CPUs or memory.
fn has(root: Root<'_>, node: Node, want: Want) -> Result<bool> {
    Ok(match want {
        Want::Cpus => {
            let mut cpus = CpuMask::new(topology::any_cpu_mask_size())?;
            topology::read_cpus_of_node(root, node, cpus.bits_mut())?;
            !cpus.is_empty()
        }
        Want::Memory => topology::node_memory(root, node)?.total > 0,
    })
}

/// Those of the nodes that have CPUs or memory.
fn having(root: Root<'_>, nodes: &NodeMask, want: Want) -> Result<NodeMask> {
    let mut found = NodeMask::new(nodes.size())?;
    for node in nodes.iter() {
        if has(root, node, want)? {
            found.insert(node)?;
        }
    }
    Ok(found)
}

/// The node itself if it has what is wanted, or the nearest ones that have, by distance.
fn nearest(root: Root<'_>, from: Node, accepted: &NodeMask, want: Want) -> Result<NodeMask> {
    let candidates = having(root, accepted, want)?;
    let mut found = NodeMask::new(accepted.size())?;
    if candidates.contains(from) {
        found.insert(from)?;
        return Ok(found);
    }
    let columns = topology::nodes(root, accepted.size())?;
    let mut ids = columns.iter();
    let mut least = u32::MAX;
    topology::distance_row(root, from, &mut |_, distance| {
        let Some(node) = ids.next().filter(|&node| candidates.contains(node)) else {
            return;
        };
        if distance < least {
            least = distance;
            found.bits_mut().clear();
        }
        if distance == least {
            found.bits_mut().insert(node.0 as usize);
        }
    })?;
    Ok(found)
}

/// The nodes of the fastest tier. Where the kernel has all in one, or no tiers, those whose latency in
/// proportion to bandwidth is within a quarter of the best, which is how the kernel makes tiers.
fn fastest(root: Root<'_>, accepted: &NodeMask) -> Result<NodeMask> {
    match tiers::tiers(root, accepted.size()) {
        Ok(mut tiers) if tiers.len() > 1 => return Ok(tiers.swap_remove(0).nodes),
        Ok(_)
        | Err(Error::Open {
            errno: Errno::ENOENT,
            ..
        }) => {}
        Err(error) => return Err(error),
    }
    let memory = having(root, accepted, Want::Memory)?;
    let mut least = u64::MAX;
    for node in memory.iter() {
        least = least.min(cost(root, node)?);
    }
    let mut fast = NodeMask::new(accepted.size())?;
    for node in memory.iter() {
        if cost(root, node)? <= least.saturating_add(least / 4) {
            fast.insert(node)?;
        }
    }
    Ok(fast)
}

/// Latency in proportion to bandwidth.
fn cost(root: Root<'_>, node: Node) -> Result<u64> {
    let figures = attributes::best(root, node, Access::Any)?;
    let not_reported = Error::NotReported {
        what: "latency and bandwidth",
        node: node.0,
    };
    let latency = u64::from(figures.read_latency.ok_or(not_reported)?);
    let bandwidth = u64::from(figures.read_bandwidth.ok_or(not_reported)?);
    Ok((latency << 32) / bandwidth)
}

/// What a node has, for who asked for something that none has: "node 0: cpus, memory, tier 0". `size` is that
/// of the kernel's node masks.
///
/// ```
/// use numa::{Root, selection, topology};
///
/// let nodes = topology::nodes(Root::SYSTEM, topology::node_mask_size(Root::SYSTEM))?;
/// let mut lines = String::new();
/// for node in nodes.iter() {
///     selection::describe(Root::SYSTEM, node, nodes.size(), &mut lines).expect("a String takes all");
///     lines.push('\n');
/// }
/// assert!(lines.starts_with("node "));
/// # Ok::<(), numa::Error>(())
/// ```
pub fn describe(
    root: Root<'_>,
    node: Node,
    size: usize,
    out: &mut dyn core::fmt::Write,
) -> core::fmt::Result {
    write!(out, "node {node}:")?;
    let mut separator = " ";
    for (want, name) in [(Want::Cpus, "cpus"), (Want::Memory, "memory")] {
        if has(root, node, want) == Ok(true) {
            write!(out, "{separator}{name}")?;
            separator = ", ";
        }
    }
    if let Ok((rank, _)) = tiers::tier_of(root, node, size) {
        write!(out, "{separator}tier {rank}")?;
        separator = ", ";
    }
    if separator == " " {
        out.write_str(" nothing")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MadeUp;
    use std::string::{String, ToString};

    /// Two sockets (0, 1), CXL memory without CPUs near to 1 (4), GPU memory near to 0 (8), CPUs without memory
    /// near to 4 (9).
    fn machine() -> MadeUp {
        let made = MadeUp::new();
        made.node(0, "3", "10 20 30 15 40", 1 << 20, 1);
        made.node(1, "c", "20 10 14 35 40", 1 << 20, 1);
        made.node(4, "0", "30 14 10 40 22", 1 << 20, 1);
        made.node(8, "0", "15 35 40 10 40", 1 << 20, 1);
        made.node(9, "30", "40 40 22 40 10", 0, 0);
        for (pci, class, vendor, node) in [
            ("0000:00:02.0", "0x030000", "0x1a03", "0"),
            ("0000:41:00.0", "0x030200", "0x10de", "1"),
            ("0000:02:00.0", "0x030000", "0x10de", "0"),
            ("0001:01:00.0", "0x120000", "0x1002", "-1"),
            ("0000:42:00.0", "0x010802", "0x144d", "1"),
        ] {
            let directory = format!("sys/devices/pci/{pci}");
            for (file, text) in [("class", class), ("vendor", vendor), ("numa_node", node)] {
                made.write(
                    &format!("{directory}/{file}"),
                    format!("{text}\n").as_bytes(),
                );
            }
            made.link(
                &format!("sys/bus/pci/devices/{pci}"),
                &format!("../../../devices/pci/{pci}"),
            );
        }
        made.write("sys/devices/pci/0000:42:00.0/nvme/nvme0/model", b"fast\n");
        made.link(
            "sys/class/nvme/nvme0",
            "../../devices/pci/0000:42:00.0/nvme/nvme0",
        );
        made.write("sys/devices/pci/0000:41:00.0/infiniband/mlx5_0/lid", b"1\n");
        made.link(
            "sys/class/infiniband/mlx5_0",
            "../../devices/pci/0000:41:00.0/infiniband/mlx5_0",
        );
        made.write("sys/devices/pci/mem0/numa_node", b"4\n");
        made.link("sys/bus/cxl/devices/mem0", "../../../devices/pci/mem0");
        made
    }

    fn nodes(made: &MadeUp) -> NodeMask {
        topology::nodes(made.root(), 64).unwrap()
    }

    fn chosen(made: &MadeUp, text: &str, want: Want) -> String {
        match select(made.root(), text.as_bytes(), &nodes(made), want) {
            Ok(nodes) => nodes.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn each_word_is_looked_for_and_no_other() {
        let made = machine();
        let nodes = nodes(&made);
        for word in WORDS.into_iter().chain(["netdev:", "all", "cpus"]) {
            let text = match word.ends_with(':') {
                true => format!("{word}0"),
                false => word.to_string(),
            };
            let found = nodes_of_word(made.root(), text.as_bytes(), &nodes, Want::Memory);
            assert_eq!(
                !matches!(found, Ok(None)),
                has_words(text.as_bytes()),
                "{text}"
            );
        }
    }

    #[test]
    fn words() {
        let made = machine();
        for (text, expected) in [
            ("cpu", "0-1,9"),
            ("mem", "0-1,4,8"),
            ("!cpu", "4,8"),
            ("cpu,8", "0-1,8-9"),
            ("0,mem", "0-1,4,8"),
            ("near:0", "0"),
            ("near:9", "4"),
            ("near:gpu:0", "0"),
            ("gpu:0", "0"),
            ("gpu:1", "1"),
            ("gpu:41:00.0", "1"),
            ("gpu:0000:41:00.0,gpu:0", "0-1"),
            ("!gpu:0", "1,4,8-9"),
            ("nvme:nvme0", "1"),
            ("nvme:0", "1"),
            ("ib:mlx5_0", "1"),
            ("cxl:mem0", "4"),
            ("cxl:0,cpu", "0-1,4,9"),
            ("+0-1", "0-1"),
            ("+0,cpu", "0-1,9"),
            ("all", "0-1,4,8-9"),
            ("pci:41:00.0", "1"),
            ("", ""),
        ] {
            assert_eq!(chosen(&made, text, Want::Memory), expected, "{text}");
        }
        for (text, expected) in [
            ("near:4", "1"),
            ("near:8", "0"),
            ("near:cxl:0", "1"),
            ("near:1", "1"),
        ] {
            assert_eq!(chosen(&made, text, Want::Cpus), expected, "{text}");
        }
    }

    #[test]
    fn a_gpu_is_never_on_its_own_memory() {
        let made = machine();
        made.write("sys/devices/pci/0000:41:00.0/numa_node", b"8\n");
        for want in [Want::Memory, Want::Cpus] {
            assert_eq!(chosen(&made, "gpu:1", want), "0");
        }
        assert_eq!(chosen(&made, "!gpu:1", Want::Memory), "1,4,8-9");
        // Its memory has a word of its own.
        assert_eq!(chosen(&made, "near:gpu:1", Want::Memory), "8");
    }

    #[test]
    fn words_on_machines_as_they_are_sold() {
        let mut tried = 0;
        let names = MadeUp::names();
        for name in names.iter().filter(|name| MadeUp::has_words(name)) {
            let made = MadeUp::machine(name);
            for (key, expected) in made.expected() {
                let Some(rest) = key.strip_prefix("word\t") else {
                    continue;
                };
                let (want, word) = rest.split_once('\t').unwrap();
                let want = if want == "cpus" {
                    Want::Cpus
                } else {
                    Want::Memory
                };
                let nodes = topology::nodes(made.root(), 1024).unwrap();
                let found = match select(made.root(), word.as_bytes(), &nodes, want) {
                    Ok(nodes) => nodes.to_string(),
                    Err(error) => error.to_string(),
                };
                assert_eq!(found, expected, "{name}: {word} for {want:?}");
                tried += 1;
            }
        }
        assert!(tried > 100, "{tried}");
    }

    #[test]
    fn tiers_come_from_the_kernel() {
        let made = machine();
        made.write(
            "sys/devices/virtual/memory_tiering/memory_tier4/nodelist",
            b"0-1,8\n",
        );
        made.write(
            "sys/devices/virtual/memory_tiering/memory_tier28/nodelist",
            b"4\n",
        );
        for (text, expected) in [
            ("tier:0", "0-1,8"),
            ("tier:1", "4"),
            ("fast", "0-1,8"),
            ("slow", "4"),
            ("!slow", "0-1,8-9"),
        ] {
            assert_eq!(chosen(&made, text, Want::Memory), expected, "{text}");
        }
        assert_eq!(chosen(&made, "tier:2", Want::Memory), "no node is tier:2");
        assert_eq!(
            chosen(&made, "tier:x", Want::Memory),
            "tier:x names no node, device or tier"
        );
    }

    #[test]
    fn without_tiers_by_latency_and_bandwidth() {
        let made = machine();
        assert_eq!(
            chosen(&made, "fast", Want::Memory),
            "fast: memory attributes of node 0 are not reported"
        );
        for (node, latency, bandwidth) in [
            (0, 100, 200_000),
            (1, 110, 200_000),
            (4, 250, 60_000),
            (8, 600, 900_000),
        ] {
            let directory = format!("sys/devices/system/node/node{node}/access0/initiators");
            made.write(
                &format!("{directory}/read_latency"),
                latency.to_string().as_bytes(),
            );
            made.write(
                &format!("{directory}/read_bandwidth"),
                bandwidth.to_string().as_bytes(),
            );
        }
        assert_eq!(chosen(&made, "fast", Want::Memory), "0-1");
        assert_eq!(chosen(&made, "slow", Want::Memory), "4,8");
    }

    #[test]
    fn errors_have_an_errno() {
        let made = machine();
        for (text, expected) in [
            ("x", Errno::EINVAL),
            ("7", Errno::EINVAL),
            ("0-", Errno::EINVAL),
            ("0,,1", Errno::EINVAL),
            ("tier:x", Errno::EINVAL),
            ("tier:0", Errno::ENODATA),
            ("near:7", Errno::EINVAL),
            ("fast", Errno::ENODATA),
            ("gpu:9", Errno::ENODEV),
            ("gpu:42:00.0", Errno::ENODEV),
            ("gpu:2", Errno::ENODATA),
            ("nvme:9", Errno::ENOENT),
        ] {
            let error = select(made.root(), text.as_bytes(), &nodes(&made), Want::Memory)
                .expect_err(text)
                .errno();
            assert_eq!(error, expected, "{text}");
        }
    }

    #[test]
    fn nodes_that_may_be_named() {
        let made = machine();
        let named = |want| usable(made.root(), want, 64).unwrap().to_string();
        assert_eq!(named(Want::Memory), "0-1,4,8-9", "nothing says otherwise");
        // Nodes 0, 4 and 5, of which there is no 5.
        made.write(
            "proc/self/status",
            b"Cpus_allowed:\tff\nMems_allowed:\t00000031\n",
        );
        assert_eq!(named(Want::Memory), "0,4");
        assert_eq!(
            named(Want::Cpus),
            "0,4,9",
            "with the one that has no memory"
        );
    }

    #[test]
    fn words_that_lead_nowhere_say_why() {
        let made = machine();
        for (text, expected) in [
            (
                "gpu:2",
                "the kernel does not know the node of device 0001:01:00.0",
            ),
            ("gpu:3", "there is no gpu 3"),
            (
                "near:gpu:2",
                "the kernel does not know the node of device 0001:01:00.0",
            ),
            ("gpu:00:02.0", "00:02.0 is no gpu"),
            ("gpu:x", "cannot parse PCI device x"),
            ("near:7", "near:7: node 7 does not exist"),
            ("near:", "near: names no node, device or tier"),
            ("near:cpu", "near:cpu names no node, device or tier"),
            ("nvme:../x", "illegal characters in device name ../x"),
            ("nvme:7", "cannot read the node of nvme device nvme7"),
            ("7", "argument 7 is out of range"),
            ("cpux", "unparseable description"),
            ("cpu,,0", "unparseable description"),
            ("tier", "unparseable description"),
        ] {
            assert_eq!(chosen(&made, text, Want::Memory), expected, "{text}");
        }
    }

    #[test]
    fn what_nodes_have_is_told() {
        let made = machine();
        made.write(
            "sys/devices/virtual/memory_tiering/memory_tier4/nodelist",
            b"0-1\n",
        );
        let told = |node| {
            let mut text = String::new();
            describe(made.root(), Node(node), 64, &mut text).unwrap();
            text
        };
        assert_eq!(told(0), "node 0: cpus, memory, tier 0");
        assert_eq!(told(4), "node 4: memory");
        assert_eq!(told(9), "node 9: cpus");
    }
}
