//! Moving one process: the choice of the method, the workers, the progress bar.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use numa::migrate::{self, Job, Options, Plan, Share, Step, Worker};
use numa::{Errno, Error, NodeMask, Root, topology};

use crate::bar::Bar;
use crate::process;
use crate::report::{Failed, FailedKind, Method, Moved, Node, pages, size};
use crate::show;
use crate::terminal::complain;

/// How long a worker that is not needed waits until it asks again, at first and at most.
const IDLE: Duration = Duration::from_millis(2);
const MAX_IDLE: Duration = Duration::from_millis(8);
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
    /// Whether to tell how the number of workers changes.
    pub(crate) trace: bool,
    pub(crate) interrupted: Arc<AtomicBool>,
}

/// What a failed call means to the one who called the command.
pub(crate) fn explain(pid: i32, error: Error) -> Failed {
    let (kind, message) = match error.errno() {
        Errno::ESRCH => (
            FailedKind::NoSuchProcess,
            format!("there is no process {pid}"),
        ),
        Errno::EPERM | Errno::EACCES => (
            FailedKind::NotPermitted,
            format!(
                "not allowed to {} process {pid} ({error}): run as its user, or with \
                 CAP_SYS_PTRACE and CAP_SYS_NICE",
                match error {
                    Error::File { .. } => "look at the memory of",
                    _ => "move pages of",
                }
            ),
        ),
        Errno::ENOSYS => (
            FailedKind::NotPermitted,
            "this kernel cannot move pages, or a seccomp filter hides the calls".into(),
        ),
        _ => (FailedKind::Other, format!("process {pid}: {error}")),
    };
    Failed { kind, message }
}

/// Whether the process has memory that can be looked for.
pub(crate) fn check(pid: i32) -> Result<(), Failed> {
    match migrate::sizes(Root::SYSTEM, pid) {
        Ok(sizes) if sizes.mapped == 0 => Err(Failed {
            kind: FailedKind::NoMemoryOfItsOwn,
            message: format!("process {pid} has no memory of its own: a kernel thread or a zombie"),
        }),
        Ok(_) => Ok(()),
        Err(error) => Err(explain(pid, error)),
    }
}

/// Moves the pages of one process. What was moved before an error is reported with it.
pub(crate) fn run(
    pid: i32,
    title: &str,
    order: &Order<'_>,
) -> Result<(Moved, Option<Failed>), Failed> {
    let (method, note) = choose_method(pid, order)?;
    match method {
        Method::OneCall => one_call(pid, order, note).map(|moved| (moved, None)),
        Method::Pieces => {
            let plan = Plan::new(order.from.as_bits(), order.to.as_bits())
                .map_err(|error| explain(pid, error))?;
            let job = Job::new(Root::SYSTEM, pid, plan, &order.options)
                .map_err(|error| explain(pid, error))?;
            let (moved, error) =
                pieces(&job, pid, title, order, note).map_err(|error| explain(pid, error))?;
            match error.map(|error| explain(pid, error)) {
                Some(failed) if moved.pages_moved == Some(0) => Err(failed),
                failed => Ok((moved, failed)),
            }
        }
    }
}

/// Which calls to use, and why not those that were asked for.
fn choose_method(pid: i32, order: &Order<'_>) -> Result<(Method, Option<String>), Failed> {
    let denied = || Failed {
        kind: FailedKind::NotPermitted,
        message: "a seccomp filter or the kernel denies move_pages and migrate_pages; a container \
                  gets them with CAP_SYS_NICE or its own seccomp profile"
            .into(),
    };
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
    let fall_back = |note: String| {
        if !migrate::has_migrate_pages(order.mask_size) {
            Err(denied())
        } else if order.chosen_pages {
            Err(Failed {
                kind: FailedKind::NotPermitted,
                message: format!("{note}; --private, --only and --range need it"),
            })
        } else {
            Ok((
                Method::OneCall,
                Some(format!("{note}: moved with one call of migrate_pages")),
            ))
        }
    };
    if !migrate::has_move_pages() {
        return fall_back("move_pages is denied (seccomp?)".into());
    }
    // move_pages keeps to the process's cpuset, whoever calls it; migrate_pages does not with
    // CAP_SYS_NICE.
    let allowed = process::allowed_nodes(pid);
    let outside = order
        .to
        .iter()
        .find(|node| allowed.as_ref().is_some_and(|a| !a.contains(&node.0)));
    if let Some(node) = outside {
        if Share::permitted() != Share::All {
            return Err(Failed {
                kind: FailedKind::NotAllowedByCpuset,
                message: format!(
                    "node {node} is outside of the cpuset of process {pid}; CAP_SYS_NICE would \
                     allow it, or a wider cpuset.mems"
                ),
            });
        }
        return fall_back(format!(
            "node {node} is outside of the cpuset of process {pid}"
        ));
    }
    Ok((Method::Pieces, None))
}

