//! Weights of weighted interleaving: how many pages in a row each node gets, for the whole system. From
//! /sys/kernel/mm/mempolicy/weighted_interleave (Linux 6.9).
//!
//! Since Linux 6.16 the kernel can work the weights out from the nodes' bandwidths itself. A weight that is
//! written ends that.

use alloc::vec::Vec;

use crate::error::{Error, Result};
use crate::mask::Node;
use crate::root::{Path, Root, decimal};
use crate::sys::Errno;
use crate::topology;

const WEIGHTS: &str = "/sys/kernel/mm/mempolicy/weighted_interleave";

/// The switch by which the kernel sets the weights itself, under the names that it has had.
const SWITCHES: [&str; 2] = ["auto", "__auto_type"];

/// What a node's weight is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weight {
    /// The node.
    pub node: Node,
    /// Its pages in each turn: 1 to 255.
    pub weight: u8,
}

fn file_of(root: Root<'_>, node: Node) -> Path {
    let mut path = Path::below(root, WEIGHTS);
    path.push(b"/node").number(node.0);
    path
}

/// Why weights were not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetError {
    /// The weights of now cannot be read, so that they could not be put back.
    #[error("{0}")]
    Unreadable(Error),
    /// A node has no weight: it does not exist, or is listed twice.
    #[error("node {0} has no weight that can be set, or is named twice")]
    BadNode(u32),
    /// The weight of a node is refused. All weights are as they were.
    #[error("the weight {weight} of node {node} is refused: {errno}")]
    Refused {
        /// The node.
        node: u32,
        /// The weight.
        weight: u8,
        /// The error of the write.
        errno: Errno,
    },
    /// A weight is refused, and putting another one back as well: some weights have changed.
    #[error("a weight is refused, and node {node} cannot be put back to {weight}: {errno}")]
    NotPutBack {
        /// The node whose weight is not what it was.
        node: u32,
        /// What its weight was.
        weight: u8,
        /// The error of the write.
        errno: Errno,
    },
    /// The kernel has no switch for weights of its own, or refuses it.
    #[error("the kernel does not set the weights itself: {0}")]
    NoSwitch(Errno),
}

impl SetError {
    /// The errno that stands for this error in C.
    ///
    /// ```
    /// use numa::weights::SetError;
    ///
    /// assert_eq!(SetError::BadNode(7).errno().name(), Some("EINVAL"));
    /// ```
    pub fn errno(&self) -> Errno {
        match *self {
            SetError::Unreadable(error) => error.errno(),
            SetError::BadNode(_) => Errno::EINVAL,
            SetError::Refused { errno, .. }
            | SetError::NotPutBack { errno, .. }
            | SetError::NoSwitch(errno) => errno,
        }
    }
}

/// The weight of a node.
///
/// [`Error::File`] with ENOENT of a node without memory, and on a kernel without weighted interleaving.
///
/// ```
/// use numa::{Node, Root, weights};
///
/// match weights::weight(Root::SYSTEM, Node(0)) {
///     Ok(weight) => println!("{weight} pages in a row"),
///     Err(error) => println!("{error}"), // before Linux 6.9
/// }
/// ```
pub fn weight(root: Root<'_>, node: Node) -> Result<u8> {
    const FILE: &str = "weighted_interleave/nodeN";
    let mut buf = [0; 32];
    let text = file_of(root, node)
        .read(&mut buf)
        .map_err(|errno| Error::File { file: FILE, errno })?;
    match decimal(text.trim_ascii()) {
        Some(n @ 1..=255) => Ok(n as u8),
        _ => Err(Error::Malformed { file: FILE }),
    }
}

