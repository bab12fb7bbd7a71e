//! Memory that a process has mapped more than once, as ZGC maps its heap three times.
//!
//! A page of it may be there at one address and not at another, or hidden at one alone, so no mapping
//! can be passed over as a whole. Each page of such memory has a number instead, whichever address it
//! is met at, and a bit that says that it has a count.

use alloc::vec::Vec;

use crate::error::Result;
use crate::migrate::proc::lines::Lines;
use crate::migrate::proc::maps::{self, FileId};
use crate::migrate::proc::process::Process;
use crate::migrate::room;
use crate::sys;
use crate::sys::lock::Lock;

/// A shared mapping.
#[derive(Debug, Clone, Copy)]
struct Part {
    file: FileId,
    /// Offset in the file.
    offset: u64,
    start: usize,
    end: usize,
}

impl Part {
    /// Where it ends in the file.
    fn file_end(&self) -> u64 {
        self.offset.saturating_add((self.end - self.start) as u64)
    }
}

/// A mapping of memory that another one maps too, at least in part.
#[derive(Debug, Clone, Copy)]
struct Numbered {
    start: usize,
    end: usize,
    /// The number of its first page.
    first: u64,
}

/// Whether a page has been met before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Met {
    /// It has not.
    First,
    /// At an address where the kernel said that it is not there.
    Denied,
    /// It has, and has a count.
    Again,
}

/// The memory of a process that it has mapped more than once.
#[derive(Debug, Default)]
pub(crate) struct Aliases {
    /// Bytes of a page.
    page: usize,
    /// In the order of their addresses.
    list: Vec<Numbered>,
    /// Bytes of address space at which there is what is at another address as well.
    bytes: u64,
    known: Lock<Known>,
}

/// What is known of the pages with numbers.
#[derive(Debug, Default)]
struct Known {
    counted: Bits,
    denied: Bits,
}

/// Bits that are 0 at first, in pieces that are there once one is 1, in the order of their numbers: what a
/// process maps and does not use costs nothing.
#[derive(Debug, Default)]
struct Bits(Vec<(u64, Vec<u64>)>);

impl Bits {
    /// Words of a piece: the pages of 128 MiB.
    const WORDS: usize = 512;
    const BITS: u64 = Self::WORDS as u64 * 64;

    /// The place of a bit's piece: where it is, or where it would be.
    fn place(&self, bit: u64) -> core::result::Result<usize, usize> {
        self.0
            .binary_search_by_key(&(bit / Self::BITS), |&(number, _)| number)
    }

    fn get(&self, bit: u64) -> bool {
        let Ok(at) = self.place(bit) else {
            return false;
        };
        let word = self.0[at].1[(bit % Self::BITS / 64) as usize];
        word >> (bit % 64) & 1 != 0
    }

    fn set(&mut self, bit: u64, value: bool) -> Result<()> {
        let at = match self.place(bit) {
            Ok(at) => at,
            Err(_) if !value => return Ok(()),
            Err(at) => {
                room::reserve(&mut self.0, 1)?;
                let piece = room::filled(Self::WORDS)?;
                self.0.insert(at, (bit / Self::BITS, piece));
                at
            }
        };
        let word = &mut self.0[at].1[(bit % Self::BITS / 64) as usize];
        *word = *word & !(1 << (bit % 64)) | u64::from(value) << (bit % 64);
        Ok(())
    }
}

impl Aliases {
    /// That of a process.
    pub(crate) fn of(process: &Process, page: usize) -> Result<Aliases> {
        let mut parts: Vec<Part> = Vec::new();
        let mut lines = Lines::of(process.duplicate()?, "maps")?;
        while let Some(line) = lines.next()? {
            if !maps::is_shared(line) {
                continue;
            }
            let mapping = maps::parse_pages(line, page)?;
            room::reserve(&mut parts, 1)?;
            parts.push(Part {
                file: mapping.file,
                offset: mapping.offset,
                start: mapping.start,
                end: mapping.end,
            });
        }
        Aliases::among(&mut parts, page)
    }

