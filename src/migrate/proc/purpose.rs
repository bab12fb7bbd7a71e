//! On which nodes a process's memory is and what it is for, as numastat(8) divides it up.
//!
//! The kernel takes 0.8 us for a line of numa_maps, which makes 80 ms of a process with 100,000 mappings. Where
//! it can find present pages and single mappings (Linux 6.11), and there are few pages beside the mappings
//! that have been read, the rest is asked for by pages: 0.15 us each, and 0.1 us for each mapping.

use alloc::vec::Vec;
use core::ffi::c_int;
use core::ops::Range;

use super::lines::Lines;
use super::numa_maps::{FILE, NumaLine};
use super::process::Process;
use crate::error::Result;
use crate::mask::Node;
use crate::migrate::kernel::{Kernel, Linux};
use crate::migrate::room;
use crate::sys::file::File;
use crate::sys::pagemap::{HUGE, Region};
use crate::sys::procmap::{self, Queried};
use crate::sys::{self, Errno};

/// What memory is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Explicit huge pages.
    Huge,
    /// What brk gives.
    Heap,
    /// The stack of the first thread.
    Stack,
    /// Everything else.
    Private,
}

impl Purpose {
    /// What a line is about, by the first word that says it.
    fn of(line: &NumaLine<'_>) -> Purpose {
        for word in line.words().skip(2) {
            match word {
                b"huge" => return Purpose::Huge,
                b"heap" => return Purpose::Heap,
                _ if word.starts_with(b"stack") => return Purpose::Stack,
                // Counts come behind all of them.
                _ if word.starts_with(b"N") => break,
                _ => {}
            }
        }
        Purpose::Private
    }
}

/// How many lines are read before the rest may be asked for by pages, and each time that is considered.
const LINES: usize = 1024;
/// How many pages may be left for each line that has been read. A page that is asked for costs a fifth of a
/// line, and as many lines as were read may be left or twice as many, or none: what is lost then is at most
/// 2.5 times of what the lines have cost.
const PAGES_FOR_A_LINE: u64 = 12;
/// Pages asked about at once.
const PAGES: usize = 2048;
/// Runs of pages that are found at once.
const REGIONS: usize = 512;

/// What was counted: on a node, for a purpose, so many bytes.
type Share = (Purpose, Node, u64);

impl Process {
    /// Calls `each` with the bytes on a node for a purpose, piece by piece, and returns whether the process
    /// has any mapping: one without memory of its own has none ([`Process::state`]).
    ///
    /// # Errors
    /// Those of [`for_each_numa_mapping`](super::numa_maps::for_each_numa_mapping).
    ///
    /// ```
    /// use numa::Root;
    /// use numa::migrate::Process;
    ///
    /// # if !std::path::Path::new("/proc/self/numa_maps").exists() { return Ok::<(), numa::Error>(()) }
    /// Process::open(Root::SYSTEM, 0)?.for_each_share(|purpose, node, bytes| {
    ///     println!("{purpose:?} on node {node}: {bytes} bytes");
    /// })?;
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn for_each_share(&self, mut each: impl FnMut(Purpose, Node, u64)) -> Result<bool> {
        let page = sys::page_size() as u64;
        let mut lines = Lines::of(self.duplicate()?, FILE)?;
        let mut rest = Some(Rest::default());
        let mut count = 0;
        while let Some(line) = lines.next()? {
            let line = NumaLine::read(line)?;
            count += 1;
            if count % LINES == 0 {
                if let Some(shares) = rest.as_ref().and_then(|rest| rest.ask(self, &line, count)) {
                    match shares {
                        Ok(shares) => {
                            for (purpose, node, bytes) in shares {
                                each(purpose, node, bytes);
                            }
                            break;
                        }
                        // Not here, or not now: the file says it all.
                        Err(_) => rest = None,
                    }
                }
            }
            let size = match line.page_size {
                0 => page,
                size => size,
            };
            let purpose = Purpose::of(&line);
            for (node, pages) in line.nodes() {
                if let (Some(rest), false) = (&mut rest, purpose == Purpose::Huge) {
                    rest.seen = rest.seen.saturating_add(pages.saturating_mul(size));
                }
                each(purpose, node, pages.saturating_mul(size));
            }
        }
        self.check_whole(count > 0, &lines)?;
        Ok(count > 0)
    }
}

/// What is behind the lines that have been read.
#[derive(Debug, Default)]
struct Rest {
    /// Bytes in pages of the base size that have been seen.
    seen: u64,
}

