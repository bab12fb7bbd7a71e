//! A kernel with one made-up process.
//!
//! It answers as Linux does: pages of a call are gathered until one has an answer of its own (it is
//! there already, it is shared, it is gone) and moved together then; of pages that were moved together
//! nothing is said if one of them could not be moved, and the rest of the call is left undone. Pages
//! may be hidden, as before Linux 6.5, and there may be zero pages.

use core::ffi::c_int;
use core::ops::Range;
use std::boxed::Box;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;
use std::string::String;
use std::sync::{Mutex, MutexGuard};
use std::vec::Vec;

use crate::mask::Node;
use crate::migrate::calls::Share;
use crate::migrate::kernel::Kernel;
use crate::sys::Errno;
use crate::sys::pagemap::{HUGE, Region};

pub(super) const PAGE: usize = 4096;
pub(super) const BLOCK: usize = 2 << 20;
/// Of a page that something holds on to for ever.
pub(super) const FOREVER: u32 = u32::MAX;

/// A page of the base size, or a part of a huge one: the parts of one are all alike.
#[derive(Debug, Clone, Copy)]
pub(super) struct FakePage {
    /// Where it was at the beginning, and where it is.
    pub(super) home: u32,
    pub(super) node: u32,
    /// Calls that will find it busy.
    pub(super) busy: u32,
    pub(super) shared: bool,
    /// Whether only pagemap and numa_maps know of it.
    pub(super) hidden: bool,
    /// Bytes of the whole page.
    pub(super) size: usize,
    /// How often it was moved.
    pub(super) moves: u32,
}

/// The kinds of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Call {
    Locate,
    Move,
    Scan,
    Read,
    MoveAll,
}

type Event = Box<dyn FnOnce(&mut State) + Send>;

/// The process and its machine.
pub(super) struct State {
    pub(super) pages: BTreeMap<usize, FakePage>,
    /// Addresses of zero pages.
    pub(super) zeros: BTreeSet<usize>,
    /// Addresses that are mapped.
    pub(super) mapped: Vec<Range<usize>>,
    /// Free pages of each node.
    pub(super) free: BTreeMap<u32, usize>,
    /// Nodes where the process may not have pages.
    pub(super) forbidden: BTreeSet<u32>,
    /// Whether the process is gone.
    pub(super) ended: bool,
    /// Whether another thread's call holds the memory of a process that has ended.
    pub(super) held: bool,
    /// Whether it runs another program.
    pub(super) replaced: bool,
    /// Whether there is a call that finds pages.
    pub(super) can_scan: bool,
    /// Calls so far, and what they were about: pages, or words.
    pub(super) calls: BTreeMap<Call, (usize, usize)>,
    /// The n-th call of a kind fails.
    pub(super) faults: BTreeMap<(Call, usize), Errno>,
    /// What happens before the n-th call of a kind.
    events: BTreeMap<(Call, usize), Event>,
    now: u64,
    /// The file numa_maps of the process, once it has one.
    pub(super) numa_maps: Option<PathBuf>,
}

impl State {
    /// What calls that need the process answer: EINVAL while it is about to end.
    fn is_there(&self) -> Result<(), Errno> {
        match (self.ended, self.held) {
            (false, _) => Ok(()),
            (true, false) => Err(Errno::ESRCH),
            (true, true) => Err(Errno::EINVAL),
        }
    }

    /// Whether nobody uses the memory any more that pagemap is of.
    fn is_memory_gone(&self) -> bool {
        self.ended && !self.held || self.replaced
    }

    /// Begins another program, which has one page at an address that had another one before.
    pub(super) fn replace(&mut self) {
        self.replaced = true;
        self.mapped.truncate(1);
        let first = self.pages.iter().find(|(_, page)| page.size == PAGE);
        let first = first.map(|(&address, &page)| (address, page));
        self.pages.clear();
        self.pages.extend(first);
    }

    /// The pages that move with the one at `address`.
    fn whole(&self, address: usize) -> Range<usize> {
        let size = self.pages.get(&address).map_or(PAGE, |page| page.size);
        let head = address / size * size;
        head..head + size
    }

    /// What the kernel says of a page.
    fn status(&self, address: usize) -> c_int {
        match self.pages.get(&(address / PAGE * PAGE)) {
            Some(page) if page.hidden && page.size > PAGE => -Errno::EFAULT.0,
            Some(page) if page.hidden => -Errno::ENOENT.0,
            Some(page) => page.node as c_int,
            None if self.zeros.contains(&(address / PAGE * PAGE)) => -Errno::EFAULT.0,
            None if self.mapped.iter().any(|range| range.contains(&address)) => -Errno::ENOENT.0,
            None => -Errno::EFAULT.0,
        }
    }