    fn among(parts: &mut [Part], page: usize) -> Result<Aliases> {
        parts.sort_unstable_by_key(|part| (part.file, part.offset, part.start));
        let (mut list, mut bytes, mut pages) = (Vec::new(), 0, 0);
        let mut rest = &*parts;
        while let Some(first) = rest.first() {
            // Those that are one piece of the file together.
            let (mut end, mut len) = (first.file_end(), 1);
            while let Some(next) = rest.get(len) {
                if next.file != first.file || next.offset >= end {
                    break;
                }
                bytes = u64::saturating_add(bytes, end.min(next.file_end()) - next.offset);
                end = end.max(next.file_end());
                len += 1;
            }
            let (piece, others) = rest.split_at(len);
            rest = others;
            if len == 1 {
                continue;
            }
            room::reserve(&mut list, len)?;
            let number = |part: &Part| {
                u64::saturating_add(pages, (part.offset - first.offset) / page as u64)
            };
            list.extend(piece.iter().map(|part| Numbered {
                start: part.start,
                end: part.end,
                first: number(part),
            }));
            pages = u64::saturating_add(pages, (end - first.offset).div_ceil(page as u64));
        }
        list.sort_unstable_by_key(|part| part.start);
        Ok(Aliases {
            page,
            list,
            bytes,
            known: Lock::default(),
        })
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether a page of `size` bytes may have a count, and no other address gives it another one
    /// from now on.
    pub(crate) fn count(&self, address: usize, size: usize) -> Result<Met> {
        let Some(mut numbers) = self.numbers(address, size) else {
            return Ok(Met::First);
        };
        let known = &mut *self.known.take();
        // Of a huge page that is mapped as small ones elsewhere, some of these may have one: it moves
        // whole, so it has been tried.
        if numbers.clone().any(|number| known.counted.get(number)) {
            return Ok(Met::Again);
        }
        let was_denied = numbers.clone().any(|number| known.denied.get(number));
        numbers.try_for_each(|number| known.counted.set(number, true))?;
        Ok(if was_denied { Met::Denied } else { Met::First })
    }

    /// The same for a page of which the kernel says that it is not there: its count is one of those.
    pub(crate) fn deny(&self, address: usize, size: usize) -> Result<Met> {
        let Some(mut numbers) = self.numbers(address, size) else {
            return Ok(Met::First);
        };
        let known = &mut *self.known.take();
        let is_known = |number: u64| known.counted.get(number) || known.denied.get(number);
        if numbers.clone().any(is_known) {
            return Ok(Met::Again);
        }
        numbers.try_for_each(|number| known.denied.set(number, true))?;
        Ok(Met::First)
    }

    /// Takes back that a page has a count: its parts get counts of their own.
    pub(crate) fn open(&self, address: usize, size: usize) -> Result<()> {
        let Some(mut numbers) = self.numbers(address, size) else {
            return Ok(());
        };
        let known = &mut *self.known.take();
        numbers.try_for_each(|number| known.counted.set(number, false))
    }

    /// Forgets which pages have a count: all are counted anew.
    pub(crate) fn recount(&self) {
        let known = &mut *self.known.take();
        for Bits(pieces) in [&mut known.counted, &mut known.denied] {
            pieces.clear();
        }
    }

    /// The numbers of the base pages of a page; `None` for memory that is mapped once.
    fn numbers(
        &self,
        address: usize,
        size: usize,
    ) -> Option<impl Iterator<Item = u64> + Clone + use<>> {
        let behind = self.list.partition_point(|part| part.start <= address);
        let part = self.list[..behind].last()?;
        let end = part.end.min(address.saturating_add(size));
        let before = ((address - part.start) / self.page) as u64;
        let first = part.first.saturating_add(before);
        let count = (end.checked_sub(address)?).div_ceil(self.page) as u64;
        (count > 0).then_some(first..first.saturating_add(count))
    }
}

impl Process {
    /// How many bytes of its address space map shared memory or a file at a place that another
    /// address maps too. numa_maps counts the pages there once for each.
    ///
    /// ```
    /// use numa::Root;
    /// use numa::migrate::Process;
    ///
    /// let process = Process::open(Root::SYSTEM, 0)?;
    /// println!("{} bytes are mapped more than once", process.mapped_again()?);
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn mapped_again(&self) -> Result<u64> {
        Aliases::of(self, sys::page_size()).map(|aliases| aliases.bytes)
    }
}
