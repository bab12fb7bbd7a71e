//! From the command line to the exit status.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use clap::{CommandFactory, Parser, error::ErrorKind};
use numa::migrate::{Kind, Kinds, Options, Share};
use numa::{NodeMask, Root};

use crate::cli::{Cli, KindName};
use crate::moving::{self, Order};
use crate::nodes::{self, BadNodes, Machine};
use crate::report::{self, Action, Document, Failed, FailedKind, Process};
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
enum Refusal {
    Usage(String),
    Failed(String),
}

impl From<BadNodes> for Refusal {
    fn from(bad: BadNodes) -> Refusal {
        match bad {
            BadNodes::Text(text) => Refusal::Usage(text),
            BadNodes::Unusable(text) => Refusal::Failed(text),
        }
    }
}

impl From<pids::BadPid> for Refusal {
    fn from(bad: pids::BadPid) -> Refusal {
        Refusal::Usage(bad.to_string())
    }
}

/// Runs the command with the arguments of this process.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
                _ => ExitCode::from(USAGE),
            };
        }
    };
    match act(&cli) {
        Ok(document) => {
            if cli.json {
                let text = serde_json::to_string_pretty(&document).unwrap_or_default();
                print(&format!("{text}\n"));
            }
            ExitCode::from(document.status)
        }
        Err(Refusal::Usage(message)) => {
            eprintln!("migratepages: {message}");
            eprintln!("{}", Cli::command().render_usage());
            ExitCode::from(USAGE)
        }
        Err(Refusal::Failed(message)) => {
            eprintln!("migratepages: {message}");
            ExitCode::from(FAILED)
        }
    }
}

/// To standard output; a reader that has gone is no reason to panic.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// What the operands say.
struct Operands {
    pids: Vec<i32>,
    /// Of `pids`, those that were found rather than named: no error if they end meanwhile.
    found: Vec<i32>,
    nodes: Option<(NodeMask, NodeMask)>,
    machine: Machine,
}

fn read_operands(cli: &Cli) -> Result<Operands, Refusal> {
    let machine = Machine::read(Root::SYSTEM)
        .map_err(|error| Refusal::Failed(format!("cannot find out about NUMA nodes: {error}")))?;
    let (pid_texts, node_texts) = if cli.show {
        (cli.operands.as_slice(), None)
    } else {
        match cli.operands.as_slice() {
            [pids @ .., from, to] => (pids, Some((from, to))),
            _ => {
                return Err(Refusal::Usage(
                    "two node lists are needed, FROM and TO".into(),
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
        return Err(Refusal::Usage("a process id or --cgroup is needed".into()));
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
            Refusal::Failed(format!(
                "cannot read the control group {}: {error}",
                path.display()
            ))
        })?;
        if members.is_empty() {
            eprintln!(
                "migratepages: the control group {} has no processes",
                path.display()
            );
        }
        pids.extend(members.into_iter().filter(|pid| !named.contains(pid)));
    }
    if cli.children {
        pids = process::with_descendants(&pids)
            .map_err(|error| Refusal::Failed(format!("cannot read /proc: {error}")))?;
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
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        let status = INTERRUPTED.into();
        // Where handlers cannot be had, the signals keep their usual effect.
        let _ = signal_hook::flag::register_conditional_shutdown(signal, status, flag.clone());
        let _ = signal_hook::flag::register(signal, flag.clone());
    }
    flag
}

fn act(cli: &Cli) -> Result<Document, Refusal> {
    let operands = read_operands(cli)?;
    let action = match cli {
        Cli { show: true, .. } => Action::Show,
        Cli { dry_run: true, .. } => Action::DryRun,
        _ => Action::Move,
    };
    let interrupted = watch_signals();
    let mut document = Document {
        format: 1,
        action,
        status: 0,
        interrupted: false,
        processes: Vec::new(),
    };
    let mut left = false;
    for &pid in &operands.pids {
        if interrupted.load(Relaxed) {
            break;
        }
        let process = one_process(cli, &operands, action, pid, &interrupted);
        let process = match process {
            Ok(process) => process,
            // It was there when the list was made.
            Err(Failed { kind, .. })
                if operands.found.contains(&pid)
                    && (kind == FailedKind::NoSuchProcess
                        || kind == FailedKind::NoMemoryOfItsOwn
                        || !process::exists(pid)) =>
            {
                continue;
            }
            Err(failed) => {
                eprintln!("migratepages: {}", failed.message);
                document.status = FAILED;
                Process {
                    pid,
                    name: process::name(pid),
                    error: Some(failed),
                    moved: None,
                    show: None,
                    dry_run: None,
                }
            }
        };
        left |= process
            .moved
            .as_ref()
            .is_some_and(|moved| moved.pages_left > 0);
        document.processes.push(process);
    }
    document.interrupted = interrupted.load(Relaxed);
    if document.interrupted {
        document.status = INTERRUPTED;
        if !cli.quiet {
            eprintln!("migratepages: interrupted; pages that were not reached are where they were");
        }
    } else if document.status == 0 && left && cli.strict {
        document.status = LEFT_BEHIND;
    }
    Ok(document)
}

fn one_process(
    cli: &Cli,
    operands: &Operands,
    action: Action,
    pid: i32,
    interrupted: &Arc<AtomicBool>,
) -> Result<Process, Failed> {
    let mut process = Process {
        pid,
        name: process::name(pid),
        error: None,
        moved: None,
        show: None,
        dry_run: None,
    };
    let title = report::process(pid, &process.name);
    moving::check(pid)?;
    match (action, &operands.nodes) {
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
            let moved = moving::run(pid, &title, &order)?;
            if !cli.json {
                if let Some(note) = moved.note.as_ref().filter(|_| !cli.quiet) {
                    eprintln!("migratepages: {title}: {note}");
                }
                if cli.verbose > 0 {
                    print(&format!("{title}: {}\n", moved.summary()));
                }
                if let Some(line) = moved.left_line().filter(|_| !cli.quiet) {
                    eprintln!("migratepages: {title}: {line}");
                }
            }
            process.moved = Some(moved);
        }
        (Action::DryRun, Some((from, to))) => {
            let looked = dry_run::look(pid, from, to, &options(cli))
                .map_err(|error| moving::explain(pid, error))?;
            if !cli.json {
                print(&looked.text(&title));
            }
            process.dry_run = Some(looked);
        }
        _ => {
            let shown = show::look(pid).map_err(|error| moving::explain(pid, error))?;
            if !cli.json {
                print(&shown.table(&title, look()));
            }
            process.show = Some(shown);
        }
    }
    Ok(process)
}

/// How standard output wants a table.
fn look() -> show::Look {
    let terminal = std::io::stdout().is_terminal();
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let columns = std::env::var("COLUMNS")
        .ok()
        .and_then(|text| text.parse().ok());
    let width = || {
        console::Term::stdout()
            .size_checked()
            .map_or(80, |(_, width)| width.into())
    };
    show::Look {
        width: columns.unwrap_or_else(width),
        colour: terminal && !no_colour,
    }
}
