//! What the engine asks of the kernel: all of its system calls but the reading of text files.
//!
//! [`Linux`] makes them. The tests of the engine have a kernel of their own, which holds a made-up
//! process.

use core::ffi::c_int;
use core::ops::Range;

use super::calls::Share;
use super::proc::process::{Process, Program};
use crate::error::{Error, Result};
use crate::mask::{Node, NodeMask};
use crate::root::Root;
use crate::sys::file::File;
use crate::sys::pagemap::{self, Region};
use crate::sys::{self, Errno, mempolicy};
use crate::topology;

/// A process as the kernel shows it, and a clock.
pub(super) trait Kernel {
    /// Bytes of a page of the base size.
    fn page_size(&self) -> usize;

    /// Asks where pages are. `status` is as long as `pages` and receives a node for each, or a
    /// negative errno.
    fn locate(&self, pages: &[usize], status: &mut [c_int]) -> Result<(), Errno>;

    /// Moves pages. `nodes` and `status` are as long as `pages`; elements of `status` that the
    /// kernel has nothing to say about keep their value. Returns the number of pages that it gave
    /// up on.
    fn move_pages(
        &self,
        pages: &[usize],
        nodes: &[c_int],
        status: &mut [c_int],
        share: Share,
    ) -> Result<usize, Errno>;

    /// Whether moving all pages of a node at once moves no other than `share` allows.
    fn may_move_all(&self, share: Share) -> bool;

    /// Moves all pages of a node at once.
    fn move_all(&self, from: Node, to: Node) -> Result<(), Errno>;

    /// PAGEMAP_SCAN: finds the present pages of a range. Returns how many regions it wrote, and
    /// up to where it came.
    fn scan(&self, range: Range<usize>, regions: &mut [Region]) -> Result<(usize, usize), Errno>;

    /// Reads words of pagemap, beginning with that of the page number `first`. Returns how many
    /// there were: 0 when the process has ended.
    fn read_pagemap(&self, first: usize, words: &mut [u64]) -> Result<usize, Errno>;

    /// Whether there is no pagemap any more: nobody uses the memory that it is of.
    fn is_pagemap_gone(&self) -> bool {
        matches!(self.read_pagemap(0, &mut [0]), Ok(0) | Err(Errno::ESRCH))
    }

    /// Whether the process has ended, or is about to and has let go of its memory.
    fn has_ended(&self) -> bool;

    /// Whether the process is there, and has begun another program since it was opened: with other
    /// memory.
    fn is_replaced(&self) -> bool;

    /// Nanoseconds of a clock that only moves forward.
    fn nanoseconds(&self) -> u64;
}

/// The running kernel, and a process of it. No other process with its number is touched, and what
/// the kernel says of one is not believed: that costs two polls of a descriptor for each call, 0.7 us
/// beside the 80 us of a call that locates 512 pages.
#[derive(Debug)]
pub(super) struct Linux {
    process: Process,
    pagemap: File,
    program: Program,
}

impl Linux {
    /// Opens the process's pagemap.
    pub(super) fn of(process: &Process) -> Result<Linux> {
        Ok(Linux {
            program: process.program().unwrap_or_default(),
            pagemap: process.file("pagemap")?,
            process: process.duplicate_for_calls()?,
        })
    }

    /// The same for the process with this number.
    #[cfg(test)]
    pub(super) fn open(root: Root<'_>, pid: i32) -> Result<Linux> {
        Linux::of(&Process::open(root, pid)?)
    }
}

impl Kernel for Linux {
    fn page_size(&self) -> usize {
        sys::page_size()
    }

    fn locate(&self, pages: &[usize], status: &mut [c_int]) -> Result<(), Errno> {
        self.process
            .call(|pid| mempolicy::move_pages(pid, pages, None, status, 0))
            .map(drop)
    }

    fn move_pages(
        &self,
        pages: &[usize],
        nodes: &[c_int],
        status: &mut [c_int],
        share: Share,
    ) -> Result<usize, Errno> {
        let flags = share.flags();
        self.process
            .call(|pid| mempolicy::move_pages(pid, pages, Some(nodes), status, flags))
    }

    fn may_move_all(&self, share: Share) -> bool {
        share == Share::permitted()
    }