impl Rest {
    /// Asks for the rest by pages, from this line on, if that is faster; `None` if it is not.
    fn ask(
        &self,
        process: &Process,
        line: &NumaLine<'_>,
        lines: usize,
    ) -> Option<Result<Vec<Share>, Errno>> {
        let resident = process.sizes().ok()?.resident;
        let left = resident.saturating_sub(self.seen) / sys::page_size() as u64;
        if !process.is_of_system() || left > PAGES_FOR_A_LINE * lines as u64 {
            return None;
        }
        let layout = process.layout()?;
        // The heap is below, whatever its mappings are.
        let is_below = line.start > layout.heap && Purpose::of(line) != Purpose::Heap;
        is_below.then(|| Search::new(process, layout.stack)?.shares(line.start))
    }
}

/// Looks for pages behind an address.
struct Search {
    kernel: Linux,
    maps: File,
    stack: Range<usize>,
    /// The kernel's own pages, which numa_maps does not count.
    kernels: Range<usize>,
    /// Pages to ask about, and of which size they are.
    pages: Vec<usize>,
    status: Vec<c_int>,
    found: Vec<Share>,
}

impl Search {
    fn new(process: &Process, stack: usize) -> Result<Search, Errno> {
        let errno = |error: crate::Error| error.errno();
        let maps = process.file("maps").map_err(errno)?;
        let mapping = |address| {
            let found = procmap::query(&maps, address)?;
            let found = found.filter(|found| found.start <= address);
            Ok(found.map_or(0..0, |found| found.start..found.end))
        };
        let stack = mapping(stack)?;
        let kernels = mapping(vdso(process)?.unwrap_or(0))?;
        Ok(Search {
            stack,
            kernels,
            kernel: Linux::of(process).map_err(errno)?,
            maps,
            pages: room::with_room(PAGES).map_err(errno)?,
            status: room::filled(PAGES).map_err(errno)?,
            found: Vec::new(),
        })
    }

    /// The shares of all pages from an address on.
    fn shares(mut self, start: usize) -> Result<Vec<Share>, Errno> {
        let mut regions: Vec<Region> = room::filled(REGIONS).map_err(|error| error.errno())?;
        let mut at = start;
        let end = self.end(start)?;
        while at < end {
            let (count, next) = self.kernel.scan(at..end, &mut regions)?;
            for region in &regions[..count] {
                self.region(region)?;
            }
            if next <= at {
                return Err(Errno::EINVAL);
            }
            at = next;
        }
        self.locate(sys::page_size(), false)?;
        Ok(self.found)
    }

    /// Behind the last mapping: a search may go no further. The stack is the last but a few.
    fn end(&self, start: usize) -> Result<usize, Errno> {
        let mut end = start.max(self.stack.start);
        while let Some(found) = procmap::query(&self.maps, end)? {
            end = found.end;
        }
        Ok(end)
    }

    /// Takes a run of pages.
    fn region(&mut self, region: &Region) -> Result<(), Errno> {
        let page = sys::page_size();
        let (mut at, end) = (region.start as usize, region.end as usize);
        while at < end {
            // Transparent huge pages are asked about page by page, explicit ones are one page each.
            let explicit = match region.categories & HUGE {
                0 => None,
                _ => procmap::query(&self.maps, at)?.filter(|it| it.start <= at),
            };
            let (size, until) = match explicit {
                Some(Queried {
                    end: until,
                    page_size,
                    ..
                }) => (page_size.max(page), until.min(end)),
                None => (page, end),
            };
            let is_huge = size > page;
            if is_huge {
                self.locate(page, false)?;
            }
            while at < until {
                if self.pages.len() == PAGES {
                    self.locate(size, is_huge)?;
                }
                self.pages.push(at);
                at = at.saturating_add(size);
            }
            if is_huge {
                self.locate(size, true)?;
            }
        }
        Ok(())
    }

    /// Asks where the pages are that have been taken.
    fn locate(&mut self, size: usize, is_huge: bool) -> Result<(), Errno> {
        let count = self.pages.len();
        if count == 0 {
            return Ok(());
        }
        self.kernel.locate(&self.pages, &mut self.status[..count])?;
        for (&page, &status) in self.pages.iter().zip(&self.status) {
            // What has gone meanwhile is on no node.
            let Ok(node) = u32::try_from(status) else {
                continue;
            };
            if self.kernels.contains(&page) {
                continue;
            }
            let purpose = match () {
                () if is_huge => Purpose::Huge,
                () if self.stack.contains(&page) => Purpose::Stack,
                () => Purpose::Private,
            };
            add(&mut self.found, (purpose, Node(node), size as u64))?;
        }
        self.pages.clear();
        Ok(())
    }
}

