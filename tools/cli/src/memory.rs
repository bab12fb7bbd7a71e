//! Memory that a command fills to measure something, in pages of the size that is asked for, and where
//! it is.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::ops::Range;

use numa::memory::Mapping;
use numa::migrate;
use numa::{Errno, Error, policy};
use serde::Serialize;

use crate::failures::{Failed, strerror};
use crate::numbers;
use crate::text;

/// Which huge pages memory is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Huge {
    /// Transparent ones, where the kernel finds room.
    Transparent,
    /// Those of the kernel's pool, of so many bytes.
    Pool(usize),
}

impl Huge {
    /// Reads the value of `--huge[=SIZE|thp]`: without one, pages of the pool's default size.
    pub fn read(value: Option<&OsStr>) -> Result<Huge, Failed> {
        let bad = |text: String| Failed::usage(format!("--huge {text}"));
        let Some(value) = value else {
            return Huge::default_size()
                .map(Huge::Pool)
                .ok_or_else(|| Failed::other("this kernel has no huge pages (hugetlb)"));
        };
        if value == "thp" {
            return Ok(Huge::Transparent);
        }
        let size = numbers::size(value).map_err(|error| bad(error.to_string()))?;
        let shown = text::safe(&value.to_string_lossy());
        match usize::try_from(size) {
            Ok(size) if size.is_power_of_two() => Ok(Huge::Pool(size)),
            _ => Err(bad(format!("'{shown}': no page has this size"))),
        }
    }

    fn default_size() -> Option<usize> {
        let text = fs::read_to_string("/proc/meminfo").ok()?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("Hugepagesize:"))?;
        let kib: usize = line.split_ascii_whitespace().next()?.parse().ok()?;
        kib.checked_mul(1024)
    }

    /// New memory of at least `len` bytes, rounded up to whole pages, not touched yet.
    pub fn map(huge: Option<Huge>, len: usize) -> Result<Mapping, Failed> {
        let memory = match huge {
            Some(Huge::Pool(page)) => {
                let len = len.checked_next_multiple_of(page).unwrap_or(usize::MAX);
                Mapping::new_huge(len, page).map_err(|error| refused_pages(page, len, error))?
            }
            _ => Mapping::new(len).map_err(|error| {
                let reason = strerror(error.errno());
                Failed::other(format!("cannot map {}: {reason}", text::size(len as u64)))
            })?,
        };
        if huge == Some(Huge::Transparent) {
            memory.advise_huge(true).map_err(|error| {
                let reason = strerror(error.errno());
                Failed::other(format!("--huge=thp: transparent huge pages: {reason}"))
            })?;
        }
        Ok(memory)
    }

    /// Faults pages of the pool in, so that a lack of them is an error and not SIGBUS. Kernels before
    /// 5.14 cannot.
    pub fn fault_in(huge: Option<Huge>, address: usize, len: usize) -> Result<(), Failed> {
        let Some(Huge::Pool(page)) = huge else {
            return Ok(());
        };
        match policy::populate(address, len) {
            Err(error) if error.errno() != Errno::EINVAL => Err(Failed::other(format!(
                "no huge page of {} is left on a node of the policy ({error})",
                text::size(page as u64)
            ))),
            _ => Ok(()),
        }
    }
}

/// Why the pool gives no memory.
fn refused_pages(page: usize, len: usize, error: Error) -> Failed {
    let size = text::size(page as u64);
    if error.errno() == Errno::EINVAL {
        return Failed::other(format!("--huge: there are no huge pages of {size} here"));
    }
    let kib = page / 1024;
    let free = fs::read_to_string(format!(
        "/sys/kernel/mm/hugepages/hugepages-{kib}kB/free_hugepages"
    ));
    let free = free.map_or_else(|_| "?".to_owned(), |free| free.trim().to_owned());
    let needed = text::grouped((len / page) as u64);
    let reason = strerror(error.errno());
    Failed::other(format!(
        "--huge: {needed} huge pages of {size} are needed, and {free} are free: {reason}"
    ))
}

/// What is on one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OnNode {
    /// The node.
    pub node: u32,
    /// Bytes there.
    pub bytes: u64,
}

/// Where a range of this process's memory is, by nodes; what is on none is left out.
pub fn placed(range: Range<usize>) -> numa::Result<Vec<OnNode>> {
    let mut nodes: BTreeMap<u32, u64> = BTreeMap::new();
    let end = range.end;
    migrate::for_each_run(0, range, 0, &mut |run| {
        if let Some(node) = run.node() {
            let bytes = run.addresses.end.min(end) - run.addresses.start;
            *nodes.entry(node.0).or_default() += bytes as u64;
        }
        true
    })?;
    let nodes = nodes.into_iter();
    Ok(nodes.map(|(node, bytes)| OnNode { node, bytes }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use numa::topology;

    #[test]
    fn values_of_the_option() {
        let read = |text| Huge::read(Some(OsStr::new(text)));
        assert_eq!(read("thp"), Ok(Huge::Transparent));
        assert_eq!(read("2m"), Ok(Huge::Pool(2 << 20)));
        let failed = read("3m").unwrap_err();
        assert_eq!(failed.message, "--huge '3m': no page has this size");
        let failed = read("x").unwrap_err();
        assert_eq!(failed.message, "--huge 'x': not a number");
    }

    #[test]
    fn what_the_pool_does_not_have_is_named() {
        let failed = Huge::map(Some(Huge::Pool(1 << 13)), 1).unwrap_err();
        assert_eq!(
            failed.message,
            "--huge: there are no huge pages of 8 KiB here"
        );
        let failed = Huge::map(None, usize::MAX).unwrap_err();
        assert!(failed.message.ends_with(": Cannot allocate memory"));
    }

    #[test]
    fn memory_is_somewhere_once_it_is_touched() {
        let page = topology::page_size();
        let mut memory = Huge::map(None, 4 * page).unwrap();
        let range = memory.address()..memory.address() + 4 * page;
        memory.bytes_mut()[..2 * page].fill(1);
        // Where policies and their calls are denied, nothing is known.
        if let Ok(placed) = placed(range) {
            let bytes: u64 = placed.iter().map(|on| on.bytes).sum();
            assert_eq!(bytes, 2 * page as u64);
        }
    }
}
