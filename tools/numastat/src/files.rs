//! Files of /sys and /proc, below a root that tests make up.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use numa::Root;

/// Where /sys and /proc are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files {
    /// Empty for the running system.
    prefix: PathBuf,
}

impl Files {
    /// Those below a directory.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn at(prefix: impl Into<PathBuf>) -> Files {
        Files {
            prefix: prefix.into(),
        }
    }

    /// The same, for the library.
    pub(crate) fn root(&self) -> Root<'_> {
        match self.prefix.as_os_str().as_bytes() {
            b"" => Root::SYSTEM,
            prefix => Root::at(prefix),
        }
    }

    /// Whether these are the running system's.
    pub(crate) fn is_system(&self) -> bool {
        self.prefix.as_os_str().is_empty()
    }

    /// Where a path that begins with a slash is.
    pub(crate) fn path(&self, path: impl AsRef<OsStr>) -> PathBuf {
        let path = Path::new(path.as_ref());
        if self.is_system() {
            return path.to_owned();
        }
        self.prefix.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// What is in a file.
    pub(crate) fn read(&self, path: impl AsRef<OsStr>) -> io::Result<Vec<u8>> {
        /// Far more than any file of /sys and /proc that is read whole.
        const MOST: u64 = 64 << 20;
        let mut bytes = Vec::with_capacity(4096);
        File::open(self.path(path))?
            .take(MOST)
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The names in a directory, in no order.
    pub(crate) fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(self.path(path))?;
        entries
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect()
    }
}

/// The decimal number that is the whole of `text`.
pub(crate) fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |value, &byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value.checked_mul(10)?.checked_add(digit.into())
    })
}

/// What stands between blanks.
pub(crate) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
}

/// The name of a row: text without control characters, which would reach a terminal.
pub(crate) fn name(word: &[u8]) -> Option<&str> {
    let name = std::str::from_utf8(word).ok()?;
    (!name.contains(char::is_control)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cli::failures::{of_io, strerror};

    #[test]
    fn paths() {
        assert_eq!(Files::default().path("/proc/1"), Path::new("/proc/1"));
        assert_eq!(Files::at("/x").path("/proc/1"), Path::new("/x/proc/1"));
        assert_eq!(Files::at("/x").path("proc"), Path::new("/x/proc"));
    }

    #[test]
    fn reasons() {
        let error = Files::at("/nonexistent").read("/x").unwrap_err();
        assert_eq!(of_io(&error), "No such file or directory");
        assert_eq!(strerror(numa::Errno::EACCES), "Permission denied");
        assert_eq!(of_io(&io::Error::other("odd")), "odd");
    }

    #[test]
    fn names() {
        assert_eq!(name("Active(anon)".as_bytes()), Some("Active(anon)"));
        for bad in [&b"a\0"[..], b"\x1b[1m", "\u{9b}1m".as_bytes(), b"\xff"] {
            assert_eq!(name(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(number(b"18446744073709551615"), Some(u64::MAX));
        for bad in ["", "18446744073709551616", "-1", "+1", "1x", " 1", "0x1"] {
            assert_eq!(number(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(words(b"  a\tb c\n").count(), 3);
    }
}
