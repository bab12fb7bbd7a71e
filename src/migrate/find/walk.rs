//! Walking through a process's present pages, at a cost that follows their number and not the size
//! of the address space, where the kernel can find them ([`Regions`]).
//!
//! Where it cannot, holes are read through as well, unless the process reserves far more than it
//! uses: then numa_maps says how many pages of a mapping are there ([`Guide`]), and reading stops
//! at the last one.

use alloc::vec::Vec;
use core::ops::Range;

use super::guide::Guide;
use super::regions::Regions;
use crate::error::Result;
use crate::mask::Node;
use crate::migrate::kernel::Kernel;
use crate::migrate::proc::lines::Lines;
use crate::migrate::proc::maps::{self, Kinds, Mapping};
use crate::migrate::proc::process::Process;
use crate::migrate::proc::status::Sizes;
use crate::migrate::room;
use crate::root::{self, Path, Root};
use crate::sys::pagemap::{HUGE, Region};

/// A process whose address space is larger than its memory by this factor, and by
/// [`SPARSE_BYTES`], is taken for one with holes.
const SPARSE_FACTOR: u64 = 4;
const SPARSE_BYTES: u64 = 256 << 20;

/// How often a hole is read on before the caller gets a word in: 2 GiB with pages of 4 KiB.
const PATIENCE: u32 = 64;

/// What a piece's addresses stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Pages of the base size.
    Page,
    /// Huge pages of this size.
    Huge(usize),
    /// Blocks of this size, all of whose pages are there: huge pages or not.
    Block(usize),
}

impl Unit {
    /// Bytes.
    pub(crate) fn size(self, page: usize) -> usize {
        match self {
            Unit::Page => page,
            Unit::Huge(size) | Unit::Block(size) => size,
        }
    }
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Addresses of such units.
    Units(Unit),
    /// A large hole that may go on.
    Hole,
    /// There is nothing more.
    End,
}

/// What there is at one place.
#[derive(Debug, Clone, Copy)]
struct Run {
    at: usize,
    end: usize,
    unit: Unit,
}

/// The walk through a process's present pages, in the order of their addresses.
#[derive(Debug)]
pub(crate) struct Walk<'r> {
    root: Root<'r>,
    pid: i32,
    kinds: Kinds,
    /// Sorted; empty for everything.
    ranges: Vec<Range<usize>>,
    page: usize,
    /// Size of a transparent huge page.
    block: usize,
    sizes: Sizes,
    maps: Lines,
    /// Where it is needed.
    guide: Option<Guide>,
    /// What is left of the current mapping.
    mapping: Option<Mapping>,
    /// What is left of the part of it that is looked through.
    span: Range<usize>,
    /// Size of the span's explicit huge pages, or 0.
    huge: usize,
    /// Pages of the mapping that have not been found yet: at least so many, and none only if
    /// all are found.
    expected: u64,
    regions: Regions,
    run: Option<Run>,
    /// Where the last huge page ends: two ranges may touch the same one.
    huge_end: usize,
}

/// The size of a transparent huge page.
fn block_size(root: Root<'_>, page: usize) -> usize {
    let mut buf = [0; 32];
    let size = Path::below(root, "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size")
        .read(&mut buf)
        .ok()
        .and_then(|text| root::number(text.trim_ascii()));
    match size {
        Some(size) if size.is_power_of_two() && size as usize > page => size as usize,
        // What one table of 8-byte entries spans.
        _ => page * (page / 8),
    }
}

/// The ranges of whole pages that the given ones touch, in order.
fn sorted(ranges: &[Range<usize>], page: usize) -> Result<Vec<Range<usize>>> {
    let mut sorted: Vec<Range<usize>> = room::with_room(ranges.len())?;
    for range in ranges {
        let start = range.start / page * page;
        let end = range
            .end
            .checked_next_multiple_of(page)
            .unwrap_or(usize::MAX / page * page);
        let place = sorted
            .iter()
            .position(|r| r.start > start)
            .unwrap_or(sorted.len());
        sorted.insert(place, start..end);
    }
    Ok(sorted)
}

