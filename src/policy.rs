//! Memory policies of threads and of address ranges.
//!
//! Made of set_mempolicy(2), get_mempolicy(2), mbind(2) and set_mempolicy_home_node(2). Masks may
//! have any size; the kernel refuses nodes that it does not know with EINVAL. All functions act on
//! the calling thread or process. Those that take a borrowed mask or none do not allocate and are
//! async-signal-safe.

use core::ffi::{c_int, c_uint, c_ulong};

use crate::error::{Error, Result};
use crate::mask::{Bits, BitsMut, Node, NodeMask};
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
    /// Near the CPU that touches a page first, also under another policy of the thread (Linux 3.8).
    Local,
    /// These nodes first, others when they are full (Linux 5.15).
    PreferredMany,
    /// Page by page, by the weights in /sys/kernel/mm/mempolicy (Linux 6.9).
    WeightedInterleave,
    /// A mode that this library does not know.
    Other(c_int),
}

impl Mode {
    /// The kernel's number.
    ///
    /// ```
    /// use numa::policy::Mode;
    ///
    /// assert_eq!(Mode::Interleave.number(), 3); // MPOL_INTERLEAVE
    /// ```
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

    /// Its name in the words of the kernel, such as `weighted interleave`; `None` for a mode that this
    /// library does not know.
    ///
    /// ```
    /// use numa::policy::Mode;
    ///
    /// assert_eq!(Mode::PreferredMany.name(), Some("preferred-many"));
    /// assert_eq!(Mode::Other(99).name(), None);
    /// ```
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Mode::Default => "default",
            Mode::Preferred => "preferred",
            Mode::Bind => "bind",
            Mode::Interleave => "interleave",
            Mode::Local => "local",
            Mode::PreferredMany => "preferred-many",
            Mode::WeightedInterleave => "weighted interleave",
            Mode::Other(_) => return None,
        })
    }

    /// The mode with the kernel's number, mode flags left out.
    ///
    /// ```
    /// use numa::policy::Mode;
    ///
    /// assert_eq!(Mode::from_number(2), Mode::Bind);
    /// assert_eq!(Mode::from_number(99), Mode::Other(99));
    /// ```
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

/// Mode flags: what else the kernel does with a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// Node ids stay as they are when the cpuset changes.
    pub static_nodes: bool,
    /// Node ids count within the cpuset.
    pub relative_nodes: bool,
    /// NUMA balancing may move pages within the nodes: of [`Mode::Bind`] (Linux 5.12) and
    /// [`Mode::PreferredMany`] (Linux 6.12).
    pub balancing: bool,
}

impl Flags {
    /// No flag.
    pub const NONE: Flags = Flags {
        static_nodes: false,
        relative_nodes: false,
        balancing: false,
    };

    /// The flags in the kernel's number of a mode.
    ///
    /// ```
    /// use numa::policy::Flags;
    ///
    /// assert!(Flags::from_number(2 | 1 << 15).static_nodes); // MPOL_BIND | MPOL_F_STATIC_NODES
    /// assert_eq!(Flags::from_number(2), Flags::NONE);
    /// ```
    pub const fn from_number(number: c_int) -> Flags {
        Flags {
            static_nodes: number & mode::FLAG_STATIC_NODES != 0,
            relative_nodes: number & mode::FLAG_RELATIVE_NODES != 0,
            balancing: number & mode::FLAG_NUMA_BALANCING != 0,
        }
    }

    fn number(self) -> c_int {
        let flag = |set, flag| if set { flag } else { 0 };
        flag(self.static_nodes, mode::FLAG_STATIC_NODES)
            | flag(self.relative_nodes, mode::FLAG_RELATIVE_NODES)
            | flag(self.balancing, mode::FLAG_NUMA_BALANCING)
    }
}

/// A policy's mode as the kernel reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// What the policy does with its nodes.
    pub mode: Mode,
    /// What else.
    pub flags: Flags,
}

