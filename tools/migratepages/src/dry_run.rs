//! `--dry-run`: what would move where, whether it fits, and what would spoil it.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use cli::failures::{Failed, FailedKind};
use cli::text::{grouped, pages, size, widths};
use numa::migrate::{Job, NodeCount, Options, Plan, Process, Reason, Step, Worker, has_move_pages};
use numa::{Errno, Error, NodeMask, Root, topology};
use serde::Serialize;

use crate::pools::{HugeNeeds, Lacking};
use crate::warnings::{self, Warning};

/// What a move would do.
#[derive(Debug, Serialize)]
pub(crate) struct DryRun {
    pub(crate) page_size: u64,
    pub(crate) routes: Vec<Planned>,
    pub(crate) targets: Vec<Target>,
    pub(crate) warnings: Vec<Warning>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Planned {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) pages: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Target {
    pub(crate) node: u32,
    pub(crate) needed_bytes: u64,
    pub(crate) free_bytes: Option<u64>,
    pub(crate) fits: Option<bool>,
}

/// Counts, without moving anything. `None` if it was interrupted.
pub(crate) fn look(
    process: &Process,
    from: &NodeMask,
    to: &NodeMask,
    options: &Options<'_>,
    interrupted: &AtomicBool,
) -> Result<Option<DryRun>, Failed> {
    if !has_move_pages() {
        let message = "move_pages is denied (seccomp?), and --dry-run needs it";
        return Err(Failed::new(FailedKind::NotPermitted, message));
    }
    let explain = |error| Failed::of_process(process.pid(), error);
    let plan = Plan::new(from.as_bits(), to.as_bits()).map_err(explain)?;
    let huge = HugeNeeds::of(process, &plan, options);
    let Some(counts) = count(process, plan, options, interrupted).map_err(explain)? else {
        return Ok(None);
    };
    let page_size = topology::page_size() as u64;
    let lacking = huge.lacking();
    let targets = targets(&counts, page_size, &huge, &lacking);
    let mut warnings = Vec::new();
    for target in &targets {
        let needed = target.small_bytes(huge.bytes_on(target.node));
        if let Some(free) = target.free_bytes.filter(|&free| free < needed) {
            warnings.push(Warning::does_not_fit(target.node, free, needed));
        }
    }
    for count in &counts {
        let hidden = count.left_for(Reason::Hidden);
        if hidden > 0 {
            warnings.push(Warning::hidden_stay(count.route.from.0, hidden));
        }
    }
    warnings.extend(lacking.iter().map(Warning::lacks_huge_pages));
    warnings.extend(warnings::about(process.pid(), from, to, options.share));
    let routes = counts.iter().map(|count| Planned {
        from: count.route.from.0,
        to: count.route.to.0,
        pages: count.moved,
    });
    Ok(Some(DryRun {
        page_size,
        routes: routes.collect(),
        targets,
        warnings,
    }))
}

/// The pages that would move. `None` if it was interrupted.
fn count(
    process: &Process,
    plan: Plan,
    options: &Options<'_>,
    interrupted: &AtomicBool,
) -> numa::Result<Option<Vec<NodeCount>>> {
    let options = Options {
        look_only: true,
        ..options.clone()
    };
    let job = Job::of(Root::SYSTEM, process, plan, &options)?;
    let mut worker = Worker::new();
    while job.step(&mut worker)? != Step::Done {
        if interrupted.load(Relaxed) {
            return Ok(None);
        }
    }
    if job.is_replaced() {
        // What was counted is not there any more.
        let (file, errno) = ("maps", Errno::EAGAIN);
        return Err(Error::File { file, errno });
    }
    job.counts().map(Some)
}

/// The nodes that get pages, and what they have free. Pages that leave a node meanwhile are not
/// taken into account.
fn targets(
    counts: &[NodeCount],
    page_size: u64,
    huge: &HugeNeeds,
    lacking: &[Lacking],
) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for count in counts {
        let node = count.route.to.0;
        let needed_bytes = count.moved * page_size;
        match targets.iter_mut().find(|target| target.node == node) {
            Some(target) => target.needed_bytes += needed_bytes,
            None => targets.push(Target {
                node,
                needed_bytes,
                free_bytes: None,
                fits: None,
            }),
        }
    }
    for target in &mut targets {
        let memory = topology::node_memory(Root::SYSTEM, numa::Node(target.node));
        let needed = target.small_bytes(huge.bytes_on(target.node));
        let lacks = lacking.iter().any(|lack| lack.node == target.node);
        target.free_bytes = memory.ok().map(|memory| memory.free);
        target.fits = target.free_bytes.map(|free| free >= needed && !lacks);
    }
    targets
}

