//! Moving one process: the choice of the method, and what is shown meanwhile.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use cli::failures::{Failed, FailedKind};
use cli::processes;
use cli::terminal::Terminal;
use cli::text::{pages, size};
use numa::migrate::{self, Job, Options, Plan, Process, Progress, Share};
use numa::{Errno, Error, NodeMask, Root, topology};

use crate::bar::Bar;
use crate::crew;
use crate::moved::{Method, Moved, Node};
use crate::show;

/// How often the bar is drawn.
const REDRAW: Duration = Duration::from_millis(100);

/// What all moves of a run have in common.
#[derive(Debug)]
pub(crate) struct Order<'a> {
    pub(crate) from: &'a NodeMask,
    pub(crate) to: &'a NodeMask,
    pub(crate) mask_size: usize,
    pub(crate) one_call: bool,
    /// Whether the user chose among the pages, which one call cannot.
    pub(crate) chosen_pages: bool,
    pub(crate) options: Options<'a>,
    pub(crate) bar: bool,
    /// Whether to report changes of the number of workers.
    pub(crate) trace: bool,
    pub(crate) interrupted: &'a AtomicBool,
    pub(crate) terminal: &'a Terminal,
}

/// Moves the pages of one process. What was moved before an error is reported with it.
pub(crate) fn run(
    process: &Process,
    title: &str,
    order: &Order<'_>,
) -> Result<(Moved, Option<Failed>), Failed> {
    let pid = process.pid();
    let explain = |error| Failed::of_process(pid, error);
    let (method, note) = choose_method(pid, order)?;
    if method == Method::OneCall {
        return one_call(process, order, note).map(|moved| (moved, None));
    }
    let plan = Plan::new(order.from.as_bits(), order.to.as_bits()).map_err(explain)?;
    let job = match Job::of(Root::SYSTEM, process, plan, &order.options) {
        Err(Error::File {
            file: "pagemap",
            errno: Errno::ENOENT,
        }) => {
            let reason = "this kernel has no /proc/PID/pagemap (CONFIG_PROC_PAGE_MONITOR)";
            let (_, note) = fall_back(order, reason)?;
            return one_call(process, order, note).map(|moved| (moved, None));
        }
        job => job.map_err(explain)?,
    };
    let (moved, error) = pieces(&job, pid, title, order, note).map_err(explain)?;
    match error.map(explain) {
        Some(failed) if moved.pages_moved == Some(0) => Err(failed),
        failed => Ok((moved, failed)),
    }
}

type Choice = Result<(Method, Option<String>), Failed>;

/// Which calls to use, and why not those that were asked for.
fn choose_method(pid: i32, order: &Order<'_>) -> Choice {
    if order.one_call {
        if migrate::has_migrate_pages(order.mask_size) {
            return Ok((Method::OneCall, None));
        }
        if !migrate::has_move_pages() {
            return Err(denied());
        }
        let note = "migrate_pages is denied (seccomp?): moved with move_pages, piece by piece";
        return Ok((Method::Pieces, Some(note.into())));
    }
    if !migrate::has_move_pages() {
        return fall_back(order, "move_pages is denied (seccomp?)");
    }
    // move_pages keeps to the process's cpuset, whoever calls it; migrate_pages does not with
    // CAP_SYS_NICE.
    let allowed = processes::allowed_nodes(pid);
    let outside = order
        .to
        .iter()
        .find(|node| allowed.as_ref().is_some_and(|a| !a.contains(&node.0)));
    let Some(node) = outside else {
        return Ok((Method::Pieces, None));
    };
    let reason = format!("node {node} is outside the cpuset of process {pid}");
    if Share::permitted() != Share::All {
        return Err(Failed::new(
            FailedKind::NotAllowedByCpuset,
            format!("{reason}; CAP_SYS_NICE or a wider cpuset.mems would allow it"),
        ));
    }
    fall_back(order, &reason)
}

