//! How much memory a process has: /proc/PID/status.

use super::lines::{Lines, decimal};
use crate::error::Result;
use crate::root::Root;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Errno;
    use crate::testing::MadeUp;

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
