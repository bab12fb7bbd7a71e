//! The options, defined once: for parsing, `--help`, the manual page and the completions.

use clap::Parser;

/// Moves the pages of running processes from some NUMA nodes to others.
///
/// Pages on the first node of FROM go to the first of TO, those on the second to the second,
/// and so on. Virtual addresses do not change.
#[derive(Debug, Parser)]
#[command(
    name = "migratepages",
    version,
    override_usage = "migratepages [OPTIONS] PID... FROM TO"
)]
pub struct Cli {
    /// Exit with status 3 if a page stayed behind
    #[arg(long)]
    pub strict: bool,

    /// The processes, then two node lists such as 0, 2-5, 0,3, !1, +0-1 or all
    #[arg(
        value_name = "PID... FROM TO",
        required = true,
        allow_negative_numbers = true
    )]
    pub operands: Vec<String>,
}
