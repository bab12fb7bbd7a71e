//! The kernel's calls that move pages and say where they are, for whoever wants one call and no job.

use core::ffi::c_int;

use super::proc::process::Process;
use crate::error::{Error, Result};
use crate::mask::{Bits, NodeMask};
use crate::sys::{Errno, mempolicy};

/// Whether the kernel has move_pages(2) and lets this process use it: false with ENOSYS, and
/// where a seccomp filter denies it.
///
/// ```
/// if !numa::migrate::has_move_pages() {
///     println!("a filter denies it, as those of containers do");
/// }
/// ```
pub fn has_move_pages() -> bool {
    locate_pages(0, &[], &mut []).is_ok()
}

/// Whether the kernel has migrate_pages(2) and lets this process use it, as above. `size` is
/// the kernel's mask size.
///
/// ```
/// use numa::{Root, migrate, topology};
///
/// if !migrate::has_migrate_pages(topology::node_mask_size(Root::SYSTEM)) {
///     println!("a filter denies it, as those of containers do");
/// }
/// ```
pub fn has_migrate_pages(size: usize) -> bool {
    // Without a target the call itself answers EINVAL.
    let Ok(none) = NodeMask::new(size) else {
        return true;
    };
    !matches!(
        mempolicy::migrate_pages(0, none.as_bits(), none.as_bits()),
        Err(Errno::ENOSYS | Errno::EPERM | Errno::EACCES)
    )
}

/// Moves all pages of the process `pid` (0: the caller) that lie on `from` to `to` with
/// one migrate_pages(2) call. A node's place in `from` decides which node of `to` gets its
/// pages. Returns the number of pages that could not be moved.
///
/// `size` is the kernel's mask size ([`crate::topology::node_mask_size`]); the masks may
/// be shorter or longer. ESRCH: no such process. EPERM: not the caller's process, or `to`
/// is not allowed to it. EINVAL: no node of `to` exists or is allowed.
///
/// ```no_run
/// use numa::{Node, NodeMask, Root, migrate, topology};
///
/// let (mut from, mut to) = (NodeMask::new(64)?, NodeMask::new(64)?);
/// from.insert(Node(0))?;
/// to.insert(Node(1))?;
/// let size = topology::node_mask_size(Root::SYSTEM);
/// let stayed = migrate::migrate_all(4711, from.as_bits(), to.as_bits(), size)?;
/// println!("{stayed} pages could not be moved");
/// # Ok::<(), numa::Error>(())
/// ```
pub fn migrate_all(pid: i32, from: Bits<'_>, to: Bits<'_>, size: usize) -> Result<usize> {
    migrate_by(
        |from, to| mempolicy::migrate_pages(pid, from, to),
        from,
        to,
        size,
    )
}

fn migrate_by(
    call: impl FnOnce(Bits<'_>, Bits<'_>) -> core::result::Result<usize, Errno>,
    from: Bits<'_>,
    to: Bits<'_>,
    size: usize,
) -> Result<usize> {
    // The kernel reads its own number of bits whatever the call says, so short masks are
    // extended with zeros.
    let from = NodeMask::from_bits(size, from)?;
    let to = NodeMask::from_bits(size, to)?;
    call(from.as_bits(), to.as_bits()).map_err(Error::kernel("migrate_pages"))
}

impl Process {
    /// [`migrate_all`] for this process: ESRCH if it has ended, even if another one has its number.
    ///
    /// ```no_run
    /// use numa::migrate::Process;
    /// use numa::{Node, NodeMask, Root, topology};
    ///
    /// let (mut from, mut to) = (NodeMask::new(64)?, NodeMask::new(64)?);
    /// from.insert(Node(0))?;
    /// to.insert(Node(1))?;
    /// let process = Process::open(Root::SYSTEM, 4711)?;
    /// process.migrate_all(from.as_bits(), to.as_bits(), topology::node_mask_size(Root::SYSTEM))?;
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn migrate_all(&self, from: Bits<'_>, to: Bits<'_>, size: usize) -> Result<usize> {
        let call =
            |from: Bits<'_>, to: Bits<'_>| self.call(|pid| mempolicy::migrate_pages(pid, from, to));
        migrate_by(call, from, to, size)
    }
}

/// Which pages [`move_pages`] moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Only those that no other process maps.
    Private,
    /// Those that other processes map as well; needs CAP_SYS_NICE.
    All,
}

impl Share {
    /// All pages if the caller has CAP_SYS_NICE: what migrate_pages(2) does.
    ///
    /// ```
    /// use numa::migrate::Share;
    ///
    /// if Share::permitted() == Share::Private {
    ///     println!("shared pages need CAP_SYS_NICE");
    /// }
    /// ```
    pub fn permitted() -> Share {
        // The kernel checks this before everything else.
        match mempolicy::move_pages(0, &[], None, &mut [], Share::All.flags()) {
            Ok(_) => Share::All,
            Err(_) => Share::Private,
        }
    }

    pub(super) const fn flags(self) -> c_int {
        match self {
            Share::Private => mempolicy::MF_MOVE,
            Share::All => mempolicy::MF_MOVE_ALL,
        }
    }
}

/// Moves single pages of the process `pid` (0: the caller), each to its own node.
///
/// `status` receives for each page the node where it is now, or a negative errno. The
/// slices must have the same length. Returns what the kernel returns: 0, or the number of
/// pages that it gave up on.
///
/// ```no_run
/// use numa::memory::Mapping;
/// use numa::migrate::{Share, move_pages};
///
/// let mut memory = Mapping::new(4096)?;
/// memory.bytes_mut()[0] = 1;
/// let mut status = [0];
/// move_pages(0, &[memory.address()], &[1], &mut status, Share::Private)?;
/// println!("the page is on node {}", status[0]); // or a negative errno
/// # Ok::<(), numa::Error>(())
/// ```
pub fn move_pages(
    pid: i32,
    pages: &[usize],
    nodes: &[c_int],
    status: &mut [c_int],
    share: Share,
) -> Result<usize> {
    if nodes.len() != pages.len() || status.len() != pages.len() {
        return Err(Error::Invalid("length of the page arrays"));
    }
    mempolicy::move_pages(pid, pages, Some(nodes), status, share.flags())
        .map_err(Error::kernel("move_pages"))
}

/// Asks on which node each page is; `status` receives it, or a negative errno: ENOENT for
/// a page that is not present, EFAULT for an address without mapping.
///
/// ```
/// use numa::{Errno, memory::Mapping, migrate};
///
/// # if !numa::migrate::has_move_pages() { return Ok::<(), numa::Error>(()) }
/// let mut memory = Mapping::new(8192)?;
/// memory.bytes_mut()[0] = 1;
/// let mut status = [0];
/// migrate::locate_pages(0, &[memory.address()], &mut status)?;
/// println!("the first page is on node {}", status[0]);
/// # Ok::<(), numa::Error>(())
/// ```
pub fn locate_pages(pid: i32, pages: &[usize], status: &mut [c_int]) -> Result<()> {
    if status.len() != pages.len() {
        return Err(Error::Invalid("length of the page arrays"));
    }
    mempolicy::move_pages(pid, pages, None, status, 0)
        .map(drop)
        .map_err(Error::kernel("move_pages"))
}
