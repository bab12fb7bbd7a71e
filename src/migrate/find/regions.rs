//! Finding the present pages of a range of addresses.
//!
//! Linux 6.7 has a call for that. Before, pagemap must be read, 8 bytes for every page whether it
//! is there or not.

use alloc::vec::Vec;
use core::ops::Range;

use crate::error::{Error, Result};
use crate::migrate::kernel::Kernel;
use crate::migrate::room;
use crate::sys::Errno;
use crate::sys::pagemap::Region;

/// Regions found in one go.
const REGIONS: usize = 256;
/// Words of pagemap read in one go: 32 MiB of address space.
pub(crate) const WORDS: usize = 8192;
/// The bits of a word of pagemap that say that the page is there, that it is a file's or shared
/// memory, and that nothing else maps it.
const PRESENT: u64 = 1 << 63;
const FILE: u64 = 1 << 61;
const EXCLUSIVE: u64 = 1 << 56;

/// Whether a word of pagemap is that of a page which numa_maps counts. It does not count the zero
/// page, which has neither bit; nor has a page that a fork shares, of which this says no too.
fn is_counted(word: u64) -> bool {
    word & PRESENT != 0 && word & (FILE | EXCLUSIVE) != 0
}

/// Runs of present pages: those that were found last, the next one first.
#[derive(Debug)]
pub(crate) struct Regions {
    found: Vec<Region>,
    next: usize,
    /// Whether the kernel knows the call.
    can_scan: bool,
    /// Room for what is read, where the kernel does not.
    words: Vec<u64>,
}

impl Regions {
    pub(crate) fn new(kernel: &impl Kernel) -> Result<Regions> {
        let mut found: Vec<Region> = room::filled(REGIONS)?;
        // An empty range, to see whether the call is there.
        let can_scan = kernel.scan(0..0, &mut found).is_ok();
        found.clear();
        Ok(Regions {
            found,
            next: 0,
            can_scan,
            words: if can_scan {
                Vec::new()
            } else {
                room::filled(WORDS)?
            },
        })
    }

    /// Whether holes cost nothing, and regions say of themselves whether they are huge.
    pub(crate) fn can_scan(&self) -> bool {
        self.can_scan
    }

    /// Takes the next one.
    pub(crate) fn next(&mut self) -> Option<Region> {
        let region = *self.found.get(self.next)?;
        self.next += 1;
        Some(region)
    }

    /// Puts the rest of the one that was taken last back.
    pub(crate) fn put_back(&mut self, rest: Range<usize>) {
        let rest = Region {
            start: rest.start as u64,
            end: rest.end as u64,
            categories: 0,
        };
        // Its place is free.
        self.next = self.next.saturating_sub(1);
        if let Some(place) = self.found.get_mut(self.next) {
            *place = rest;
        }
    }

    /// Drops those that were not taken.
    pub(crate) fn clear(&mut self) {
        self.found.clear();
        self.next = 0;
    }

    /// Looks for more at the beginning of `span`, and takes off it what has been looked through.
    /// Returns how many pages of that are counted by numa_maps, at least.
    pub(crate) fn find(&mut self, kernel: &impl Kernel, span: &mut Range<usize>) -> Result<u64> {
        self.clear();
        if !self.can_scan {
            return self.read(kernel, span);
        }
        if self.scan(kernel, span).is_none() {
            // The process is gone, or a filter let the first call through only.
            self.clear();
            self.words = room::filled(WORDS)?;
            self.can_scan = false;
        }
        Ok(0)
    }

    fn scan(&mut self, kernel: &impl Kernel, span: &mut Range<usize>) -> Option<()> {
        self.found.resize(REGIONS, Region::default());
        let (found, end) = kernel.scan(span.clone(), &mut self.found).ok()?;
        self.found.truncate(found);
        // Never the same place twice, whatever the kernel says.
        let end = if found < REGIONS { span.end } else { end };
        span.start = end.clamp(span.start + kernel.page_size(), span.end);
        Some(())
    }

    fn read(&mut self, kernel: &impl Kernel, span: &mut Range<usize>) -> Result<u64> {
        let page = kernel.page_size();
        let wanted = (span.len() / page).min(WORDS);
        let read = kernel.read_pagemap(span.start / page, &mut self.words[..wanted]);
        let read = match read.map_err(pagemap_error)? {
            // No memory any more: the process has ended.
            0 => return Err(pagemap_error(Errno::ESRCH)),
            read => read.min(wanted),
        };
        let words = &self.words[..read];
        let is_present = |word: &u64| word & PRESENT != 0;
        let mut at = 0;
        while let Some(first) = words[at..].iter().position(is_present) {
            let first = at + first;
            let rest = &words[first..];
            let len = rest.iter().position(|word| !is_present(word));
            at = first + len.unwrap_or(rest.len());
            let address = |index: usize| (span.start + index * page) as u64;
            self.found.push(Region {
                start: address(first),
                end: address(at),
                categories: 0,
            });
            if self.found.len() == REGIONS {
                break;
            }
        }
        if self.found.len() < REGIONS {
            at = words.len();
        }
        span.start += at * page;
        Ok(words[..at].iter().filter(|&&word| is_counted(word)).count() as u64)
    }
}

/// Reading pagemap failed.
fn pagemap_error(errno: Errno) -> Error {
    Error::File {
        file: "pagemap",
        errno,
    }
}

/// Calls `each` with whether a page is there, for each of them in their order.
pub(crate) fn each_present(
    kernel: &impl Kernel,
    addresses: &[usize],
    mut each: impl FnMut(bool),
) -> Result<()> {
    each_word(kernel, addresses, |word| each(word & PRESENT != 0))
}

/// Calls `each` with whether numa_maps counts a page for certain.
pub(crate) fn each_counted(
    kernel: &impl Kernel,
    addresses: &[usize],
    mut each: impl FnMut(bool),
) -> Result<()> {
    each_word(kernel, addresses, |word| each(is_counted(word)))
}

/// Calls `each` with the word of each page. Neighbours that follow each other are one read.
fn each_word(kernel: &impl Kernel, addresses: &[usize], mut each: impl FnMut(u64)) -> Result<()> {
    const PIECE: usize = 64;
    let page = kernel.page_size();
    let mut words = [0; PIECE];
    let mut rest = addresses;
    while let Some(&first) = rest.first() {
        let follows = |pair: &&[usize]| pair[0].checked_add(page) == Some(pair[1]);
        let pairs = rest.windows(2).take(PIECE - 1);
        let run = 1 + pairs.take_while(follows).count();
        words.fill(0);
        kernel
            .read_pagemap(first / page, &mut words[..run])
            .map_err(pagemap_error)?;
        words[..run].iter().for_each(|&word| each(word));
        rest = &rest[run..];
    }
    Ok(())
}