    /// The lines of /proc/PID/numa_maps, if somebody wants them.
    pub(super) fn write_numa_maps(&self) {
        let Some(path) = &self.numa_maps else { return };
        let mut text = String::new();
        for range in &self.mapped {
            let mut nodes: BTreeMap<u32, usize> = BTreeMap::new();
            for page in self.pages.range(range.clone()).map(|(_, page)| page) {
                *nodes.entry(page.node).or_default() += 1;
            }
            write!(text, "{:08x} default anon=1", range.start).unwrap();
            for (node, pages) in nodes {
                write!(text, " N{node}={pages}").unwrap();
            }
            text += " kernelpagesize_kB=4\n";
        }
        std::fs::write(path, text).unwrap();
    }

    /// Moves the pages that were gathered: Ok with the number of those that are busy.
    fn flush(&mut self, gathered: &mut Vec<usize>, to: u32) -> Result<usize, Errno> {
        let mut busy = 0;
        for address in gathered.drain(..) {
            let whole = self.whole(address);
            let need = whole.len() / PAGE;
            let from = self.pages[&address].node;
            if self.pages[&address].busy > 0 {
                for (_, page) in self.pages.range_mut(whole) {
                    page.busy -= u32::from(page.busy != FOREVER);
                }
                busy += 1;
                continue;
            }
            let free = self.free.entry(to).or_default();
            *free = free.checked_sub(need).ok_or(Errno::ENOMEM)?;
            *self.free.entry(from).or_default() += need;
            for (_, page) in self.pages.range_mut(whole) {
                page.node = to;
                page.moves += 1;
            }
        }
        Ok(busy)
    }

    /// The answer that a page has before anything is moved, if it has one.
    fn immediate(
        &self,
        address: usize,
        to: c_int,
        share: Share,
        gathered: &[usize],
    ) -> Option<c_int> {
        let status = self.status(address);
        if status < 0 || status == to {
            return Some(status);
        }
        if self.pages[&address].shared && share == Share::Private {
            return Some(-Errno::EACCES.0);
        }
        let whole = self.whole(address);
        let taken = whole.len() > PAGE && gathered.iter().any(|other| whole.contains(other));
        taken.then_some(-Errno::EBUSY.0)
    }
}

/// The kernel: its process may be changed at any time.
pub(super) struct Fake(Mutex<State>);

impl core::fmt::Debug for Fake {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Fake")
    }
}

impl Fake {
    /// A process without pages, on a machine whose nodes 0 to 7 have room for all.
    pub(super) fn new(can_scan: bool) -> Fake {
        Fake(Mutex::new(State {
            pages: BTreeMap::new(),
            zeros: BTreeSet::new(),
            mapped: Vec::new(),
            free: (0..8).map(|node| (node, 1 << 30)).collect(),
            forbidden: BTreeSet::new(),
            ended: false,
            held: false,
            replaced: false,
            can_scan,
            calls: BTreeMap::new(),
            faults: BTreeMap::new(),
            events: BTreeMap::new(),
            now: 1_000_000,
            numa_maps: None,
        }))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Something that happens before the n-th call of a kind.
    pub(super) fn before(
        &self,
        call: Call,
        number: usize,
        event: impl FnOnce(&mut State) + Send + 'static,
    ) {
        self.state().events.insert((call, number), Box::new(event));
    }

    /// Calls of a kind so far.
    pub(super) fn calls(&self, call: Call) -> usize {
        self.state().calls.get(&call).map_or(0, |calls| calls.0)
    }

    /// The lines of /proc/PID/maps.
    pub(super) fn maps(&self) -> String {
        let line = |range: &Range<usize>| {
            let (start, end) = (range.start, range.end);
            format!("{start:08x}-{end:08x} rw-p 00000000 00:00 0 \n")
        };
        self.state().mapped.iter().map(line).collect()
    }

    /// What every call begins with.
    fn enter(&self, call: Call, about: usize) -> Result<MutexGuard<'_, State>, Errno> {
        let mut state = self.state();
        let calls = state.calls.entry(call).or_default();
        calls.0 += 1;
        calls.1 += about;
        let number = calls.0;
        state.now += 5_000 + about as u64 * 100;
        if let Some(event) = state.events.remove(&(call, number)) {
            event(&mut state);
        }
        match state.faults.get(&(call, number)) {
            Some(&errno) => Err(errno),
            None => Ok(state),
        }
    }
}

