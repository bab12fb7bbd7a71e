//! Files of a process: what is made of numa_maps, stat and status is what a naive reader makes of them, and
//! no sum overflows.
//!
//! Input: status, stat, maps and numa_maps, with a byte 0xff between them.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use numa::Error;
use numa::migrate::{Process, Stat, State};
use numa_fuzz::{bytes, tree};

/// Pages by node, as far as the line says it; `None` if it is no line of numa_maps.
fn line_of(line: &[u8]) -> Option<(usize, u64, Vec<(u32, u64)>)> {
    let words: Vec<&[u8]> = line
        .split(|&b| b == b' ')
        .filter(|word| !word.is_empty())
        .collect();
    let text = |word: &[u8]| std::str::from_utf8(word).ok().map(str::to_owned);
    let number = |text: &str| -> Option<u64> {
        let good = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        good.then(|| text.parse().ok())?
    };
    let first = text(words.first()?)?;
    let good = first.len() <= 16 && first.bytes().all(|b| b.is_ascii_hexdigit());
    let start = good.then(|| usize::from_str_radix(&first, 16).ok())??;
    let mut size = 0;
    for word in &words {
        if let Some(kib) = word.strip_prefix(b"kernelpagesize_kB=") {
            size = number(&text(kib)?)?.checked_mul(1024)?;
        }
    }
    let count = |word: &&[u8]| {
        let word = text(word)?;
        let (node, pages) = word.strip_prefix('N')?.split_once('=')?;
        Some((u32::try_from(number(node)?).ok()?, number(pages)?))
    };
    Some((
        start,
        size,
        words.iter().skip(2).filter_map(count).collect(),
    ))
}

fuzz_target!(|data: &[u8]| tree::with(|tree| {
    let mut data = data;
    let [status, stat, maps, numa_maps] = [(); 4].map(|()| bytes::text(&mut data));
    tree.write("proc/self/status", b"");
    tree.write("proc/7/status", status);
    tree.write("proc/7/stat", stat);
    tree.write("proc/7/maps", maps);
    tree.write("proc/7/numa_maps", numa_maps);
    let process = Process::open(tree.root(), 7).expect("a made-up process");
    assert!(process.pid() == 7 && process.is_there());

    let parsed = Stat::parse(stat);
    if let Some(stat) = &parsed {
        assert!(stat.parent >= 0);
    }
    let state = process.state();
    if stat.len() <= 2048 {
        match (&state, &parsed) {
            (Ok(state), Some(parsed)) => assert_eq!(*state, parsed.state),
            (Err(Error::Empty { .. }), _) => assert!(stat.is_empty()),
            (state, parsed) => assert!(state.is_err() && parsed.is_none(), "{state:?} {parsed:?}"),
        }
    }
    // Whether its files end because the process has ended.
    let is_over = state.is_ok_and(|state| state != State::Alive);

    if let Ok(sizes) = process.sizes() {
        assert!(sizes.mapped % 1024 == 0 && sizes.resident % 1024 == 0 && sizes.huge % 1024 == 0);
    }

    let mut naive = Vec::new();
    let mut is_good = numa_maps.last().is_none_or(|&b| b == b'\n') && !numa_maps.is_empty();
    for line in numa_maps.split_inclusive(|&b| b == b'\n') {
        match line.strip_suffix(b"\n").and_then(line_of) {
            Some(line) => naive.push(line),
            None => {
                is_good = false;
                break;
            }
        }
    }
    let mut lines = Vec::new();
    let read = process.for_each_numa_line(|line| {
        let nodes = line.nodes().map(|(node, pages)| (node.0, pages));
        lines.push((line.start, line.page_size, nodes.collect()));
    });
    assert_eq!(lines, naive);
    // What has no eight bytes looks like the file of memory that has gone.
    is_good &= numa_maps.len() >= 8;
    assert!(read.is_ok() == is_good || is_over, "{read:?}");

    let mut shares: BTreeMap<u32, u128> = BTreeMap::new();
    let all = process.for_each_share(|_, node, bytes| {
        *shares.entry(node.0).or_default() += u128::from(bytes);
    });
    if all.is_ok() && !is_over {
        let mut wanted: BTreeMap<u32, u128> = BTreeMap::new();
        let page = numa::topology::page_size() as u64;
        for (_, size, nodes) in &naive {
            let size = if *size == 0 { page } else { *size };
            for &(node, pages) in nodes {
                *wanted.entry(node).or_default() += u128::from(pages.saturating_mul(size));
            }
        }
        assert_eq!(shares, wanted);
    }
    let mut count = 0;
    if process.for_each_numa_mapping(|_, _| count += 1).is_ok() && !is_over {
        assert_eq!(count, naive.len());
    }
}));
