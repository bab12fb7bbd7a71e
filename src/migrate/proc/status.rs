//! How much memory a process has: /proc/PID/status.

use super::lines::Lines;
use super::process::{Process, State};
use crate::error::{Error, Result};
use crate::root::Root;
use crate::root::decimal;

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

/// Reads the sizes of a process. All are 0 if it has no memory of its own: a kernel thread, or a
/// process that has ended.
///
/// # Errors
/// Those of [`Process::open`], and [`Error::Empty`] or [`Error::Malformed`] if the file is empty or
/// does not say how large a process is that has memory.
///
/// ```
/// use numa::{Root, migrate};
///
/// let sizes = migrate::sizes(Root::SYSTEM, 0)?;
/// assert!(sizes.resident > 0 && sizes.mapped >= sizes.resident);
/// # Ok::<(), numa::Error>(())
/// ```
pub fn sizes(root: Root<'_>, pid: i32) -> Result<Sizes> {
    Process::open(root, pid)?.sizes()
}

impl Process {
    /// How much memory it has; see [`sizes`].
    ///
    /// ```
    /// use numa::Root;
    /// use numa::migrate::Process;
    ///
    /// println!("{} bytes", Process::open(Root::SYSTEM, 0)?.sizes()?.resident);
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn sizes(&self) -> Result<Sizes> {
        const FILE: &str = "status";
        let mut lines = Lines::of(self.duplicate()?, FILE)?;
        let (mut mapped, mut resident, mut huge) = (None, None, None);
        // It comes behind them, whatever the kernel is built for.
        let mut is_whole = false;
        while let Some(line) = lines.next()? {
            is_whole |= line.starts_with(b"Threads:");
            for (key, slot) in [
                (&b"VmSize:"[..], &mut mapped),
                (b"VmRSS:", &mut resident),
                (b"HugetlbPages:", &mut huge),
            ] {
                if let Some(rest) = line.strip_prefix(key) {
                    *slot = Some(bytes(rest).ok_or(Error::Malformed { file: FILE })?);
                }
            }
        }
        match (mapped, resident) {
            (Some(mapped), Some(resident)) if is_whole => Ok(Sizes {
                mapped,
                resident,
                huge: huge.unwrap_or(0),
            }),
            (None, None) if self.state()? != State::Alive => Ok(Sizes::default()),
            _ => Err(Error::Malformed { file: FILE }),
        }
    }
}

/// `   20 kB`, in bytes.
fn bytes(text: &[u8]) -> Option<u64> {
    let mut words = text
        .split(|b| b.is_ascii_whitespace())
        .filter(|word| !word.is_empty());
    decimal(words.next()?)?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Errno;
    use crate::testing::MadeUp;

    fn alive() -> MadeUp {
        let made = MadeUp::new();
        made.write("proc/self/status", b"VmSize: 1 kB\n");
        made.write(
            "proc/8/stat",
            b"8 (x) S 1 7 7 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 77\n",
        );
        made
    }

    #[test]
    fn processes_that_are_not_there() {
        let made = alive();
        made.write("proc/8/status", b"Name:\tVmRSS: 9\nVmSize:\t     100 kB\nVmRSS:\t      20 kB\nHugetlbPages:\t    2048 kB\nThreads:\t1\n");
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

    #[test]
    fn keys_that_are_missing_make_no_kernel_thread() {
        let made = alive();
        let of = |text: &str| {
            made.write("proc/8/status", text.as_bytes());
            sizes(made.root(), 8)
        };
        let file = "status";
        assert_eq!(of(""), Err(Error::Empty { file }));
        for cut in [
            "Name:\tx\n",
            "Name:\tx\nThreads:\t1\n",
            "Name:\tx\nVmSize:\t100 kB\n",
            "Name:\tx\nVmSize:\t100 kB\nThreads:\t1\n",
            "Name:\tx\nVmRSS:\t100 kB\nThreads:\t1\n",
            "Name:\tx\nVmSize:\t100 kB\nVmRSS:\t20 kB\n",
            "Name:\tx\nVmSize:\t100 kB\nVmRSS:\t20 kB\nThreads:\t1",
            "Name:\tx\nVmSize:\t100 kB\nVmRSS:\t20 kB\nHuget",
            "Name:\tx\nVmSize:\tx kB\nVmRSS:\t20 kB\nThreads:\t1\n",
            "Name:\tx\nVmSize:\t\nVmRSS:\t20 kB\nThreads:\t1\n",
            "Name:\tx\nVmSize:\t99999999999999999999 kB\nVmRSS:\t20 kB\nThreads:\t1\n",
        ] {
            assert_eq!(of(cut), Err(Error::Malformed { file }), "{cut:?}");
        }
        let none = "Name:\tx\nThreads:\t1\n";
        for stat in [
            "S 0 0 0 0 -1 2129984",
            "Z 1 7 7 0 -1 4227084",
            "R 1 7 7 0 -1 4194308",
        ] {
            made.write(
                "proc/8/stat",
                format!("8 (x) {stat} 1 0 0 0 0 0 0 0 20 0 1 0 77\n").as_bytes(),
            );
            assert_eq!(of(none), Ok(Sizes::default()), "{stat}");
        }
        std::fs::remove_file(made.path("proc/8/stat")).unwrap();
        assert_eq!(of(none).unwrap_err().errno(), Errno::ENOENT);
    }
}
