//! The mappings of a process and what they are for: /proc/PID/maps.

use super::lines::fields;
use crate::error::{Error, Result};
use crate::root::decimal;

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
    ///
    /// ```
    /// use numa::migrate::{Kind, Kinds};
    ///
    /// let own = Kinds::NONE.with(Kind::Heap).with(Kind::Anonymous);
    /// assert!(own.contains(Kind::Heap) && !own.contains(Kind::File));
    /// ```
    pub const fn with(self, kind: Kind) -> Kinds {
        Kinds(self.0 | 1 << kind as u8)
    }

    /// The set whose bits are the kinds' numbers; other bits do not count.
    ///
    /// ```
    /// use numa::migrate::{Kind, Kinds};
    ///
    /// assert_eq!(Kinds::from_bits(1 << Kind::Heap as u8), Kinds::NONE.with(Kind::Heap));
    /// ```
    pub const fn from_bits(bits: u8) -> Kinds {
        Kinds(bits & Self::ALL.0)
    }

    /// Whether `kind` is in the set.
    ///
    /// ```
    /// use numa::migrate::{Kind, Kinds};
    ///
    /// assert!(Kinds::ALL.contains(Kind::Stack));
    /// ```
    pub const fn contains(self, kind: Kind) -> bool {
        self.0 >> kind as u8 & 1 != 0
    }
}

/// Which file: device and inode. The inode is 0 where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileId {
    device: (usize, usize),
    inode: u64,
}

impl FileId {
    pub(crate) fn is_file(self) -> bool {
        self.inode != 0
    }
}

/// A line of /proc/PID/maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mapping {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: Kind,
    /// Its file, be it one without a name.
    pub(crate) file: FileId,
    /// Where in the file it begins.
    pub(crate) offset: u64,
    /// Pages of the kernel itself ([vdso] and its like), which nobody can move.
    pub(crate) kernels: bool,
}

/// The hexadecimal number that is the whole of `digits`.
pub(crate) fn hex(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() || digits.len() > size_of::<usize>() * 2 {
        return None;
    }
    digits.iter().try_fold(0, |value, &b| {
        Some(value << 4 | char::from(b).to_digit(16)? as usize)
    })
}

/// Whether a line is that of a shared mapping: faster than all that it says.
pub(crate) fn is_shared(line: &[u8]) -> bool {
    fields(line).nth(1).and_then(|field| field.get(3)) == Some(&b's')
}

/// `7f00-7f01 rw-p 00000000 00:00 0    [stack]`. [`Error::Malformed`] if it is something else.
pub(crate) fn parse_mapping(line: &[u8]) -> Result<Mapping> {
    parse(line).ok_or(Error::Malformed { file: "maps" })
}

/// The same, of whole pages: [`Error::Malformed`] otherwise. A walk through parts of pages would not end.
pub(crate) fn parse_pages(line: &[u8], page: usize) -> Result<Mapping> {
    let is_whole = |mapping: &Mapping| mapping.start % page == 0 && mapping.end % page == 0;
    let mapping = parse(line).filter(is_whole);
    mapping.ok_or(Error::Malformed { file: "maps" })
}

fn parse(line: &[u8]) -> Option<Mapping> {
    let mut fields = fields(line);
    let range = fields.next()?;
    let dash = range.iter().position(|&b| b == b'-')?;
    let (start, end) = (hex(&range[..dash])?, hex(&range[dash + 1..])?);
    fields.next()?;
    let offset = hex(fields.next()?)? as u64;
    let device = fields.next()?;
    let colon = device.iter().position(|&b| b == b':')?;
    let file = FileId {
        device: (hex(&device[..colon])?, hex(&device[colon + 1..])?),
        inode: decimal(fields.next()?)?,
    };
    let name = fields.next().unwrap_or_default();
    let kind = if is_shared(line) {
        Kind::Shared
    } else if file.is_file() {
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
        file,
        offset,
        kernels,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_are_of_whole_pages() {
        let of = |line: &str| parse_pages(line.as_bytes(), 0x1000).is_ok();
        assert!(of("1000-3000 rw-p 00000000 00:00 0 "));
        for cut in ["1000-1001", "1fff-2000", "1001-2001", "2000-1000"] {
            assert!(!of(&format!("{cut} rw-p 00000000 00:00 0 ")), "{cut}");
        }
    }

    #[test]
    fn lines_of_maps() {
        let kind = |line: &str| parse(line.as_bytes()).map(|m| m.kind);
        assert_eq!(
            parse(b"9d1c0000-9d1e1000 rw-p 00000000 00:00 0                          [heap]"),
            Some(Mapping {
                start: 0x9d1c_0000,
                end: 0x9d1e_1000,
                kind: Kind::Heap,
                file: FileId::default(),
                offset: 0,
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
            parse(b"7f00-7f01 r-xp 00000000 00:00 0 [vdso]")
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
}
