//! Reports of numastat on a machine and a process whose files say anything: they are made, as text and as JSON
//! that can be read again, and no control character of a file gets into them.
//!
//! Input: which report, then node meminfo, node numastat, the process's numa_maps, comm, status and
//! hugepages, with a byte 0xff between them.
#![no_main]

use std::ffi::OsString;

use libfuzzer_sys::fuzz_target;
use numa_fuzz::{bytes, tree};

const REPORTS: [&[&str]; 10] = [
    &[],
    &["-m"],
    &["-n"],
    &["-mn", "-v"],
    &["-p", "7"],
    &["-p", "7", "-c"],
    &["--by=kind", "7"],
    &["--check", "7"],
    &["-czs0", "-p", "7"],
    &["-m", "-z", "-s1"],
];

fuzz_target!(|data: &[u8]| tree::with(|tree| {
    let mut data = data;
    let report = REPORTS[usize::from(bytes::byte(&mut data)) % REPORTS.len()];
    let [meminfo, counters, numa_maps, comm, status, huge] =
        [(); 6].map(|()| bytes::text(&mut data));
    tree.write("proc/self/status", b"");
    tree.write("proc/meminfo", b"Hugepagesize:    2048 kB\n");
    tree.write(
        "proc/7/stat",
        b"7 (x) S 1 7 7 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 77\n",
    );
    tree.write("proc/7/status", status);
    tree.write("proc/7/comm", comm);
    tree.write("proc/7/maps", b"");
    tree.write("proc/7/numa_maps", numa_maps);
    for (meminfo_path, counters_path, huge_path) in [
        (
            "sys/devices/system/node/node0/meminfo",
            "sys/devices/system/node/node0/numastat",
            "sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages",
        ),
        (
            "sys/devices/system/node/node1/meminfo",
            "sys/devices/system/node/node1/numastat",
            "sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages",
        ),
    ] {
        tree.write(meminfo_path, meminfo);
        tree.write(counters_path, counters);
        tree.write(huge_path, huge);
    }
    let args: Vec<OsString> = report.iter().map(OsString::from).collect();
    let (text, json) = numastat::fuzzing::report(tree.path("").as_path(), args);
    assert!(
        !text.chars().any(|c| c.is_control() && c != '\n'),
        "{text:?}"
    );
    assert!(json.is_empty() || json.trim_end().ends_with('}'), "{json}");
}));