    fn move_all(&self, from: Node, to: Node) -> Result<(), Errno> {
        let size = topology::node_mask_size(Root::SYSTEM);
        let set = |node| {
            let mut nodes = NodeMask::new(size)?;
            nodes.insert(node)?;
            Ok(nodes)
        };
        let call = || {
            let (from, to) = (set(from)?, set(to)?);
            self.process.migrate_all(from.as_bits(), to.as_bits(), size)
        };
        call().map(drop).map_err(|error: Error| error.errno())
    }

    fn scan(&self, range: Range<usize>, regions: &mut [Region]) -> Result<(usize, usize), Errno> {
        pagemap::scan(&self.pagemap, range.start, range.end, regions)
    }

    fn read_pagemap(&self, first: usize, words: &mut [u64]) -> Result<usize, Errno> {
        let offset = (first * size_of::<u64>()) as u64;
        self.pagemap.read_words_at(words, offset)
    }

    fn has_ended(&self) -> bool {
        // Another thread's call may hold the memory for a while yet, and pagemap shows it as long.
        self.is_pagemap_gone() || self.process.has_no_memory()
    }

    fn is_replaced(&self) -> bool {
        // The file is of the memory that was there when it was opened, and empty once nobody uses
        // that. Where somebody does (after vfork), the program still is another one.
        let is_gone = self.is_pagemap_gone();
        let now = self.process.program();
        now.is_some_and(|now| is_gone || now.is_other(self.program))
    }

    fn nanoseconds(&self) -> u64 {
        sys::monotonic_nanoseconds()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MadeUp;

    #[test]
    fn another_program_is_noticed() {
        // Where the kernel has move_pages at all, a job is told as well.
        use crate::migrate::{Job, Options, Plan, has_move_pages};
        use std::io::{Read, Write};
        use std::process::{Command, Stdio};
        let mut child = Command::new("sh")
            .args(["-c", "echo; read go; exec sleep 1000"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let comm = format!("/proc/{}/comm", child.id());
        let is = |name: &str| std::fs::read_to_string(&comm).unwrap().trim_end() == name;
        // It has its name before its code and stack are in place.
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        let pid = child.id() as i32;
        let kernel = Linux::open(Root::SYSTEM, pid).unwrap();
        let mut nodes = NodeMask::new(64).unwrap();
        nodes.insert(Node(0)).unwrap();
        let mut others = NodeMask::new(64).unwrap();
        others.insert(Node(63)).unwrap();
        let plan = Plan::new(others.as_bits(), nodes.as_bits()).unwrap();
        let job = Job::new(Root::SYSTEM, pid, plan, &Options::default()).unwrap();
        assert!(!kernel.is_replaced());
        child.stdin.take().unwrap().write_all(b"\n").unwrap();
        while !is("sleep") {
            std::thread::yield_now();
        }
        assert!(kernel.is_replaced());
        if has_move_pages() {
            job.run(&mut |_| true).unwrap();
            assert!(job.is_replaced());
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!kernel.is_replaced());
    }

    #[test]
    fn a_number_that_is_another_processs_is_not_touched() {
        let me = sys::process::own_pid();
        let made = MadeUp::new();
        let directory = format!("proc/{me}");
        made.write("proc/self/status", b"");
        made.write(&format!("{directory}/status"), b"");
        made.write(&format!("{directory}/pagemap"), b"");
        let kernel = Linux::open(made.root(), me).unwrap();
        let page = [(&raw const kernel) as usize];
        let mut status = [c_int::MIN];
        // Where the kernel has the call at all.
        if mempolicy::move_pages(0, &page, None, &mut status, 0).is_err() {
            return;
        }
        assert_eq!(kernel.locate(&page, &mut status), Ok(()));
        let node = status;
        std::fs::remove_dir_all(made.path(&directory)).unwrap();
        made.write(&format!("{directory}/status"), b"");
        status = [c_int::MIN];
        assert_eq!(kernel.locate(&page, &mut status), Err(Errno::ESRCH));
        let moved = kernel.move_pages(&page, &node, &mut status, Share::Private);
        assert_eq!((moved, status), (Err(Errno::ESRCH), [c_int::MIN]));
        assert_eq!(kernel.move_all(Node(0), Node(0)), Err(Errno::ESRCH));
    }
}
