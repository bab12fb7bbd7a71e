//! Memory policies of threads and of address ranges.
//!
//! Thin over set_mempolicy(2), get_mempolicy(2) and mbind(2). Masks may have any
//! size; the kernel refuses nodes that it does not know with EINVAL. All functions
//! act on the calling thread or process, do not allocate (masks up to 1024 bits) and
//! are async-signal-safe.

use core::ffi::c_int;

use crate::error::{Error, Result};
use crate::mask::{Bits, Node, NodeMask, Word, words_for};
use crate::sys::mempolicy::{self, mode};
use crate::sys::{Errno, memory};

/// What a policy does with its nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// The system's: near the CPU that touches a page first.
    Default,
    /// One node first, others when it is full.
    Preferred,
    /// These nodes only.
    Bind,
    /// Page by page over the nodes.
    Interleave,
    /// Near the CPU that touches a page first, whatever the thread's policy is.
    Local,
    /// These nodes first, others when they are full (Linux 5.15).
    PreferredMany,
    /// Page by page, by the weights in /sys/kernel/mm/mempolicy (Linux 6.9).
    WeightedInterleave,
    /// One that this library does not know.
    Other(c_int),
}

impl Mode {
    /// The kernel's number.
    #[inline(always)]
    pub const fn number(self) -> c_int {
        match self {
            Mode::Default => mode::DEFAULT,
            Mode::Preferred => mode::PREFERRED,
            Mode::Bind => mode::BIND,
            Mode::Interleave => mode::INTERLEAVE,
            Mode::Local => mode::LOCAL,
            Mode::PreferredMany => mode::PREFERRED_MANY,
            Mode::WeightedInterleave => mode::WEIGHTED_INTERLEAVE,
            Mode::Other(number) => number,
        }
    }

    /// The mode with the kernel's number, mode flags left out.
    pub const fn from_number(number: c_int) -> Mode {
        match number & !mode::FLAGS {
            mode::DEFAULT => Mode::Default,
            mode::PREFERRED => Mode::Preferred,
            mode::BIND => Mode::Bind,
            mode::INTERLEAVE => Mode::Interleave,
            mode::LOCAL => Mode::Local,
            mode::PREFERRED_MANY => Mode::PreferredMany,
            mode::WEIGHTED_INTERLEAVE => Mode::WeightedInterleave,
            other => Mode::Other(other),
        }
    }
}

/// A policy as the kernel reports it.
#[derive(Debug, Clone)]
pub struct Policy {
    /// What it does.
    pub mode: Mode,
    /// With which nodes; empty under [`Mode::Default`] and [`Mode::Local`].
    pub nodes: NodeMask,
}

/// Sets the calling thread's policy. `None` passes no mask at all.
pub fn set_thread_policy(mode: Mode, nodes: Option<Bits<'_>>) -> Result<()> {
    mempolicy::set_mempolicy(mode.number(), nodes).map_err(Error::kernel("set_mempolicy"))
}

/// Binds the calling thread to nodes and lets NUMA balancing move pages among them
/// (Linux 5.12); on older kernels it binds only.
pub fn set_thread_bind_balancing(nodes: Bits<'_>) -> Result<()> {
    match mempolicy::set_mempolicy(mode::BIND | mode::FLAG_NUMA_BALANCING, Some(nodes)) {
        Err(Errno::EINVAL) => set_thread_policy(Mode::Bind, Some(nodes)),
        result => result.map_err(Error::kernel("set_mempolicy")),
    }
}

/// Reads the calling thread's policy: its mode and mode flags, and its nodes into the first
/// `size` bits of `words`.
pub fn read_thread_policy(words: &mut [Word], size: usize) -> Result<(Mode, c_int)> {
    words
        .iter_mut()
        .take(words_for(size))
        .for_each(|word| *word = 0);
    mempolicy::thread_policy(words, size)
        .map(|number| (Mode::from_number(number), number & mode::FLAGS))
        .map_err(Error::kernel("get_mempolicy"))
}

/// The calling thread's policy, with a mask of `size` bits.
pub fn thread_policy(size: usize) -> Result<Policy> {
    let mut nodes = NodeMask::new(size)?;
    let number = mempolicy::thread_policy(nodes.words_mut(), size)
        .map_err(Error::kernel("get_mempolicy"))?;
    Ok(Policy {
        mode: Mode::from_number(number),
        nodes,
    })
}

/// The policy of the page at an address, with a mask of `size` bits.
pub fn policy_at(address: usize, size: usize) -> Result<Policy> {
    let mut nodes = NodeMask::new(size)?;
    let number = mempolicy::policy_at(address, nodes.words_mut(), size)
        .map_err(Error::kernel("get_mempolicy"))?;
    Ok(Policy {
        mode: Mode::from_number(number),
        nodes,
    })
}

/// The node of the thread's next interleaved page. Fails with EINVAL unless the thread
/// has an interleaving policy.
pub fn next_interleave_node() -> Result<Node> {
    let node = mempolicy::next_interleave_node().map_err(Error::kernel("get_mempolicy"))?;
    u32::try_from(node).map(Node).map_err(|_| Error::Malformed {
        file: "get_mempolicy",
    })
}

/// Sets the policy of an address range, which begins on a page boundary. Pages that are
/// there already stay; with `strict`, EIO tells that some are elsewhere.
pub fn set_range_policy(
    address: usize,
    len: usize,
    mode: Mode,
    nodes: Option<Bits<'_>>,
    strict: bool,
) -> Result<()> {
    let flags = if strict { mempolicy::MF_STRICT } else { 0 };
    mempolicy::mbind(address, len, mode.number(), nodes, flags).map_err(Error::kernel("mbind"))
}

/// Sets the home node of an address range with a bind or preferred-many policy: the node
/// of the set that is tried first (Linux 5.17).
pub fn set_home_node(address: usize, len: usize, node: Node) -> Result<()> {
    mempolicy::set_mempolicy_home_node(address, len, node.0.into(), 0)
        .map_err(Error::kernel("set_mempolicy_home_node"))
}

/// Whether the kernel knows a policy mode. Asks with an empty range: no policy changes.
pub fn supports_mode(mode: Mode) -> bool {
    mempolicy::probe_mode(mode.number(), None).is_ok()
}

/// Whether the kernel knows home nodes. Asks with an empty range: no policy changes.
pub fn supports_home_node() -> bool {
    // Any other answer than "no such call" or "denied" comes from the call itself.
    !matches!(
        mempolicy::probe_home_node(),
        Err(Errno::ENOSYS | Errno::EPERM)
    )
}

/// Faults in every page of `len` bytes at `address` for writing; contents stay as they are.
///
/// # Errors
/// EINVAL where the kernel lacks MADV_POPULATE_WRITE (before 5.14) or the address is not
/// on a page boundary; ENOMEM and EFAULT where a page cannot be had.
pub fn populate(address: usize, len: usize) -> Result<()> {
    memory::populate_write(address, len).map_err(Error::kernel("madvise"))
}