/// The weights of all nodes that have one, in ascending order of nodes.
///
/// [`Error::Open`] with ENOENT on a kernel without weighted interleaving.
///
/// ```
/// use numa::{Root, weights};
///
/// if let Ok(all) = weights::weights(Root::SYSTEM) {
///     let sum: u32 = all.iter().map(|w| u32::from(w.weight)).sum();
///     for w in &all {
///         println!("node {}: {} of {sum} pages", w.node, w.weight);
///     }
/// }
/// ```
pub fn weights(root: Root<'_>) -> Result<Vec<Weight>> {
    let nodes = Path::below(root, WEIGHTS)
        .sorted(topology::node_of_name)
        .map_err(|errno| Error::Open {
            file: "weighted_interleave",
            errno,
        })?;
    let mut weights = Vec::new();
    weights
        .try_reserve_exact(nodes.len())
        .map_err(|_| Error::OutOfMemory)?;
    for node in nodes {
        match weight(root, node) {
            // The node's memory went offline meanwhile.
            Err(Error::File {
                errno: Errno::ENOENT,
                ..
            }) => {}
            read => weights.push(Weight {
                node,
                weight: read?,
            }),
        }
    }
    Ok(weights)
}

/// Whether the kernel sets the weights itself. [`Error::File`] with ENOENT before Linux 6.16.
///
/// ```
/// use numa::{Root, weights};
///
/// if let Ok(true) = weights::are_automatic(Root::SYSTEM) {
///     println!("the kernel sets the weights by bandwidth");
/// }
/// ```
pub fn are_automatic(root: Root<'_>) -> Result<bool> {
    let mut answer = Err(Error::File {
        file: SWITCHES[0],
        errno: Errno::ENOENT,
    });
    for file in SWITCHES {
        answer = topology::read_switch(&switch(root, file), file);
        if !matches!(
            answer,
            Err(Error::File {
                errno: Errno::ENOENT,
                ..
            })
        ) {
            break;
        }
    }
    answer
}

fn switch(root: Root<'_>, file: &str) -> Path {
    let mut path = Path::below(root, WEIGHTS);
    path.push(b"/").push(file.as_bytes());
    path
}

/// Sets the weights of the nodes that are named, all or none: where one is refused, those that were written
/// before it are put back. Needs root. Weights that the kernel had set itself become fixed, as the kernel
/// wants it.
///
/// ```no_run
/// use numa::{Node, Root};
/// use numa::weights::{self, Weight};
///
/// let wanted = [Weight { node: Node(0), weight: 3 }, Weight { node: Node(2), weight: 1 }];
/// weights::set(Root::SYSTEM, &wanted)?;
/// # Ok::<(), numa::weights::SetError>(())
/// ```
pub fn set(root: Root<'_>, wanted: &[Weight]) -> Result<(), SetError> {
    let before = weights(root).map_err(SetError::Unreadable)?;
    let was = |node: Node| before.iter().find(|w| w.node == node);
    for (at, w) in wanted.iter().enumerate() {
        let twice = wanted[..at].iter().any(|other| other.node == w.node);
        if twice || was(w.node).is_none() || w.weight == 0 {
            return Err(SetError::BadNode(w.node.0));
        }
    }
    let automatic = are_automatic(root).unwrap_or(false);
    for (at, &Weight { node, weight }) in wanted.iter().enumerate() {
        if let Err(errno) = write_weight(root, node, weight) {
            put_back(
                root,
                wanted[..at].iter().filter_map(|w| was(w.node)),
                automatic,
            )?;
            return Err(SetError::Refused {
                node: node.0,
                weight,
                errno,
            });
        }
    }
    Ok(())
}

/// Puts weights back; the kernel's own by its switch.
fn put_back<'w>(
    root: Root<'_>,
    before: impl Iterator<Item = &'w Weight>,
    automatic: bool,
) -> Result<(), SetError> {
    let mut written = false;
    for &Weight { node, weight } in before {
        written = true;
        write_weight(root, node, weight).map_err(|errno| SetError::NotPutBack {
            node: node.0,
            weight,
            errno,
        })?;
    }
    if automatic && written {
        set_automatic(root, true)?;
    }
    Ok(())
}

fn write_weight(root: Root<'_>, node: Node, weight: u8) -> Result<(), Errno> {
    let mut text = Path::empty();
    text.number(weight.into());
    file_of(root, node).write(text.text())
}

