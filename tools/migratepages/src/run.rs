//! From the command line to the exit status.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use clap::{CommandFactory, Parser, error::ErrorKind};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use numa::migrate::{Kind, Kinds, Options, Share};
use numa::{NodeMask, Root};

use crate::cli::{Cli, KindName};
use crate::moving::{self, Order};
use crate::nodes::{self, BadNodes, Machine};
use crate::report::{self, Action, Document, Failed, FailedKind, Process};
use crate::terminal::{Look, complain, lost_output, print};
use crate::{dry_run, pids, process, show};

/// Exit status: something could not be done for a process.
const FAILED: u8 = 1;
/// Exit status: the command line is wrong.
const USAGE: u8 = 2;
/// Exit status with `--strict`: pages stayed behind.
const LEFT_BEHIND: u8 = 3;
/// Exit status: ended by Ctrl-C, as shells say it.
const INTERRUPTED: u8 = 130;

/// Why the command ends before it does anything.
fn usage(message: String) -> Failed {
    Failed {
        kind: FailedKind::Usage,
        message,
    }
}

fn other(message: String) -> Failed {
    Failed {
        kind: FailedKind::Other,
        message,
    }
}

impl From<BadNodes> for Failed {
    fn from(bad: BadNodes) -> Failed {
        match bad {
            BadNodes::Text(text) => usage(text),
            BadNodes::Unusable(message) => Failed {
                kind: FailedKind::UnusableNode,
                message,
            },
        }
    }
}

impl From<pids::BadPid> for Failed {
    fn from(bad: pids::BadPid) -> Failed {
        usage(bad.to_string())
    }
}

/// Runs the command with the arguments of this process.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(misread(&error)),
    };
    let document = act(&cli).unwrap_or_else(|failed| {
        complain(format_args!("{}", failed.message));
        let status = if failed.kind == FailedKind::Usage {
            print_usage();
            USAGE
        } else {
            FAILED
        };
        Document {
            status,
            error: Some(failed),
            ..Document::new(action(&cli))
        }
    });
    if cli.json {
        let text = serde_json::to_string_pretty(&document).unwrap_or_default();
        print(&format!("{text}\n"));
    }
    match document.status {
        0 | LEFT_BEHIND if lost_output() => ExitCode::from(FAILED),
        status => ExitCode::from(status),
    }
}

/// Says what clap has to say: help, or what is wrong with the options, in the words and with
/// the status of the command's other errors.
fn misread(error: &clap::Error) -> u8 {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        let _ = error.print();
        return 0;
    }
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    // Its own usage and hint are the same for all errors, or missing.
    let text = text.split("\n\nUsage:").next().unwrap_or(text);
    let text = text.split("\n\nFor more").next().unwrap_or(text);
    complain(format_args!("{}", text.trim_end().replace("\n\n", "\n")));
    print_usage();
    USAGE
}

fn print_usage() {
    let usage = Cli::command().render_usage();
    let _ = writeln!(
        std::io::stderr(),
        "{usage}\nTry 'migratepages --help' for more."
    );
}

fn action(cli: &Cli) -> Action {
    match cli {
        Cli { show: true, .. } => Action::Show,
        Cli { dry_run: true, .. } => Action::DryRun,
        _ => Action::Move,
    }
}

/// What the operands say.
struct Operands {
    pids: Vec<i32>,
    /// Of `pids`, those that were found rather than named: no error if they end meanwhile.
    found: Vec<i32>,
    nodes: Option<(NodeMask, NodeMask)>,
    machine: Machine,
}

