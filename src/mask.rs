//! Sets of nodes and CPUs.
//!
//! [`Bits`] and [`BitsMut`] borrow words of any number, so that the C layer can apply them to a
//! caller's `struct bitmask` in place. [`Mask`] owns its words and keeps masks of common machines
//! (1024 nodes, 8192 CPUs) without an allocation.

use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;

use crate::error::{Error, Result};
use crate::words;

pub use crate::words::{Bits, BitsMut, Ones, WORD_BITS, Word, words_for};

/// What a mask is a set of: [`Node`] or [`Cpu`].
pub trait Id: Copy + Eq + fmt::Debug {
    /// "node" or "cpu", for messages.
    const KIND: &'static str;
    /// The id with this number.
    fn new(n: u32) -> Self;
    /// The number of this id.
    fn number(self) -> u32;
}

macro_rules! id {
    ($name:ident, $kind:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl Id for $name {
            const KIND: &'static str = $kind;
            fn new(n: u32) -> Self {
                $name(n)
            }
            fn number(self) -> u32 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

id!(
    Node,
    "node",
    "The number of a NUMA memory node, as in /sys/devices/system/node/nodeN."
);
id!(
    Cpu,
    "cpu",
    "The number of a logical CPU, as in /sys/devices/system/cpu/cpuN."
);

/// A set of ids below a fixed size, in the kernel's layout.
///
/// `INLINE` words live in the value itself; a larger mask allocates once, when it
/// is made.
#[derive(Clone)]
pub struct Mask<I, const INLINE: usize> {
    size: usize,
    near: [Word; INLINE],
    far: Box<[Word]>,
    id: PhantomData<I>,
}

/// A set of NUMA nodes. Up to 1024 bits need no allocation.
pub type NodeMask = Mask<Node, { words_for(1024) }>;

/// A set of CPUs. Up to 8192 bits need no allocation.
pub type CpuMask = Mask<Cpu, { words_for(8192) }>;

impl<I: Id, const INLINE: usize> Mask<I, INLINE> {
    /// An empty mask of `size` bits.
    ///
    /// Fails with [`Error::OutOfMemory`] only.
    ///
    /// ```
    /// use numa::{Node, NodeMask};
    ///
    /// let mut nodes = NodeMask::new(64)?;
    /// assert!(nodes.is_empty());
    /// nodes.insert(Node(0))?;
    /// assert!(nodes.insert(Node(64)).is_err()); // beyond its bits
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn new(size: usize) -> Result<Self> {
        let far = match words_for(size) {
            need if need > INLINE => words::zeroed(need).ok_or(Error::OutOfMemory)?,
            _ => Box::default(),
        };
        Ok(Mask {
            size,
            near: [0; INLINE],
            far,
            id: PhantomData,
        })
    }

    /// A mask of `size` bits with those bits of `from` that fit.
    ///
    /// ```
    /// use numa::NodeMask;
    /// use numa::mask::Bits;
    ///
    /// let nodes = NodeMask::from_bits(2, Bits::new(&[0b111], 3))?;
    /// assert_eq!(nodes.to_string(), "0-1"); // 2 does not fit
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn from_bits(size: usize, from: Bits<'_>) -> Result<Self> {
        let mut mask = Self::new(size)?;
        mask.bits_mut().copy_from(from);
        Ok(mask)
    }

    /// Borrows the mask.
    ///
    /// ```
    /// use numa::{Node, NodeMask};
    ///
    /// let mut nodes = NodeMask::new(64)?;
    /// nodes.insert(Node(5))?;
    /// assert_eq!(nodes.as_bits().last(), Some(5));
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn as_bits(&self) -> Bits<'_> {
        let words = match words_for(self.size) {
            need if need > INLINE => &self.far,
            need => &self.near[..need],
        };
        Bits::new(words, self.size)
    }

    /// Borrows the mask for writing.
    ///
    /// ```
    /// use numa::{Node, NodeMask};
    ///
    /// let mut nodes = NodeMask::new(64)?;
    /// nodes.bits_mut().fill();
    /// assert_eq!(nodes.to_string(), "0-63");
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn bits_mut(&mut self) -> BitsMut<'_> {
        let words = match words_for(self.size) {
            need if need > INLINE => &mut self.far,
            need => &mut self.near[..need],
        };
        BitsMut::new(words, self.size)
    }

    /// Number of bits, set or not.
    ///
    /// ```
    /// use numa::NodeMask;
    ///
    /// assert_eq!(NodeMask::new(100)?.size(), 100);
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn size(&self) -> usize {
        self.size
    }

    /// The words; those bits of the last one that lie beyond the size are zero.
    ///
    /// ```
    /// use numa::{Node, NodeMask};
    ///
    /// let mut nodes = NodeMask::new(64)?;
    /// nodes.insert(Node(3))?;
    /// assert_eq!(nodes.words()[0], 0b1000);
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn words(&self) -> &[Word] {
        self.as_bits().words()
    }

    /// Whether `id` is in the set.
    ///
    /// ```
    /// use numa::{Node, NodeMask};
    ///
    /// let mut nodes = NodeMask::new(64)?;
    /// nodes.insert(Node(3))?;
    /// assert!(nodes.contains(Node(3)));
    /// assert!(!nodes.contains(Node(4)) && !nodes.contains(Node(1000)));
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn contains(&self, id: I) -> bool {
        self.as_bits().contains(id.number() as usize)
    }

    /// Puts `id` into the set.
    ///
    /// ```
    /// use numa::{Node, NodeMask};
    ///
    /// let mut nodes = NodeMask::new(64)?;
    /// for n in [8, 0, 1] {
    ///     nodes.insert(Node(n))?;
    /// }
    /// assert_eq!(nodes.to_string(), "0-1,8");
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn insert(&mut self, id: I) -> Result<()> {
        if self.bits_mut().insert(id.number() as usize) {
            return Ok(());
        }
        Err(Error::BeyondMask {
            kind: I::KIND,
            id: id.number(),
            bits: self.size,
        })
    }

    /// Takes `id` out of the set.
    ///
    /// ```
    /// use numa::{Node, NodeMask};
    ///
    /// let mut nodes = NodeMask::new(64)?;
    /// nodes.insert(Node(3))?;
    /// nodes.remove(Node(3));
    /// assert!(nodes.is_empty());
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn remove(&mut self, id: I) {
        self.bits_mut().remove(id.number() as usize);
    }

    /// Number of ids in the set.
    ///
    /// ```
    /// use numa::{Node, NodeMask};
    ///
    /// let mut nodes = NodeMask::new(64)?;
    /// nodes.insert(Node(3))?;
    /// nodes.insert(Node(8))?;
    /// assert_eq!(nodes.len(), 2);
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn len(&self) -> usize {
        self.as_bits().count()
    }

    /// Whether the set is empty.
    ///
    /// ```
    /// use numa::{Node, NodeMask};
    ///
    /// let mut nodes = NodeMask::new(64)?;
    /// assert!(nodes.is_empty());
    /// nodes.insert(Node(0))?;
    /// assert!(!nodes.is_empty());
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.as_bits().is_empty()
    }

    /// The ids in ascending order.
    ///
    /// ```
    /// use numa::{Node, NodeMask};
    ///
    /// let mut nodes = NodeMask::new(64)?;
    /// nodes.insert(Node(8))?;
    /// nodes.insert(Node(0))?;
    /// let ids: Vec<u32> = nodes.iter().map(|node| node.0).collect();
    /// assert_eq!(ids, [0, 8]);
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = I> + '_ {
        self.as_bits().iter().map(|n| I::new(n as u32))
    }

    /// The lowest id.
    ///
    /// ```
    /// use numa::{Node, NodeMask};
    ///
    /// let mut nodes = NodeMask::new(64)?;
    /// assert_eq!(nodes.first(), None);
    /// nodes.insert(Node(8))?;
    /// assert_eq!(nodes.first(), Some(Node(8)));
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn first(&self) -> Option<I> {
        self.as_bits().next(0).map(|n| I::new(n as u32))
    }

    /// The highest id.
    ///
    /// ```
    /// use numa::{Node, NodeMask};
    ///
    /// let mut nodes = NodeMask::new(64)?;
    /// nodes.insert(Node(0))?;
    /// nodes.insert(Node(8))?;
    /// assert_eq!(nodes.last(), Some(Node(8)));
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn last(&self) -> Option<I> {
        self.as_bits().last().map(|n| I::new(n as u32))
    }

    /// Whether both sets hold a common id.
    ///
    /// ```
    /// use numa::{Node, NodeMask};
    ///
    /// let mut nodes = NodeMask::new(64)?;
    /// nodes.insert(Node(1))?;
    /// let mut others = NodeMask::new(1024)?;
    /// assert!(!nodes.intersects(&others));
    /// others.insert(Node(1))?;
    /// assert!(nodes.intersects(&others));
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn intersects(&self, other: &Self) -> bool {
        self.as_bits().intersects(other.as_bits())
    }

    /// Keeps only the ids that `other` holds as well.
    ///
    /// ```
    /// use numa::{Node, NodeMask};
    ///
    /// let mut nodes = NodeMask::new(64)?;
    /// nodes.bits_mut().fill();
    /// let mut allowed = NodeMask::new(64)?;
    /// allowed.insert(Node(2))?;
    /// nodes.intersect(&allowed);
    /// assert_eq!(nodes.to_string(), "2");
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn intersect(&mut self, other: &Self) {
        self.bits_mut().keep(other.as_bits());
    }

    /// Removes the ids that `other` holds.
    ///
    /// ```
    /// use numa::{Node, NodeMask};
    ///
    /// let mut nodes = NodeMask::new(64)?;
    /// nodes.bits_mut().fill();
    /// let mut others = NodeMask::new(64)?;
    /// others.insert(Node(0))?;
    /// nodes.subtract(&others);
    /// assert_eq!(nodes.to_string(), "1-63");
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn subtract(&mut self, other: &Self) {
        other.iter().for_each(|id| self.remove(id));
    }

    /// Empties the set.
    ///
    /// ```
    /// use numa::{Node, NodeMask};
    ///
    /// let mut nodes = NodeMask::new(64)?;
    /// nodes.insert(Node(1))?;
    /// nodes.clear();
    /// assert_eq!(nodes.to_string(), "");
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn clear(&mut self) {
        self.bits_mut().clear();
    }
}