/// Where the kernel has mapped its vDSO, by the process's auxiliary vector. EINVAL if that cannot be
/// understood: a program of 32 bits has smaller words.
fn vdso(process: &Process) -> Result<Option<usize>, Errno> {
    const PAGE_SIZE: u64 = 6;
    const VDSO: u64 = 33;
    let file = process.file("auxv").map_err(|error| error.errno())?;
    let mut words = [0; 128];
    let count = file.read_words_at(&mut words, 0)?;
    let value = |key: u64| {
        let mut pairs = words[..count].chunks_exact(2);
        pairs.find(|pair| pair[0] == key).map(|pair| pair[1])
    };
    if size_of::<usize>() != 8 || value(PAGE_SIZE) != Some(sys::page_size() as u64) {
        return Err(Errno::EINVAL);
    }
    Ok(value(VDSO).map(|address| address as usize))
}

/// There are few shares, and the last one is mostly the same.
fn add(found: &mut Vec<Share>, share: Share) -> Result<(), Errno> {
    let (purpose, node, bytes) = share;
    let same = |other: &&mut Share| other.0 == purpose && other.1 == node;
    match found.iter_mut().rev().find(same) {
        Some(other) => other.2 = other.2.saturating_add(bytes),
        None => {
            room::reserve(found, 1).map_err(|error| error.errno())?;
            found.push(share);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root::Root;
    use crate::testing::MadeUp;

    /// What each purpose has on each node, in bytes, by numa_maps alone.
    fn by_lines(process: &Process) -> Vec<Share> {
        let mut found = Vec::new();
        process
            .for_each_numa_line(|line| {
                for (node, pages) in line.nodes() {
                    add(
                        &mut found,
                        (Purpose::of(line), node, pages * line.page_size),
                    )
                    .unwrap();
                }
            })
            .unwrap();
        found.sort_unstable();
        found
    }

    /// The same by pages, from a line on.
    fn by_pages(process: &Process, start: usize) -> Result<Vec<Share>, Errno> {
        let layout = process.layout().ok_or(Errno::EPERM)?;
        let mut found = Search::new(process, layout.stack)?.shares(start)?;
        found.sort_unstable();
        Ok(found)
    }

    #[test]
    fn pages_say_what_lines_do() {
        if cfg!(target_pointer_width = "32") {
            // Such a test may run where sleep(1) has 64.
            return;
        }
        let mut child = std::process::Command::new("sleep")
            .arg("1000")
            .spawn()
            .unwrap();
        let process = Process::open(Root::SYSTEM, child.id() as i32).unwrap();
        // It sleeps, and its memory does not change any more.
        let sleeps = |_: &usize| {
            let path = std::format!("/proc/{}/syscall", child.id());
            let call = std::fs::read_to_string(path).unwrap_or_default();
            std::fs::read_to_string(std::format!("/proc/{}/comm", child.id())).unwrap() == "sleep\n"
                && !call.starts_with("running")
        };
        (0usize..).find(sleeps);
        let all = by_lines(&process);
        let found = by_pages(&process, 0);
        child.kill().unwrap();
        child.wait().unwrap();
        // Where the kernel has the calls at all. The heap is no other than private memory there.
        if let Ok(found) = found {
            let sum = |shares: &[Share], purposes: &[Purpose]| -> u64 {
                let of = shares.iter().filter(|share| purposes.contains(&share.0));
                of.map(|share| share.2).sum()
            };
            let (private, stack) = (
                &[Purpose::Heap, Purpose::Private][..],
                &[Purpose::Stack][..],
            );
            assert_eq!(sum(&found, private), sum(&all, private));
            assert_eq!(sum(&found, stack), sum(&all, stack));
            assert!(sum(&found, stack) > 0);
        }
    }

    #[test]
    fn shares_of_lines() {
        let made = MadeUp::new();
        made.write("proc/7/status", b"");
        made.write(
            "proc/7/stat",
            b"7 (x) S 1 7 7 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 77\n",
        );
        let mut text = std::string::String::from(
            "1000 default heap N0=1 kernelpagesize_kB=4\n2000 prefer (many):0 stack:9 N1=1 kernelpagesize_kB=4\n\
             3000 default file=/N1=5 huge N0=1 kernelpagesize_kB=2048\n4000 default file=/heap N0=1 heap\n",
        );
        // More than are read before other ways are considered, which a made-up process has not.
        for line in 0..3 * LINES {
            text += &std::format!("{:x} default N0=1 kernelpagesize_kB=4\n", 0x10000 + line);
        }
        made.write("proc/7/numa_maps", text.as_bytes());
        let process = Process::open(made.root(), 7).unwrap();
        let mut found = Vec::new();
        let any = process.for_each_share(|purpose, node, bytes| {
            add(&mut found, (purpose, node, bytes)).unwrap();
        });
        assert_eq!(any, Ok(true));
        found.sort_unstable();
        let page = sys::page_size() as u64;
        assert_eq!(
            found,
            [
                (Purpose::Huge, Node(0), 2 << 20),
                (Purpose::Heap, Node(0), 4096),
                (Purpose::Stack, Node(1), 4096),
                (Purpose::Private, Node(0), 3 * LINES as u64 * 4096 + page),
            ]
        );
    }
}
