//! On which nodes the pages of a range are, asked in pieces: the kernel's call takes an address
//! for each page, and here no array of the range's size is needed for them.

use core::cell::OnceCell;
use core::ffi::c_int;
use core::ops::Range;

use super::batch::is_denied;
use super::calls::locate_pages;
use super::find::regions::each_counted;
use super::kernel::{Kernel, Linux};
use super::proc::process::Process;
use crate::error::{Error, Result};
use crate::mask::Node;
use crate::root::Root;
use crate::sys::pagemap::Region;
use crate::sys::{self, Errno};

/// Pages asked about in one go, 3 KiB of stack: more would be no faster, as the kernel takes far
/// longer for the pages than for the call itself.
const PIECE: usize = 256;

/// Pages next to each other of which the kernel says the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRun {
    /// Their addresses.
    pub addresses: Range<usize>,
    /// The node where they are, or a negative errno as from [`locate_pages`], or -ENODATA: they are
    /// there, and the kernel does not say where (before Linux 6.5, see [`Reason::Hidden`]).
    ///
    /// [`Reason::Hidden`]: super::Reason::Hidden
    pub status: c_int,
}

impl PageRun {
    /// The node where the pages are; `None` if they are not there.
    ///
    /// ```
    /// use numa::Node;
    /// use numa::migrate::PageRun;
    ///
    /// assert_eq!(PageRun { addresses: 0..4096, status: 1 }.node(), Some(Node(1)));
    /// assert_eq!(PageRun { addresses: 0..4096, status: -2 }.node(), None); // ENOENT
    /// ```
    pub fn node(&self) -> Option<Node> {
        u32::try_from(self.status).ok().map(Node)
    }
}

/// Asks where the pages of a process are.
struct Asker {
    pid: i32,
    /// What tells pages that are hidden, once one might be; `None` where none are.
    pagemap: OnceCell<Option<Linux>>,
}

impl Asker {
    fn new(pid: i32) -> Asker {
        Asker {
            pid,
            pagemap: OnceCell::new(),
        }
    }

    /// For the kernel, a process without memory is a wrong argument.
    #[cold]
    fn explained(&self, error: Error) -> Error {
        if error.errno() != Errno::EINVAL {
            return error;
        }
        match Process::open(Root::SYSTEM, self.pid).and_then(|process| process.check_memory()) {
            // Or it has ended meanwhile.
            Err(why) if why.errno() == Errno::ESRCH => why,
            _ => error,
        }
    }

    /// Those of which it is said that they are not there, and that are, get ENODATA.
    fn ask(&self, pages: &[usize], status: &mut [c_int]) -> Result<()> {
        locate_pages(self.pid, pages, status).map_err(|error| self.explained(error))?;
        if !status.iter().any(|&status| is_denied(status)) {
            return Ok(());
        }
        let pagemap = self.pagemap.get_or_init(|| {
            // Where pagemap cannot be read there is nothing better than the first answer.
            let process = Process::open(Root::SYSTEM, self.pid).ok()?;
            Linux::of(&process).ok().filter(hides_pages)
        });
        if let Some(kernel) = pagemap {
            let _ = note_hidden(kernel, pages, status);
        }
        Ok(())
    }
}

/// Whether the kernel may say of pages that they are not there which are: those that can look for
/// pages do not.
pub(super) fn hides_pages(kernel: &impl Kernel) -> bool {
    kernel.scan(0..0, &mut [Region::default()]).is_err()
}

/// Changes the status of pages that the kernel hides.
pub(super) fn note_hidden(
    kernel: &impl Kernel,
    pages: &[usize],
    status: &mut [c_int],
) -> Result<()> {
    let mut statuses = status.iter_mut();
    each_counted(kernel, pages, |is_there| {
        if let Some(status) = statuses.next() {
            if is_there && is_denied(*status) {
                *status = -Errno::ENODATA.0;
            }
        }
    })
}

/// What is left of the pages that a range spans.
struct Pages {
    next: usize,
    left: usize,
    size: usize,
}

