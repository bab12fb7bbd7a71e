//! From the command line to the exit status.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use clap::error::{ContextKind, ErrorKind};
use clap::{CommandFactory, Parser};
use cli::failures::{FAILED, Failed, FailedKind, INTERRUPTED, USAGE, hold};
use cli::processes::Seen;
use cli::terminal::{Look, Terminal};
use cli::text;
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use numa::NodeMask;
use numa::migrate::{self, Kind, Kinds, Options, Share};

use crate::moving::{self, Order};
use crate::operands::Operands;
use crate::options::{Cli, KindName};
use crate::report::{Action, Document, Process};
use crate::{dry_run, show};

/// Exit status with `--strict`: pages stayed behind, or were not looked at.
const LEFT_BEHIND: u8 = 3;

/// Runs the command with the arguments of this process.
pub fn run() -> ExitCode {
    let terminal = Terminal::new("migratepages");
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(misread(&error, &terminal)),
    };
    let document = act(&cli, &terminal).unwrap_or_else(|failed| {
        terminal.complain(format_args!("{}", failed.message));
        if failed.kind == FailedKind::Usage {
            print_usage();
        }
        Document {
            status: failed.status(),
            error: Some(failed),
            ..Document::new(action(&cli))
        }
    });
    if cli.json {
        terminal.print_json(&document);
    }
    match document.status {
        0 | LEFT_BEHIND if terminal.lost_output() => ExitCode::from(FAILED),
        status => ExitCode::from(status),
    }
}

/// Prints help, or what is wrong with the options, in the form and with the status of the
/// command's other errors.
fn misread(error: &clap::Error, terminal: &Terminal) -> u8 {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        let _ = error.print();
        return 0;
    }
    terminal.complain(format_args!("{}", what_is_wrong(error)));
    print_usage();
    USAGE
}

/// What is wrong with the options, in one line.
fn what_is_wrong(error: &clap::Error) -> String {
    let context = |kind| text::safe(&error.get(kind).map(ToString::to_string).unwrap_or_default());
    let option = context(ContextKind::InvalidArg);
    let value = context(ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::UnknownArgument => match context(ContextKind::SuggestedArg) {
            known if known.is_empty() => format!("unrecognized option '{option}'"),
            known => format!("unrecognized option '{option}'; did you mean '{known}'?"),
        },
        ErrorKind::InvalidValue if value.is_empty() => format!("option '{option}' needs a value"),
        ErrorKind::InvalidValue => {
            let known = context(ContextKind::ValidValue);
            format!("invalid value '{value}' for '{option}': it can be {known}")
        }
        // Its own usage and hint are the same for all errors, or missing.
        _ => {
            let text = error.render().to_string();
            let text = text.strip_prefix("error: ").unwrap_or(&text);
            let lines = text.lines().take_while(|line| !line.is_empty());
            let words: Vec<&str> = lines.map(str::trim).collect();
            words.join(" ")
        }
    }
}

/// One line, as scripts of the reference's users expect it.
fn print_usage() {
    let usage = Cli::command().render_usage().to_string();
    let first = usage.lines().next().unwrap_or_default();
    let _ = writeln!(std::io::stderr(), "{first}");
}

fn action(cli: &Cli) -> Action {
    match cli {
        Cli { show: true, .. } => Action::Show,
        Cli { dry_run: true, .. } => Action::DryRun,
        _ => Action::Move,
    }
}

fn options(cli: &Cli) -> Options<'_> {
    let kinds = cli.only.iter().fold(Kinds::NONE, |kinds, name| {
        kinds.with(match name {
            KindName::Heap => Kind::Heap,
            KindName::Stack => Kind::Stack,
            KindName::Anon => Kind::Anonymous,
            KindName::File => Kind::File,
            KindName::Shared => Kind::Shared,
        })
    });
    let cpus = thread::available_parallelism().map_or(1, usize::from);
    Options {
        share: if cli.private {
            Share::Private
        } else {
            Share::permitted()
        },
        kinds: if cli.only.is_empty() {
            Kinds::ALL
        } else {
            kinds
        },
        ranges: &cli.range,
        max_pause: cli.max_pause,
        workers: cli.workers.map_or(cpus.min(8), usize::from),
        look_only: false,
    }
}

/// Sets a flag at the first SIGINT or SIGTERM, and ends the command at the second.
fn watch_signals() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    // One that comes meanwhile has to wait: it would find a handler that does nothing yet.
    let signals = [Signal::SIGINT, Signal::SIGTERM];
    let before = SigSet::from_iter(signals).thread_swap_mask(SigmaskHow::SIG_BLOCK);
    for signal in signals {
        let (signal, status) = (signal as i32, INTERRUPTED.into());
        // Where handlers cannot be had, the signals keep their usual effect.
        let _ = signal_hook::flag::register_conditional_shutdown(signal, status, flag.clone());
        let _ = signal_hook::flag::register(signal, flag.clone());
    }
    let _ = before.and_then(|mask| mask.thread_set_mask());
    flag
}

