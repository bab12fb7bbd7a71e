//! The options, defined once: for parsing, `--help`, the manual page and the completions.

use cli::options::{Definition, Spec, Value};

/// What an option does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opt {
    /// Write the memory several times.
    Repeat,
    /// Write a file's bytes.
    File,
    /// No transparent huge pages.
    NoHuge,
    /// Huge pages.
    Huge,
    /// Keep the memory.
    Hold,
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
    name: "memhog",
    about: "Writes to memory under a NUMA policy, a dot for each 10 MiB",
    usage: &["[OPTIONS] SIZE[k|m|g] [POLICY [NODES]]"],
    options: &[
        spec(
            Opt::Repeat,
            Some('r'),
            "repeat",
            Value::Required("N"),
            "Write all of the memory N times, each on a line of its own",
        ),
        spec(
            Opt::File,
            Some('f'),
            "file",
            Value::Required("FILE"),
            "Write to the first SIZE bytes of FILE, mapped as shared memory",
        ),
        spec(
            Opt::NoHuge,
            Some('H'),
            "no-huge",
            Value::None,
            "Ask the kernel not to use transparent huge pages",
        ),
        spec(
            Opt::Huge,
            None,
            "huge",
            Value::Optional("SIZE|thp"),
            "Use huge pages of the kernel's pool, of its default size or of SIZE, or ask for transparent ones (thp)",
        ),
        spec(
            Opt::Hold,
            None,
            "hold",
            Value::Optional("SECONDS"),
            "When all is written, keep the memory until a signal comes, or for SECONDS",
        ),
        spec(
            Opt::Json,
            None,
            "json",
            Value::None,
            "Report as one JSON document where the memory is and how fast it was written, without dots",
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
    after: "POLICY is default, local, or one of these with NODES such as 0, 2-5, 0,3, !1, +0\n\
            or all: membind, preferred, preferred-many, interleave, weighted-interleave.",
};