impl Setting {
    fn from_number(number: c_int) -> Setting {
        Setting {
            mode: Mode::from_number(number),
            flags: Flags::from_number(number),
        }
    }

    /// Whether this is `mode` without a mode flag.
    ///
    /// ```
    /// use numa::policy::{Flags, Mode, Setting};
    ///
    /// let mut setting = Setting { mode: Mode::Bind, flags: Flags::NONE };
    /// assert!(setting.is_plain(Mode::Bind));
    /// setting.flags.balancing = true;
    /// assert!(!setting.is_plain(Mode::Bind));
    /// ```
    pub fn is_plain(self, mode: Mode) -> bool {
        self.mode == mode && self.flags == Flags::NONE
    }
}

/// A policy as the kernel reports it.
#[derive(Debug, Clone)]
pub struct Policy {
    /// What it does.
    pub mode: Mode,
    /// What else.
    pub flags: Flags,
    /// With which nodes; empty under [`Mode::Default`] and [`Mode::Local`].
    pub nodes: NodeMask,
}

impl Policy {
    fn new(setting: Setting, nodes: NodeMask) -> Policy {
        Policy {
            mode: setting.mode,
            flags: setting.flags,
            nodes,
        }
    }
}

/// Sets the calling thread's policy. `None` passes no mask at all.
///
/// ```
/// use numa::policy::{self, Mode};
/// use numa::{Root, topology};
///
/// # if !numa::topology::is_available() { return Ok::<(), numa::Error>(()) }
/// let size = topology::node_mask_size(Root::SYSTEM);
/// let nodes = topology::allowed_nodes(Root::SYSTEM, size)?;
/// policy::set_thread_policy(Mode::Interleave, Some(nodes.as_bits()))?;
/// policy::set_thread_policy(Mode::Default, None)?; // as it was
/// # Ok::<(), numa::Error>(())
/// ```
pub fn set_thread_policy(mode: Mode, nodes: Option<Bits<'_>>) -> Result<()> {
    set_thread_policy_with(mode, Flags::NONE, nodes)
}

/// The same with mode flags.
///
/// ```
/// use numa::policy::{self, Flags, Mode};
/// use numa::{Root, topology};
///
/// # if !numa::topology::is_available() { return Ok::<(), numa::Error>(()) }
/// let size = topology::node_mask_size(Root::SYSTEM);
/// let nodes = topology::allowed_nodes(Root::SYSTEM, size)?;
/// let flags = Flags { static_nodes: true, ..Flags::NONE };
/// policy::set_thread_policy_with(Mode::Bind, flags, Some(nodes.as_bits()))?;
/// policy::set_thread_policy(Mode::Default, None)?; // as it was
/// # Ok::<(), numa::Error>(())
/// ```
pub fn set_thread_policy_with(mode: Mode, flags: Flags, nodes: Option<Bits<'_>>) -> Result<()> {
    mempolicy::set_mempolicy(mode.number() | flags.number(), nodes)
        .map_err(Error::kernel("set_mempolicy"))
}

/// Binds the calling thread to nodes and lets NUMA balancing move pages among them
/// (Linux 5.12); on older kernels it binds only.
///
/// ```
/// use numa::policy::{self, Mode};
/// use numa::{Root, topology};
///
/// # if !numa::topology::is_available() { return Ok::<(), numa::Error>(()) }
/// let size = topology::node_mask_size(Root::SYSTEM);
/// let nodes = topology::allowed_nodes(Root::SYSTEM, size)?;
/// policy::set_thread_bind_balancing(nodes.as_bits())?;
/// policy::set_thread_policy(Mode::Default, None)?; // as it was
/// # Ok::<(), numa::Error>(())
/// ```
pub fn set_thread_bind_balancing(nodes: Bits<'_>) -> Result<()> {
    try_thread_bind_balancing(nodes).map(drop)
}