impl Pages {
    /// Pages of `size` bytes, or of the base size if that is 0.
    fn new(range: &Range<usize>, size: usize) -> Result<Pages> {
        let base = sys::page_size();
        let size = if size == 0 { base } else { size };
        if size % base != 0 || range.start > range.end {
            return Err(Error::Invalid("range or size of its pages"));
        }
        let next = range.start / size * size;
        let left = if range.is_empty() {
            0
        } else {
            (range.end - 1 - next) / size + 1
        };
        Ok(Pages { next, left, size })
    }

    /// The addresses of the next pages, as many as there is room for.
    fn fill<'a>(&mut self, room: &'a mut [usize]) -> &'a mut [usize] {
        let count = self.left.min(room.len());
        let room = &mut room[..count];
        for page in &mut *room {
            *page = self.next;
            // Behind the last page there may be no address.
            self.next = self.next.wrapping_add(self.size);
        }
        self.left -= count;
        room
    }
}

/// Asks on which node each page is that the range spans, beginning with the page that its first
/// address lies in. `status` is as of [`PageRun`]. Returns the number of pages; EINVAL if
/// that is more than `status` has room for.
///
/// `page_size` is 0 for the base size, or a multiple of it: with that of a huge page, each huge
/// page is asked about once.
///
/// ```
/// use numa::{memory::Mapping, migrate};
///
/// # if !numa::migrate::has_move_pages() { return Ok::<(), numa::Error>(()) }
/// let mut memory = Mapping::new(1 << 20)?;
/// memory.bytes_mut()[..512 << 10].fill(1);
/// let range = memory.address()..memory.address() + (1 << 20);
/// let mut status = [0; 256];
/// let pages = migrate::locate_range(0, range, 0, &mut status)?;
/// println!("{:?}", &status[..pages]);
/// # Ok::<(), numa::Error>(())
/// ```
pub fn locate_range(
    pid: i32,
    range: Range<usize>,
    page_size: usize,
    status: &mut [c_int],
) -> Result<usize> {
    let mut pages = Pages::new(&range, page_size)?;
    let count = pages.left;
    let Some(status) = status.get_mut(..count) else {
        return Err(Error::Invalid("length of the array"));
    };
    let (mut room, asker) = ([0; PIECE], Asker::new(pid));
    for piece in status.chunks_mut(PIECE) {
        asker.ask(pages.fill(&mut room), piece)?;
    }
    Ok(count)
}

/// The same for ranges of any size, without an array: calls `each` with the pages of each place,
/// in the order of their addresses, until it returns `false`. Returns whether it came to the end.
///
/// ```
/// use numa::{memory::Mapping, migrate};
///
/// # if !numa::migrate::has_move_pages() { return Ok::<(), numa::Error>(()) }
/// let mut memory = Mapping::new(1 << 20)?;
/// memory.bytes_mut()[..512 << 10].fill(1);
/// let range = memory.address()..memory.address() + (1 << 20);
/// migrate::for_each_run(0, range, 0, &mut |run| {
///     match run.node() {
///         Some(node) => println!("{:x?} on node {node}", run.addresses),
///         None => println!("{:x?} not there yet", run.addresses),
///     }
///     true // go on
/// })?;
/// # Ok::<(), numa::Error>(())
/// ```
pub fn for_each_run(
    pid: i32,
    range: Range<usize>,
    page_size: usize,
    each: &mut dyn FnMut(PageRun) -> bool,
) -> Result<bool> {
    let mut pages = Pages::new(&range, page_size)?;
    let (mut room, mut status) = ([0; PIECE], [0; PIECE]);
    let asker = Asker::new(pid);
    let mut run: Option<PageRun> = None;
    while pages.left > 0 {
        let piece = pages.fill(&mut room);
        let status = &mut status[..piece.len()];
        asker.ask(piece, status)?;
        for (&page, &status) in piece.iter().zip(&*status) {
            let end = page.saturating_add(pages.size);
            match &mut run {
                Some(run) if run.status == status => run.addresses.end = end,
                _ => {
                    let next = PageRun {
                        addresses: page..end,
                        status,
                    };
                    if let Some(run) = run.replace(next) {
                        if !each(run) {
                            return Ok(false);
                        }
                    }
                }
            }
        }
    }
    Ok(run.is_none_or(each))
}

