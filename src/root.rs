//! Where /sys and /proc are: the one door through which this library reads files.
//!
//! Everything that is read goes through a [`Root`]. The system's own is
//! [`Root::SYSTEM`]; a test or a tool may point another one at a directory that
//! holds a made-up or recorded `sys/` and `proc/`.

use core::ffi::CStr;

use crate::sys::Errno;
pub(crate) use crate::sys::file::Buffer;
use crate::sys::file::{self, File, Text};

/// A directory that stands for `/` when files of /sys and /proc are read.
#[derive(Debug, Clone, Copy)]
pub struct Root<'a> {
    prefix: &'a [u8],
}

impl Root<'static> {
    /// The running system.
    pub const SYSTEM: Root<'static> = Root { prefix: b"" };
}

impl<'a> Root<'a> {
    /// A root at the given directory, without a trailing slash.
    pub const fn at(directory: &'a [u8]) -> Root<'a> {
        Root { prefix: directory }
    }

    /// Calls `each` with what follows `prefix` in the name of every entry of a directory that
    /// begins so.
    pub(crate) fn list(
        &self,
        directory: &CStr,
        prefix: &[u8; 4],
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Errno> {
        if self.prefix.is_empty() {
            return file::list(directory, prefix, each);
        }
        let mut path = Path::new();
        path.push(self.prefix).push(directory.to_bytes());
        file::list(path.as_c_str()?, prefix, each)
    }
}

/// A path in a fixed buffer, so that reading a file needs no heap.
pub(crate) struct Path(Text<512>);

impl Path {
    /// An empty one. It is meant to be filled where it is: moved, all its room is copied.
    #[inline(always)]
    pub(crate) const fn new() -> Path {
        Path(Text::new())
    }

    /// Begins with a path below a root. Those are short; a root's prefix may take the rest.
    pub(crate) fn below(&mut self, root: Root<'_>, path: &str) -> &mut Self {
        self.push(root.prefix).push(path.as_bytes())
    }

    /// Appends text. A path that gets too long stays too long, and opening it fails.
    pub(crate) fn push(&mut self, text: &[u8]) -> &mut Self {
        self.0.push(text);
        self
    }

    /// Appends a decimal number.
    pub(crate) fn number(&mut self, n: u32) -> &mut Self {
        let mut digits = [0; 10];
        let mut at = digits.len();
        let mut rest = n;
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.push(&digits[at..])
    }

    /// Appends a hexadecimal number of at least `width` (at most 8) digits.
    pub(crate) fn hex(&mut self, n: u32, width: usize) -> &mut Self {
        let mut digits = [b'0'; 8];
        let mut rest = n;
        for digit in digits.iter_mut().rev() {
            *digit = b"0123456789abcdef"[(rest & 15) as usize];
            rest >>= 4;
        }
        let needed = 8 - n.leading_zeros() as usize / 4;
        let start = digits.len() - width.max(needed).min(8);
        self.push(&digits[start..])
    }

    /// The target of the symbolic link.
    pub(crate) fn read_link<'b>(&self, buf: &'b mut [u8]) -> Result<&'b [u8], Errno> {
        file::read_link(self.as_c_str()?, buf)
    }

    fn as_c_str(&self) -> Result<&CStr, Errno> {
        CStr::from_bytes_with_nul(self.0.terminated()?).map_err(|_| Errno::EINVAL)
    }

    /// Opens the file.
    pub(crate) fn open(&self) -> Result<File, Errno> {
        File::open(self.0.as_c_str()?)
    }

    /// Reads the whole file into `buf`. EFBIG if it does not fit.
    pub(crate) fn read<'b, const N: usize>(
        &self,
        buf: &'b mut Buffer<N>,
    ) -> Result<&'b [u8], Errno> {
        self.read_until(buf, &|_| false)
    }

    /// Reads the file until what has been read is `enough`, which saves the read that finds the
    /// end.
    pub(crate) fn read_until<'b, const N: usize>(
        &self,
        buf: &'b mut Buffer<N>,
        enough: &dyn Fn(&[u8]) -> bool,
    ) -> Result<&'b [u8], Errno> {
        buf.fill(&self.open()?, enough)
    }
}

/// The decimal number that is the whole of `text`.
pub(crate) fn number(text: &[u8]) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u32, |n, &b| {
        let digit = b.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        n.checked_mul(10)?.checked_add(u32::from(digit))
    })
}