impl<'r> Walk<'r> {
    /// A walk through the pages of these kinds and in these ranges (empty for all), which has not
    /// begun yet. `sizes` are the process's.
    pub(crate) fn new(
        root: Root<'r>,
        pid: i32,
        kernel: &impl Kernel,
        sizes: Sizes,
        kinds: Kinds,
        ranges: &[Range<usize>],
    ) -> Result<Walk<'r>> {
        let page = kernel.page_size();
        let mut walk = Walk {
            root,
            pid,
            kinds,
            ranges: sorted(ranges, page)?,
            page,
            block: block_size(root, page),
            sizes,
            maps: Lines::open(root, pid, "maps")?,
            guide: None,
            mapping: None,
            span: 0..0,
            huge: 0,
            expected: 0,
            regions: Regions::new(kernel)?,
            run: None,
            huge_end: 0,
        };
        walk.open_guide();
        Ok(walk)
    }

    fn open_guide(&mut self) {
        // Without numa_maps the walk is slower and sees huge pages as small ones; no error.
        self.guide = if self.sizes.huge > 0 || self.is_sparse() {
            Guide::open(self.root, self.pid).ok()
        } else {
            None
        };
    }

    fn is_sparse(&self) -> bool {
        let used = self.sizes.resident.saturating_add(self.sizes.huge);
        let dense = used.saturating_mul(SPARSE_FACTOR);
        !self.regions.can_scan() && self.sizes.mapped > dense.saturating_add(SPARSE_BYTES)
    }

    /// Size of a transparent huge page, and of what one page table spans.
    pub(crate) fn block(&self) -> usize {
        self.block
    }

    /// Begins again with the first mapping.
    pub(crate) fn rewind(&mut self) -> Result<()> {
        self.maps = Lines::open(self.root, self.pid, "maps")?;
        self.open_guide();
        (self.mapping, self.run, self.span) = (None, None, 0..0);
        self.regions.clear();
        self.huge_end = 0;
        Ok(())
    }

    /// How many pages numa_maps has on nodes, of the mappings that are looked through. Of a mapping
    /// of which only a part is, no more than that part has room for.
    pub(crate) fn count(&self, nodes: &[Node]) -> Result<Vec<u64>> {
        let mut counts = room::filled(nodes.len())?;
        Process::open(self.root, self.pid)?.for_each_line(|mapping, line| {
            let Some(mapping) = mapping else { return };
            if mapping.kernels || !self.kinds.contains(mapping.kind) {
                return;
            }
            let unit = (line.page_size as usize / self.page).max(1) as u64;
            let pages = self.parts_of(mapping).map(|part| part.len() / self.page);
            let most = pages.fold(0, usize::saturating_add) as u64;
            for (node, pages) in line.nodes() {
                if let Some(place) = nodes.iter().position(|&n| n == node) {
                    let pages = pages.saturating_mul(unit).min(most);
                    counts[place] = u64::saturating_add(counts[place], pages);
                }
            }
        })?;
        Ok(counts)
    }

    /// The parts of a mapping that are looked through.
    fn parts_of(&self, mapping: Mapping) -> impl Iterator<Item = Range<usize>> {
        let whole = 0..usize::MAX;
        let whole = self.ranges.is_empty().then_some(whole).into_iter();
        whole
            .chain(self.ranges.iter().cloned())
            .filter_map(move |range| {
                let (start, end) = (range.start.max(mapping.start), range.end.min(mapping.end));
                (start < end).then_some(start..end)
            })
    }

    /// Fills `pages` with the addresses of the next present pages, at most `max` units and
    /// `max_bytes`, all of one kind. Makes a bounded number of calls, whatever the process has
    /// reserved.
    pub(crate) fn fill(
        &mut self,
        kernel: &impl Kernel,
        pages: &mut Vec<usize>,
        max: usize,
        max_bytes: usize,
    ) -> Result<Found> {
        pages.clear();
        room::reserve(pages, max)?;
        self.regions.forget();
        let mut unit = Unit::Page;
        let mut patience = PATIENCE;
        while let Some(mut run) = self.next_run(kernel, &mut patience)? {
            if pages.is_empty() {
                unit = run.unit;
            } else if run.unit != unit {
                self.run = Some(run);
                break;
            }
            let size = unit.size(self.page);
            let max = max.min((max_bytes / size).max(1));
            while run.at < run.end && pages.len() < max {
                pages.push(run.at);
                run.at = run.at.saturating_add(size);
            }
            if run.at < run.end {
                self.run = Some(run);
                break;
            }
        }
        Ok(match pages.is_empty() {
            false => Found::Units(unit),
            true if patience == 0 => Found::Hole,
            true => Found::End,
        })
    }

    /// The next run; `None` at the end, and when there is no patience left for a hole.
    fn next_run(&mut self, kernel: &impl Kernel, patience: &mut u32) -> Result<Option<Run>> {
        loop {
            if let Some(run) = self.run.take() {
                return Ok(Some(run));
            }
            if let Some(region) = self.regions.next() {
                self.run = self.split(region);
                continue;
            }
            if self.span.is_empty() || self.expected == 0 {
                if !self.next_span()? {
                    return Ok(None);
                }
                continue;
            }
            if self.regions.takes_a_call(&self.span, self.page) {
                if *patience == 0 {
                    return Ok(None);
                }
                *patience -= 1;
            }
            let counted = self.regions.find(kernel, &mut self.span)?;
            self.expected = self.expected.saturating_sub(counted);
        }
    }

    /// Turns a region into the next run, and puts back what does not belong to it.
    fn split(&mut self, region: Region) -> Option<Run> {
        let (start, end) = (region.start as usize, region.end as usize);
        if self.huge > 0 {
            return self.huge_run(start..end, self.huge);
        }
        if region.categories & HUGE != 0 {
            return self.huge_run(start..end, self.block);
        }
        if self.regions.can_scan() {
            return Some(Run {
                at: start,
                end,
                unit: Unit::Page,
            });
        }
        Some(self.blocks_apart(start, end))
    }

    /// The huge pages that a region touches. A range may begin or end within one; it moves whole
    /// or not at all.
    fn huge_run(&mut self, region: Range<usize>, size: usize) -> Option<Run> {
        let down = |at: usize| at / size * size;
        let end = down(region.end.saturating_sub(1)).saturating_add(size);
        let at = down(region.start).max(self.huge_end);
        (at < end).then(|| {
            self.huge_end = end;
            Run {
                at,
                end,
                unit: Unit::Huge(size),
            }
        })
    }

    /// The first part of a region of which it is not known whether it is huge: the pages before
    /// its first whole block, or its whole blocks. The rest is put back.
    fn blocks_apart(&mut self, start: usize, end: usize) -> Run {
        let first = start
            .checked_next_multiple_of(self.block)
            .unwrap_or(usize::MAX);
        let last = end / self.block * self.block;
        let mut run = Run {
            at: start,
            end,
            unit: Unit::Page,
        };
        if first < last && start < first {
            run.end = first;
        } else if first < last {
            run.end = last;
            run.unit = Unit::Block(self.block);
        }
        if run.end < end {
            self.regions.put_back(run.end..end);
        }
        run
    }

    /// The next part of a mapping that is wanted. False at the end.
    fn next_span(&mut self) -> Result<bool> {
        loop {
            let Some(mapping) = self.mapping.take() else {
                match self.maps.next()? {
                    None => return Ok(false),
                    Some(line) => self.mapping = Some(maps::parse_pages(line, self.page)?),
                }
                if let Some(mapping) = self.mapping {
                    if mapping.kernels || !self.kinds.contains(mapping.kind) {
                        self.mapping = None;
                    } else {
                        (self.expected, self.huge) = self.ask_guide(mapping)?;
                    }
                }
                continue;
            };
            if self.expected == 0 {
                continue;
            }
            let Some(part) = self.parts_of(mapping).next() else {
                continue;
            };
            self.span = part;
            if self.span.end < mapping.end {
                self.mapping = Some(Mapping {
                    start: self.span.end,
                    ..mapping
                });
            }
            return Ok(true);
        }
    }

    /// How many pages are in the mapping, and the size of its explicit huge pages.
    fn ask_guide(&mut self, mapping: Mapping) -> Result<(u64, usize)> {
        const UNKNOWN: (u64, usize) = (u64::MAX, 0);
        let may_be_huge = self.sizes.huge > 0
            && mapping.file.is_file()
            && mapping.start % self.block == 0
            && mapping.end % self.block == 0;
        let sparse = self.is_sparse();
        let Some(guide) = self.guide.as_mut().filter(|_| may_be_huge || sparse) else {
            return Ok(UNKNOWN);
        };
        let Some(described) = guide.describe(mapping.start)? else {
            return Ok(UNKNOWN);
        };
        // Huge pages fill their mapping. Of another size there are none, whatever the file says.
        let size = described.huge;
        let fill = size.is_power_of_two()
            && size >= self.page
            && mapping.start % size == 0
            && mapping.end % size == 0;
        if size > 0 && !fill {
            return Ok(UNKNOWN);
        }
        // A part of a mapping has an unknown part of its pages.
        let pages = if sparse && self.ranges.is_empty() {
            described
                .pages
                .saturating_mul((described.huge / self.page).max(1) as u64)
        } else {
            u64::MAX
        };
        Ok((pages, described.huge))
    }
}

