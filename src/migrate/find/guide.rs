//! What numa_maps says about a mapping before its pages are looked for: how many there are, so that
//! the search can stop at the last one, and whether they are explicit huge pages.

use crate::error::Result;
use crate::migrate::proc::lines::Lines;
use crate::migrate::proc::numa_maps::NumaLine;
use crate::root::Root;

/// numa_maps, read along with maps: both have their mappings in the order of their addresses.
#[derive(Debug)]
pub(crate) struct Guide {
    lines: Lines,
    /// The last line that was read.
    last: Option<Described>,
}

/// What a line says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Described {
    start: usize,
    /// Pages that are there.
    pub(crate) pages: u64,
    /// The size of its explicit huge pages, or 0.
    pub(crate) huge: usize,
}

impl Guide {
    pub(crate) fn open(root: Root<'_>, pid: i32) -> Result<Guide> {
        let lines = Lines::open(root, pid, "numa_maps")?;
        Ok(Guide { lines, last: None })
    }

    /// What is said about the mapping that begins at `start`; its predecessors' turn is over.
    pub(crate) fn describe(&mut self, start: usize) -> Result<Option<Described>> {
        while self.last.is_none_or(|last| last.start < start) {
            let Some(line) = self.lines.next()? else {
                break;
            };
            self.last = Some(describe(NumaLine::read(line)?));
        }
        Ok(self.last.filter(|last| last.start == start))
    }
}

fn describe(line: NumaLine<'_>) -> Described {
    let pages = line.nodes().map(|(_, pages)| pages);
    Described {
        start: line.start,
        pages: pages.fold(0, u64::saturating_add),
        huge: if line.is_huge {
            line.page_size as usize
        } else {
            0
        },
    }
}
