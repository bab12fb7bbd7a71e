//! The command `numactl`: runs a program with a NUMA policy, sets that of shared memory, and shows nodes
//! and policies.
//!
//! The command line is read into a [`plan::Plan`] before the first step of it is done. [`carry`] does
//! the steps, [`explain`] tells what they come to; both give the same [`reasons`].

mod carry;
#[cfg(feature = "docs")]
pub mod docs;
mod effort;
mod explain;
mod filter;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod given;
mod hardware;
mod lists;
mod machine;
mod options;
mod plan;
mod reasons;
mod refusal;
mod report;
mod shared;
mod show;
mod views;

use std::env;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use cli::failures::FAILED;
use cli::terminal::Terminal;

use carry::Carrier;
use explain::Explanation;
pub use options::DEFINITION;
use plan::Plan;
use refusal::Refusal;
use report::Document;

/// Runs the command with these arguments, its name left out.
pub fn run(args: Vec<OsString>) -> ExitCode {
    let terminal = Terminal::new("numactl");
    let always = env::var_os(filter::VARIABLE).is_some_and(|value| value == "1");
    let plan = Plan::read(DEFINITION.words(args), always);
    if plan.refusals.is_empty() && plan.how.help {
        terminal.print(&DEFINITION.help());
        return status(0, &terminal);
    }
    if plan.refusals.is_empty() && plan.how.version {
        // As the reference says it, without the name.
        let version = DEFINITION.version();
        terminal.print(version.strip_prefix("numactl ").unwrap_or(&version));
        return status(0, &terminal);
    }
    if plan.is_empty && plan.refusals.is_empty() && !plan.how.explain {
        let usage = DEFINITION.usage().replacen("Usage", "usage", 1);
        let _ = write!(std::io::stderr(), "{usage}{HINT}");
        return ExitCode::from(FAILED);
    }
    let mut document = Document::new();
    let mut failed = None;
    let code = act(&plan, &terminal, &mut document).unwrap_or_else(|refusal| {
        tell(&refusal, &plan, &terminal);
        failed = Some(refusal);
        FAILED
    });
    document.error = failed;
    document.status = code;
    if plan.how.json && !document.is_empty() {
        terminal.print_json(&document);
    }
    status(code, &terminal)
}

const HINT: &str = "Try 'numactl --help' for more information.\n";

fn act(plan: &Plan, terminal: &Terminal, document: &mut Document) -> Result<u8, Refusal> {
    if plan.how.explain {
        let explanation = Explanation::of(plan)?;
        let code = if explanation.works { 0 } else { FAILED };
        if !plan.how.json {
            terminal.print(&explanation.text());
        }
        document.explain = Some(explanation);
        return Ok(code);
    }
    if let Some(refusal) = plan.refusals.first() {
        return Err(refusal.clone());
    }
    Carrier::new(plan, terminal, document).run()
}

/// Says why nothing was done.
fn tell(refusal: &Refusal, plan: &Plan, terminal: &Terminal) {
    if let Some(out) = refusal.out().filter(|_| !plan.how.json) {
        terminal.print(out);
    }
    if let Some(warning) = refusal.warning() {
        let _ = write!(std::io::stderr(), "{warning}");
    }
    terminal.complain(format_args!("{}", refusal.line()));
}

/// The exit status: not 0 if what was shown did not get out.
fn status(code: u8, terminal: &Terminal) -> ExitCode {
    if code == 0 && terminal.lost_output() {
        return ExitCode::from(FAILED);
    }
    ExitCode::from(code)
}