/// Pages that numa_maps shows on the nodes to leave.
fn pages_on(pid: i32, nodes: impl Fn(u32) -> bool) -> Option<u64> {
    let shown = show::look(pid).ok()?;
    let bytes: u64 = shown
        .nodes
        .iter()
        .filter(|n| nodes(n.node))
        .map(|n| n.bytes)
        .sum();
    Some(bytes / topology::page_size() as u64)
}

fn one_call(pid: i32, order: &Order<'_>, note: Option<String>) -> Result<Moved, Failed> {
    let start = Instant::now();
    let result = migrate::migrate_all(
        pid,
        order.from.as_bits(),
        order.to.as_bits(),
        order.mask_size,
    );
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
            nodes: Vec::new(),
        }),
        Err(error) if error.errno() == Errno::ENOMEM => {
            let plan = Plan::new(order.from.as_bits(), order.to.as_bits())
                .map_err(|error| explain(pid, error))?;
            let rest = pages_on(pid, |node| plan.target(numa::Node(node)).is_some());
            Err(Failed {
                kind: FailedKind::TargetFull,
                message: format!(
                    "process {pid}: a target node is full; {} are still where they were",
                    rest.map_or("some pages".into(), pages)
                ),
            })
        }
        Err(error) => Err(explain(pid, error)),
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
    let mut cut = false;
    let result = thread::scope(|scope| {
        let mut helpers = Vec::new();
        let mut worker = Worker::new();
        let mut drawn = start;
        let mut workers = 1;
        let mut idle = IDLE;
        let result = loop {
            let step = match job.step(&mut worker) {
                Err(error) => break Err(error),
                Ok(Step::Done) => break Ok(()),
                Ok(step) => step,
            };
            if order.interrupted.load(Relaxed) {
                cut |= !job.is_stopped();
                job.stop();
            }
            let progress = job.progress();
            if order.trace && progress.workers != workers {
                workers = progress.workers;
                complain(format_args!(
                    "{:.3} s, {} moved: {workers} working, {} at a time",
                    start.elapsed().as_secs_f64(),
                    size(progress.moved * page_size),
                    size(progress.chunk as u64)
                ));
            }
            // Threads are started when the engine first wants that many.
            if progress.workers > helpers.len() + 1 {
                helpers.push(scope.spawn(|| help(job)));
            }
            if drawn.elapsed() >= REDRAW {
                drawn = Instant::now();
                bar.draw(&progress);
            }
            if step == Step::Idle {
                thread::sleep(idle);
                idle = (idle * 2).min(MAX_IDLE);
            } else {
                idle = IDLE;
            }
        };
        // The first error counts; after one, the others stop by themselves.
        helpers
            .into_iter()
            .map(|helper| helper.join().unwrap_or(Ok(())))
            .fold(result, Result::and)
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
        nodes: counts.iter().map(Node::from).collect(),
    };
    Ok((moved, result.err()))
}

fn help(job: &Job<'_>) -> numa::Result<()> {
    let mut worker = Worker::new();
    let mut idle = IDLE;
    loop {
        match job.step(&mut worker)? {
            Step::Done => return Ok(()),
            Step::Idle => {
                thread::sleep(idle);
                idle = (idle * 2).min(MAX_IDLE);
            }
            Step::Worked => idle = IDLE,
        }
    }
}
