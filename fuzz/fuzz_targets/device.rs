//! Device words: whatever the word, its link in sysfs and the file numa_node say, the node is the number
//! that stands in that file, and no file outside of the root is one.
//!
//! Input: the target of the links, the contents of numa_node, and the word, with a byte 0xff between them.
#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use numa::device::{DeviceError, node_of_word};
use numa_fuzz::{bytes, tree};

/// Words that ask the system's resolver are left out, unless they are addresses.
fn asks_elsewhere(word: &[u8]) -> bool {
    let Some(address) = word.strip_prefix(b"ip:") else {
        return false;
    };
    let address = address.split(|&b| b == b',').next().unwrap_or_default();
    std::str::from_utf8(address)
        .ok()
        .and_then(|text| text.parse::<IpAddr>().ok())
        .is_none()
}

fuzz_target!(|data: &[u8]| tree::with(|tree| {
    let mut data = data;
    let [target, node] = [(); 2].map(|()| bytes::text(&mut data));
    let word = data;
    if asks_elsewhere(word) {
        return;
    }
    tree.write("sys/devices/pci0000:00/numa_node", node);
    tree.write("sys/bus/pci/devices/0000:00:02.0/numa_node", node);
    tree.link("sys/class/block/d", target);
    tree.link("sys/class/net/lo", target);
    tree.link(
        "sys/class/net/d",
        b"../../devices/pci0000:00/0000:00:02.0/net/d",
    );
    let Some(found) = node_of_word(tree.root(), word) else {
        let end = word.iter().position(|&b| b == b',').unwrap_or(word.len());
        let kinds: [&[u8]; 5] = [b"file:", b"block:", b"netdev:", b"ip:", b"pci:"];
        assert!(!kinds.iter().any(|kind| word[..end].starts_with(kind)));
        return;
    };
    let text = node.trim_ascii();
    let known = (!text.is_empty() && node.len() < 32 && text.iter().all(u8::is_ascii_digit))
        .then(|| std::str::from_utf8(text).ok()?.parse::<u32>().ok())
        .flatten();
    match found {
        Ok((node, used)) => {
            assert_eq!(Some(node), known);
            assert!(used <= word.len() && word.get(used).is_none_or(|&b| b == b','));
            assert!(!word[..used].contains(&b','));
        }
        Err(error) => {
            let DeviceError::Unknown { .. } = error else {
                assert!(!error.to_string().is_empty());
                assert!(error.errno().is_none_or(|errno| errno.0 > 0));
                return;
            };
            assert!(text.starts_with(b"-"), "{error}");
        }
    }
}));