impl Kernel for &Fake {
    fn page_size(&self) -> usize {
        PAGE
    }

    fn locate(&self, pages: &[usize], status: &mut [c_int]) -> Result<(), Errno> {
        assert_eq!(pages.len(), status.len());
        let state = self.enter(Call::Locate, pages.len())?;
        state.is_there()?;
        for (&address, status) in pages.iter().zip(status) {
            *status = state.status(address);
        }
        Ok(())
    }

    fn move_pages(
        &self,
        pages: &[usize],
        nodes: &[c_int],
        status: &mut [c_int],
        share: Share,
    ) -> Result<usize, Errno> {
        assert!(pages.len() == nodes.len() && pages.len() == status.len() && !pages.is_empty());
        let mut state = self.enter(Call::Move, pages.len())?;
        state.is_there()?;
        let to = u32::try_from(nodes[0]).unwrap();
        assert!(nodes.iter().all(|&node| node == nodes[0]));
        if !state.free.contains_key(&to) {
            return Err(Errno::ENODEV);
        }
        if state.forbidden.contains(&to) {
            return Err(Errno::EACCES);
        }
        let (mut gathered, mut first) = (Vec::new(), 0);
        for (at, &address) in pages.iter().enumerate() {
            let Some(answer) = state.immediate(address, nodes[0], share, &gathered) else {
                gathered.push(address);
                continue;
            };
            status[at] = answer;
            match state.flush(&mut gathered, to)? {
                0 => status[first..at].fill(nodes[0]),
                busy => {
                    state.write_numa_maps();
                    return Ok(busy + pages.len() - at - 1);
                }
            }
            first = at + 1;
        }
        let busy = state.flush(&mut gathered, to)?;
        if busy == 0 {
            status[first..].fill(nodes[0]);
        }
        state.write_numa_maps();
        Ok(busy)
    }

    fn may_move_all(&self, share: Share) -> bool {
        share == Share::All
    }

    fn move_all(&self, from: Node, to: Node) -> Result<(), Errno> {
        let mut state = self.enter(Call::MoveAll, 0)?;
        state.is_there()?;
        let on_node = |(&address, page): (&usize, &FakePage)| {
            (page.node == from.0 && page.busy == 0).then_some(address)
        };
        let mut pages: Vec<usize> = state.pages.iter().filter_map(on_node).collect();
        pages.retain(|address| address % state.pages[address].size == 0);
        state.flush(&mut pages, to.0).map(drop)?;
        state.write_numa_maps();
        Ok(())
    }

    fn scan(&self, range: Range<usize>, regions: &mut [Region]) -> Result<(usize, usize), Errno> {
        let state = self.enter(Call::Scan, 0)?;
        if !state.can_scan {
            return Err(Errno(libc::ENOTTY));
        }
        if state.is_memory_gone() {
            return Err(Errno::ESRCH);
        }
        let (room, mut count) = (regions.len(), 0);
        for (&address, page) in state.pages.range(range.clone()) {
            let categories = if page.size > PAGE { HUGE } else { 0 };
            let region = Region {
                start: address as u64,
                end: (address + PAGE) as u64,
                categories,
            };
            match regions[..count].last_mut() {
                Some(last) if last.end == region.start && last.categories == categories => {
                    last.end = region.end;
                }
                _ if count == room => return Ok((count, address)),
                _ => {
                    regions[count] = region;
                    count += 1;
                }
            }
        }
        Ok((count, range.end))
    }

    fn read_pagemap(&self, first: usize, words: &mut [u64]) -> Result<usize, Errno> {
        let state = self.enter(Call::Read, words.len())?;
        if state.is_memory_gone() {
            return Ok(0);
        }
        words.fill(0);
        let range = first * PAGE..(first + words.len()) * PAGE;
        for (address, page) in state.pages.range(range.clone()) {
            let exclusive = u64::from(!page.shared) << 56;
            words[address / PAGE - first] = 1 << 63 | exclusive;
        }
        for address in state.zeros.range(range) {
            words[address / PAGE - first] = 1 << 63;
        }
        Ok(words.len())
    }

    fn has_ended(&self) -> bool {
        self.state().ended
    }

    fn is_replaced(&self) -> bool {
        self.state().replaced
    }

    fn nanoseconds(&self) -> u64 {
        self.state().now
    }
}