/// The same: returns whether NUMA balancing may move pages.
pub(crate) fn try_thread_bind_balancing(nodes: Bits<'_>) -> Result<bool> {
    let balancing = Flags {
        balancing: true,
        ..Flags::NONE
    };
    match set_thread_policy_with(Mode::Bind, balancing, Some(nodes)) {
        Err(error) if error.errno() == Errno::EINVAL => {
            set_thread_policy(Mode::Bind, Some(nodes)).map(|()| false)
        }
        result => result.map(|()| true),
    }
}

/// Reads the calling thread's policy, and its nodes into `nodes`, which must be empty and as large
/// as the kernel's masks.
///
/// ```
/// use numa::{NodeMask, Root, policy, topology};
///
/// # if !numa::topology::is_available() { return Ok::<(), numa::Error>(()) }
/// let mut nodes = NodeMask::new(topology::node_mask_size(Root::SYSTEM))?;
/// let setting = policy::read_thread_policy(nodes.bits_mut())?;
/// println!("{:?} with nodes {nodes}", setting.mode);
/// # Ok::<(), numa::Error>(())
/// ```
pub fn read_thread_policy(nodes: BitsMut<'_>) -> Result<Setting> {
    mempolicy::thread_policy(nodes)
        .map(Setting::from_number)
        .map_err(Error::kernel("get_mempolicy"))
}

/// The calling thread's policy, with a mask of `size` bits.
///
/// ```
/// use numa::{Root, policy, topology};
///
/// # if !numa::topology::is_available() { return Ok::<(), numa::Error>(()) }
/// let policy = policy::thread_policy(topology::node_mask_size(Root::SYSTEM))?;
/// println!("{:?} with nodes {}", policy.mode, policy.nodes);
/// # Ok::<(), numa::Error>(())
/// ```
pub fn thread_policy(size: usize) -> Result<Policy> {
    let mut nodes = NodeMask::new(size)?;
    let setting = read_thread_policy(nodes.bits_mut())?;
    Ok(Policy::new(setting, nodes))
}

/// The policy of the page at an address, with a mask of `size` bits. EFAULT if nothing is mapped
/// there.
///
/// ```
/// use numa::memory::Mapping;
/// use numa::policy::{self, Mode};
/// use numa::{Root, topology};
///
/// # if !numa::topology::is_available() { return Ok::<(), numa::Error>(()) }
/// let memory = Mapping::new(4096)?;
/// memory.place(Mode::Local, None)?;
/// let size = topology::node_mask_size(Root::SYSTEM);
/// assert_eq!(policy::policy_at(memory.address(), size)?.mode, Mode::Local);
/// # Ok::<(), numa::Error>(())
/// ```
pub fn policy_at(address: usize, size: usize) -> Result<Policy> {
    let mut nodes = NodeMask::new(size)?;
    let number =
        mempolicy::policy_at(address, nodes.bits_mut()).map_err(Error::kernel("get_mempolicy"))?;
    Ok(Policy::new(Setting::from_number(number), nodes))
}

/// The node of the page at an address. Where there is none yet, the kernel allocates it. EFAULT if
/// nothing is mapped there.
///
/// ```
/// use numa::{memory::Mapping, policy};
///
/// # if !numa::topology::is_available() { return Ok::<(), numa::Error>(()) }
/// let memory = Mapping::new(4096)?;
/// println!("its page is on node {}", policy::node_at(memory.address())?);
/// # Ok::<(), numa::Error>(())
/// ```
pub fn node_at(address: usize) -> Result<Node> {
    const CALL: &str = "get_mempolicy";
    let node = mempolicy::node_at(address).map_err(Error::kernel(CALL))?;
    u32::try_from(node)
        .map(Node)
        .map_err(|_| Error::Malformed { file: CALL })
}

/// Reads the nodes that the calling thread may allocate from now, as its cpuset says, into `nodes`,
/// which must be empty and as large as the kernel's masks.
///
/// ```
/// use numa::{NodeMask, Root, policy, topology};
///
/// # if !numa::topology::is_available() { return Ok::<(), numa::Error>(()) }
/// let mut nodes = NodeMask::new(topology::node_mask_size(Root::SYSTEM))?;
/// policy::read_mems_allowed(nodes.bits_mut())?;
/// println!("memory may come from nodes {nodes}");
/// # Ok::<(), numa::Error>(())
/// ```
pub fn read_mems_allowed(nodes: BitsMut<'_>) -> Result<()> {
    mempolicy::mems_allowed(nodes).map_err(Error::kernel("get_mempolicy"))
}

