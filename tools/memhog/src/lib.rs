//! The command `memhog`: writes to memory under a policy, and says where it came to lie.

#[cfg(feature = "docs")]
pub mod docs;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod hog;
mod options;
mod order;
mod report;

use std::ffi::OsString;
use std::process::ExitCode;
use std::thread;

use cli::failures::{FAILED, Failed, FailedKind};
use cli::options::Word;
use cli::terminal::Terminal;

use crate::hog::Memory;
use crate::options::Opt;
use crate::order::{Hold, Order, Stop};
use crate::report::{Document, Written};

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
    let order = match Order::read(words) {
        Ok(order) => order,
        Err(stop) => return stopped(stop, json, &terminal),
    };
    match act(&order, json, &terminal) {
        Ok(memory) => {
            keep(order.hold);
            drop(memory);
            let lost = json && terminal.lost_output();
            ExitCode::from(if lost { FAILED } else { 0 })
        }
        Err(failed) => stopped(Stop::Failed(failed), json, &terminal),
    }
}

/// Writes the memory, which stays, and reports.
fn act(order: &Order, json: bool, terminal: &Terminal) -> Result<Memory, Failed> {
    let mut memory = Memory::map(order)?;
    let mut written = memory.write(order, (!json).then_some(terminal))?;
    if json {
        memory.locate(&mut written);
        report(Ok(written), terminal);
    }
    Ok(memory)
}

fn report(result: Result<Written, (u8, Failed)>, terminal: &Terminal) {
    terminal.print_json(&Document::new(result));
}

/// Says why nothing is done, and with which status.
fn stopped(stop: Stop, json: bool, terminal: &Terminal) -> ExitCode {
    let failed = match stop {
        Stop::Help => {
            terminal.print(&DEFINITION.help());
            return ExitCode::SUCCESS;
        }
        Stop::Version => {
            terminal.print(&DEFINITION.version());
            return ExitCode::SUCCESS;
        }
        Stop::Usage if json => Failed::usage("there is no SIZE"),
        Stop::Usage => {
            terminal.print(&DEFINITION.usage());
            return ExitCode::from(FAILED);
        }
        Stop::NoPolicies => {
            const TEXT: &str = "Kernel doesn't support NUMA policy";
            if !json {
                terminal.print(&format!("{TEXT}\n"));
                return ExitCode::from(FAILED);
            }
            Failed::new(FailedKind::NotPermitted, TEXT)
        }
        Stop::Nodes(bad) => {
            bad.complain(!json);
            let failed = Failed::usage(bad.reason());
            if json {
                report(Err((FAILED, failed)), terminal);
            }
            return ExitCode::from(FAILED);
        }
        Stop::Failed(failed) => failed,
    };
    terminal.complain(format_args!("{}", failed.message));
    if json {
        report(Err((FAILED, failed)), terminal);
    }
    ExitCode::from(FAILED)
}

/// Waits. A signal ends the process, as it ends any other.
fn keep(hold: Option<Hold>) {
    match hold {
        None => {}
        Some(Hold::For(time)) => thread::sleep(time),
        Some(Hold::UntilSignal) => loop {
            thread::park();
        },
    }
}
