//! From the command line to the exit status.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use cli::failures::FAILED;
use cli::options::{RELEASE, VERSION};
use cli::terminal::{Look, Terminal};
use cli::text::{safe, safe_lines};

use crate::files::Files;
use crate::options::{self, Action, DEFINITION, Request, Sort};
use crate::report::{OUT_OF_PLACE, Report};
use crate::table::Style;

/// Runs the command with these arguments, its name left out.
pub fn run(args: Vec<OsString>) -> ExitCode {
    let terminal = Terminal::new(DEFINITION.name);
    let status = match options::read(args) {
        Action::Help => {
            terminal.print(&DEFINITION.help());
            0
        }
        Action::Version => {
            terminal.print(&format!(
                "numastat version: {RELEASE}: libnuma-rs {VERSION}\n"
            ));
            0
        }
        Action::Usage(message) => {
            if let Some(message) = message {
                terminal.complain(format_args!("{message}"));
            }
            tell(DEFINITION.usage().trim_end());
            FAILED
        }
        Action::Wrong(message) => {
            terminal.complain(format_args!("{message}"));
            FAILED
        }
        Action::Show(request, plain) => show(&request, plain, &terminal),
    };
    match status {
        0 | OUT_OF_PLACE if terminal.lost_output() => ExitCode::from(FAILED),
        status => ExitCode::from(status),
    }
}

/// A message that stands by itself, as the reference writes them.
fn tell(message: &str) {
    let _ = writeln!(std::io::stderr(), "{}", safe_lines(message));
}

/// Shows what is asked for, once or again and again.
fn show(request: &Request, plain: bool, terminal: &Terminal) -> u8 {
    let files = Files::default();
    let mut told = HashSet::new();
    if let (Some(bad), false) = (&request.bad_sort, request.json) {
        let bad = safe(bad);
        terminal.complain(format_args!(
            "-s{bad}: '{bad}' is not a node: sorted by the total"
        ));
    }
    let style = Style {
        width: width(),
        compact: request.compact,
        nonzero: request.nonzero,
        sort: request.sort,
    };
    let start = Instant::now();
    let mut last: Option<(Report, Instant)> = None;
    let mut failed = false;
    for round in 1.. {
        let report = Report::make(request, plain, &files);
        let now = Instant::now();
        for failure in &report.failures {
            if told.insert(failure.message.clone()) {
                tell(&failure.message);
            }
        }
        if let (Some(Sort::Node(node)), false) = (request.sort, request.json) {
            if !report.has_node(node) && told.insert("-s".to_owned()) {
                terminal.complain(format_args!(
                    "-s{node}: there is no node {node}: sorted by the total"
                ));
            }
        }
        failed |= !report.failures.is_empty();
        let shown = match &last {
            None => report.clone(),
            Some((earlier, then)) => report.since(earlier, (now - *then).as_secs_f64()),
        };
        terminal.print(&match request.json {
            true => shown.json(request.interval.is_some()),
            false => shown.text(plain, request, style),
        });
        let Some(interval) = request.interval else {
            return report.status();
        };
        if terminal.is_left() || terminal.lost_output() || report.sheets.is_empty() {
            break;
        }
        last = Some((report, now));
        thread::sleep(next(start, interval, round).saturating_duration_since(Instant::now()));
    }
    if failed { FAILED } else { 0 }
}

/// When the next report is due: reports that take long do not delay all later ones.
fn next(start: Instant, interval: Duration, round: u32) -> Instant {
    let due = interval
        .checked_mul(round)
        .and_then(|passed| start.checked_add(passed));
    due.unwrap_or_else(|| Instant::now() + interval)
}

/// How wide lines may be.
fn width() -> Option<usize> {
    match std::env::var_os("NUMASTAT_WIDTH") {
        Some(text) => Some(asked_width(&text.to_string_lossy())),
        None if std::io::stdout().is_terminal() => Some(Look::of_stdout().width),
        None => None,
    }
}

/// What NUMASTAT_WIDTH says, read as atoi(3) does; narrow ones are widened, others mean 80 columns.
fn asked_width(text: &str) -> usize {
    let text = text.trim_start_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']);
    let text = text.strip_prefix('+').unwrap_or(text);
    let end = text.bytes().position(|byte| !byte.is_ascii_digit());
    match text[..end.unwrap_or(text.len())].parse::<usize>() {
        Ok(width @ 1..=10_000_000) => width.max(32),
        _ => 80,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths() {
        for (text, width) in [
            ("100", 100),
            (" +60", 60),
            ("200x", 200),
            ("1", 32),
            ("0", 80),
            ("-5", 80),
            ("", 80),
            ("x", 80),
            ("10000000", 10_000_000),
            ("10000001", 80),
            ("99999999999999999999", 80),
        ] {
            assert_eq!(asked_width(text), width, "{text:?}");
        }
    }

    #[test]
    fn reports_keep_their_times() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        assert_eq!(next(start, second, 3), start + 3 * second);
    }
}