/// The node of the thread's next interleaved page. Fails with EINVAL unless the thread
/// has an interleaving policy.
///
/// ```
/// use numa::policy::{self, Mode};
/// use numa::{Root, topology};
///
/// # if !numa::topology::is_available() { return Ok::<(), numa::Error>(()) }
/// let size = topology::node_mask_size(Root::SYSTEM);
/// let nodes = topology::allowed_nodes(Root::SYSTEM, size)?;
/// policy::set_thread_policy(Mode::Interleave, Some(nodes.as_bits()))?;
/// assert!(nodes.contains(policy::next_interleave_node()?));
/// policy::set_thread_policy(Mode::Default, None)?; // as it was
/// # Ok::<(), numa::Error>(())
/// ```
pub fn next_interleave_node() -> Result<Node> {
    let node = mempolicy::next_interleave_node().map_err(Error::kernel("get_mempolicy"))?;
    u32::try_from(node).map(Node).map_err(|_| Error::Malformed {
        file: "get_mempolicy",
    })
}

/// Sets the policy of an address range, which begins on a page boundary. Pages that are
/// there already stay; with `strict`, EIO says that some are elsewhere.
///
/// ```
/// use numa::memory::Mapping;
/// use numa::policy::{self, Mode};
/// use numa::{Root, topology};
///
/// # if !numa::topology::is_available() { return Ok::<(), numa::Error>(()) }
/// let size = topology::node_mask_size(Root::SYSTEM);
/// let nodes = topology::allowed_nodes(Root::SYSTEM, size)?;
/// let memory = Mapping::new(1 << 20)?;
/// let (start, len) = (memory.address(), memory.bytes().len());
/// policy::set_range_policy(start, len, Mode::Bind, Some(nodes.as_bits()), false)?;
/// # Ok::<(), numa::Error>(())
/// ```
pub fn set_range_policy(
    address: usize,
    len: usize,
    mode: Mode,
    nodes: Option<Bits<'_>>,
    strict: bool,
) -> Result<()> {
    set_range_policy_with(address, len, mode, Flags::NONE, nodes, strict)
}

/// The same with mode flags.
///
/// ```
/// use numa::memory::Mapping;
/// use numa::policy::{self, Flags, Mode};
/// use numa::{Root, topology};
///
/// # if !numa::topology::is_available() { return Ok::<(), numa::Error>(()) }
/// let size = topology::node_mask_size(Root::SYSTEM);
/// let nodes = topology::allowed_nodes(Root::SYSTEM, size)?;
/// let memory = Mapping::new(1 << 20)?;
/// let (start, len) = (memory.address(), memory.bytes().len());
/// let flags = Flags { static_nodes: true, ..Flags::NONE };
/// policy::set_range_policy_with(start, len, Mode::Bind, flags, Some(nodes.as_bits()), false)?;
/// # Ok::<(), numa::Error>(())
/// ```
pub fn set_range_policy_with(
    address: usize,
    len: usize,
    mode: Mode,
    flags: Flags,
    nodes: Option<Bits<'_>>,
    strict: bool,
) -> Result<()> {
    let present = Present {
        strict,
        ..Present::STAY
    };
    set_range_policy_of_pages(address, len, mode, flags, nodes, present)
}

/// What becomes of pages that are in a range when its policy is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Present {
    /// The call fails with EIO if some are elsewhere, and the policy stays as it was; beside one of the
    /// following if some cannot be moved, and the policy is set.
    pub strict: bool,
    /// Those that are elsewhere and that no other process maps are moved.
    pub move_private: bool,
    /// Those that other processes map are moved as well (CAP_SYS_NICE).
    pub move_all: bool,
}

