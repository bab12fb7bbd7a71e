//! Where /sys and /proc are.
//!
//! All files are read through a [`Root`]. The system's own is
//! [`Root::SYSTEM`]; a test or a tool may point another one at a directory that
//! holds a made-up or recorded `sys/` and `proc/`.

use alloc::vec::Vec;
use core::ffi::CStr;

use crate::sys::Errno;
use crate::sys::file::{self, File};

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
    ///
    /// ```
    /// use numa::{Node, Root, topology};
    ///
    /// // Where there is no /sys, there is node 0.
    /// let nodes = topology::nodes(Root::at(b"/nowhere"), 64)?;
    /// assert_eq!(nodes.first(), Some(Node(0)));
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub const fn at(directory: &'a [u8]) -> Root<'a> {
        Root { prefix: directory }
    }

    /// Whether this is the running system, whose processes the kernel's calls know.
    pub(crate) fn is_system(&self) -> bool {
        self.prefix.is_empty()
    }

    /// Calls `each` with the name of every entry of a directory.
    pub(crate) fn list(&self, directory: &str, each: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
        Path::below(*self, directory).list(each)
    }
}

/// A path in a fixed buffer, so that reading a file needs no heap.
pub(crate) struct Path {
    /// Zero behind the text, if it fits.
    bytes: [u8; Path::ROOM],
    /// What was appended, whether it fits or not.
    len: usize,
}

impl Path {
    /// Paths of /sys and /proc are short; a root's directory may take the rest.
    const ROOM: usize = 512;

    /// A path below a root.
    pub(crate) fn below(root: Root<'_>, path: &str) -> Path {
        let mut made = Path::empty();
        made.push(root.prefix).push(path.as_bytes());
        made
    }

    /// Text without a beginning.
    pub(crate) fn empty() -> Path {
        Path {
            bytes: [0; Path::ROOM],
            len: 0,
        }
    }

    /// What was appended, if it fits.
    pub(crate) fn text(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Appends text. A path that gets too long stays too long, and opening it fails.
    pub(crate) fn push(&mut self, text: &[u8]) -> &mut Self {
        let end = self.len.saturating_add(text.len());
        if end < Path::ROOM {
            self.bytes[self.len..end].copy_from_slice(text);
        }
        self.len = end;
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

    /// The path; ENAMETOOLONG if it is too long, EINVAL if a zero byte is in it.
    pub(crate) fn as_c_str(&self) -> Result<&CStr, Errno> {
        let bytes = self.bytes.get(..=self.len).ok_or(Errno::ENAMETOOLONG)?;
        CStr::from_bytes_with_nul(bytes).map_err(|_| Errno::EINVAL)
    }

    /// Reads the target of the symbolic link, cut to `buf`.
    pub(crate) fn read_link<'b>(&self, buf: &'b mut [u8]) -> Result<&'b [u8], Errno> {
        file::read_link(self.as_c_str()?, buf)
    }

    /// Calls `each` with the name of every entry of the directory.
    pub(crate) fn list(&self, each: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
        file::list(self.as_c_str()?, each)
    }

    /// What `take` makes of the names of the directory's entries, sorted, each once.
    pub(crate) fn sorted<T: Ord>(
        &self,
        mut take: impl FnMut(&[u8]) -> Option<T>,
    ) -> Result<Vec<T>, Errno> {
        let mut found = Vec::new();
        let mut short_of_memory = false;
        self.list(&mut |name| {
            if let Some(entry) = take(name) {
                match found.try_reserve(1) {
                    Ok(()) => found.push(entry),
                    Err(_) => short_of_memory = true,
                }
            }
        })?;
        if short_of_memory {
            return Err(Errno::ENOMEM);
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    pub(crate) fn open(&self) -> Result<File, Errno> {
        File::open(self.as_c_str()?)
    }

    pub(crate) fn open_directory(&self) -> Result<File, Errno> {
        File::open_directory(self.as_c_str()?)
    }

    /// Reads the whole file into `buf`. EFBIG if it is not smaller than that.
    pub(crate) fn read<'b>(&self, buf: &'b mut [u8]) -> Result<&'b [u8], Errno> {
        read_all(&self.open()?, buf)
    }

