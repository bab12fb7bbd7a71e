//! Command lines: the options of all commands, and what numbers, process ids, node lists and plans are made
//! of them. Nothing of it is carried out.
//!
//! Input: which command, then its arguments with a byte 0xff between them.
#![no_main]

use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use cli::nodes::Machine;
use cli::{nodestring, numbers, pids};
use libfuzzer_sys::fuzz_target;
use numa_fuzz::{Set, bytes, naive};

/// Whether the C library's strtoul takes all of it for a number that is not negative and fits.
fn strtoul(text: &[u8], base: i32) -> Option<u64> {
    let blanks = text
        .iter()
        .take_while(|b| b" \t\n\x0b\x0c\r".contains(b))
        .count();
    let text = CString::new(text).ok()?;
    let mut end = std::ptr::null_mut();
    // SAFETY: a C string, and a pointer of ours; errno is this thread's.
    let (value, used, errno) = unsafe {
        *libc::__errno_location() = 0;
        let value = libc::strtoul(text.as_ptr(), &mut end, base);
        (
            value,
            end.offset_from(text.as_ptr()) as usize,
            *libc::__errno_location(),
        )
    };
    let bytes = text.as_bytes();
    let good = used == bytes.len() && used > 0 && errno == 0 && bytes.get(blanks) != Some(&b'-');
    good.then_some(value)
}

fn word(text: &[u8]) {
    let value = OsStr::from_bytes(text);
    if !text.contains(&0) {
        assert_eq!(numbers::whole(value).ok(), strtoul(text, 0), "whole");
        assert_eq!(numbers::decimal(value).ok(), strtoul(text, 10), "decimal");
        let (digits, shift) = match text.split_last() {
            Some((b'k' | b'K', digits)) => (digits, 10),
            Some((b'm' | b'M', digits)) => (digits, 20),
            Some((b'g' | b'G', digits)) => (digits, 30),
            _ => (text, 0),
        };
        let wanted = strtoul(digits, 0).and_then(|number| number.checked_mul(1 << shift));
        assert_eq!(numbers::size(value).ok(), wanted, "size");
    }
    if let Ok(text) = std::str::from_utf8(text) {
        match pids::parse(text) {
            Ok(pid) => assert!(pid > 0 && text.contains(pid.to_string().trim_start_matches('0'))),
            Err(bad) => assert!(bad.to_string().is_ascii() || !text.is_ascii()),
        }
        if let Ok(list) = pids::parse_list(text) {
            assert!(list.iter().all(|&pid| pid > 0));
        }
    }
    let shown = cli::text::safe(&value.to_string_lossy());
    assert!(!shown.chars().any(char::is_control), "{shown:?}");
    let ids: Set = [0, 2, 9].into();
    let allowed: numa::NodeMask = bytes::mask(&ids, 64);
    let machine = Machine {
        size: 64,
        present: allowed.clone(),
        allowed,
    };
    // Words that ask for devices are another target's.
    if !text.contains(&b':') {
        match (nodestring::parse(value, &machine), naive::list(text, &ids)) {
            (Ok(found), Ok(naive)) => assert_eq!(bytes::mask_members(&found), naive),
            (Err(bad), naive) => {
                assert!(naive.is_err() || text.contains(&b'@'));
                assert!(!bad.reason().is_empty());
            }
            (found, naive) => panic!("{found:?}, and naively {naive:?}"),
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let command = bytes::byte(&mut data);
    let mut args: Vec<OsString> = Vec::new();
    while !data.is_empty() && args.len() < 16 {
        let text = bytes::text(&mut data);
        // Nobody can pass a zero byte, and hosts would be looked for.
        if text.contains(&0) || text.windows(3).any(|word| word == b"ip:") {
            return;
        }
        word(text);
        args.push(OsStr::from_bytes(text).to_owned());
    }
    match command % 4 {
        0 => numactl::fuzzing::read(args),
        1 => numastat::fuzzing::read(args),
        2 => memhog::fuzzing::read(args),
        _ => migspeed::fuzzing::read(args),
    }
});
