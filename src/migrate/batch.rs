//! The pages that one system call is about, and what the kernel answered for each.

use alloc::vec::Vec;
use core::ffi::c_int;

use super::calls::Share;
use super::kernel::Kernel;
use super::room;
use crate::error::{Error, Result};
use crate::mask::Node;
use crate::sys::Errno;

/// What no status of the kernel is.
const UNSET: c_int = c_int::MIN;
/// The name of the one system call.
const CALL: &str = "move_pages";

/// Addresses, and as many answers once the kernel has been asked.
#[derive(Debug)]
pub(super) struct Batch {
    addresses: Vec<usize>,
    nodes: Vec<c_int>,
    status: Vec<c_int>,
}

/// How a call that moves pages ended, when that concerns the batch alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// It came to the end, or to a page that did not move.
    Done,
    /// The target had no memory for a page.
    NoMemory,
    /// The target is not allowed to the process, or not there any more.
    NotPermitted,
}

impl Batch {
    pub(super) const fn new() -> Batch {
        Batch {
            addresses: Vec::new(),
            nodes: Vec::new(),
            status: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.addresses.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }

    pub(super) fn addresses(&self) -> &[usize] {
        &self.addresses
    }

    /// The empty list of addresses, with room for as many.
    pub(super) fn refill(&mut self, room: usize) -> Result<&mut Vec<usize>> {
        self.addresses.clear();
        self.status.clear();
        room::reserve(&mut self.addresses, room)?;
        Ok(&mut self.addresses)
    }

    /// What the last call said of each page.
    pub(super) fn answers(&self) -> impl Iterator<Item = (usize, c_int)> {
        self.addresses
            .iter()
            .copied()
            .zip(self.status.iter().copied())
    }

    /// The same, without the addresses.
    pub(super) fn status(&self) -> &[c_int] {
        &self.status
    }

    /// Keeps the pages whose answer is one of those, and forgets all answers.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(c_int) -> bool) {
        let mut answers = self.status.iter();
        self.addresses
            .retain(|_| answers.next().is_some_and(|&status| keep(status)));
        self.status.clear();
    }

    /// Asks where the pages are.
    pub(super) fn locate(&mut self, kernel: &impl Kernel) -> Result<()> {
        self.forget()?;
        kernel
            .locate(&self.addresses, &mut self.status)
            .map_err(Error::kernel(CALL))
    }

    /// Moves all pages to one node, those of other processes as `share` says. The errors are those
    /// that concern the whole process.
    pub(super) fn move_to(
        &mut self,
        kernel: &impl Kernel,
        node: Node,
        share: Share,
    ) -> Result<Ended> {
        self.forget()?;
        let (len, to) = (self.addresses.len(), node.0 as c_int);
        if self.nodes.first() != Some(&to) {
            self.nodes.clear();
        }
        let more = len.saturating_sub(self.nodes.len());
        room::reserve(&mut self.nodes, more)?;
        self.nodes.resize(len, to);
        match kernel.move_pages(&self.addresses, &self.nodes, &mut self.status, share) {
            Ok(_) => Ok(Ended::Done),
            Err(Errno::ENOMEM) => Ok(Ended::NoMemory),
            Err(Errno::EACCES | Errno::ENODEV) => Ok(Ended::NotPermitted),
            Err(errno) => Err(Error::Kernel { call: CALL, errno }),
        }
    }

    fn forget(&mut self) -> Result<()> {
        let len = self.addresses.len();
        self.status.clear();
        room::reserve(&mut self.status, len)?;
        self.status.resize(len, UNSET);
        Ok(())
    }
}