fn read_operands(cli: &Cli) -> Result<Operands, Failed> {
    let machine = Machine::read(Root::SYSTEM)
        .map_err(|error| other(format!("cannot find out about NUMA nodes: {error}")))?;
    let (pid_texts, node_texts) = if cli.show {
        (cli.operands.as_slice(), None)
    } else {
        match cli.operands.as_slice() {
            [pids @ .., from, to] => (pids, Some((from, to))),
            _ => {
                return Err(usage(
                    "processes and two node lists are needed, FROM and TO".into(),
                ));
            }
        }
    };
    let mut pids = Vec::new();
    for text in pid_texts {
        for pid in pids::parse_list(text)? {
            if !pids.contains(&pid) {
                pids.push(pid);
            }
        }
    }
    if pids.is_empty() && cli.cgroup.is_empty() {
        return Err(usage("a process id or --cgroup is needed".into()));
    }
    let nodes = match node_texts {
        None => None,
        Some((from, to)) => Some((
            nodes::parse_from(from, &machine)?,
            nodes::parse_to(to, &machine)?,
        )),
    };
    let named = pids.clone();
    for path in &cli.cgroup {
        let members = process::of_cgroup(path).map_err(|error| {
            other(format!(
                "cannot read the control group {}: {error}",
                path.display()
            ))
        })?;
        if members.is_empty() {
            complain(format_args!(
                "the control group {} has no processes",
                path.display()
            ));
        }
        pids.extend(members.into_iter().filter(|pid| !named.contains(pid)));
    }
    if cli.children {
        pids = process::with_descendants(&pids)
            .map_err(|error| other(format!("cannot read /proc: {error}")))?;
    }
    let me = std::process::id() as i32;
    let found: Vec<i32> = pids
        .iter()
        .copied()
        .filter(|pid| !named.contains(pid))
        .collect();
    // The command may be a member of the group or a child of the process that it is to move.
    pids.retain(|&pid| pid != me || named.contains(&pid));
    Ok(Operands {
        pids,
        found,
        nodes,
        machine,
    })
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

fn act(cli: &Cli) -> Result<Document, Failed> {
    let operands = read_operands(cli)?;
    let interrupted = watch_signals();
    let mut document = Document::new(action(cli));
    let mut left = false;
    let mut begun = 0;
    for &pid in &operands.pids {
        if interrupted.load(Relaxed) {
            break;
        }
        begun += 1;
        let mut process = Process::new(pid);
        let outcome = one_process(cli, &operands, &mut process, &interrupted);
        if let Err(failed) = outcome {
            // It was there when the list was made.
            let has_ended = operands.found.contains(&pid)
                && (failed.kind == FailedKind::NoSuchProcess
                    || failed.kind == FailedKind::NoMemoryOfItsOwn
                    || !process::exists(pid));
            if has_ended && process.moved.is_none() {
                continue;
            }
            if !has_ended {
                complain(format_args!("{}", failed.message));
                document.status = FAILED;
                process.error = Some(failed);
            }
        }
        left |= process
            .moved
            .as_ref()
            .is_some_and(|moved| moved.pages_left > 0);
        if process.has_report() {
            document.processes.push(process);
        }
    }
    document.interrupted = interrupted.load(Relaxed);
    if document.interrupted {
        document.status = INTERRUPTED;
        if !cli.quiet {
            match operands.pids.len() - begun {
                0 => complain(format_args!("interrupted")),
                1 => complain(format_args!("interrupted; 1 process was not begun")),
                rest => complain(format_args!("interrupted; {rest} processes were not begun")),
            }
        }
    } else if document.status == 0 && left && cli.strict {
        document.status = LEFT_BEHIND;
    }
    Ok(document)
}

/// Does what is to be done with one process. What was found or done before an error is in
/// `process` all the same.
fn one_process(
    cli: &Cli,
    operands: &Operands,
    process: &mut Process,
    interrupted: &Arc<AtomicBool>,
) -> Result<(), Failed> {
    let pid = process.pid;
    let title = report::process(pid, &process.name);
    moving::check(pid)?;
    match (action(cli), &operands.nodes) {
        (Action::Move, Some((from, to))) => {
            let order = Order {
                from,
                to,
                mask_size: operands.machine.size,
                one_call: cli.one_call,
                chosen_pages: cli.private || !cli.only.is_empty() || !cli.range.is_empty(),
                options: options(cli),
                bar: !cli.quiet && cli.verbose < 2,
                trace: cli.verbose > 1,
                interrupted: interrupted.clone(),
            };
            let (moved, failed) = moving::run(pid, &title, &order)?;
            if !cli.json && cli.verbose > 0 {
                print(&format!("{title}: {}\n", moved.summary()));
            }
            if !cli.json && !cli.quiet {
                let lines = [
                    moved.note.clone(),
                    moved.left_line(),
                    moved.interrupted_line(),
                ];
                for line in lines.into_iter().flatten() {
                    complain(format_args!("{title}: {line}"));
                }
            }
            process.moved = Some(moved);
            failed.map_or(Ok(()), Err)
        }
        (Action::DryRun, Some((from, to))) => {
            let looked = dry_run::look(pid, from, to, &options(cli), interrupted)?;
            if let Some(looked) = looked.as_ref().filter(|_| !cli.json) {
                print(&looked.text(&title));
            }
            process.dry_run = looked;
            Ok(())
        }
        _ => {
            let shown = show::look(pid).map_err(|error| moving::explain(pid, error))?;
            if !cli.json {
                print(&shown.table(&title, Look::of_stdout()));
            }
            process.show = Some(shown);
            Ok(())
        }
    }
}
