//! The command `migspeed`.

#[cfg(feature = "docs")]
pub mod docs;
mod options;

use std::ffi::OsString;
use std::process::ExitCode;

pub use options::DEFINITION;

/// Runs the command with these arguments, its name left out.
pub fn run(args: Vec<OsString>) -> ExitCode {
    let _ = DEFINITION.read(args);
    eprintln!("migspeed: not there yet");
    ExitCode::FAILURE
}
