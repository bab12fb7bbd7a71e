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
/// Pages between two spans that are read all the same rather than to begin anew: a call costs what some
/// hundred words do.
const NEAR: usize = 128;
/// Words that are read for a span that is near the last one, at first.
const AHEAD: usize = 256;
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
    /// Where the kernel does not.
    window: Window,
}

/// Words of pagemap that have been read, of a span and of what is behind it: mappings that lie close to
/// each other are one read.
#[derive(Debug, Default)]
struct Window {
    words: Vec<u64>,
    /// Page number of the first one, and how many there are.
    first: usize,
    len: usize,
    /// Page number behind the last span, and how many words to read for one that is near.
    end: usize,
    ahead: usize,
}

impl Window {
    fn new() -> Result<Window> {
        Ok(Window {
            words: room::filled(WORDS)?,
            ..Window::default()
        })
    }

    /// Whether the word of a page is there.
    fn has(&self, page: usize) -> bool {
        (self.first..self.first + self.len).contains(&page)
    }

    /// The words of a page and those behind it, at least one and at most `most`.
    fn get(&mut self, kernel: &impl Kernel, page: usize, most: usize) -> Result<&[u64]> {
        if !self.has(page) {
            self.read(kernel, page, most)?;
        }
        let words = &self.words[page - self.first..self.len];
        let words = &words[..words.len().min(most)];
        self.end = page + words.len();
        Ok(words)
    }

    /// Drops what is left, and reads less the next time if much is.
    fn forget(&mut self) {
        let used = self.end.saturating_sub(self.first);
        if used < self.len {
            self.ahead = self.ahead.min(used);
        }
        self.len = 0;
    }

    /// Reads so many words, and more behind them the longer spans have been near each other.
    fn read(&mut self, kernel: &impl Kernel, page: usize, most: usize) -> Result<()> {
        let is_near = page >= self.end && page - self.end <= NEAR;
        self.ahead = match is_near {
            true => (2 * self.ahead).clamp(AHEAD, WORDS),
            false => 0,
        };
        self.len = 0;
        let wanted = most.max(self.ahead).min(WORDS);
        let read = kernel.read_pagemap(page, &mut self.words[..wanted]);
        self.len = match read.map_err(pagemap_error)? {
            // No memory any more: the process has ended.
            0 => return Err(pagemap_error(Errno::ESRCH)),
            read => read.min(wanted),
        };
        self.first = page;
        Ok(())
    }
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
            window: if can_scan {
                Window::default()
            } else {
                Window::new()?
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

    /// Forgets what the kernel was asked about more than was wanted: time has passed.
    pub(crate) fn forget(&mut self) {
        self.window.forget();
    }

    /// Whether looking at the beginning of `span` takes a call.
    pub(crate) fn takes_a_call(&self, span: &Range<usize>, page: usize) -> bool {
        self.can_scan || !self.window.has(span.start / page)
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
            self.window = Window::new()?;
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
        let wanted = span.len() / page;
        let words = self.window.get(kernel, span.start / page, wanted)?;
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