/// Lets the kernel set the weights by bandwidth, or leaves them as they are from now on. Needs root, and
/// Linux 6.16.
///
/// ```no_run
/// use numa::{Root, weights};
///
/// weights::set_automatic(Root::SYSTEM, true)?;
/// # Ok::<(), numa::weights::SetError>(())
/// ```
pub fn set_automatic(root: Root<'_>, automatic: bool) -> Result<(), SetError> {
    let text: &[u8] = if automatic { b"1" } else { b"0" };
    let mut answer = Err(Errno::ENOENT);
    for file in SWITCHES {
        answer = switch(root, file).write(text);
        if answer != Err(Errno::ENOENT) {
            break;
        }
    }
    answer.map_err(SetError::NoSwitch)
}

/// The weights that suit bandwidths, in the order of these: the smallest that differ from the right shares by
/// at most a twentieth, if there are such up to 255.
///
/// `None` if there are none or a bandwidth is 0.
///
/// ```
/// use numa::weights::suggested;
///
/// // Two sockets, and CXL memory with a third of their bandwidth.
/// assert_eq!(suggested(&[300_000, 300_000, 100_000]), Some(vec![3, 3, 1]));
/// ```
pub fn suggested(bandwidths: &[u32]) -> Option<Vec<u8>> {
    let least = *bandwidths.iter().min()?;
    if least == 0 {
        return None;
    }
    let mut weights = Vec::new();
    weights.try_reserve_exact(bandwidths.len()).ok()?;
    // `turn` pages for the slowest node; the others in proportion.
    for turn in 1..=255u64 {
        weights.clear();
        let mut good = true;
        for &bandwidth in bandwidths {
            let (b, l) = (u64::from(bandwidth), u64::from(least));
            let weight = ((b * turn + l / 2) / l).clamp(1, 255);
            // |weight / turn - b / l| is at most a twentieth of b / l.
            good &= (weight * l).abs_diff(b * turn) * 20 <= b * turn;
            weights.push(weight as u8);
        }
        if good {
            return Some(weights);
        }
        if weights.contains(&255) {
            break;
        }
    }
    // A node that is more than 255 times as fast, or that no small number suits: the nearest.
    let most = u64::from(*bandwidths.iter().max()?);
    weights.clear();
    for &bandwidth in bandwidths {
        let weight = (u64::from(bandwidth) * 255 + most / 2) / most;
        weights.push(weight.clamp(1, 255) as u8);
    }
    Some(weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MadeUp;
    use proptest::prelude::*;
    use std::fs;

    fn machine(weights: &[(u32, &str)]) -> MadeUp {
        let made = MadeUp::new();
        for (node, weight) in weights {
            let file = format!("sys/kernel/mm/mempolicy/weighted_interleave/node{node}");
            made.write(&file, format!("{weight}\n").as_bytes());
        }
        made
    }

    fn w(node: u32, weight: u8) -> Weight {
        Weight {
            node: Node(node),
            weight,
        }
    }

    /// A file that takes no writes, even from root: a directory in its place would not be read.
    fn refuse(made: &MadeUp, node: u32) -> std::path::PathBuf {
        let file = made.path(&format!(
            "sys/kernel/mm/mempolicy/weighted_interleave/node{node}"
        ));
        // Read through a link, which is not written through.
        let behind = made.path("behind");
        fs::rename(&file, &behind).unwrap();
        std::os::unix::fs::symlink(&behind, &file).unwrap();
        file
    }

    #[test]
    fn weights_are_sorted_by_node() {
        let made = machine(&[(10, "2"), (2, "255"), (0, "1")]);
        made.write(
            "sys/kernel/mm/mempolicy/weighted_interleave/auto",
            b"false\n",
        );
        assert_eq!(weights(made.root()), Ok(vec![w(0, 1), w(2, 255), w(10, 2)]));
        assert_eq!(weight(made.root(), Node(10)), Ok(2));
        assert_eq!(
            weight(made.root(), Node(1)).unwrap_err().errno(),
            Errno::ENOENT
        );
    }

    #[test]
    fn garbage_and_old_kernels_are_told() {
        for text in ["0", "256", "-1", "x", "", "1 2"] {
            let made = machine(&[(0, text)]);
            assert!(
                matches!(weights(made.root()), Err(Error::Malformed { .. })),
                "{text}"
            );
        }
        let made = machine(&[]);
        assert_eq!(weights(made.root()).unwrap_err().errno(), Errno::ENOENT);
        assert_eq!(
            are_automatic(made.root()).unwrap_err().errno(),
            Errno::ENOENT
        );
        assert_eq!(
            set(made.root(), &[w(0, 1)]).unwrap_err().errno(),
            Errno::ENOENT
        );
        assert_eq!(
            set_automatic(made.root(), true),
            Err(SetError::NoSwitch(Errno::ENOENT))
        );
    }

    #[test]
    fn the_switch_has_two_names() {
        for name in SWITCHES {
            let made = machine(&[(0, "1")]);
            let file = format!("sys/kernel/mm/mempolicy/weighted_interleave/{name}");
            made.write(&file, b"true\n");
            assert_eq!(are_automatic(made.root()), Ok(true));
            set_automatic(made.root(), false).unwrap();
            assert_eq!(fs::read(made.path(&file)).unwrap(), b"0");
            assert_eq!(are_automatic(made.root()), Ok(false));
        }
    }

    #[test]
    fn all_are_set() {
        let made = machine(&[(0, "100"), (2, "1"), (3, "7")]);
        set(made.root(), &[w(2, 20), w(0, 3)]).unwrap();
        assert_eq!(weights(made.root()), Ok(vec![w(0, 3), w(2, 20), w(3, 7)]));
    }

    #[test]
    fn or_none() {
        let made = machine(&[(0, "100"), (1, "5"), (2, "1")]);
        let before = weights(made.root());
        for bad in [
            vec![w(0, 1), w(7, 1)],
            vec![w(0, 1), w(0, 2)],
            vec![w(0, 0)],
        ] {
            let errno = set(made.root(), &bad).unwrap_err().errno();
            assert_eq!(errno, Errno::EINVAL, "{bad:?}");
            assert_eq!(weights(made.root()), before);
        }
        refuse(&made, 2);
        made.write(
            "sys/kernel/mm/mempolicy/weighted_interleave/auto",
            b"true\n",
        );
        let refused = set(made.root(), &[w(0, 1), w(1, 2), w(2, 3)]);
        let expected = SetError::Refused {
            node: 2,
            weight: 3,
            errno: Errno::ELOOP,
        };
        assert_eq!(refused, Err(expected));
        assert_eq!(weights(made.root()), before);
        assert_eq!(are_automatic(made.root()), Ok(true));
        assert_eq!(
            fs::read(made.path("sys/kernel/mm/mempolicy/weighted_interleave/auto")).unwrap(),
            b"1",
            "written, as the weights that were put back ended it"
        );
    }

    #[test]
    fn suggestions_are_small() {
        assert_eq!(suggested(&[100]), Some(vec![1]));
        assert_eq!(suggested(&[100, 100]), Some(vec![1, 1]));
        assert_eq!(suggested(&[300, 200]), Some(vec![3, 2]));
        assert_eq!(suggested(&[204_800, 204_800, 76_800]), Some(vec![8, 8, 3]));
        assert_eq!(
            suggested(&[204_800, 205_824, 40_960, 41_984]),
            Some(vec![5, 5, 1, 1])
        );
        assert_eq!(suggested(&[1_000_000, 1]), Some(vec![255, 1]));
        assert_eq!(suggested(&[]), None);
        assert_eq!(suggested(&[5, 0]), None);
    }

    proptest! {
        #![proptest_config(crate::testing::same_cases())]
        #[test]
        fn suggestions_are_weights_in_order(bandwidths in prop::collection::vec(1u32.., 1..9)) {
            let weights = suggested(&bandwidths).unwrap();
            prop_assert_eq!(weights.len(), bandwidths.len());
            for (a, wa) in bandwidths.iter().zip(&weights) {
                prop_assert!(*wa > 0);
                for (b, wb) in bandwidths.iter().zip(&weights) {
                    prop_assert!(a > b || wa <= wb, "{bandwidths:?}: {weights:?}");
                }
            }
        }
    }
}