#[cfg(test)]
// One range is what is meant.
#[allow(clippy::single_range_in_vec_init)]
mod tests {
    use super::*;
    use crate::migrate::kernel::Linux;
    use crate::migrate::proc::status;
    use crate::testing::MadeUp;
    use std::string::String;

    const PAGE: usize = 4096;
    const BLOCK: usize = 2 << 20;

    /// A process with pages at the given ranges of page numbers.
    fn process(maps: &str, present: &[Range<usize>]) -> MadeUp {
        let made = MadeUp::new();
        made.write("proc/7/maps", maps.as_bytes());
        made.write(
            "proc/7/status",
            b"VmSize:\t  100000 kB\nVmRSS:\t  50000 kB\nThreads:\t1\n",
        );
        let end = present.iter().map(|r| r.end).max().unwrap_or(0) + 1000;
        let mut words = vec![0u64; end];
        for range in present {
            words[range.clone()].fill(1 << 63 | 1 << 61);
        }
        let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_ne_bytes()).collect();
        made.write("proc/7/pagemap", &bytes);
        made
    }

    fn found(made: &MadeUp, kinds: Kinds, ranges: &[Range<usize>]) -> String {
        let root = made.root();
        let kernel = Linux::open(root, 7).unwrap();
        if kernel.page_size() != PAGE {
            return String::new();
        }
        let sizes = status::sizes(root, 7).unwrap();
        let mut walk = Walk::new(root, 7, &kernel, sizes, kinds, ranges).unwrap();
        let (mut pages, mut text) = (Vec::new(), String::new());
        loop {
            let name = match walk.fill(&kernel, &mut pages, 100, 8 << 20).unwrap() {
                Found::Units(Unit::Page) => "p",
                Found::Units(Unit::Huge(_)) => "h",
                Found::Units(Unit::Block(_)) => "b",
                Found::Hole => {
                    text += "hole ";
                    continue;
                }
                Found::End => return text,
            };
            let first = pages[0];
            assert!(pages.windows(2).all(|w| w[0] < w[1]));
            text += &format!("{name}{}x{} ", first / PAGE, pages.len());
        }
    }

    const MAPS: &str = "00100000-00400000 rw-p 00000000 00:00 0 [heap]\n\
                        00400000-00a00000 rw-p 00000000 00:00 0 \n\
                        00b00000-00b01000 r-xp 00000000 00:00 0 [vdso]\n\
                        00c00000-00d00000 r--p 00000000 00:01 9 /bin/x\n";

    #[test]
    fn pages_and_whole_blocks() {
        // Heap 256..1024, anonymous 1024..2560, vdso 2816, file 3072..3328.
        let made = process(
            MAPS,
            &[256..258, 300..301, 1000..2000, 2816..2817, 3100..3110],
        );
        assert_eq!(
            found(&made, Kinds::ALL, &[]),
            "p256x27 b1024x1 p1536x100 p1636x100 p1736x100 p1836x100 p1936x74 "
        );
    }

    #[test]
    fn only_some() {
        let made = process(
            MAPS,
            &[256..258, 300..301, 1000..1010, 1100..1110, 3100..3110],
        );
        let only = |kind| found(&made, Kinds::NONE.with(kind), &[]);
        assert_eq!(only(maps::Kind::Heap), "p256x13 ");
        assert_eq!(
            only(maps::Kind::Anonymous),
            "p1024x0 ".replace("p1024x0 ", "p1100x10 ")
        );
        assert_eq!(only(maps::Kind::File), "p3100x10 ");
        assert_eq!(only(maps::Kind::Stack), "");
        let range = |a: usize, b: usize| a * PAGE..b * PAGE;
        assert_eq!(found(&made, Kinds::ALL, &[range(301, 302)]), "");
        assert_eq!(
            found(&made, Kinds::ALL, &[range(1105, 4000), range(257, 258)]),
            "p257x16 "
        );
        assert_eq!(
            found(&made, Kinds::ALL, &[300 * PAGE + 5..300 * PAGE + 6]),
            "p300x1 "
        );
        assert_eq!(found(&made, Kinds::ALL, &[0..usize::MAX]), "p256x33 ");
    }

    // With 32 bits no process is as large.
    #[cfg(target_pointer_width = "64")]
    #[test]
    fn a_sparse_process_is_read_up_to_its_last_page() {
        let maps = "10000000-20000000 rw-p 00000000 00:00 0 \n\
                    100000000-10000000000 rw-p 00000000 00:00 0 \n\
                    10000000000-20000000000 rw-p 00000000 00:00 0 \n";
        let first = 0x1000_0000 / PAGE;
        let made = process(maps, &[first..first + 10]);
        made.write(
            "proc/7/status",
            b"VmSize:\t  2000000000 kB\nVmRSS:\t  40 kB\nThreads:\t1\n",
        );
        made.write(
            "proc/7/numa_maps",
            b"10000000 default anon=10 N0=4 N1=6 kernelpagesize_kB=4\n100000000 default\n10000000000 default\n",
        );
        assert_eq!(found(&made, Kinds::ALL, &[]), format!("p{first}x10 "));
    }

    #[cfg(target_pointer_width = "64")]
    #[test]
    fn a_hole_does_not_take_all_the_time() {
        // 5 GiB of which only the last page is there.
        let maps = "100000000-240001000 rw-p 00000000 00:00 0 \n";
        let (first, last) = (0x1_0000_0000 / PAGE, 0x2_4000_0000 / PAGE);
        let made = process(maps, &[]);
        let pagemap = made.path("proc/7/pagemap");
        let pagemap = std::fs::File::options().write(true).open(pagemap).unwrap();
        let offset = (last * 8) as u64;
        std::os::unix::fs::FileExt::write_at(&pagemap, &(1u64 << 63).to_ne_bytes(), offset)
            .unwrap();
        // Without numa_maps there is nothing better than to read on.
        assert_eq!(
            found(&made, Kinds::ALL, &[]),
            format!("hole hole p{last}x1 ")
        );
        let range = first * PAGE..(first + 1000) * PAGE;
        assert_eq!(found(&made, Kinds::ALL, &[range]), "");
    }

    #[test]
    fn explicit_huge_pages() {
        let maps = "00400000-00a00000 rw-p 00000000 00:0f 9 /anon_hugepage (deleted)\n";
        let made = process(maps, &[1024..2048]);
        made.write(
            "proc/7/status",
            b"VmSize:\t 6144 kB\nVmRSS:\t 0 kB\nHugetlbPages:\t 4096 kB\nThreads:\t1\n",
        );
        made.write("proc/7/numa_maps", b"00400000 default file=/anon_hugepage\\040(deleted) huge anon=2 dirty=2 N0=2 kernelpagesize_kB=2048\n");
        assert_eq!(found(&made, Kinds::ALL, &[]), "h1024x2 ");
        let inside = BLOCK * 2 + PAGE..BLOCK * 2 + 2 * PAGE;
        assert_eq!(
            found(&made, Kinds::ALL, core::slice::from_ref(&inside)),
            "h1024x1 "
        );
        // Two ranges that touch the same one.
        let beside = BLOCK * 2 + 9 * PAGE..BLOCK * 3;
        assert_eq!(found(&made, Kinds::ALL, &[inside, beside]), "h1024x1 ");
    }

    #[test]
    fn this_process() {
        let pid = std::process::id() as i32;
        let filled = vec![1u8; 16 << 20];
        let at = filled.as_ptr() as usize;
        let range = at..at + filled.len();
        let kernel = Linux::open(Root::SYSTEM, pid).unwrap();
        let sizes = status::sizes(Root::SYSTEM, pid).unwrap();
        let ranges = core::slice::from_ref(&range);
        let mut walk = Walk::new(Root::SYSTEM, pid, &kernel, sizes, Kinds::ALL, ranges).unwrap();
        let (mut pages, mut bytes) = (Vec::new(), 0);
        loop {
            let unit = match walk.fill(&kernel, &mut pages, 1000, 1 << 30).unwrap() {
                Found::Units(unit) => unit,
                Found::Hole => continue,
                Found::End => break,
            };
            assert!(
                pages
                    .iter()
                    .all(|p| p + unit.size(walk.page) > range.start && *p < range.end)
            );
            bytes += pages.len() * unit.size(walk.page);
        }
        assert!(
            bytes >= filled.len() && bytes <= filled.len() + 2 * walk.block,
            "{bytes}"
        );
    }
}
