//! On which nodes a process's pages are, as the kernel counts them: /proc/PID/numa_maps.

use super::lines::{Lines, decimal, fields};
use super::maps::{Kind, Mapping, hex, parse_mapping};
use crate::error::Result;
use crate::mask::Node;
use crate::root::Root;

/// A line of /proc/PID/numa_maps.
#[derive(Debug, Clone, Copy)]
pub struct NumaLine<'a> {
    /// The mapping's first address.
    pub start: usize,
    /// Size in bytes of the pages that are counted; 0 if the kernel does not say.
    pub page_size: u64,
    /// Whether these are explicit huge pages.
    pub is_huge: bool,
    line: &'a [u8],
}

impl<'a> NumaLine<'a> {
    pub(crate) fn parse(line: &'a [u8]) -> Option<NumaLine<'a>> {
        let start = hex(fields(line).next()?)?;
        let mut parsed = NumaLine {
            start,
            page_size: 0,
            is_huge: false,
            line,
        };
        for field in fields(line) {
            if field == b"huge" {
                parsed.is_huge = true;
            } else if let Some(kib) = field.strip_prefix(b"kernelpagesize_kB=") {
                parsed.page_size = decimal(kib)?.checked_mul(1024)?;
            }
        }
        Some(parsed)
    }

    /// How many pages lie on which node.
    pub fn nodes(&self) -> impl Iterator<Item = (Node, u64)> + 'a {
        // The address and the policy come first; a file may not look like a count.
        fields(self.line).skip(2).filter_map(|field| {
            let rest = field.strip_prefix(b"N")?;
            let equals = rest.iter().position(|&b| b == b'=')?;
            let node = u32::try_from(decimal(&rest[..equals])?).ok()?;
            Some((Node(node), decimal(&rest[equals + 1..])?))
        })
    }
}

/// Calls `each` for every mapping of the process with its line of numa_maps: where its pages
/// are now. The kernel counts them while it holds the process's memory map, for each mapping
/// as long as that takes.
///
/// # Errors
/// ESRCH: no such process; EACCES, EPERM: not the caller's.
pub fn for_each_numa_mapping(
    root: Root<'_>,
    pid: i32,
    mut each: impl FnMut(Kind, &NumaLine<'_>),
) -> Result<()> {
    for_each_line(root, pid, |mapping, line| {
        each(mapping.map_or(Kind::Anonymous, |m| m.kind), line);
    })
}

/// The same, with the mapping as maps has it, unless that has come or gone in between.
pub(crate) fn for_each_line(
    root: Root<'_>,
    pid: i32,
    mut each: impl FnMut(Option<Mapping>, &NumaLine<'_>),
) -> Result<()> {
    let mut maps = Lines::open(root, pid, "maps")?;
    let mut numa = Lines::open(root, pid, "numa_maps")?;
    let mut mapping = None;
    while let Some(line) = numa.next()? {
        let Some(line) = NumaLine::parse(line) else {
            continue;
        };
        while mapping.is_none_or(|m: Mapping| m.start < line.start) {
            match maps.next()? {
                Some(text) => mapping = parse_mapping(text).or(mapping),
                None => break,
            }
        }
        each(mapping.filter(|m| m.start == line.start), &line);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn lines_of_numa_maps() {
        let text = b"7f16b7a00000 prefer (many):0-1 file=/a\\040N3=4 huge anon=3 N0=16384 N12=2 N=3 Nx=1 kernelpagesize_kB=2048";
        let line = NumaLine::parse(text).unwrap();
        assert_eq!(
            (line.start, line.page_size, line.is_huge),
            (0x7f16b7a00000, 2 << 20, true)
        );
        assert_eq!(
            line.nodes().collect::<Vec<_>>(),
            [(Node(0), 16384), (Node(12), 2)]
        );
        assert!(NumaLine::parse(b"").is_none());
    }
}