impl Present {
    /// They stay where they are.
    pub const STAY: Present = Present {
        strict: false,
        move_private: false,
        move_all: false,
    };

    fn number(self) -> c_uint {
        let flag = |set, flag| if set { flag } else { 0 };
        flag(self.strict, mempolicy::MF_STRICT)
            | flag(self.move_private, mempolicy::MF_MOVE as c_uint)
            | flag(self.move_all, mempolicy::MF_MOVE_ALL as c_uint)
    }
}

/// The same, with a choice of what becomes of pages that are there already.
///
/// ```
/// use numa::memory::Mapping;
/// use numa::policy::{self, Flags, Mode, Present};
/// use numa::{Root, topology};
///
/// # if !numa::topology::is_available() { return Ok::<(), numa::Error>(()) }
/// let size = topology::node_mask_size(Root::SYSTEM);
/// let nodes = topology::allowed_nodes(Root::SYSTEM, size)?;
/// let memory = Mapping::new(1 << 20)?;
/// let (start, len) = (memory.address(), memory.bytes().len());
/// let present = Present { strict: true, move_private: true, ..Present::STAY };
/// policy::set_range_policy_of_pages(start, len, Mode::Bind, Flags::NONE, Some(nodes.as_bits()), present)?;
/// # Ok::<(), numa::Error>(())
/// ```
pub fn set_range_policy_of_pages(
    address: usize,
    len: usize,
    mode: Mode,
    flags: Flags,
    nodes: Option<Bits<'_>>,
    present: Present,
) -> Result<()> {
    let mode = mode.number() | flags.number();
    mempolicy::mbind(address, len, mode, nodes, present.number()).map_err(Error::kernel("mbind"))
}

/// The same, and moves the pages there that are elsewhere and that no other process maps. Those that
/// cannot be moved stay, and are no error.
///
/// ```
/// use numa::memory::Mapping;
/// use numa::policy::{self, Mode};
/// use numa::{Root, topology};
///
/// # if !numa::topology::is_available() { return Ok::<(), numa::Error>(()) }
/// let size = topology::node_mask_size(Root::SYSTEM);
/// let nodes = topology::allowed_nodes(Root::SYSTEM, size)?;
/// let memory = Mapping::new(1 << 20)?;
/// let (start, len) = (memory.address(), memory.bytes().len());
/// policy::move_range(start, len, Mode::Bind, Some(nodes.as_bits()))?;
/// # Ok::<(), numa::Error>(())
/// ```
pub fn move_range(address: usize, len: usize, mode: Mode, nodes: Option<Bits<'_>>) -> Result<()> {
    let present = Present {
        move_private: true,
        ..Present::STAY
    };
    set_range_policy_of_pages(address, len, mode, Flags::NONE, nodes, present)
}

/// Sets the home node of an address range with a bind or preferred-many policy: the node
/// of the set that is tried first (Linux 5.17).
///
/// ```
/// use numa::memory::Mapping;
/// use numa::policy::{self, Mode};
/// use numa::{Root, topology};
///
/// # if !numa::topology::is_available() { return Ok::<(), numa::Error>(()) }
/// let size = topology::node_mask_size(Root::SYSTEM);
/// let nodes = topology::allowed_nodes(Root::SYSTEM, size)?;
/// let memory = Mapping::new(1 << 20)?;
/// let (start, len) = (memory.address(), memory.bytes().len());
/// policy::set_range_policy(start, len, Mode::Bind, Some(nodes.as_bits()), false)?;
/// if policy::supports_home_node() {
///     policy::set_home_node(start, len, nodes.first().expect("one at least"))?;
/// }
/// # Ok::<(), numa::Error>(())
/// ```
pub fn set_home_node(address: usize, len: usize, node: Node) -> Result<()> {
    set_home_node_with(address, len, node.0, 0)
}

