//! The options, defined once: for parsing, `--help`, the manual page and the completions.

use cli::options::{Definition, Spec, Value};

/// What an option does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opt {
    /// Show how to call the command.
    Help,
}

/// The command and its options.
pub const DEFINITION: Definition<Opt> = Definition {
    name: "memhog",
    about: "",
    usage: &[],
    options: &[Spec {
        id: Opt::Help,
        short: None,
        long: "help",
        value: Value::None,
        help: "Show this help",
        heading: "Options",
    }],
    new: &[],
    stops_at_operand: false,
    after: "",
};
