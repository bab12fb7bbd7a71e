//! The command `migspeed`: how fast pages move between nodes.

#[cfg(feature = "docs")]
pub mod docs;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod options;
mod order;
mod other;
mod own;
mod report;

use std::ffi::OsString;
use std::process::ExitCode;

use cli::failures::{FAILED, Failed, FailedKind, perror};
use cli::options::Word;
use cli::terminal::Terminal;

use crate::options::Opt;
use crate::order::{Order, Stop};
use crate::report::{Document, Measured};

pub use options::DEFINITION;

/// Runs the command with these arguments, its name left out.
pub fn run(args: Vec<OsString>) -> ExitCode {
    let terminal = Terminal::new(DEFINITION.name);
    let words = match DEFINITION.read(args) {
        Ok(words) => words,
        Err(misread) => {
            terminal.complain(format_args!("{misread}"));
            terminal.print(&DEFINITION.usage());
            return ExitCode::from(FAILED);
        }
    };
    let json = words.contains(&Word::Option(Opt::Json, None));
    let result = match Order::read(words) {
        Ok(order) => act(&order, json, &terminal),
        Err(stop) => match refused(stop, json, &terminal) {
            Ok(status) => return status,
            Err(failed) => Err((FAILED, failed)),
        },
    };
    let status = match &result {
        Ok((status, _)) | Err((status, _)) => *status,
    };
    if json {
        terminal.print_json(&Document::new(result));
        if status == 0 && terminal.lost_output() {
            return ExitCode::from(FAILED);
        }
    }
    ExitCode::from(status)
}

/// Measures, and says what there is to say but the document.
fn act(order: &Order, json: bool, terminal: &Terminal) -> Result<(u8, Measured), (u8, Failed)> {
    let Some(pid) = order.pid else {
        return own::run(order, json, terminal).map(|measured| (0, measured));
    };
    let (measured, away) = other::run(order, pid).map_err(|failed| {
        terminal.complain(format_args!("{}", failed.message));
        (FAILED, failed)
    })?;
    if !json {
        terminal.print(&other::lines(&measured));
    }
    for line in other::complaints(&measured, away) {
        terminal.complain(format_args!("{line}"));
    }
    Ok((if away > 0 { FAILED } else { 0 }, measured))
}

/// Says why nothing is measured: with the exit status, or with what the document says of it.
fn refused(stop: Stop, json: bool, terminal: &Terminal) -> Result<ExitCode, Failed> {
    let failed = match stop {
        Stop::Help => {
            terminal.print(&DEFINITION.help());
            return Ok(ExitCode::SUCCESS);
        }
        Stop::Version => {
            terminal.print(&DEFINITION.version());
            return Ok(ExitCode::SUCCESS);
        }
        Stop::Usage if !json => {
            terminal.print(&DEFINITION.usage());
            return Ok(ExitCode::from(FAILED));
        }
        Stop::Nodes(said, bad) => {
            if !json {
                terminal.print(&said);
            }
            bad.complain(!json);
            return Err(Failed::usage(bad.reason()));
        }
        Stop::NoPolicies(errno) => {
            let text = perror("from mask", errno);
            return Err(Failed::new(FailedKind::NotPermitted, text));
        }
        Stop::Usage => Failed::usage("there are no FROM and TO"),
        Stop::Failed(failed) => failed,
    };
    terminal.complain(format_args!("{}", failed.message));
    Err(failed)
}
