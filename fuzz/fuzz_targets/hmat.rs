//! ACPI's HMAT: whatever it says is an error or a table, whose figures are 1 or more. A table that is
//! refused for its length or checksum alone is tried again with the right ones, so that inputs need not know them.
//!
//! Input: the table.
#![no_main]

use libfuzzer_sys::fuzz_target;
use numa::hmat::{Hmat, HmatError};
use numa::mask::Bits;

fn look(hmat: &Hmat) {
    for initiator in (0..4).chain([u32::MAX]) {
        let _ = hmat.attached_to(initiator);
        for target in (0..4).chain([u32::MAX]) {
            for figure in [
                hmat.read_latency(initiator, target),
                hmat.write_latency(initiator, target),
                hmat.read_bandwidth(initiator, target),
                hmat.write_bandwidth(initiator, target),
            ] {
                assert_ne!(figure, Some(0));
            }
        }
    }
    let all = hmat.is_of_nodes(Bits::new(&[u64::MAX; 16], 1024));
    let none = hmat.is_of_nodes(Bits::new(&[], 0));
    assert!(all || !none);
}

fuzz_target!(|data: &[u8]| {
    match Hmat::parse(data) {
        Ok(hmat) => look(&hmat),
        Err(HmatError::OutOfMemory) => panic!("a table of {} bytes", data.len()),
        Err(_) => {}
    }
    if data.len() < 40 {
        return;
    }
    let mut table = data.to_vec();
    table[..4].copy_from_slice(b"HMAT");
    table[4..8].copy_from_slice(&(data.len() as u32).to_le_bytes());
    table[8] = 1 + (data[8] & 1);
    table[9] = 0;
    let sum = table.iter().fold(0u8, |sum, &byte| sum.wrapping_add(byte));
    table[9] = sum.wrapping_neg();
    match Hmat::parse(&table) {
        Ok(hmat) => look(&hmat),
        Err(error) => assert!(matches!(error, HmatError::Structure { .. }), "{error}"),
    }
});