/// The same with flags, of which the kernel knows none yet.
pub(crate) fn set_home_node_with(
    address: usize,
    len: usize,
    node: c_uint,
    flags: c_int,
) -> Result<()> {
    mempolicy::set_mempolicy_home_node(address, len, node as c_ulong, flags as c_ulong)
        .map_err(Error::kernel("set_mempolicy_home_node"))
}

/// Whether the kernel knows a policy mode. Asks by mbind(2) with an empty range, which checks the
/// mode and then has nothing to do: no policy changes.
///
/// ```
/// use numa::policy::{Mode, supports_mode};
///
/// if !supports_mode(Mode::WeightedInterleave) {
///     println!("before Linux 6.9, or denied here");
/// }
/// ```
pub fn supports_mode(mode: Mode) -> bool {
    mempolicy::mbind(0, 0, mode.number(), None, 0).is_ok()
}

/// [`Error::Lacking`] if the kernel does not know a mode, or a flag of it: to be asked when a policy was
/// refused with EINVAL, which may as well be for its nodes. [`Error::Invalid`] if the flags exclude each
/// other. Asks as [`supports_mode`] does; a kernel that cannot be asked, as the call is denied, knows all.
///
/// ```
/// use numa::Errno;
/// use numa::policy::{self, Flags, Mode};
///
/// let flags = Flags { balancing: true, ..Flags::NONE };
/// match policy::check_support(Mode::PreferredMany, flags) {
///     Ok(()) => {}
///     Err(error) => println!("{error}"), // before Linux 6.12
/// }
/// # if !numa::topology::is_available() { return }
/// let error = policy::check_support(Mode::Other(77), Flags::NONE).unwrap_err();
/// assert_eq!(error.errno(), Errno::EOPNOTSUPP);
/// ```
pub fn check_support(mode: Mode, flags: Flags) -> Result<()> {
    let is_refused = |number| mempolicy::mbind(0, 0, number, None, 0) == Err(Errno::EINVAL);
    if flags.static_nodes && flags.relative_nodes {
        return Err(Error::Invalid(
            "flags: nodes are either static or relative to the cpuset",
        ));
    }
    if is_refused(mode.number()) {
        return Err(Error::Lacking(match mode {
            Mode::Local => "local policies (Linux 3.8)",
            Mode::PreferredMany => "policies that prefer several nodes (Linux 5.15)",
            Mode::WeightedInterleave => "weighted interleaving (Linux 6.9)",
            _ => "policy of this mode",
        }));
    }
    if is_refused(mode.number() | flags.number()) {
        return Err(Error::Lacking(match mode {
            Mode::Bind => "NUMA balancing of memory that is bound (Linux 5.12)",
            Mode::PreferredMany => {
                "NUMA balancing of memory that prefers several nodes (Linux 6.12)"
            }
            _ => "NUMA balancing of memory with this mode",
        }));
    }
    Ok(())
}

/// Whether the kernel knows home nodes. Asks with an empty range: no policy changes.
///
/// ```
/// println!("home nodes: {}", numa::policy::supports_home_node());
/// ```
pub fn supports_home_node() -> bool {
    // Any other answer than "no such call" or "denied" comes from the call itself.
    !matches!(
        mempolicy::set_mempolicy_home_node(0, 0, 0, 0),
        Err(Errno::ENOSYS | Errno::EPERM)
    )
}