    /// Replaces the file's content by the text, in one call. ENOENT if there is no such file, ELOOP if it is a
    /// symbolic link.
    pub(crate) fn write(&self, text: &[u8]) -> Result<(), Errno> {
        match File::open_for_writing(self.as_c_str()?)?.write(text)? {
            all if all == text.len() => Ok(()),
            _ => Err(Errno::EIO),
        }
    }

    /// The same of a file that is no symbolic link: ELOOP if it is one.
    pub(crate) fn read_unless_link<'b>(&self, buf: &'b mut [u8]) -> Result<&'b [u8], Errno> {
        read_all(&File::open_unless_link(self.as_c_str()?)?, buf)
    }

    /// Opens the file and parses it; see [`parse`].
    pub(crate) fn parse(&self, parser: &mut impl Parser) -> Result<(), Errno> {
        parse(&self.open()?, parser)
    }
}

fn read_all<'b>(file: &File, buf: &'b mut [u8]) -> Result<&'b [u8], Errno> {
    let mut len = 0;
    loop {
        let room = buf.get_mut(len..).filter(|room| !room.is_empty());
        match file.read(room.ok_or(Errno::EFBIG)?)? {
            0 => return Ok(&buf[..len]),
            n => len += n,
        }
    }
}

/// Reads an open file and hands its bytes to the parser, until that has enough or the file ends. EFBIG
/// if the file is too long.
pub(crate) fn parse(file: &File, parser: &mut impl Parser) -> Result<(), Errno> {
    /// Most files, /proc/self/status too, need one call then; little stack.
    const CHUNK: usize = 2048;
    /// More than /proc/self/status may have, with 65,536 groups.
    const CHUNKS: usize = 512;
    let mut chunk = [0; CHUNK];
    for _ in 0..CHUNKS {
        let len = file.read(&mut chunk)?;
        if len == 0 || !parser.take_all(&chunk[..len]) {
            return Ok(());
        }
    }
    Err(Errno::EFBIG)
}

/// What is made of a file's bytes.
pub(crate) trait Parser {
    /// Takes the next byte. Returns whether more are wanted.
    fn take(&mut self, byte: u8) -> bool;

    /// Takes the next bytes, up to the last one that is wanted.
    fn take_all(&mut self, bytes: &[u8]) -> bool {
        bytes.iter().all(|&byte| self.take(byte))
    }
}

/// The decimal number that is the whole of `text`.
pub(crate) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |n, &b| {
        let digit = b.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        n.checked_mul(10)?.checked_add(digit.into())
    })
}

/// The same for a number of 32 bits.
pub(crate) fn number(text: &[u8]) -> Option<u32> {
    decimal(text).and_then(|n| n.try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_room_for_all_but_its_last_byte() {
        let long = "x".repeat(Path::ROOM);
        for (len, fits) in [(0, true), (Path::ROOM - 1, true), (Path::ROOM, false)] {
            let mut path = Path::below(Root::SYSTEM, &long[..len]);
            assert_eq!(path.as_c_str().is_ok(), fits, "{len}");
            // What is too long stays too long.
            let expected = match fits && len + 1 < Path::ROOM {
                true => Ok(len + 1),
                false => Err(Errno::ENAMETOOLONG),
            };
            path.push(b"").push(b"y");
            assert_eq!(path.as_c_str().map(CStr::count_bytes), expected, "{len}");
        }
    }

    #[test]
    fn numbers_in_paths() {
        let mut path = Path::below(Root::at(b"/root"), "/");
        path.number(0).push(b" ").number(u32::MAX).push(b" ");
        path.hex(0, 4).push(b" ").hex(0x1_2345, 4);
        assert_eq!(path.as_c_str(), Ok(c"/root/0 4294967295 0000 12345"));
        assert_eq!(path.push(b"\0").as_c_str(), Err(Errno::EINVAL));
    }
}
