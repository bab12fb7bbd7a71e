//! The text files of /proc/PID, line by line.

use alloc::vec::Vec;

use crate::error::{Error, Result};
use crate::migrate::room;
use crate::root::{Path, Root};
use crate::sys::Errno;
use crate::sys::file::File;

/// Opens a file of a process. ESRCH if the process is not there.
pub(crate) fn open(root: Root<'_>, pid: i32, file: &'static str) -> Result<File> {
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
pub(crate) struct Lines {
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

    pub(crate) fn open(root: Root<'_>, pid: i32, name: &'static str) -> Result<Lines> {
        let file = open(root, pid, name)?;
        let mut buf = room::with_room(Self::ROOM)?;
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
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>> {
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

/// The decimal number that is the whole of `digits`.
pub(crate) fn decimal(digits: &[u8]) -> Option<u64> {
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

/// What stands between the blanks.
pub(crate) fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|&b| b == b' ').filter(|field| !field.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MadeUp;

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
}