/// Counts a range's pages by nodes: `counts[n]` becomes the number of pages on node n. Returns the
/// number of pages that are there, on nodes beyond the counts as well.
///
/// ```
/// use numa::{memory::Mapping, migrate};
///
/// # if !numa::migrate::has_move_pages() { return Ok::<(), numa::Error>(()) }
/// let mut memory = Mapping::new(1 << 20)?;
/// memory.bytes_mut()[..512 << 10].fill(1);
/// let range = memory.address()..memory.address() + (1 << 20);
/// let mut counts = [0; 1024];
/// let there = migrate::count_range(0, range, 0, &mut counts)?;
/// println!("{there} pages are there, {} of them on node 0", counts[0]);
/// # Ok::<(), numa::Error>(())
/// ```
pub fn count_range(
    pid: i32,
    range: Range<usize>,
    page_size: usize,
    counts: &mut [usize],
) -> Result<usize> {
    counts.fill(0);
    let size = Pages::new(&range, page_size)?.size;
    let mut present = 0;
    for_each_run(pid, range, page_size, &mut |run| {
        if let Some(node) = run.node() {
            let pages = run.addresses.len().div_ceil(size);
            present += pages;
            if let Some(count) = counts.get_mut(node.0 as usize) {
                *count += pages;
            }
        }
        true
    })?;
    Ok(present)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Mapping;
    use crate::migrate::calls::has_move_pages;
    use std::vec::Vec;

    #[test]
    fn pages_are_those_that_the_range_spans() {
        let page = sys::page_size();
        let count = |start, end, size| Pages::new(&(start..end), size).map(|pages| pages.left).ok();
        assert_eq!(count(0, 0, 0), Some(0));
        assert_eq!(count(5, 5, 0), Some(0));
        assert_eq!(count(5, 6, 0), Some(1));
        assert_eq!(count(page - 1, page + 1, 0), Some(2));
        assert_eq!(count(page, 3 * page, page), Some(2));
        assert_eq!(count(page, 3 * page, 2 * page), Some(2));
        assert_eq!(count(2 * page, 4 * page, 2 * page), Some(1));
        assert_eq!(count(usize::MAX - 1, usize::MAX, 0), Some(1));
        assert_eq!(count(0, usize::MAX, 0), Some(usize::MAX / page + 1));
        assert_eq!(count(0, page, page + 1), None);
        assert_eq!(count(0, page, 1), None);
        assert_eq!(count(page, 0, 0), None);
    }

    #[test]
    fn runs_counts_and_single_pages_agree() {
        if !has_move_pages() {
            return;
        }
        // More than a piece; every third page is there, and a block of pages.
        let (page, pages) = (sys::page_size(), 3 * PIECE + 7);
        let mut memory = Mapping::new(pages * page).unwrap();
        for n in (0..pages).filter(|n| n % 3 == 0 || (600..900).contains(n)) {
            memory.bytes_mut()[n * page] = 1;
        }
        let range = memory.address()..memory.address() + pages * page;
        let mut status = vec![7; pages + 1];
        assert_eq!(locate_range(0, range.clone(), 0, &mut status), Ok(pages));
        assert_eq!(status.pop(), Some(7));
        let addresses: Vec<usize> = range.clone().step_by(page).collect();
        let mut wanted = vec![0; pages];
        locate_pages(0, &addresses, &mut wanted).unwrap();
        assert_eq!(status, wanted);

        let mut by_run = Vec::new();
        let mut last = None;
        let whole = for_each_run(0, range.clone(), 0, &mut |run| {
            assert!(Some(run.status) != last, "two runs that are one");
            last = Some(run.status);
            by_run.extend(run.addresses.step_by(page).map(|_| run.status));
            true
        });
        assert_eq!(whole, Ok(true));
        assert_eq!(by_run, wanted);

        let mut counts = vec![9; 1024];
        let present = wanted.iter().filter(|&&status| status >= 0).count();
        assert_eq!(count_range(0, range.clone(), 0, &mut counts), Ok(present));
        assert_eq!(counts.iter().sum::<usize>(), present);
        assert_eq!(count_range(0, range.clone(), 0, &mut []), Ok(present));

        let mut calls = 0;
        let stopped = for_each_run(0, range.clone(), 0, &mut |_| {
            calls += 1;
            calls < 2
        });
        assert_eq!((stopped, calls), (Ok(false), 2));
        assert!(locate_range(0, range, 0, &mut status[1..]).is_err());
    }
}
