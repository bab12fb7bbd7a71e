//! The text files of /proc/PID, line by line.

use alloc::vec::Vec;

use super::process::Process;
use crate::error::{Error, Result};
use crate::migrate::room;
use crate::root::Root;
use crate::sys::Errno;
use crate::sys::file::File;

/// The lines of a file, without an end to their number.
#[derive(Debug)]
pub(crate) struct Lines {
    process: Process,
    file: File,
    name: &'static str,
    buf: Vec<u8>,
    /// The part of `buf` that is read and not used.
    at: usize,
    filled: usize,
    /// Whether anything was read.
    any: bool,
    /// Whether it was empty and is opened for the second time.
    is_again: bool,
}

impl Lines {
    /// Longer than most lines.
    const ROOM: usize = 16 << 10;
    /// Longer than any line: the path of a file in 4000 directories whose names the kernel writes
    /// four times as long as they are.
    pub(crate) const LONGEST: usize = 4 << 20;

    pub(crate) fn open(root: Root<'_>, pid: i32, name: &'static str) -> Result<Lines> {
        Lines::of(Process::open(root, pid)?, name)
    }

    pub(crate) fn of(process: Process, name: &'static str) -> Result<Lines> {
        let file = process.file(name)?;
        Ok(Lines {
            process,
            file,
            name,
            buf: room::filled(Self::ROOM)?,
            at: 0,
            filled: 0,
            any: false,
            is_again: false,
        })
    }

    /// The next line without its end; `None` after the last, and where the process's memory has
    /// ended. Lines are never cut.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Malformed`]: the process is there, but its file is empty or ends
    /// within a line. EFBIG: a line is longer than [`Lines::LONGEST`].
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>> {
        let mut seen = 0;
        loop {
            let fresh = &self.buf[self.at + seen..self.filled];
            if let Some(len) = fresh.iter().position(|&b| b == b'\n') {
                let (start, end) = (self.at, self.at + seen + len);
                self.at = end + 1;
                return Ok(Some(&self.buf[start..end]));
            }
            seen = self.filled - self.at;
            if self.at > 0 {
                self.buf.copy_within(self.at..self.filled, 0);
                (self.at, self.filled) = (0, seen);
            }
            if self.filled == self.buf.len() {
                self.grow()?;
            }
            match self.file.read(&mut self.buf[self.filled..]) {
                Ok(0) | Err(Errno::ESRCH) if self.process.has_no_memory() => return Ok(None),
                Ok(0) if !self.any => self.open_again()?,
                Ok(0) if seen == 0 => return Ok(None),
                Ok(0) | Err(Errno::ESRCH) => return Err(Error::Malformed { file: self.name }),
                Ok(n) => {
                    self.filled += n;
                    self.any = true;
                }
                Err(errno) => return Err(self.error(errno)),
            }
        }
    }

    /// Whether the memory that the file is about has gone: the process has ended, or runs another
    /// program.
    pub(crate) fn is_over(&self) -> bool {
        self.file.read_words_at(&mut [0], 0) != Ok(1)
    }

    /// Opens a file that is empty once more: the process may have begun another program since.
    fn open_again(&mut self) -> Result<()> {
        if self.is_again {
            return Err(Error::Empty { file: self.name });
        }
        self.is_again = true;
        self.file = self.process.file(self.name)?;
        Ok(())
    }

    fn grow(&mut self) -> Result<()> {
        let len = self.buf.len();
        if len >= Self::LONGEST {
            return Err(self.error(Errno::EFBIG));
        }
        room::reserve(&mut self.buf, len)?;
        self.buf.resize(2 * len, 0);
        Ok(())
    }

    fn error(&self, errno: Errno) -> Error {
        let file = self.name;
        Error::File { file, errno }
    }
}

/// What stands between the blanks.
pub(crate) fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|&b| b == b' ').filter(|field| !field.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MadeUp;

    const ALIVE: &[u8] = b"7 (x) S 1 7 7 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 77\n";

    /// A process that is there, with these maps.
    fn process(maps: &[u8]) -> MadeUp {
        let made = MadeUp::new();
        made.write("proc/7/status", b"");
        made.write("proc/7/stat", ALIVE);
        made.write("proc/7/maps", maps);
        made
    }

    #[test]
    fn lines_of_any_length() {
        let mut text = vec![b'a'; 40_000];
        text.extend_from_slice(b"\nb\n\n");
        text.resize(text.len() + Lines::LONGEST - 1, b'c');
        text.extend_from_slice(b"\nlast\n");
        let made = process(&text);
        let mut lines = Lines::open(made.root(), 7, "maps").unwrap();
        assert_eq!(lines.next().unwrap().unwrap(), &text[..40_000]);
        assert_eq!(lines.next().unwrap(), Some(&b"b"[..]));
        assert_eq!(lines.next().unwrap(), Some(&b""[..]));
        let longest = lines.next().unwrap().unwrap();
        assert!(longest.len() == Lines::LONGEST - 1 && longest.iter().all(|&b| b == b'c'));
        assert_eq!(lines.next().unwrap(), Some(&b"last"[..]));
        assert_eq!(lines.next().unwrap(), None);
        assert_eq!(lines.next().unwrap(), None);
        assert!(!lines.is_over());
    }

    #[test]
    fn a_line_that_is_too_long_is_an_error() {
        let made = process(&vec![b'a'; Lines::LONGEST + 1]);
        let mut lines = Lines::open(made.root(), 7, "maps").unwrap();
        assert_eq!(lines.next().unwrap_err().errno(), Errno::EFBIG);
    }

    #[test]
    fn an_end_within_a_line_and_an_empty_file_are_no_ends() {
        let file = "maps";
        let made = process(b"a\nb");
        let mut lines = Lines::open(made.root(), 7, file).unwrap();
        assert_eq!(lines.next(), Ok(Some(&b"a"[..])));
        assert_eq!(lines.next(), Err(Error::Malformed { file }));
        // The process has ended meanwhile.
        std::fs::remove_file(made.path("proc/7/stat")).unwrap();
        std::fs::remove_file(made.path("proc/7/status")).unwrap();
        assert_eq!(lines.next(), Ok(None));
        let made = process(b"");
        let mut lines = Lines::open(made.root(), 7, file).unwrap();
        assert_eq!(lines.next(), Err(Error::Empty { file }));
        assert!(lines.is_over());
        for over in ["Z 1 7 7 0 -1 4194308", "S 0 0 0 0 -1 2129984"] {
            made.write(
                "proc/7/stat",
                format!("7 (x) {over} 1 0 0 0 0 0 0 0 20 0 1 0 77\n").as_bytes(),
            );
            assert_eq!(lines.next(), Ok(None));
        }
    }

    #[test]
    fn a_directory_is_no_file() {
        let made = process(b"");
        made.write("proc/7/numa_maps/x", b"");
        let mut lines = Lines::open(made.root(), 7, "numa_maps").unwrap();
        assert_eq!(lines.next().unwrap_err().errno(), Errno(libc::EISDIR));
    }
}