/// migrate_pages, as move_pages cannot do it, for this reason.
fn fall_back(order: &Order<'_>, reason: &str) -> Choice {
    if !migrate::has_migrate_pages(order.mask_size) {
        Err(denied())
    } else if order.chosen_pages {
        Err(Failed::new(
            FailedKind::NotPermitted,
            format!("{reason}; --private, --only and --range need it"),
        ))
    } else {
        let note = format!("{reason}: moved with one call of migrate_pages");
        Ok((Method::OneCall, Some(note)))
    }
}

fn denied() -> Failed {
    Failed::new(
        FailedKind::NotPermitted,
        "a seccomp filter or the kernel denies move_pages and migrate_pages; a container gets \
         them with CAP_SYS_NICE or its own seccomp profile",
    )
}

/// Pages that numa_maps shows on the nodes to leave.
fn pages_on(process: &Process, nodes: impl Fn(u32) -> bool) -> Option<u64> {
    let shown = show::look(process).ok()?;
    let bytes: u64 = shown
        .nodes
        .iter()
        .filter(|n| nodes(n.node))
        .map(|n| n.bytes)
        .sum();
    Some(bytes / topology::page_size() as u64)
}

fn one_call(process: &Process, order: &Order<'_>, note: Option<String>) -> Result<Moved, Failed> {
    let pid = process.pid();
    let (from, to) = (order.from.as_bits(), order.to.as_bits());
    let start = Instant::now();
    let result = process.migrate_all(from, to, order.mask_size);
    let seconds = start.elapsed().as_secs_f64();
    match result {
        Ok(left) => Ok(Moved {
            method: Method::OneCall,
            note,
            page_size: topology::page_size() as u64,
            seconds,
            pages_moved: None,
            pages_left: left as u64,
            interrupted: false,
            replaced: false,
            nodes: Vec::new(),
        }),
        Err(error) if error.errno() == Errno::ENOMEM => {
            let plan = Plan::new(from, to).map_err(|error| Failed::of_process(pid, error))?;
            let rest = pages_on(process, |node| plan.target(numa::Node(node)).is_some());
            Err(Failed::new(
                FailedKind::TargetFull,
                format!(
                    "process {pid}: a target node is full; {} are still where they were",
                    rest.map_or("some pages".into(), pages)
                ),
            ))
        }
        Err(error) => Err(Failed::of_process(pid, error)),
    }
}

fn pieces(
    job: &Job<'_>,
    pid: i32,
    title: &str,
    order: &Order<'_>,
    note: Option<String>,
) -> numa::Result<(Moved, Option<Error>)> {
    let start = Instant::now();
    let page_size = topology::page_size() as u64;
    let mut bar = Bar::new(pid, title, page_size, order.bar);
    let mut drawn = start;
    let mut workers = 1;
    let mut cut = false;
    let result = crew::work(job, || {
        if order.interrupted.load(Relaxed) {
            cut |= !job.is_stopped();
            job.stop();
        }
        let progress = job.progress();
        if order.trace && progress.workers != workers {
            workers = progress.workers;
            trace(order.terminal, start, &progress, page_size);
        }
        if drawn.elapsed() >= REDRAW {
            drawn = Instant::now();
            bar.draw(&progress);
        }
    });
    bar.end();
    let counts = job.counts()?;
    let moved = Moved {
        method: Method::Pieces,
        note,
        page_size,
        seconds: start.elapsed().as_secs_f64(),
        pages_moved: Some(counts.iter().map(|count| count.moved).sum()),
        pages_left: counts.iter().map(|count| count.stayed()).sum(),
        interrupted: cut,
        replaced: job.is_replaced(),
        nodes: counts.iter().map(Node::from).collect(),
    };
    Ok((moved, result.err()))
}

/// One line about a change of the number of workers.
fn trace(terminal: &Terminal, start: Instant, progress: &Progress, page_size: u64) {
    terminal.complain(format_args!(
        "{:.3} s, {} moved: {} working, {} at a time",
        start.elapsed().as_secs_f64(),
        size(progress.moved * page_size),
        progress.workers,
        size(progress.chunk as u64)
    ));
}