impl Target {
    /// What is needed of the node's free memory, which its pools of huge pages are no part of.
    fn small_bytes(&self, from_pools: u64) -> u64 {
        self.needed_bytes.saturating_sub(from_pools)
    }
}

impl DryRun {
    /// Lines for people.
    pub(crate) fn text(&self, title: &str) -> String {
        let all: u64 = self.routes.iter().map(|route| route.pages).sum();
        let mut text = if all == 0 {
            format!("{title}: nothing would move\n")
        } else {
            let bytes = size(all * self.page_size);
            format!("{title}: {} ({bytes}) would move\n", pages(all))
        };
        let mut rows = vec![["from", "to", "pages", "size", "free there"].map(str::to_owned)];
        for route in self.routes.iter().filter(|route| route.pages > 0) {
            let target = self.targets.iter().find(|target| target.node == route.to);
            let free = target.and_then(|target| target.free_bytes);
            rows.push([
                route.from.to_string(),
                route.to.to_string(),
                grouped(route.pages),
                size(route.pages * self.page_size),
                free.map_or("unknown".into(), size),
            ]);
        }
        if all > 0 {
            let widths = widths(&rows);
            for row in &rows {
                let cells = row.iter().zip(&widths);
                for (cell, &width) in cells {
                    let _ = write!(text, "  {cell:>width$}");
                }
                text.push('\n');
            }
        }
        for warning in &self.warnings {
            let _ = writeln!(text, "  warning: {}", warning.message);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warnings::WarningKind;

    fn planned(pages: u64) -> DryRun {
        let route = |from, to, pages| Planned { from, to, pages };
        let target = |node| Target {
            node,
            needed_bytes: 0,
            free_bytes: Some(497 << 20),
            fits: Some(true),
        };
        DryRun {
            page_size: 4096,
            routes: vec![route(0, 2, pages), route(1, 3, 0), route(10, 2, pages)],
            targets: vec![target(2), target(3)],
            warnings: vec![Warning {
                kind: WarningKind::NodeCounts,
                message: "FROM has 3 nodes and TO 2".into(),
            }],
        }
    }

    #[test]
    fn lines() {
        assert_eq!(
            planned(12_288).text("process 7 (x)"),
            "process 7 (x): 24,576 pages (96 MiB) would move\n\
             \u{20} from  to   pages    size  free there\n\
             \u{20}    0   2  12,288  48 MiB     497 MiB\n\
             \u{20}   10   2  12,288  48 MiB     497 MiB\n\
             \u{20} warning: FROM has 3 nodes and TO 2\n"
        );
        assert_eq!(
            planned(0).text("process 7 (x)"),
            "process 7 (x): nothing would move\n  warning: FROM has 3 nodes and TO 2\n"
        );
    }

    #[test]
    fn huge_pages_come_from_a_pool() {
        let target = Target {
            node: 2,
            needed_bytes: (3 << 30) + 5,
            free_bytes: None,
            fits: None,
        };
        assert_eq!(target.small_bytes(3 << 30), 5);
        assert_eq!(target.small_bytes(4 << 30), 0);
    }
}
