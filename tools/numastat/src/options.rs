//! The options, defined once: for parsing, `--help`, the manual page and the completions.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use cli::options::{Definition, Spec, Value, Word};
use cli::pids;
use cli::text::safe;

/// What an option does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opt {
    /// Narrow columns.
    Compact,
    /// The memory of the system.
    Memory,
    /// The counters of the kernel's allocator.
    Counters,
    /// The memory of a process.
    Process,
    /// Sorted rows.
    Sort,
    /// A table for each process.
    Verbose,
    /// No rows and columns of zeros.
    Nonzero,
    /// Finer rows for processes.
    By,
    /// A process and its descendants.
    Tree,
    /// The memory of a control group.
    Cgroup,
    /// What was moved between tiers.
    Tiers,
    /// What is out of place.
    Check,
    /// Again and again.
    Interval,
    /// JSON.
    Json,
    /// Which version this is.
    Version,
    /// How to call the command.
    Help,
    /// `-?`, which getopt_long(3) takes for an error.
    Usage,
}

const REPORTS: &str = "What is shown";
const TABLES: &str = "How it is shown";
const OTHERS: &str = "Others";

/// The command and its options.
pub const DEFINITION: Definition<Opt> = Definition {
    name: "numastat",
    about: "Shows on which nodes the memory of the system and of processes is",
    usage: &[
        "[-cmnvz] [-p PID|PATTERN] [-s[NODE]] [PID|PATTERN]...",
        "--check=PID",
    ],
    options: &[
        Spec::new(
            Opt::Memory,
            Some('m'),
            "",
            Value::None,
            REPORTS,
            "Show the memory of the system, as the kernel divides it up",
        ),
        Spec::new(
            Opt::Counters,
            Some('n'),
            "",
            Value::None,
            REPORTS,
            "Show where memory was allocated since the system started, as without options, in megabytes",
        ),
        Spec::new(
            Opt::Process,
            Some('p'),
            "",
            Value::Required("PID|PATTERN"),
            REPORTS,
            "Show the memory of a process, or of all processes with this text in their command lines; may be \
             repeated, and words that are no option mean the same",
        ),
        Spec::new(
            Opt::Tree,
            None,
            "tree",
            Value::Required("PID"),
            REPORTS,
            "Show the memory of a process and of all its descendants",
        ),
        Spec::new(
            Opt::Cgroup,
            None,
            "cgroup",
            Value::Required("PATH"),
            REPORTS,
            "Show the memory of a control group (version 1 or 2) with those below it; PATH is a directory, or begins at \
             the mount point",
        ),
        Spec::new(
            Opt::Tiers,
            None,
            "tiers",
            Value::None,
            REPORTS,
            "Show how much was promoted to and demoted from the nodes of each memory tier since the system started, \
             and what NUMA balancing has done",
        ),
        Spec::new(
            Opt::Check,
            None,
            "check",
            Value::Required("PID"),
            REPORTS,
            "Show what of the memory of a process lies outside of its own policies or of its cpuset; the \
             exit status is 3 if anything does",
        ),
        Spec::new(
            Opt::By,
            None,
            "by",
            Value::Required("kind"),
            TABLES,
            "With --by=kind, show for each process: anonymous memory, heap, stack, private files, shared \
             memory, huge pages by their size",
        ),
        Spec::new(
            Opt::Compact,
            Some('c'),
            "",
            Value::None,
            TABLES,
            "Make columns as narrow as their contents, in whole megabytes",
        ),
        Spec::new(
            Opt::Sort,
            Some('s'),
            "",
            Value::Optional("NODE"),
            TABLES,
            "Show the largest rows first, by that node or by the total; NODE has to follow at once",
        ),
        Spec::new(
            Opt::Verbose,
            Some('v'),
            "",
            Value::None,
            TABLES,
            "Show a table for each process where there are several",
        ),
        Spec::new(
            Opt::Nonzero,
            Some('z'),
            "",
            Value::None,
            TABLES,
            "Leave out rows and columns of zeros",
        ),
        Spec::new(
            Opt::Interval,
            None,
            "interval",
            Value::Required("SECONDS"),
            TABLES,
            "After the first report, show what has changed since the last one, every so many seconds",
        ),
        Spec::new(
            Opt::Json,
            None,
            "json",
            Value::None,
            TABLES,
            "Write the report as JSON, in bytes (numastat.schema.json)",
        ),
        Spec::new(
            Opt::Help,
            None,
            "help",
            Value::None,
            OTHERS,
            "Show this help",
        ),
        Spec::new(
            Opt::Version,
            Some('V'),
            "version",
            Value::None,
            OTHERS,
            "Show the version",
        ),
        Spec::new(Opt::Usage, Some('?'), "", Value::None, OTHERS, ""),
    ],
    new: &[
        Opt::By,
        Opt::Tree,
        Opt::Cgroup,
        Opt::Tiers,
        Opt::Check,
        Opt::Interval,
        Opt::Json,
        Opt::Version,
    ],
    stops_at_operand: false,
    after: "A terminal's lines are folded at its width; NUMASTAT_WIDTH sets one everywhere.\n\
            The exit status is 1 if something could not be shown.",
};

