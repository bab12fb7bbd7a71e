//! What /proc says about a process's memory: maps, numa_maps and status, read line by line.

use alloc::vec::Vec;

use crate::error::{Error, Result};
use crate::mask::Node;
use crate::root::{Path, Root};
use crate::sys::Errno;
use crate::sys::file::File;

/// Opens a file of a process. ESRCH if the process is not there.
pub(super) fn open(root: Root<'_>, pid: i32, file: &'static str) -> Result<File> {
    let mut path = Path::below(root, "/proc/");
    path.number(pid.unsigned_abs())
        .push(b"/")
        .push(file.as_bytes());
    path.open().map_err(|errno| match errno {
        Errno::ENOENT if Path::below(root, "/proc/self").open().is_ok() => Error::File {
            file,
            errno: Errno::ESRCH,
        },
        errno => Error::File { file, errno },
    })
}

/// The lines of a file, without an end to their number.
#[derive(Debug)]
pub(super) struct Lines {
    file: File,
    name: &'static str,
    buf: Vec<u8>,
    /// The part of `buf` that is read and not used.
    at: usize,
    filled: usize,
    /// The last line was longer than `buf`: its rest is to be skipped.
    cut: bool,
}

impl Lines {
    /// Longer than any line of /proc with a path of PATH_MAX bytes.
    const ROOM: usize = 16 << 10;

    pub(super) fn open(root: Root<'_>, pid: i32, name: &'static str) -> Result<Lines> {
        let file = open(root, pid, name)?;
        let mut buf = Vec::new();
        buf.try_reserve_exact(Self::ROOM)
            .map_err(|_| Error::OutOfMemory)?;
        // Byte by byte would take longer than reading a small file.
        while buf.len() < Self::ROOM {
            buf.extend_from_slice(&[0; 1024]);
        }
        Ok(Lines {
            file,
            name,
            buf,
            at: 0,
            filled: 0,
            cut: false,
        })
    }

    /// The next line without its end; `None` after the last. A line that is too long is cut.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>> {
        let (mut seen, mut skip) = (0, self.cut);
        loop {
            let fresh = &self.buf[self.at + seen..self.filled];
            if let Some(len) = fresh.iter().position(|&b| b == b'\n') {
                let (start, end) = (self.at, self.at + seen + len);
                self.at = end + 1;
                if skip {
                    (skip, self.cut, seen) = (false, false, 0);
                    continue;
                }
                return Ok(Some(&self.buf[start..end]));
            }
            seen = self.filled - self.at;
            if skip {
                (self.at, self.filled, seen) = (0, 0, 0);
            } else if self.at > 0 {
                self.buf.copy_within(self.at..self.filled, 0);
                (self.at, self.filled) = (0, seen);
            }
            if self.filled == self.buf.len() {
                self.cut = true;
                self.at = self.filled;
                return Ok(Some(&self.buf));
            }
            match self.file.read(&mut self.buf[self.filled..]) {
                Ok(0) if seen == 0 => return Ok(None),
                Ok(0) => {
                    self.at = self.filled;
                    return Ok(Some(&self.buf[..seen]));
                }
                Ok(n) => self.filled += n,
                // The process went away.
                Err(Errno::ESRCH) => return Ok(None),
                Err(errno) => {
                    return Err(Error::File {
                        file: self.name,
                        errno,
                    });
                }
            }
        }
    }
}

/// What a mapping is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Private memory without a file: most of what malloc and mmap give, stacks of threads.
    Anonymous,
    /// What brk gives.
    Heap,
    /// The stack of the first thread.
    Stack,
    /// A file mapped privately: programs and their libraries, with their data.
    File,
    /// Memory or a file mapped so that others see writes.
    Shared,
}

impl Kind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Kind; 5] = [
        Kind::Anonymous,
        Kind::Heap,
        Kind::Stack,
        Kind::File,
        Kind::Shared,
    ];
}

/// A set of [`Kind`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// Every kind.
    pub const ALL: Kinds = Kinds(0x1f);
    /// No kind.
    pub const NONE: Kinds = Kinds(0);

    /// The set with `kind` added.
    pub const fn with(self, kind: Kind) -> Kinds {
        Kinds(self.0 | 1 << kind as u8)
    }

    /// The set whose bits are the kinds' numbers; other bits do not count.
    pub const fn from_bits(bits: u8) -> Kinds {
        Kinds(bits & Self::ALL.0)
    }

    /// Whether `kind` is in the set.
    pub const fn contains(self, kind: Kind) -> bool {
        self.0 >> kind as u8 & 1 != 0
    }
}

/// A line of /proc/PID/maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mapping {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
    /// Whether it has a file, be it one without a name.
    pub(super) has_file: bool,
    /// Pages of the kernel itself ([vdso] and its like), which nobody can move.
    pub(super) kernels: bool,
}

fn hex(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() || digits.len() > size_of::<usize>() * 2 {
        return None;
    }
    digits.iter().try_fold(0, |value, &b| {
        Some(value << 4 | char::from(b).to_digit(16)? as usize)
    })
}

fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, &b| {
        let digit = b.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value.checked_mul(10)?.checked_add(digit.into())
    })
}

fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|&b| b == b' ').filter(|field| !field.is_empty())
}