impl<I: Id, const INLINE: usize> PartialEq for Mask<I, INLINE> {
    /// Same members; the sizes may differ.
    fn eq(&self, other: &Self) -> bool {
        self.as_bits() == other.as_bits()
    }
}

impl<I: Id, const INLINE: usize> Eq for Mask<I, INLINE> {}

/// Writes the set as a list, `0-3,8`, the form that node and CPU strings take.
impl<I: Id, const INLINE: usize> fmt::Display for Mask<I, INLINE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.as_bits(), f)
    }
}

/// Likewise.
impl fmt::Display for Bits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        for (first, last) in ranges(*self) {
            write!(f, "{comma}{first}")?;
            if last > first {
                write!(f, "-{last}")?;
            }
            comma = ",";
        }
        Ok(())
    }
}

/// The ranges of a set, each with its first and its last member.
pub(crate) fn ranges(set: Bits<'_>) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut at = 0;
    core::iter::from_fn(move || {
        let first = set.next(at)?;
        let mut last = first;
        while set.contains(last + 1) {
            last += 1;
        }
        at = last + 1;
        Some((first, last))
    })
}

impl<I: Id, const INLINE: usize> fmt::Debug for Mask<I, INLINE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}mask({self} of {})", I::KIND, self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::same_cases;
    use alloc::string::ToString;
    use alloc::vec::Vec;
    use proptest::collection::btree_set;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn nodes(size: usize, ids: &[u32]) -> NodeMask {
        let mut m = NodeMask::new(size).unwrap();
        for &n in ids {
            m.insert(Node(n)).unwrap();
        }
        m
    }

    #[test]
    fn a_set_prints_as_a_list() {
        assert_eq!(nodes(64, &[]).to_string(), "");
        assert_eq!(nodes(64, &[0]).to_string(), "0");
        assert_eq!(nodes(64, &[0, 1, 2, 8, 62, 63]).to_string(), "0-2,8,62-63");
    }

    #[test]
    fn large_masks_leave_the_value() {
        let mut m = NodeMask::new(5000).unwrap();
        m.insert(Node(4999)).unwrap();
        assert_eq!(m.last(), Some(Node(4999)));
        assert!(m.insert(Node(5000)).is_err());
        assert_eq!(m.len(), 1);
        assert_eq!(nodes(8, &[3]), nodes(5000, &[3]));
        assert!(nodes(8, &[3]) != nodes(5000, &[3, 4000]));
    }

    #[test]
    fn iteration_is_in_order() {
        let m = nodes(1024, &[0, 63, 64, 65, 1023]);
        assert_eq!(
            m.iter().map(|n| n.0).collect::<Vec<_>>(),
            [0, 63, 64, 65, 1023]
        );
        assert_eq!(m.first(), Some(Node(0)));
        assert_eq!(m.last(), Some(Node(1023)));
    }

    proptest! {
        #![proptest_config(same_cases())]

        /// Masks of any two sizes are the sets that they hold, those that leave the value too.
        #[test]
        fn masks_are_sets(
            sizes in (0usize..1300, 0usize..1300),
            ids in (btree_set(0u32..1300, 0..40), btree_set(0u32..1300, 0..40)),
        ) {
            let make = |size: usize, ids: &BTreeSet<u32>| {
                let mut mask = NodeMask::new(size).unwrap();
                let within = |&&id: &&u32| mask.insert(Node(id)).is_ok();
                let set: BTreeSet<u32> = ids.iter().filter(within).copied().collect();
                assert_eq!(set, ids.range(..size as u32).copied().collect());
                (mask, set)
            };
            let ((a, set_a), (b, set_b)) = (make(sizes.0, &ids.0), make(sizes.1, &ids.1));
            let set = |mask: &NodeMask| -> BTreeSet<u32> { mask.iter().map(|n| n.0).collect() };
            assert_eq!((set(&a), a.len()), (set_a.clone(), set_a.len()));
            assert_eq!((a == b, a.intersects(&b)), (set_a == set_b, !set_a.is_disjoint(&set_b)));
            let (mut both, mut rest) = (a.clone(), a.clone());
            both.intersect(&b);
            rest.subtract(&b);
            assert_eq!((set(&both), set(&rest)), (&set_a & &set_b, &set_a - &set_b));
            let cut = NodeMask::from_bits(sizes.1, a.as_bits()).unwrap();
            assert_eq!(set(&cut), set_a.range(..sizes.1 as u32).copied().collect());
            let again = crate::strings::parse(&a.to_string(), &a).unwrap() == a;
            assert!(again);
        }
    }
}
