//! The options, defined once: for parsing, `--help`, the manual page and the completions.

use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Parser, ValueEnum, ValueHint};

/// Move the pages of running processes from some NUMA nodes to others
#[derive(Debug, Parser)]
#[command(
    name = "migratepages",
    version,
    long_about = "migratepages moves the pages of running processes from some NUMA nodes to others.\n\n\
        Pages on the first node of FROM go to the first node of TO, those on the second to the \
        second, and so on: 2-5 to 7,9,12-13 moves 2 to 7, 3 to 9, 4 to 12 and 5 to 13. Virtual \
        addresses do not change.",
    override_usage = "migratepages [OPTIONS] PID... FROM TO\n       \
                      migratepages [OPTIONS] --cgroup PATH FROM TO\n       \
                      migratepages [OPTIONS] --show PID...",
    help_template = "\
{about-with-newline}
{usage-heading} {usage}

Arguments:
  PID...   Process ids, separated by blanks or commas
  FROM TO  Nodes to move pages from and to: 0  2-5  0,3  !1  +0-1  all; a device:
           file:PATH block:NAME netdev:NAME ip:ADDRESS pci:ADDRESS gpu:N nvme:DEV
           ib:DEV cxl:DEV; or what nodes are: cpu mem fast slow tier:N near:NODE

{all-args}{after-help}"
)]
pub struct Cli {
    /// Process ids (separated by blanks or commas), then the nodes to move pages from and to
    // One list, as only its end tells which are nodes; the help above has the words.
    #[arg(value_name = "PID... FROM TO", allow_negative_numbers = true, hide = true,
        value_hint = ValueHint::Other)]
    pub operands: Vec<String>,

    /// Show where the pages are, and move nothing
    #[arg(
        long,
        conflicts_with_all = ["dry_run", "one_call", "private", "only", "range", "strict"],
        help_heading = "What to do"
    )]
    pub show: bool,

    /// Show what would move where, with warnings, and move nothing
    #[arg(long, short = 'n', help_heading = "What to do")]
    pub dry_run: bool,

    /// Include the children of the processes, and their children
    #[arg(long, help_heading = "Which processes")]
    pub children: bool,

    /// Take all processes of this control group and of those below it
    ///
    /// PATH is a directory, or the name of the group as in /proc/PID/cgroup.
    #[arg(
        long,
        value_name = "PATH",
        value_hint = ValueHint::DirPath,
        help_heading = "Which processes"
    )]
    pub cgroup: Vec<PathBuf>,

    /// Move only pages that no other process maps; always so without CAP_SYS_NICE
    #[arg(long, help_heading = "Which pages")]
    pub private: bool,

    /// Move only memory of these kinds
    #[arg(
        long,
        value_name = "KIND",
        value_delimiter = ',',
        help_heading = "Which pages"
    )]
    pub only: Vec<KindName>,

    /// Move only pages at these addresses, in hexadecimal; END is not included
    #[arg(long, value_name = "START-END", value_parser = parse_range, help_heading = "Which pages")]
    pub range: Vec<Range<usize>>,

    /// Longest time that a thread of the process may wait for pages that are being moved
    ///
    /// In milliseconds, or with a unit: 500us, 20ms, 1s. This is a goal, not a guarantee: a huge
    /// page always moves as a whole.
    #[arg(long, value_name = "TIME", default_value = "20ms", value_parser = parse_duration, help_heading = "How")]
    pub max_pause: Duration,

    /// Largest number of threads that move pages; fewer run if more would not be faster
    /// [default: one for each CPU, up to 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), help_heading = "How")]
    pub workers: Option<u16>,

    /// Use one migrate_pages(2) call, which moves everything at once and may stall the process
    #[arg(long, conflicts_with_all = ["private", "only", "range"], help_heading = "How")]
    pub one_call: bool,

    /// Exit with status 3 if a page stayed behind or was not looked at
    #[arg(long, help_heading = "What to say")]
    pub strict: bool,

    /// Write the report as one JSON document to standard output
    #[arg(long, help_heading = "What to say")]
    pub json: bool,

    /// Print no progress bar and nothing about pages that stayed behind; errors are still printed
    #[arg(long, short, conflicts_with = "verbose", help_heading = "What to say")]
    pub quiet: bool,

    /// Report what was done for each process; if given twice, also while pages move
    #[arg(long, short, action = ArgAction::Count, help_heading = "What to say")]
    pub verbose: u8,
}

/// A kind of memory on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KindName {
    /// Memory that malloc gets with brk
    Heap,
    /// The first thread's stack
    Stack,
    /// Private memory without a file, including the stacks of other threads
    Anon,
    /// Programs, libraries and other files mapped privately
    File,
    /// Shared memory and files mapped shared
    Shared,
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let split = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: f64 = match number.parse() {
        Ok(number) if f64::is_finite(number) && number > 0.0 => number,
        _ => return Err("not a positive number with ms, us or s".into()),
    };
    let seconds = match unit {
        "" | "ms" => number / 1e3,
        "us" => number / 1e6,
        "s" => number,
        _ => return Err(format!("unknown unit '{unit}': use us, ms or s")),
    };
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|&time| time >= Duration::from_micros(1) && time <= Duration::from_secs(3600))
        .ok_or_else(|| "not between 1us and 3600s".into())
}

fn parse_range(text: &str) -> Result<Range<usize>, String> {
    let address = |text: &str| {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        let valid = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
        valid
            .then(|| usize::from_str_radix(digits, 16).ok())
            .flatten()
    };
    let range = text
        .split_once('-')
        .and_then(|(a, b)| Some(address(a)?..address(b)?));
    match range {
        Some(range) if range.start < range.end => Ok(range),
        Some(_) => Err("the end is not after the start".into()),
        None => Err("not two hexadecimal addresses such as 7f0000000000-7f0000200000".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn times() {
        assert_eq!(parse_duration("20"), Ok(Duration::from_millis(20)));
        assert_eq!(parse_duration("500us"), Ok(Duration::from_micros(500)));
        assert_eq!(parse_duration("0.5s"), Ok(Duration::from_millis(500)));
        for bad in [
            "", "ms", "0", "-1", "nan", "inf", "1h", "1 ms", "1e9s", "2h",
        ] {
            assert!(parse_duration(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn ranges() {
        assert_eq!(parse_range("1000-0x2000"), Ok(0x1000..0x2000));
        for bad in [
            "", "-", "1000", "2-1", "1-1", "+1-2", "1-g", "1-2-3", "0x-1",
        ] {
            assert!(parse_range(bad).is_err(), "{bad:?}");
        }
    }
}