/// `7f00-7f01 rw-p 00000000 00:00 0    [stack]`; `None` if it is something else.
pub(super) fn parse_mapping(line: &[u8]) -> Option<Mapping> {
    let mut fields = fields(line);
    let range = fields.next()?;
    let dash = range.iter().position(|&b| b == b'-')?;
    let (start, end) = (hex(&range[..dash])?, hex(&range[dash + 1..])?);
    let permissions = fields.next()?;
    let inode = fields.nth(2)?;
    let name = fields.next().unwrap_or_default();
    let has_file = inode != b"0";
    let kind = if permissions.get(3) == Some(&b's') {
        Kind::Shared
    } else if has_file {
        Kind::File
    } else if name == b"[heap]" {
        Kind::Heap
    } else if name.starts_with(b"[stack") {
        Kind::Stack
    } else {
        Kind::Anonymous
    };
    let kernels = name.starts_with(b"[v") || name == b"[uprobes]";
    (start < end).then_some(Mapping {
        start,
        end,
        kind,
        has_file,
        kernels,
    })
}

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
    pub(super) fn parse(line: &'a [u8]) -> Option<NumaLine<'a>> {
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

/// Sizes in bytes from /proc/PID/status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Address space.
    pub mapped: u64,
    /// Memory that is there, explicit huge pages left out.
    pub resident: u64,
    /// Explicit huge pages.
    pub huge: u64,
}

/// Reads the sizes of a process. Those that the file does not name are 0: a process without
/// memory, such as a kernel thread, has none of them.
pub fn sizes(root: Root<'_>, pid: i32) -> Result<Sizes> {
    let mut lines = Lines::open(root, pid, "status")?;
    let mut sizes = Sizes::default();
    while let Some(line) = lines.next()? {
        for (key, slot) in [
            (&b"VmSize:"[..], &mut sizes.mapped),
            (b"VmRSS:", &mut sizes.resident),
            (b"HugetlbPages:", &mut sizes.huge),
        ] {
            if let Some(rest) = line.strip_prefix(key) {
                let mut words = rest
                    .split(|b| b.is_ascii_whitespace())
                    .filter(|word| !word.is_empty());
                *slot = words
                    .next()
                    .and_then(decimal)
                    .unwrap_or(0)
                    .saturating_mul(1024);
            }
        }
    }
    Ok(sizes)
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
        let kind = mapping
            .filter(|m| m.start == line.start)
            .map_or(Kind::Anonymous, |m| m.kind);
        each(kind, &line);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MadeUp;
    use std::vec::Vec;

    #[test]
    fn lines_of_maps() {
        let kind = |line: &str| parse_mapping(line.as_bytes()).map(|m| m.kind);
        assert_eq!(
            parse_mapping(
                b"559d1c000000-559d1c021000 rw-p 00000000 00:00 0                          [heap]"
            ),
            Some(Mapping {
                start: 0x559d1c000000,
                end: 0x559d1c021000,
                kind: Kind::Heap,
                has_file: false,
                kernels: false
            })
        );
        assert_eq!(
            kind("7f00-7f01 rw-p 00000000 00:00 0 "),
            Some(Kind::Anonymous)
        );
        assert_eq!(
            kind("7f00-7f01 rw-p 00000000 00:00 0 [anon:x y]"),
            Some(Kind::Anonymous)
        );
        assert_eq!(
            kind("7f00-7f01 rw-p 00000000 00:00 0 [stack]"),
            Some(Kind::Stack)
        );
        assert_eq!(
            kind("7f00-7f01 r-xp 00000000 fe:00 12 /bin/a b"),
            Some(Kind::File)
        );
        assert_eq!(
            kind("7f00-7f01 rw-s 00000000 00:01 12 /memfd:x (deleted)"),
            Some(Kind::Shared)
        );
        assert!(
            parse_mapping(b"7f00-7f01 r-xp 00000000 00:00 0 [vdso]")
                .unwrap()
                .kernels
        );
        for bad in [
            "",
            "-",
            "1-",
            "x-y rw-p 0 0 0",
            "2-1 rw-p 0 00:00 0",
            "1-2",
            "1-2 rw-p 0 0",
            "11111111111111111-2 rw-p 0 0 0",
        ] {
            assert_eq!(kind(bad), None, "{bad:?}");
        }
    }

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

    #[test]
    fn lines_of_any_length() {
        let made = MadeUp::new();
        let mut text = vec![b'a'; 40_000];
        text.extend_from_slice(b"\nb\n\nlast");
        made.write("proc/7/maps", &text);
        let mut lines = Lines::open(made.root(), 7, "maps").unwrap();
        assert_eq!(lines.next().unwrap().unwrap().len(), Lines::ROOM);
        assert_eq!(lines.next().unwrap(), Some(&b"b"[..]));
        assert_eq!(lines.next().unwrap(), Some(&b""[..]));
        assert_eq!(lines.next().unwrap(), Some(&b"last"[..]));
        assert_eq!(lines.next().unwrap(), None);
        assert_eq!(lines.next().unwrap(), None);
    }

    #[test]
    fn processes_that_are_not_there() {
        let made = MadeUp::new();
        made.write("proc/self/status", b"VmSize: 1 kB\n");
        made.write("proc/8/status", b"Name:\tVmRSS: 9\nVmSize:\t     100 kB\nVmRSS:\t      20 kB\nHugetlbPages:\t    2048 kB\n");
        assert_eq!(sizes(made.root(), 7).unwrap_err().errno(), Errno::ESRCH);
        assert_eq!(
            sizes(made.root(), 8),
            Ok(Sizes {
                mapped: 100 << 10,
                resident: 20 << 10,
                huge: 2 << 20
            })
        );
    }
}
