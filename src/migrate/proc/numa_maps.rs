//! On which nodes a process's pages are, as the kernel counts them: /proc/PID/numa_maps.

use super::lines::{Lines, fields};
use super::maps::{Kind, Mapping, hex, parse_mapping};
use super::process::Process;
use crate::error::{Error, Result};
use crate::mask::Node;
use crate::root::Root;
use crate::root::decimal;
use crate::sys::Errno;

pub(super) const FILE: &str = "numa_maps";

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
    /// [`Error::Malformed`] if it is no such line.
    pub(crate) fn read(line: &'a [u8]) -> Result<NumaLine<'a>> {
        Self::parse(line).ok_or(Error::Malformed { file: FILE })
    }

    fn parse(line: &'a [u8]) -> Option<NumaLine<'a>> {
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

    /// What stands between the blanks: address, policy, then what the kernel says of the mapping. A policy
    /// may have a blank (`prefer (many):0-1`), a file's name has none.
    ///
    /// ```
    /// use numa::{Root, migrate};
    ///
    /// # if !std::path::Path::new("/proc/self/numa_maps").exists() { return Ok::<(), numa::Error>(()) }
    /// migrate::for_each_numa_mapping(Root::SYSTEM, 0, |_, line| {
    ///     let policy = line.words().nth(1).unwrap_or_default();
    ///     println!("{:x} {}", line.start, String::from_utf8_lossy(policy));
    /// })?;
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn words(&self) -> impl Iterator<Item = &'a [u8]> + 'a {
        fields(self.line)
    }

    /// How many pages lie on which node.
    ///
    /// ```
    /// use numa::{Root, migrate};
    ///
    /// # if !std::path::Path::new("/proc/self/numa_maps").exists() { return Ok::<(), numa::Error>(()) }
    /// let mut pages = 0;
    /// migrate::for_each_numa_mapping(Root::SYSTEM, 0, |_, line| {
    ///     pages += line.nodes().map(|(_, pages)| pages).sum::<u64>();
    /// })?;
    /// println!("{pages} pages");
    /// # Ok::<(), numa::Error>(())
    /// ```
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
/// Those of [`Process::open`]. ENOENT: the kernel has no such file. ESRCH, EAGAIN: the process has
/// ended, or begun another program, before all of its mappings were seen. EFBIG: a line has more
/// than 4 MiB.
///
/// ```
/// use numa::migrate::{self, Kind};
/// use numa::Root;
///
/// # if !std::path::Path::new("/proc/self/numa_maps").exists() { return Ok::<(), numa::Error>(()) }
/// migrate::for_each_numa_mapping(Root::SYSTEM, 0, |kind, line| {
///     if kind == Kind::Heap {
///         for (node, pages) in line.nodes() {
///             println!("{pages} pages of the heap are on node {node}");
///         }
///     }
/// })?;
/// # Ok::<(), numa::Error>(())
/// ```
pub fn for_each_numa_mapping(
    root: Root<'_>,
    pid: i32,
    each: impl FnMut(Kind, &NumaLine<'_>),
) -> Result<()> {
    Process::open(root, pid)?.for_each_numa_mapping(each)
}

impl Process {
    /// Calls `each` for every mapping; see [`for_each_numa_mapping`].
    ///
    /// ```
    /// use numa::Root;
    /// use numa::migrate::Process;
    ///
    /// # if !std::path::Path::new("/proc/self/numa_maps").exists() { return Ok::<(), numa::Error>(()) }
    /// let process = Process::open(Root::SYSTEM, 0)?;
    /// process.for_each_numa_mapping(|kind, line| println!("{kind:?} at {:x}", line.start))?;
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn for_each_numa_mapping(&self, mut each: impl FnMut(Kind, &NumaLine<'_>)) -> Result<()> {
        self.for_each_line(|mapping, line| {
            each(mapping.map_or(Kind::Anonymous, |m| m.kind), line);
        })
    }

    /// Calls `each` for every line of numa_maps alone, for those who need no [`Kind`]: half the reading.
    /// There are none of a process without memory of its own ([`Process::state`]).
    ///
    /// # Errors
    /// Those of [`for_each_numa_mapping`].
    ///
    /// ```
    /// use numa::Root;
    /// use numa::migrate::Process;
    ///
    /// # if !std::path::Path::new("/proc/self/numa_maps").exists() { return Ok::<(), numa::Error>(()) }
    /// let mut huge = 0;
    /// Process::open(Root::SYSTEM, 0)?.for_each_numa_line(|line| huge += u64::from(line.is_huge))?;
    /// println!("{huge} mappings of huge pages");
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn for_each_numa_line(&self, mut each: impl FnMut(&NumaLine<'_>)) -> Result<()> {
        let mut lines = Lines::of(self.duplicate()?, FILE)?;
        let mut any = false;
        while let Some(line) = lines.next()? {
            each(&NumaLine::read(line)?);
            any = true;
        }
        self.check_whole(any, &lines)
    }

    /// Fails if lines were seen and the memory that they were about has gone since.
    pub(super) fn check_whole(&self, any: bool, lines: &Lines) -> Result<()> {
        if !any || !lines.is_over() {
            return Ok(());
        }
        let errno = if self.has_no_memory() {
            Errno::ESRCH
        } else {
            Errno::EAGAIN
        };
        Err(Error::File { file: FILE, errno })
    }

    /// The same as [`Process::for_each_numa_mapping`], with the mapping as maps has it, unless that has come or gone in between.
    pub(crate) fn for_each_line(
        &self,
        mut each: impl FnMut(Option<Mapping>, &NumaLine<'_>),
    ) -> Result<()> {
        let mut maps = Lines::of(self.duplicate()?, "maps")?;
        let mut numa = Lines::of(self.duplicate()?, FILE)?;
        let mut mapping = None;
        let mut any = false;
        while let Some(line) = numa.next()? {
            let line = NumaLine::read(line)?;
            while mapping.is_none_or(|m: Mapping| m.start < line.start) {
                match maps.next()? {
                    Some(text) => mapping = Some(parse_mapping(text)?),
                    None => break,
                }
            }
            each(mapping.filter(|m| m.start == line.start), &line);
            any = true;
        }
        self.check_whole(any, &numa)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MadeUp;
    use std::vec::Vec;

    #[test]
    fn lines_of_numa_maps() {
        let text = b"b7a00000 prefer (many):0-1 file=/a\\040N3=4 huge anon=3 N0=16384 N12=2 N=3 Nx=1 kernelpagesize_kB=2048";
        let line = NumaLine::parse(text).unwrap();
        assert_eq!(
            (line.start, line.page_size, line.is_huge),
            (0xb7a0_0000, 2 << 20, true)
        );
        assert_eq!(
            line.nodes().collect::<Vec<_>>(),
            [(Node(0), 16384), (Node(12), 2)]
        );
        assert!(NumaLine::parse(b"").is_none());
    }

    #[test]
    fn all_lines_or_an_error() {
        let made = MadeUp::new();
        made.write("proc/7/status", b"");
        made.write(
            "proc/7/stat",
            b"7 (x) S 1 7 7 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 77\n",
        );
        made.write(
            "proc/7/maps",
            b"1000-2000 rw-p 00000000 00:00 0 [heap]\n2000-3000 r--s 0 00:01 9 /x\n",
        );
        let pages = |numa: &str| {
            made.write("proc/7/numa_maps", numa.as_bytes());
            let mut all = Vec::new();
            for_each_numa_mapping(made.root(), 7, |kind, line| {
                all.extend(line.nodes().map(|(node, pages)| (kind, node.0, pages)));
            })?;
            Ok(all)
        };
        // 20 directories whose names have 255 characters that are escaped.
        let path = "\\075".repeat(20 * 255);
        let heap = (Kind::Heap, 1, 8);
        assert_eq!(
            pages(&format!(
                "1000 default anon=8 N1=8\n2000 default file=/{path} mapped=8192 N0=8192\n"
            )),
            Ok(std::vec![heap, (Kind::Shared, 0, 8192)])
        );
        let file = "numa_maps";
        assert_eq!(pages(""), Err(Error::Empty { file }));
        assert_eq!(
            pages("1000 default N1=8\n2000 default N0"),
            Err(Error::Malformed { file })
        );
        assert_eq!(
            pages("1000 default N1=8\nx default N0=1\n"),
            Err(Error::Malformed { file })
        );
        std::fs::remove_file(made.path("proc/7/numa_maps")).unwrap();
        let absent = for_each_numa_mapping(made.root(), 7, |_, _| {});
        let errno = Errno::ENOENT;
        assert_eq!(absent, Err(Error::File { file, errno }));
    }

    #[test]
    fn a_process_that_ends_meanwhile() {
        let mut child = std::process::Command::new("sleep")
            .arg("1000")
            .spawn()
            .unwrap();
        let pid = child.id() as i32;
        let mut ended = false;
        let result = for_each_numa_mapping(Root::SYSTEM, pid, |_, _| {
            child.kill().unwrap();
            child.wait().unwrap();
            ended = true;
        });
        child.kill().unwrap();
        child.wait().unwrap();
        // Where the kernel has the file at all.
        if ended {
            assert_eq!(result.unwrap_err().errno(), Errno::ESRCH);
        }
    }
}
