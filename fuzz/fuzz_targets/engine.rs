//! The migration engine on a process whose files say anything, and on a kernel that does: it ends, and its
//! counts hold together.
//!
//! Input: choices, the two sets of the plan, then status, maps and numa_maps with a byte 0xff between them,
//! then what the kernel answers.
#![no_main]

use std::cell::Cell;
use std::ops::Range;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use numa::migrate::fuzzing::{self, Anything};
use numa::migrate::{Kinds, Options, Plan, Process, Share};
use numa_fuzz::{bytes, tree};

/// A job that has more than this to look through takes too long here.
const SMALL: u128 = 64 << 20;

fn mapped(maps: &[u8]) -> u128 {
    let range = |line: &[u8]| {
        let word = line.split(|&b| b == b' ').find(|word| !word.is_empty())?;
        let (start, end) = std::str::from_utf8(word).ok()?.split_once('-')?;
        let hex = |digits| u64::from_str_radix(digits, 16).ok();
        Some(u128::from(hex(end)?.saturating_sub(hex(start)?)))
    };
    maps.split(|&b| b == b'\n').filter_map(range).sum()
}

fuzz_target!(|data: &[u8]| tree::with(|tree| {
    let mut data = data;
    let choices = bytes::byte(&mut data);
    let kinds = Kinds::from_bits(bytes::byte(&mut data));
    let [from, to] = [(); 2].map(|()| -> numa::NodeMask {
        let set = bytes::set(&mut data, 8);
        bytes::mask(&set, 8)
    });
    let mut ranges: Vec<Range<usize>> = Vec::new();
    if choices & 1 != 0 {
        let start = bytes::long(&mut data) as usize;
        ranges.push(start..start.saturating_add(usize::from(bytes::short(&mut data)) << 12));
    }
    let [status, maps, numa_maps] = [(); 3].map(|()| bytes::text(&mut data));
    tree.write("proc/self/status", b"");
    tree.write(
        "proc/7/stat",
        b"7 (x) S 1 7 7 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 77\n",
    );
    tree.write("proc/7/status", status);
    tree.write("proc/7/maps", maps);
    tree.write("proc/7/numa_maps", numa_maps);
    let sizes = Process::open(tree.root(), 7).and_then(|process| process.sizes());
    let (Ok(sizes), Ok(plan)) = (sizes, Plan::new(from.as_bits(), to.as_bits())) else {
        return;
    };
    let options = Options {
        share: if choices & 2 != 0 {
            Share::All
        } else {
            Share::Private
        },
        kinds,
        ranges: &ranges,
        max_pause: Duration::from_millis(u64::from(choices & 0x70)),
        workers: 2,
        look_only: choices & 4 != 0,
    };
    let kernel = Anything {
        answers: Cell::new(data),
        can_scan: choices & 8 != 0,
        lies: choices & 128 != 0,
        now: Cell::new(0),
    };
    let is_small = mapped(maps) <= SMALL && !kernel.lies;
    let steps = if is_small { 100_000 } else { 8 };
    let outcome = fuzzing::migrate(tree.root(), 7, sizes, plan, &options, &kernel, steps);
    assert!(!is_small || outcome.is_err() || outcome.is_ok_and(|outcome| outcome.ended));
}));