/// Which row comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// By the sum over all nodes.
    Total,
    /// By this node.
    Node(u32),
}

/// A process that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Its number; one that is too large is nobody's.
    Pid(String),
    /// A text in its command line.
    Pattern(Vec<u8>),
}

/// What the command line asks for.
#[derive(Debug, Default)]
pub(crate) struct Request {
    pub(crate) compact: bool,
    pub(crate) memory: bool,
    pub(crate) counters: bool,
    pub(crate) tiers: bool,
    pub(crate) verbose: bool,
    pub(crate) nonzero: bool,
    pub(crate) by_kind: bool,
    pub(crate) json: bool,
    pub(crate) sort: Option<Sort>,
    /// A value of -s that is no node's number.
    pub(crate) bad_sort: Option<String>,
    pub(crate) processes: Vec<Wanted>,
    pub(crate) trees: Vec<i32>,
    pub(crate) checks: Vec<i32>,
    pub(crate) cgroups: Vec<PathBuf>,
    pub(crate) interval: Option<Duration>,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Action {
    /// Show this; whether nothing was asked for, which is shown in pages.
    Show(Box<Request>, bool),
    Version,
    Help,
    /// There is no such option: why, if that is told, and the options.
    Usage(Option<String>),
    /// A value is wrong, or options do not go together: why.
    Wrong(String),
}

/// Reads the command line.
pub(crate) fn read(args: Vec<OsString>) -> Action {
    let words = DEFINITION.words(args);
    let mut request = Request::default();
    // These two say nothing of how tables look.
    let is_plain = |option| matches!(option, Opt::Interval | Opt::Json);
    let plain = words
        .iter()
        .all(|word| matches!(word, Ok(Word::Option(option, _)) if is_plain(*option)));
    for word in words {
        let word = match word {
            Ok(word) => word,
            Err(misread) => return Action::Usage(Some(misread.to_string())),
        };
        let (option, value) = match word {
            Word::Operand(word) => {
                request.processes.push(wanted(&word));
                continue;
            }
            Word::Option(option, value) => (option, value.unwrap_or_default()),
        };
        match option {
            Opt::Help => return Action::Help,
            Opt::Version => return Action::Version,
            Opt::Usage => return Action::Usage(None),
            option => {
                if let Err(message) = request.take(option, &value) {
                    return Action::Wrong(message);
                }
            }
        }
    }
    if let Err(message) = request.check() {
        return Action::Wrong(message);
    }
    Action::Show(Box::new(request), plain)
}

impl Request {
    fn take(&mut self, option: Opt, value: &OsStr) -> Result<(), String> {
        let text = || safe(&value.to_string_lossy());
        let pid = |name: &str| {
            pids::parse(&value.to_string_lossy()).map_err(|bad| format!("--{name}: {bad}"))
        };
        match option {
            Opt::Compact => self.compact = true,
            Opt::Memory => self.memory = true,
            Opt::Counters => self.counters = true,
            Opt::Tiers => self.tiers = true,
            Opt::Verbose => self.verbose = true,
            Opt::Nonzero => self.nonzero = true,
            Opt::Json => self.json = true,
            Opt::Process => self.processes.push(wanted(value)),
            Opt::Sort => (self.sort, self.bad_sort) = sort(value),
            Opt::By if value == "kind" => self.by_kind = true,
            Opt::By => return Err(format!("--by={}: the only value is kind", text())),
            Opt::Tree => self.trees.push(pid("tree")?),
            Opt::Check => self.checks.push(pid("check")?),
            Opt::Cgroup if value.is_empty() => return Err("--cgroup: the path is empty".into()),
            Opt::Cgroup => self.cgroups.push(value.into()),
            Opt::Interval => {
                let told = || format!("--interval={}: not a number of seconds", text());
                self.interval = Some(seconds(value).ok_or_else(told)?);
            }
            Opt::Help | Opt::Version | Opt::Usage => {}
        }
        Ok(())
    }

    /// What cannot be wanted together.
    fn check(&mut self) -> Result<(), String> {
        if self.by_kind && !self.has_processes() {
            return Err("--by=kind needs a process".into());
        }
        if self.interval.is_some() && !self.checks.is_empty() {
            return Err("--interval and --check exclude each other".into());
        }
        let others = self.has_processes() || !self.checks.is_empty() || !self.cgroups.is_empty();
        if !self.memory && !self.tiers && !others {
            self.counters = true;
        }
        Ok(())
    }

