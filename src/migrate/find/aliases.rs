//! Memory that a process has mapped more than once, as ZGC maps its heap three times.
//!
//! A page of it may be there at one address and not at another, so no mapping can be passed over as a
//! whole: whether a page has been counted at an earlier address is asked of pagemap.

use alloc::vec::Vec;
use core::ops::Range;
use core::slice;

use super::regions::each_present;
use crate::error::Result;
use crate::migrate::kernel::Kernel;
use crate::migrate::proc::lines::Lines;
use crate::migrate::proc::maps::{self, FileId, Kind, Kinds};
use crate::migrate::proc::process::Process;
use crate::migrate::room;

/// Earlier addresses of the same memory that are looked at. More than these, and a page may be
/// counted more than once.
const MOST: usize = 8;

/// A part of a shared mapping.
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

/// Addresses at which there is the same memory as at earlier ones.
#[derive(Debug, Clone)]
struct Alias {
    again: Range<usize>,
    /// Where the earlier one begins.
    first: usize,
}

/// All of them in a process, in the order of their addresses.
#[derive(Debug, Default)]
pub(crate) struct Aliases {
    list: Vec<Alias>,
    /// Bytes of the longest.
    longest: usize,
}

impl Aliases {
    /// Those among the mappings of some kinds, and in some ranges (empty for all).
    pub(crate) fn of(process: &Process, kinds: Kinds, ranges: &[Range<usize>]) -> Result<Aliases> {
        if !kinds.contains(Kind::Shared) {
            return Ok(Aliases::default());
        }
        let mut parts: Vec<Part> = Vec::new();
        let mut lines = Lines::of(process.duplicate()?, "maps")?;
        while let Some(line) = lines.next()? {
            let mapping = maps::parse_mapping(line)?;
            if mapping.kind != Kind::Shared {
                continue;
            }
            let whole = mapping.start..mapping.end;
            let wanted = if ranges.is_empty() {
                slice::from_ref(&whole)
            } else {
                ranges
            };
            for range in wanted {
                let (start, end) = (range.start.max(mapping.start), range.end.min(mapping.end));
                if start < end {
                    room::reserve(&mut parts, 1)?;
                    parts.push(Part {
                        file: mapping.file,
                        offset: mapping
                            .offset
                            .saturating_add((start - mapping.start) as u64),
                        start,
                        end,
                    });
                }
            }
        }
        Aliases::among(&mut parts)
    }

    fn among(parts: &mut [Part]) -> Result<Aliases> {
        parts.sort_unstable_by_key(|part| (part.file, part.offset, part.start));
        let mut aliases: Vec<Alias> = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            // Those that begin before it in the file, or at the same place.
            let before = parts[..at].iter().rev();
            let alike = before
                .take_while(|other| other.file == part.file)
                .filter(|other| other.file_end() > part.offset);
            for other in alike.take(MOST) {
                let into = (part.offset - other.offset) as usize;
                let len = (other.end - other.start - into).min(part.end - part.start);
                room::reserve(&mut aliases, 1)?;
                aliases.push(Alias {
                    again: part.start..part.start + len,
                    first: other.start + into,
                });
            }
        }
        aliases.sort_unstable_by_key(|alias| alias.again.start);
        let longest = aliases.iter().map(|alias| alias.again.len()).max();
        Ok(Aliases {
            list: aliases,
            longest: longest.unwrap_or(0),
        })
    }

    /// Bytes that are mapped again, at addresses where the same memory was before.
    pub(crate) fn bytes(&self) -> u64 {
        let (mut bytes, mut end) = (0, 0);
        for Alias { again, .. } in &self.list {
            bytes += again.end.saturating_sub(again.start.max(end)) as u64;
            end = end.max(again.end);
        }
        bytes
    }

    /// Leaves those pages out that are at an earlier address too. They are in the order of their
    /// addresses.
    pub(crate) fn leave_out(&self, kernel: &impl Kernel, pages: &mut Vec<usize>) -> Result<()> {
        let (Some(&first), Some(&last)) = (pages.first(), pages.last()) else {
            return Ok(());
        };
        let begins = |at: usize| self.list.partition_point(|alias| alias.again.start < at);
        let around = begins(first.saturating_sub(self.longest))..begins(last.saturating_add(1));
        for alias in &self.list[around] {
            let inside = |page: usize| alias.again.contains(&page);
            let mut earlier = room::with_room(pages.len())?;
            let translated = pages.iter().filter(|&&page| inside(page));
            earlier.extend(translated.map(|page| alias.first + (page - alias.again.start)));
            let mut were_there = room::with_room(earlier.len())?;
            each_present(kernel, &earlier, |is_present| were_there.push(is_present))?;
            let mut were_there = were_there.into_iter();
            pages.retain(|&page| !inside(page) || were_there.next() == Some(false));
        }
        Ok(())
    }
}

impl Process {
    /// How many bytes of its address space map shared memory or a file at a place that another
    /// address maps too. numa_maps counts the pages there once for each.
    pub fn mapped_again(&self) -> Result<u64> {
        Aliases::of(self, Kinds::ALL, &[]).map(|aliases| aliases.bytes())
    }
}