/// Faults in every page of `len` bytes at `address` for writing; contents stay as they are.
///
/// # Errors
/// EINVAL where the kernel lacks MADV_POPULATE_WRITE (before 5.14) or the address is not
/// on a page boundary; ENOMEM and EFAULT where a page cannot be allocated or is not mapped.
///
/// ```
/// use numa::{memory::Mapping, policy};
///
/// let memory = Mapping::new(1 << 20)?;
/// if let Err(error) = policy::populate(memory.address(), memory.bytes().len()) {
///     println!("before Linux 5.14: {error}");
/// }
/// # Ok::<(), numa::Error>(())
/// ```
pub fn populate(address: usize, len: usize) -> Result<()> {
    memory::populate_write(address, len).map_err(Error::kernel("madvise"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology;

    const SIZE: usize = 1024;

    fn node_0() -> NodeMask {
        let mut nodes = NodeMask::new(SIZE).unwrap();
        nodes.insert(Node(0)).unwrap();
        nodes
    }

    /// Runs a test of the thread's policy in a thread of its own, where policies may be used.
    fn with_policies(test: fn()) {
        if topology::is_available() {
            std::thread::spawn(test).join().unwrap();
        }
    }

    #[test]
    fn numbers_and_modes_are_the_same() {
        for number in 0..100 {
            assert_eq!(Mode::from_number(number).number(), number);
            assert_eq!(Mode::from_number(number | mode::FLAGS).number(), number);
        }
        let plain = Setting::from_number(mode::BIND);
        assert!(plain.is_plain(Mode::Bind) && !plain.is_plain(Mode::Interleave));
        let flagged = Setting::from_number(mode::BIND | mode::FLAG_STATIC_NODES);
        assert!(flagged.mode == Mode::Bind && !flagged.is_plain(Mode::Bind));
        for number in [
            0,
            mode::FLAG_RELATIVE_NODES,
            mode::FLAG_STATIC_NODES,
            mode::FLAGS,
        ] {
            assert_eq!(Flags::from_number(number | mode::BIND).number(), number);
        }
    }

    #[test]
    fn what_is_set_is_read() {
        with_policies(|| {
            let nodes = node_0();
            for mode in [Mode::Bind, Mode::Interleave, Mode::Preferred] {
                set_thread_policy(mode, Some(nodes.as_bits())).unwrap();
                let policy = thread_policy(SIZE).unwrap();
                assert_eq!((policy.mode, &policy.nodes), (mode, &nodes));
                let next = next_interleave_node();
                if mode == Mode::Interleave {
                    assert_eq!(next, Ok(Node(0)));
                } else {
                    assert_eq!(next.unwrap_err().errno(), Errno::EINVAL);
                }
            }
            set_thread_policy(Mode::Default, None).unwrap();
            let policy = thread_policy(SIZE).unwrap();
            assert_eq!((policy.mode, policy.nodes.len()), (Mode::Default, 0));
        });
    }

    #[test]
    fn flags_are_kept() {
        with_policies(|| {
            let flags = Flags {
                static_nodes: true,
                ..Flags::NONE
            };
            let nodes = node_0();
            set_thread_policy_with(Mode::Bind, flags, Some(nodes.as_bits())).unwrap();
            let policy = thread_policy(SIZE).unwrap();
            assert_eq!((policy.mode, policy.flags), (Mode::Bind, flags));
        });
    }

    #[test]
    fn pages_have_a_node() {
        with_policies(|| {
            let here = std::vec![1u8];
            let node = node_at(here.as_ptr() as usize).unwrap();
            assert!(
                topology::nodes(crate::Root::SYSTEM, SIZE)
                    .unwrap()
                    .contains(node)
            );
            assert_eq!(node_at(0).unwrap_err().errno(), Errno::EFAULT);
        });
    }

    #[test]
    fn balancing_is_a_flag_where_the_kernel_knows_it() {
        with_policies(|| {
            set_thread_bind_balancing(node_0().as_bits()).unwrap();
            let mut nodes = NodeMask::new(SIZE).unwrap();
            let setting = read_thread_policy(nodes.bits_mut()).unwrap();
            assert_eq!((setting.mode, nodes), (Mode::Bind, node_0()));
        });
    }

    #[test]
    fn the_nodes_that_are_allowed() {
        with_policies(|| {
            let mut nodes = NodeMask::new(SIZE).unwrap();
            read_mems_allowed(nodes.bits_mut()).unwrap();
            assert!(!nodes.is_empty());
        });
    }

    #[test]
    fn probes_change_no_policy() {
        with_policies(|| {
            assert!(supports_mode(Mode::Default));
            assert!(!supports_mode(Mode::Other(77)));
            let _ = supports_home_node();
            assert_eq!(thread_policy(SIZE).unwrap().mode, Mode::Default);
        });
    }

    #[test]
    fn what_the_kernel_lacks_is_told() {
        with_policies(|| {
            let balancing = Flags {
                balancing: true,
                ..Flags::NONE
            };
            let lacks = |mode, flags| match check_support(mode, flags) {
                Err(Error::Lacking(what)) => Some(what),
                known => known.map(|()| None).unwrap(),
            };
            assert_eq!(lacks(Mode::Bind, Flags::NONE), None);
            assert_eq!(
                lacks(Mode::Other(77), Flags::NONE),
                Some("policy of this mode")
            );
            assert_eq!(
                lacks(Mode::WeightedInterleave, Flags::NONE).is_none(),
                supports_mode(Mode::WeightedInterleave)
            );
            // What a probe says is what the call itself does.
            let set = set_thread_policy_with(Mode::Bind, balancing, Some(node_0().as_bits()));
            assert_eq!(lacks(Mode::Bind, balancing).is_none(), set.is_ok());
            assert!(lacks(Mode::Interleave, balancing).is_some());
            let both = Flags {
                static_nodes: true,
                relative_nodes: true,
                ..Flags::NONE
            };
            let refused = check_support(Mode::Bind, both).unwrap_err();
            assert_eq!(refused.errno(), Errno::EINVAL);
        });
    }

    #[test]
    fn pages_that_are_there_may_move() {
        with_policies(|| {
            let memory = vec![1u8; 4 * topology::page_size()];
            let start = (memory.as_ptr() as usize).next_multiple_of(topology::page_size());
            let nodes = node_0();
            let set = |present| {
                set_range_policy_of_pages(
                    start,
                    topology::page_size(),
                    Mode::Bind,
                    Flags::NONE,
                    Some(nodes.as_bits()),
                    present,
                )
            };
            let moved = Present {
                move_private: true,
                strict: true,
                ..Present::STAY
            };
            set(moved).unwrap();
            assert_eq!(node_at(start), Ok(Node(0)));
            let all = Present {
                move_all: true,
                ..Present::STAY
            };
            let answer = set(all).map_err(|error| error.errno());
            assert!(matches!(answer, Ok(()) | Err(Errno::EPERM)));
        });
    }

    #[test]
    fn a_range_is_moved_to_its_nodes() {
        with_policies(|| {
            let memory = vec![1u8; 4 * topology::page_size()];
            let start = (memory.as_ptr() as usize).next_multiple_of(topology::page_size());
            let nodes = node_0();
            move_range(
                start,
                topology::page_size(),
                Mode::Bind,
                Some(nodes.as_bits()),
            )
            .unwrap();
            let policy = policy_at(start, SIZE).unwrap();
            assert_eq!((policy.mode, policy.nodes), (Mode::Bind, nodes));
            move_range(start, topology::page_size(), Mode::Default, None).unwrap();
            let refused = move_range(start, topology::page_size(), Mode::Bind, None).unwrap_err();
            assert_eq!(refused.errno(), Errno::EINVAL);
        });
    }

    #[test]
    fn refusals_name_the_call() {
        with_policies(|| {
            let refused = |call, errno| Err(Error::Kernel { call, errno });
            let invalid = |call| refused(call, Errno::EINVAL);
            assert_eq!(
                set_thread_policy(Mode::Bind, None),
                invalid("set_mempolicy")
            );
            assert_eq!(
                set_thread_bind_balancing(Bits::EMPTY),
                invalid("set_mempolicy")
            );
            assert_eq!(
                set_range_policy(1, 1, Mode::Default, None, false),
                invalid("mbind")
            );
            assert_eq!(
                policy_at(0, SIZE).map(drop),
                refused("get_mempolicy", Errno::EFAULT)
            );
            let home = set_home_node(1, 1, Node(0)).unwrap_err();
            assert!(matches!(home.errno(), Errno::EINVAL | Errno::ENOSYS));
            assert_eq!(populate(1, 1), invalid("madvise"));
        });
    }
}
