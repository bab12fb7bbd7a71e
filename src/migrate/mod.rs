//! Moving pages of a running process between nodes.
//!
//! [`migrate_all`] is the kernel's one call for a whole process, [`move_pages`] and
//! [`locate_pages`] work on single pages.

use core::ffi::c_int;

use crate::error::{Error, Result};
use crate::mask::{Bits, NodeMask};
use crate::sys::mempolicy;

/// Moves all pages of the process `pid` (0: the caller) that lie on `from` to `to` with
/// one migrate_pages(2) call. A node's place in `from` decides which node of `to` gets its
/// pages. Returns the number of pages that could not be moved.
///
/// `size` is the kernel's mask size ([`crate::topology::node_mask_size`]); the masks may
/// be shorter or longer. ESRCH: no such process. EPERM: not the caller's process, or `to`
/// is not allowed to it. EINVAL: no node of `to` exists or is allowed.
pub fn migrate_all(pid: i32, from: Bits<'_>, to: Bits<'_>, size: usize) -> Result<usize> {
    // The kernel reads its own number of bits whatever it is told, so short masks are
    // extended with zeros.
    let from = NodeMask::from_words(size, from.words(), from.size())?;
    let to = NodeMask::from_words(size, to.words(), to.size())?;
    mempolicy::migrate_pages(pid, from.as_bits(), to.as_bits())
        .map_err(Error::kernel("migrate_pages"))
}

/// Which pages [`move_pages`] moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Only those that no other process maps.
    Private,
    /// Those that other processes map as well; needs CAP_SYS_NICE.
    All,
}

/// Moves single pages of the process `pid` (0: the caller), each to its own node.
///
/// `status` receives for each page the node where it is now, or a negative errno. The
/// slices must have the same length. Returns what the kernel returns: 0, or the number of
/// pages that it gave up on.
pub fn move_pages(
    pid: i32,
    pages: &[usize],
    nodes: &[c_int],
    status: &mut [c_int],
    share: Share,
) -> Result<usize> {
    let flags = match share {
        Share::Private => mempolicy::MF_MOVE,
        Share::All => mempolicy::MF_MOVE_ALL,
    };
    if nodes.len() != pages.len() || status.len() != pages.len() {
        return Err(Error::Invalid("length of the page arrays"));
    }
    mempolicy::move_pages(pid, pages, Some(nodes), status, flags)
        .map_err(Error::kernel("move_pages"))
}

/// Asks on which node each page is; `status` receives it, or a negative errno: ENOENT for
/// a page that is not present, EFAULT for an address without mapping.
pub fn locate_pages(pid: i32, pages: &[usize], status: &mut [c_int]) -> Result<()> {
    if status.len() != pages.len() {
        return Err(Error::Invalid("length of the page arrays"));
    }
    mempolicy::move_pages(pid, pages, None, status, 0)
        .map(drop)
        .map_err(Error::kernel("move_pages"))
}