fn act(cli: &Cli, terminal: &Terminal) -> Result<Document, Failed> {
    let operands = Operands::read(cli, terminal)?;
    let interrupted = watch_signals();
    let mut document = Document::new(action(cli));
    let mut begun = 0;
    for seen in &operands.processes {
        if interrupted.load(Relaxed) {
            break;
        }
        begun += 1;
        let mut process = Process::new(seen.pid);
        let run = Run {
            cli,
            operands: &operands,
            interrupted: &interrupted,
            terminal,
        };
        if let Err(failed) = run.one_process(seen, &mut process) {
            // It was there when the list was made.
            let has_ended = operands.found.contains(&seen.pid)
                && (failed.kind == FailedKind::NoSuchProcess
                    || failed.kind == FailedKind::NoMemoryOfItsOwn
                    || Seen::now(seen.pid) != *seen);
            if !has_ended {
                terminal.complain(format_args!("{}", failed.message));
                document.status = FAILED;
                process.error = Some(failed);
            }
        }
        if process.has_report() {
            document.processes.push(process);
        }
    }
    document.interrupted = interrupted.load(Relaxed);
    if document.interrupted {
        document.status = INTERRUPTED;
        if !cli.quiet {
            complain_of_interruption(terminal, operands.processes.len() - begun);
        }
    } else if document.status == 0 && document.has_pages_left() && cli.strict {
        document.status = LEFT_BEHIND;
    }
    Ok(document)
}

fn complain_of_interruption(terminal: &Terminal, not_begun: usize) {
    match not_begun {
        0 => terminal.complain(format_args!("interrupted")),
        1 => terminal.complain(format_args!("interrupted; 1 process was not touched")),
        rest => terminal.complain(format_args!(
            "interrupted; {rest} processes were not touched"
        )),
    }
}

/// What is the same for all processes.
struct Run<'a> {
    cli: &'a Cli,
    operands: &'a Operands,
    interrupted: &'a AtomicBool,
    terminal: &'a Terminal,
}

impl Run<'_> {
    /// Does what is to be done with one process. What was found or done before an error is in
    /// `process` all the same.
    fn one_process(&self, seen: &Seen, process: &mut Process) -> Result<(), Failed> {
        let held = hold(seen).inspect_err(|failed| {
            if failed.kind == FailedKind::NoSuchProcess {
                process.name.clear();
            }
        })?;
        let title = text::process(seen.pid, &process.name);
        match (action(self.cli), &self.operands.nodes) {
            (Action::Move, Some((from, to))) => self.move_one(&held, process, &title, from, to),
            (Action::DryRun, Some((from, to))) => {
                let options = options(self.cli);
                let looked = dry_run::look(&held, from, to, &options, self.interrupted)?;
                if let Some(looked) = looked.as_ref().filter(|_| !self.cli.json) {
                    self.terminal.print(&looked.text(&title));
                }
                process.dry_run = looked;
                Ok(())
            }
            _ => {
                let shown =
                    show::look(&held).map_err(|error| Failed::of_process(seen.pid, error))?;
                if !self.cli.json {
                    self.terminal.print(&shown.table(&title, Look::of_stdout()));
                }
                process.show = Some(shown);
                Ok(())
            }
        }
    }

    fn move_one(
        &self,
        held: &migrate::Process,
        process: &mut Process,
        title: &str,
        from: &NodeMask,
        to: &NodeMask,
    ) -> Result<(), Failed> {
        let (cli, terminal) = (self.cli, self.terminal);
        let order = Order {
            from,
            to,
            mask_size: self.operands.machine.size,
            one_call: cli.one_call,
            chosen_pages: cli.private || !cli.only.is_empty() || !cli.range.is_empty(),
            options: options(cli),
            bar: !cli.quiet && cli.verbose < 2,
            trace: cli.verbose > 1,
            interrupted: self.interrupted,
            terminal,
        };
        let (moved, failed) = moving::run(held, title, &order)?;
        if !cli.json && cli.verbose > 0 {
            terminal.print(&format!("{title}: {}\n", moved.summary()));
        }
        if !cli.json && !cli.quiet {
            let lines = [
                moved.note.clone(),
                moved.left_line(),
                moved.interrupted_line(),
                moved.replaced_line(),
            ];
            for line in lines.into_iter().flatten() {
                terminal.complain(format_args!("{title}: {line}"));
            }
        }
        process.moved = Some(moved);
        failed.map_or(Ok(()), Err)
    }
}
