//! `--dry-run`: what would move where, whether it fits, and what would spoil it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use numa::migrate::{
    Job, NodeCount, Options, Plan, Share, Step, Worker, for_each_numa_mapping, has_move_pages,
};
use numa::{NodeMask, Root, topology};
use serde::Serialize;

use crate::moving;
use crate::process;
use crate::report::{Failed, FailedKind, grouped, pages, size};

/// Explicit huge pages that are larger are not made when they are needed: the target must have
/// free ones.
const LARGEST_MADE: u64 = 4 << 20;

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

#[derive(Debug, Serialize)]
pub(crate) struct Warning {
    pub(crate) kind: WarningKind,
    pub(crate) message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WarningKind {
    DoesNotFit,
    NumaBalancing,
    CpusElsewhere,
    OutsideCpuset,
    NodeCounts,
    SharedStay,
}

/// Explicit huge pages that need free ones on their target: by node and size.
type HugeNeeds = BTreeMap<(u32, u64), u64>;

/// Counts, without moving anything. `None` if it was interrupted.
pub(crate) fn look(
    pid: i32,
    from: &NodeMask,
    to: &NodeMask,
    options: &Options<'_>,
    interrupted: &AtomicBool,
) -> Result<Option<DryRun>, Failed> {
    if !has_move_pages() {
        return Err(Failed {
            kind: FailedKind::NotPermitted,
            message: "move_pages is denied (seccomp?), and --dry-run needs it".into(),
        });
    }
    let explain = |error| moving::explain(pid, error);
    let plan = Plan::new(from.as_bits(), to.as_bits()).map_err(explain)?;
    let huge = huge_needs(pid, &plan, options);
    let options = Options {
        look_only: true,
        ..options.clone()
    };
    let job = Job::new(Root::SYSTEM, pid, plan, &options).map_err(explain)?;
    let mut worker = Worker::new();
    while job.step(&mut worker).map_err(explain)? != Step::Done {
        if interrupted.load(Relaxed) {
            return Ok(None);
        }
    }
    let counts = job.counts().map_err(explain)?;
    let page_size = topology::page_size() as u64;
    let mut targets: Vec<Target> = Vec::new();
    for count in &counts {
        let node = count.route.to.0;
        let needed = count.moved * page_size;
        match targets.iter_mut().find(|target| target.node == node) {
            Some(target) => target.needed_bytes += needed,
            None => targets.push(Target {
                node,
                needed_bytes: needed,
                free_bytes: None,
                fits: None,
            }),
        }
    }
    let lacking = lacking_huge(&huge);
    for target in &mut targets {
        let memory = topology::node_memory(Root::SYSTEM, numa::Node(target.node));
        target.free_bytes = memory.ok().map(|memory| memory.free);
        let lacks = lacking.iter().any(|lack| lack.node == target.node);
        // Pages that leave the node meanwhile are not taken into account.
        target.fits = target
            .free_bytes
            .map(|free| free >= target.small_bytes(&huge) && !lacks);
    }
    let mut warnings = Vec::new();
    for target in &targets {
        let (needed, free) = (target.small_bytes(&huge), target.free_bytes);
        if let Some(free) = free.filter(|&free| free < needed) {
            warnings.push(Warning {
                kind: WarningKind::DoesNotFit,
                message: format!(
                    "node {} has {} free, {} less than needed",
                    target.node,
                    size(free),
                    size(needed - free)
                ),
            });
        }
    }
    warnings.extend(lacking.iter().map(Lacking::warning));
    warnings.extend(other_warnings(pid, from, to, options.share));
    let routes = counts
        .iter()
        .map(|NodeCount { route, moved, .. }| Planned {
            from: route.from.0,
            to: route.to.0,
            pages: *moved,
        })
        .collect();
    Ok(Some(DryRun {
        page_size,
        routes,
        targets,
        warnings,
    }))
}

impl Target {
    /// What is needed of the node's free memory, which its pool of huge pages is no part of.
    fn small_bytes(&self, huge: &HugeNeeds) -> u64 {
        let pool = huge.iter().filter(|((node, _), _)| *node == self.node);
        let pool: u64 = pool.map(|((_, size), pages)| size * pages).sum();
        self.needed_bytes.saturating_sub(pool)
    }
}

/// Where a pool of huge pages is too small.
struct Lacking {
    node: u32,
    page_size: u64,
    free: u64,
    needed: u64,
}

impl Lacking {
    fn warning(&self) -> Warning {
        Warning {
            kind: WarningKind::DoesNotFit,
            message: format!(
                "node {} has {} free huge {} of {}, {} less than needed",
                self.node,
                grouped(self.free),
                if self.free == 1 { "page" } else { "pages" },
                size(self.page_size),
                grouped(self.needed - self.free)
            ),
        }
    }
}

fn huge_needs(pid: i32, plan: &Plan, options: &Options<'_>) -> HugeNeeds {
    let mut needs = HugeNeeds::new();
    // numa_maps counts whole mappings, so it cannot tell for ranges. It is a warning only: if
    // the file is not there, there is none.
    if options.ranges.is_empty() {
        let _ = for_each_numa_mapping(Root::SYSTEM, pid, |kind, line| {
            if !line.is_huge || line.page_size <= LARGEST_MADE || !options.kinds.contains(kind) {
                return;
            }
            for (node, pages) in line.nodes() {
                if let Some(to) = plan.target(node) {
                    *needs.entry((to.0, line.page_size)).or_default() += pages;
                }
            }
        });
    }
    needs
}

fn lacking_huge(needs: &HugeNeeds) -> Vec<Lacking> {
    let lacking = needs.iter().filter_map(|(&(node, page_size), &needed)| {
        let path = format!(
            "/sys/devices/system/node/node{node}/hugepages/hugepages-{}kB/free_hugepages",
            page_size / 1024
        );
        let free: u64 = fs::read_to_string(path).ok()?.trim().parse().ok()?;
        (free < needed).then_some(Lacking {
            node,
            page_size,
            free,
            needed,
        })
    });
    lacking.collect()
}

fn list(ids: impl Iterator<Item = u32>) -> String {
    let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
    ids.join(",")
}

/// `node 2` or `nodes 2,3`.
fn nodes(ids: &[u32]) -> String {
    let noun = if ids.len() == 1 { "node" } else { "nodes" };
    format!("{noun} {}", list(ids.iter().copied()))
}

fn other_warnings(pid: i32, from: &NodeMask, to: &NodeMask, share: Share) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |kind, message| warnings.push(Warning { kind, message });
    if share == Share::Private {
        warn(
            WarningKind::SharedStay,
            if Share::permitted() == Share::All {
                "of these, pages that other processes map as well would stay".into()
            } else {
                "of these, pages that other processes map as well would stay, for lack of \
                 CAP_SYS_NICE"
                    .into()
            },
        );
    }
    let balancing = fs::read_to_string("/proc/sys/kernel/numa_balancing").unwrap_or_default();
    if balancing.trim().parse::<u32>().is_ok_and(|mode| mode != 0) {
        warn(
            WarningKind::NumaBalancing,
            "automatic NUMA balancing is on and may move pages back".into(),
        );
    }
    let allowed_cpus = process::allowed_cpus(pid).unwrap_or_default();
    let cpus_of = |node: u32| {
        fs::read_to_string(format!("/sys/devices/system/node/node{node}/cpulist"))
            .ok()
            .and_then(|text| process::parse_list(text.trim()))
            .unwrap_or_default()
    };
    let far: Vec<u32> = to
        .iter()
        .map(|node| node.0)
        .filter(|&node| {
            let cpus = cpus_of(node);
            !cpus.is_empty() && !cpus.iter().any(|cpu| allowed_cpus.contains(cpu))
        })
        .collect();
    if !far.is_empty() && !allowed_cpus.is_empty() {
        warn(
            WarningKind::CpusElsewhere,
            format!("the process may not run on a CPU of {}", nodes(&far)),
        );
    }
    if let Some(allowed) = process::allowed_nodes(pid) {
        let outside: Vec<u32> = to
            .iter()
            .map(|node| node.0)
            .filter(|node| !allowed.contains(node))
            .collect();
        if !outside.is_empty() {
            warn(
                WarningKind::OutsideCpuset,
                format!(
                    "{} {} outside of the process's cpuset",
                    nodes(&outside),
                    if outside.len() == 1 { "is" } else { "are" }
                ),
            );
        }
    }
    if from.len() != to.len() {
        let both: Vec<u32> = from
            .iter()
            .filter(|&node| to.contains(node))
            .map(|node| node.0)
            .collect();
        let mut message = format!("FROM has {} and TO {}", count(from.len()), to.len());
        if !both.is_empty() {
            let _ = write!(message, ": pages on {}, in both, stay", nodes(&both));
        }
        warn(WarningKind::NodeCounts, message);
    }
    warnings
}

/// `1 node` or `4 nodes`.
fn count(number: usize) -> String {
    format!("{number} {}", if number == 1 { "node" } else { "nodes" })
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
            let widths: Vec<usize> = (0..rows[0].len())
                .map(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0))
                .collect();
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
                message: format!("FROM has {} and TO 2", count(3)),
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
        assert_eq!(nodes(&[2]), "node 2");
        assert_eq!(nodes(&[2, 3]), "nodes 2,3");
    }

    #[test]
    fn huge_pages_come_from_a_pool() {
        let needs = HugeNeeds::from([((2, 1 << 30), 3)]);
        let target = Target {
            node: 2,
            needed_bytes: (3 << 30) + 5,
            free_bytes: None,
            fits: None,
        };
        assert_eq!(target.small_bytes(&needs), 5);
        let lacking = Lacking {
            node: 2,
            page_size: 1 << 30,
            free: 1,
            needed: 3,
        };
        assert_eq!(
            lacking.warning().message,
            "node 2 has 1 free huge page of 1 GiB, 2 less than needed"
        );
    }
}