    pub(crate) fn has_processes(&self) -> bool {
        !self.processes.is_empty() || !self.trees.is_empty()
    }
}

/// Digits alone are a process's number, and so is nothing at all.
fn wanted(word: &OsStr) -> Wanted {
    let bytes = word.as_bytes();
    if bytes.iter().all(u8::is_ascii_digit) {
        let digits = word.to_string_lossy();
        let digits = digits.trim_start_matches('0');
        Wanted::Pid(if digits.is_empty() { "0" } else { digits }.to_owned())
    } else {
        Wanted::Pattern(bytes.to_owned())
    }
}

/// What -s names: what is no number means the total, and is told.
fn sort(value: &OsStr) -> (Option<Sort>, Option<String>) {
    let text = value.to_string_lossy();
    if text.is_empty() {
        return (Some(Sort::Total), None);
    }
    match text.parse() {
        Ok(node) if text.bytes().all(|b| b.is_ascii_digit()) => (Some(Sort::Node(node)), None),
        _ => (Some(Sort::Total), Some(text.into_owned())),
    }
}

/// Seconds, with a fraction or without one.
fn seconds(value: &OsStr) -> Option<Duration> {
    let text = value.to_str()?;
    let is_plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let seconds: f64 = text.parse().ok().filter(|_| is_plain)?;
    // A day is long enough, and a millisecond short enough.
    (0.001..=86_400.0)
        .contains(&seconds)
        .then(|| Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(words: &[&str]) -> Action {
        read(words.iter().map(OsString::from).collect())
    }

    fn request(words: &[&str]) -> Request {
        match action(words) {
            Action::Show(request, plain) => {
                let others = ["--interval", "0.5"];
                assert_eq!(plain, words.iter().all(|word| others.contains(word)));
                *request
            }
            other => panic!("{words:?}: {other:?}"),
        }
    }

    fn usage(words: &[&str]) -> String {
        match action(words) {
            Action::Usage(Some(message)) | Action::Wrong(message) => message,
            other => panic!("{words:?}: {other:?}"),
        }
    }

    #[test]
    fn the_reports() {
        assert!(request(&[]).counters);
        assert!(request(&["-c"]).counters);
        assert!(!request(&["-m"]).counters);
        assert!(!request(&["7"]).counters);
        assert!(!request(&["--cgroup", "/x"]).counters);
        let tiers = request(&["--tiers"]);
        assert!(tiers.tiers && !tiers.counters);
        let both = request(&["-mn", "7", "x"]);
        assert!(both.memory && both.counters);
        assert_eq!(
            both.processes,
            [Wanted::Pid("7".into()), Wanted::Pattern(b"x".to_vec())]
        );
    }

    #[test]
    fn processes() {
        let one = |word: &str| request(&["--", word]).processes.remove(0);
        assert_eq!(one("0010"), Wanted::Pid("10".into()));
        assert_eq!(one("000"), Wanted::Pid("0".into()));
        assert_eq!(one(""), Wanted::Pid("0".into()));
        assert_eq!(one("99999999999"), Wanted::Pid("99999999999".into()));
        for pattern in ["-c", "+7", " 7", "7x", "7,8"] {
            assert_eq!(one(pattern), Wanted::Pattern(pattern.into()));
        }
        assert_eq!(
            request(&["-p", "-x"]).processes,
            [Wanted::Pattern(b"-x".to_vec())]
        );
    }

    #[test]
    fn sorting() {
        let sorted = |word: &str| {
            let request = request(&[word]);
            (request.sort, request.bad_sort)
        };
        assert_eq!(sorted("-s"), (Some(Sort::Total), None));
        assert_eq!(sorted("-s01"), (Some(Sort::Node(1)), None));
        assert_eq!(sorted("-msc"), (Some(Sort::Total), Some("c".into())));
        for bad in ["-s-1", "-s1x", "-s 1", "-s+1", "-s4294967296"] {
            assert_eq!(sorted(bad).0, Some(Sort::Total));
            assert!(sorted(bad).1.is_some(), "{bad}");
        }
        // The last one counts.
        assert_eq!(request(&["-s1", "-s2"]).sort, Some(Sort::Node(2)));
    }

    #[test]
    fn what_ends_the_command_line() {
        assert!(matches!(action(&["-m", "-V", "-x"]), Action::Version));
        assert!(matches!(action(&["--hel", "-x"]), Action::Help));
        assert!(matches!(action(&["-?"]), Action::Usage(None)));
        assert_eq!(usage(&["-x", "-V"]), "invalid option -- 'x'");
        assert_eq!(usage(&["-p"]), "option requires an argument -- 'p'");
    }

    #[test]
    fn bad_values() {
        assert!(usage(&["--by=x", "7"]).starts_with("--by=x: "));
        assert!(usage(&["--by=kind"]).contains("needs a process"));
        for bad in [
            "", "0", "x", "1x", "-1", "+1", "inf", "nan", "1e3", "1e-9", "99999999",
        ] {
            let told = usage(&["--interval", bad]);
            assert!(told.starts_with(&format!("--interval={bad}: ")), "{told}");
        }
        assert!(usage(&["--check=x"]).starts_with("--check: 'x'"));
        assert!(usage(&["--tree=0"]).starts_with("--tree: '0'"));
        assert!(usage(&["--cgroup="]).starts_with("--cgroup: "));
        assert!(usage(&["--interval=1", "--check=7"]).contains("exclude"));
        assert_eq!(
            request(&["--interval", "0.5"]).interval,
            Some(Duration::from_millis(500))
        );
    }

    #[test]
    fn help_fits_into_80_columns() {
        let help = DEFINITION.help();
        assert!(help.lines().all(|line| line.len() <= 80), "{help}");
    }
}
