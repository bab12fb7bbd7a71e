//! What a worker has in hand: the pages of its piece, blocks that may be huge pages, pages that it
//! keeps for a last try, and targets that it knows to be full.

use alloc::vec::Vec;

use super::batch::Batch;
use super::room;
use crate::error::Result;

/// Pages that are kept for a last try.
const MAX_LATER: usize = 1024;
/// After so many calls in a row that found no memory, a target counts as full.
const FULL_AFTER: u32 = 3;

/// A page that has to move.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    pub(super) address: usize,
    /// Index of its route.
    pub(super) route: usize,
}

/// Pages of one size that have to move, and have not been tried yet.
#[derive(Debug)]
pub(super) struct Pages {
    list: Vec<Page>,
    /// Those before it were taken.
    next: usize,
    size: usize,
    is_last_try: bool,
}

impl Pages {
    pub(super) const fn none() -> Pages {
        Pages {
            list: Vec::new(),
            next: 0,
            size: 0,
            is_last_try: false,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.next == self.list.len()
    }

    /// Bytes of each.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// The empty list for pages of this size, with room for as many.
    pub(super) fn refill(&mut self, size: usize, room: usize) -> Result<&mut Vec<Page>> {
        self.list.clear();
        (self.next, self.size, self.is_last_try) = (0, size, false);
        room::reserve(&mut self.list, room)?;
        Ok(&mut self.list)
    }

    /// Takes the next page and those behind it that go the same way, at most `max`, into the
    /// empty batch. Returns their route.
    pub(super) fn take(&mut self, max: usize, batch: &mut Batch) -> Result<Option<usize>> {
        let first = self.next;
        let Some(&Page { route, .. }) = self.list.get(first) else {
            return Ok(None);
        };
        let max = max.clamp(1, self.list.len() - first);
        let addresses = batch.refill(max)?;
        for at in first..self.list.len() {
            if addresses.len() == max {
                break;
            }
            if self.list[at].route == route {
                addresses.push(self.list[at].address);
                self.list.swap(at, self.next);
                self.next += 1;
            }
        }
        Ok(Some(route))
    }

    /// Takes those pages of a route that are `wanted`, and puts them behind those of the batch.
    pub(super) fn take_some(
        &mut self,
        route: usize,
        wanted: impl Fn(usize) -> bool,
        batch: &mut Batch,
    ) -> Result<()> {
        for at in self.next..self.list.len() {
            let page = self.list[at];
            if page.route == route && wanted(page.address) {
                batch.push(page.address)?;
                self.list.swap(at, self.next);
                self.next += 1;
            }
        }
        Ok(())
    }

    /// Takes what is left, without anything being done about it.
    pub(super) fn give_up(&mut self) -> impl Iterator<Item = Page> {
        let first = core::mem::take(&mut self.next);
        self.list.drain(..).skip(first)
    }

    /// Takes the pages that were kept: this is their last try. False if there are none.
    pub(super) fn take_later(&mut self, later: &mut Later) -> bool {
        if later.pages.is_empty() {
            return false;
        }
        core::mem::swap(&mut self.list, &mut later.pages);
        later.pages.clear();
        (self.next, self.size, self.is_last_try) = (0, later.size, true);
        true
    }
}

/// Blocks that may be huge pages or not.
#[derive(Debug)]
pub(super) struct Blocks {
    pub(super) list: Vec<usize>,
    /// Bytes of each.
    pub(super) size: usize,
    /// Whether the last ones were no huge pages: then one is tried before the others.
    pub(super) were_small: bool,
}

impl Blocks {
    pub(super) const fn none() -> Blocks {
        Blocks {
            list: Vec::new(),
            size: 0,
            were_small: false,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Takes those of the batch.
    pub(super) fn refill(&mut self, size: usize, batch: &Batch) -> Result<()> {
        self.list.clear();
        room::reserve(&mut self.list, batch.len())?;
        self.list.extend_from_slice(batch.addresses());
        self.size = size;
        Ok(())
    }
}

/// Pages of one size that something held on to: most are busy for a moment only, so they are tried
/// once more at the end.
#[derive(Debug)]
pub(super) struct Later {
    pages: Vec<Page>,
    size: usize,
}

impl Later {
    pub(super) const fn none() -> Later {
        Later {
            pages: Vec::new(),
            size: 0,
        }
    }

    /// Bytes of each.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Keeps the pages of a batch that was taken from `pages`. False if this was their last try,
    /// and if there is no room for them.
    pub(super) fn keep(&mut self, pages: &Pages, batch: &Batch, route: usize) -> bool {
        let alike = self.pages.is_empty() || self.size == pages.size;
        let fits = self.pages.len() + batch.len() <= MAX_LATER;
        if pages.is_last_try
            || !alike
            || !fits
            || room::reserve(&mut self.pages, batch.len()).is_err()
        {
            return false;
        }
        self.size = pages.size;
        let kept = batch.addresses().iter();
        self.pages
            .extend(kept.map(|&address| Page { address, route }));
        true
    }

    /// Takes them, without anything being done about them.
    pub(super) fn give_up(&mut self) -> impl Iterator<Item = Page> {
        self.pages.drain(..)
    }
}

/// Routes whose target had no memory, with the number of calls in a row that said so.
#[derive(Debug)]
pub(super) struct FullTargets(Vec<(usize, u32)>);

impl FullTargets {
    pub(super) const fn none() -> FullTargets {
        FullTargets(Vec::new())
    }

    /// Whether another call would be in vain.
    pub(super) fn is_full(&self, route: usize) -> bool {
        self.0
            .iter()
            .any(|&(full, calls)| full == route && calls >= FULL_AFTER)
    }

    /// Nothing of a batch arrived for lack of memory.
    pub(super) fn note_none(&mut self, route: usize) -> Result<()> {
        if let Some((_, calls)) = self.0.iter_mut().find(|(full, _)| *full == route) {
            *calls += 1;
            return Ok(());
        }
        room::reserve(&mut self.0, 1)?;
        self.0.push((route, 1));
        Ok(())
    }

    /// Something of a batch arrived, or what did not had another reason.
    pub(super) fn note_some(&mut self, route: usize) {
        self.0.retain(|&(full, _)| full != route);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages of this size, all in the batch.
    fn taken(size: usize, count: usize, batch: &mut Batch) -> Pages {
        let mut pages = Pages::none();
        let list = pages.refill(size, count).unwrap();
        list.extend((0..count).map(|n| Page {
            address: n * size,
            route: 0,
        }));
        assert_eq!(pages.take(count, batch), Ok(Some(0)));
        assert!(pages.is_empty());
        pages
    }

    #[test]
    fn pages_that_go_the_same_way_are_taken_together() {
        let (mut pages, mut batch) = (Pages::none(), Batch::new());
        let list = pages.refill(4096, 10).unwrap();
        list.extend((0..10).map(|n| Page {
            address: n,
            route: n % 3,
        }));
        let mut take = |max| {
            let route = pages.take(max, &mut batch).unwrap();
            let mut addresses = batch.addresses().to_vec();
            addresses.sort_unstable();
            (route, addresses)
        };
        assert_eq!(take(3), (Some(0), vec![0, 3, 6]));
        let (route, first) = take(2);
        assert!(route == Some(1) && first == [1, 4], "{first:?}");
        let mut rest = [take(9), take(9), take(9)];
        rest.sort();
        let wanted = [
            (Some(0), vec![9]),
            (Some(1), vec![7]),
            (Some(2), vec![2, 5, 8]),
        ];
        assert_eq!(rest, wanted);
        assert_eq!(pages.take(9, &mut batch), Ok(None));
    }

    #[test]
    fn only_so_many_pages_of_one_size_are_kept_and_once() {
        let (mut later, mut batch) = (Later::none(), Batch::new());
        let mut pages = taken(4096, 1000, &mut batch);
        assert!(later.keep(&pages, &batch, 0));
        pages = taken(4096, 25, &mut batch);
        assert!(!later.keep(&pages, &batch, 0));
        pages = taken(2 << 20, 1, &mut batch);
        assert!(!later.keep(&pages, &batch, 0));
        pages = taken(4096, 24, &mut batch);
        assert!(later.keep(&pages, &batch, 0));
        assert!(pages.take_later(&mut later));
        assert_eq!(pages.take(4000, &mut batch), Ok(Some(0)));
        assert_eq!(batch.len(), MAX_LATER);
        // That was their last try.
        assert!(!later.keep(&pages, &batch, 0) && !pages.take_later(&mut later));
    }

    #[test]
    fn a_target_is_full_after_calls_in_a_row() {
        let mut full = FullTargets::none();
        for _ in 1..FULL_AFTER {
            full.note_none(1).unwrap();
        }
        assert!(!full.is_full(1));
        full.note_some(1);
        for _ in 0..FULL_AFTER {
            assert!(!full.is_full(1));
            full.note_none(1).unwrap();
        }
        assert!(full.is_full(1) && !full.is_full(0));
    }
}
