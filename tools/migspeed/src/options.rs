//! The options, defined once: for parsing, `--help`, the manual page and the completions.

use cli::options::{Definition, Spec, Value};

/// What an option does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opt {
    /// How many pages.
    Pages,
    /// Pages of another process.
    Pid,
    /// Huge pages.
    Huge,
    /// Say what is done.
    Verbose,
    /// Report as JSON.
    Json,
    /// Show how to call the command.
    Help,
    /// Show the version.
    Version,
}

/// They are few, and stand under one heading.
const fn spec(
    id: Opt,
    short: Option<char>,
    long: &'static str,
    value: Value,
    help: &'static str,
) -> Spec<Opt> {
    Spec::new(id, short, long, value, "Options", help)
}

/// The command and its options.
pub const DEFINITION: Definition<Opt> = Definition {
    name: "migspeed",
    about: "Measures how fast pages move between NUMA nodes",
    usage: &["[OPTIONS] FROM TO"],
    options: &[
        spec(
            Opt::Pages,
            Some('p'),
            "pages",
            Value::Required("N"),
            "Move N pages (1000)",
        ),
        spec(
            Opt::Pid,
            None,
            "pid",
            Value::Required("PID"),
            "Move the first N pages that this process has on FROM, and move them back, instead of memory of its own",
        ),
        spec(
            Opt::Huge,
            None,
            "huge",
            Value::Optional("SIZE|thp"),
            "Use huge pages of the kernel's pool, of its default size or of SIZE, or ask for transparent ones (thp)",
        ),
        spec(
            Opt::Verbose,
            Some('v'),
            "verbose",
            Value::None,
            "Say what is done before it is done",
        ),
        spec(
            Opt::Json,
            None,
            "json",
            Value::None,
            "Report as one JSON document what moved, and how fast",
        ),
        spec(Opt::Help, Some('h'), "help", Value::None, "Show this help"),
        spec(
            Opt::Version,
            None,
            "version",
            Value::None,
            "Show the version",
        ),
    ],
    new: &[],
    stops_at_operand: false,
    after: "FROM and TO are lists of nodes such as 0, 2-5, 0,3, !1, +0 or all.",
};
