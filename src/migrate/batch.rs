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
    /// See [`Batch::denied`].
    denied: Vec<usize>,
}

/// Whether this status says that a page is not there.
pub(super) fn is_denied(status: c_int) -> bool {
    matches!(Errno(status.wrapping_neg()), Errno::ENOENT | Errno::EFAULT)
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
            denied: Vec::new(),
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

    /// Takes those pages out that the last call did not get to, behind one that has an answer of
    /// its own, and puts them into `rest`. Where nothing has an answer all were tried together.
    /// Returns that page if it is busy: it is part of a huge page that was to be moved already.
    pub(super) fn take_untried(&mut self, rest: &mut Vec<usize>) -> Result<Option<usize>> {
        let answered = self.status.iter().rposition(|&status| status != UNSET);
        let tried = answered.map_or(self.addresses.len(), |last| last + 1);
        let busy = answered.filter(|&last| self.status[last] == -Errno::EBUSY.0);
        let busy = busy.map(|last| self.addresses[last]);
        rest.clear();
        room::reserve(rest, self.addresses.len() - tried)?;
        rest.extend(self.addresses.drain(tried..));
        self.status.truncate(tried);
        Ok(busy)
    }

    /// Puts those pages of a list behind the ones that are there which are `wanted`.
    pub(super) fn append(
        &mut self,
        pages: &mut Vec<usize>,
        wanted: impl Fn(usize) -> bool,
    ) -> Result<()> {
        room::reserve(&mut self.addresses, pages.len())?;
        let some = pages.iter().copied().filter(|&page| wanted(page));
        self.addresses.extend(some);
        pages.retain(|&page| !wanted(page));
        Ok(())
    }

    /// Puts a page behind those that are there.
    pub(super) fn push(&mut self, page: usize) -> Result<()> {
        room::reserve(&mut self.addresses, 1)?;
        self.addresses.push(page);
        Ok(())
    }

    /// The pages of which the last call said that they are not there.
    pub(super) fn denied(&mut self) -> Result<&[usize]> {
        self.denied.clear();
        let answers = self.addresses.iter().zip(&self.status);
        for (&address, _) in answers.filter(|(_, status)| is_denied(**status)) {
            room::reserve(&mut self.denied, 1)?;
            self.denied.push(address);
        }
        Ok(&self.denied)
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
