//! Files of /sys/devices/system and /proc/self/status: each is read as a naive reader does, or refused.
//!
//! Input: how large the masks are, then cpumap, cpu/possible, node/possible, distance, meminfo and status,
//! with a byte 0xff between them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use numa::mask::WORD_BITS;
use numa::{Error, Node, topology};
use numa_fuzz::{bytes, naive, tree};

const NODE: &str = "sys/devices/system/node/node0";

/// The words of a text, as long as the library takes for words.
fn words(text: &[u8]) -> Vec<&[u8]> {
    text.split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .collect()
}

fn number(text: &[u8], most: u64) -> Option<u64> {
    let good = text.len() <= 24 && text.iter().all(u8::is_ascii_digit);
    let value: u128 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (good && value <= most.into()).then_some(value as u64)
}

/// The first that a meminfo says behind a key, in bytes.
fn meminfo(text: &[u8]) -> (Option<u64>, Option<u64>) {
    let (mut total, mut free, mut next) = (None, None, None);
    for word in words(text) {
        if total.is_some() && free.is_some() {
            break;
        }
        // Nothing that long is a key or a number.
        if word.len() > 24 {
            continue;
        }
        let value = || {
            std::str::from_utf8(word)
                .ok()?
                .parse::<u64>()
                .ok()?
                .checked_mul(1024)
        };
        match (std::mem::take(&mut next), word) {
            (Some("total"), _) => total = value(),
            (Some(_), _) => free = value(),
            (None, b"MemTotal:") => next = Some("total"),
            (None, b"MemFree:") => next = Some("free"),
            _ => {}
        }
    }
    (total, free)
}

fuzz_target!(|data: &[u8]| tree::with(|tree| {
    let mut data = data;
    let size = bytes::size(bytes::byte(&mut data));
    let files = [(); 6].map(|()| bytes::text(&mut data));
    let [cpumap, cpus, nodes, distance, memory, status] = files;
    tree.write("sys/devices/system/node/node0/cpumap", cpumap);
    tree.write("sys/devices/system/node/node0/distance", distance);
    tree.write("sys/devices/system/node/node0/meminfo", memory);
    tree.write("sys/devices/system/cpu/possible", cpus);
    tree.write("sys/devices/system/node/possible", nodes);
    tree.write("proc/self/status", status);
    assert!(tree.path(NODE).is_dir());
    let root = tree.root();

    let line = cpumap.split(|&b| b == b'\n').next().unwrap_or_default();
    let found = topology::cpus_of_node(root, Node(0), size);
    match (found, naive::hex_map(line, size)) {
        (Ok(mask), Ok(naive)) => assert_eq!(bytes::mask_members(&mask), naive),
        (Err(Error::Empty { .. }), _) => assert!(line.is_empty()),
        (Err(Error::MaskTooSmall { .. } | Error::Malformed { .. }), Err(_)) => {}
        (found, naive) => panic!("{found:?}, and naively {naive:?}"),
    }

    let possible = topology::possible_cpus(root, size).expect("memory");
    let mut wanted = naive::id_list(cpus, size).unwrap_or_default();
    if wanted.is_empty() {
        wanted = (0..topology::configured_cpus().min(size)).collect();
    }
    assert_eq!(bytes::mask_members(&possible), wanted);

    let mut row = Vec::new();
    let found = topology::distance_row(root, Node(0), &mut |column, distance| {
        assert_eq!(column, row.len());
        row.push(u64::from(distance));
    });
    let line = distance.split(|&b| b == b'\n').next().unwrap_or_default();
    let wanted: Option<Vec<u64>> = words(line)
        .iter()
        .map(|word| number(word, u32::MAX.into()))
        .collect();
    match (found, wanted) {
        (Ok(()), Some(wanted)) => assert_eq!(row, wanted),
        (Err(Error::Empty { .. }), Some(wanted)) => assert!(wanted.is_empty()),
        (Err(Error::Malformed { .. }), None) => {}
        (found, wanted) => panic!("{found:?}, and naively {wanted:?}"),
    }

    match (topology::node_memory(root, Node(0)), meminfo(memory)) {
        (Ok(found), (Some(total), Some(free))) => {
            assert_eq!((found.total, found.free), (total, free))
        }
        (Err(Error::Malformed { .. }), (total, free)) => assert!(total.is_none() || free.is_none()),
        (found, wanted) => panic!("{found:?}, and naively {wanted:?}"),
    }

    let bits = topology::node_mask_size(root);
    assert!(bits % WORD_BITS == 0 && bits > 0, "{bits}");
    let all = topology::permitted(root, size).expect("memory");
    assert_eq!(all.node_bits, bits);
    if let Ok(nodes) = &all.nodes {
        assert_eq!(nodes.size(), bits);
        bytes::mask_members(nodes);
        // It is the last one that is not there that decides, so only lines that stand there once count.
        let mut lines = status
            .split(|&b| b == b'\n')
            .filter_map(|line| line.strip_prefix(b"Mems_allowed:"));
        let map: Vec<u8> = lines
            .next()
            .unwrap_or_default()
            .iter()
            .copied()
            .filter(|b| !b"\t ".contains(b))
            .collect();
        let naive = naive::hex_map(&map, 1024).expect("a good map");
        let shown = map
            .split(|&b| b == b',')
            .skip(1)
            .all(|group| group.len() == 8);
        if shown {
            assert_eq!(bytes::mask_members(nodes), naive);
        } else {
            // The number of digits is the size of the kernel's masks. In groups that are shorter than those
            // of any kernel they stand for more, and what is beyond that size is cut.
            assert!(bytes::mask_members(nodes).is_subset(&naive));
        }
    }
    if let Ok(cpus) = &all.cpus {
        assert_eq!(cpus.size(), size);
        bytes::mask_members(cpus);
        assert_eq!(topology::allowed_cpus(root, size).as_ref(), Ok(cpus));
    }
    let found = topology::nodes(root, size).expect("memory");
    assert_eq!(found.len(), usize::from(size > 0));
}));
