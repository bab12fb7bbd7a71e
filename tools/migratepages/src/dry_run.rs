//! `--dry-run`: what would move where, whether it fits, and what would spoil it.

use std::fmt::Write as _;
use std::fs;

use numa::migrate::{Job, NodeCount, Options, Plan, Step, Worker};
use numa::{NodeMask, Root, topology};
use serde::Serialize;

use crate::process;
use crate::report::{pages, size};

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
}

/// Counts, without moving anything.
pub(crate) fn look(
    pid: i32,
    from: &NodeMask,
    to: &NodeMask,
    options: &Options<'_>,
) -> numa::Result<DryRun> {
    let plan = Plan::new(from.as_bits(), to.as_bits())?;
    let options = Options {
        look_only: true,
        ..options.clone()
    };
    let job = Job::new(Root::SYSTEM, pid, plan, &options)?;
    let mut worker = Worker::new();
    while job.step(&mut worker)? != Step::Done {}
    let counts = job.counts()?;
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
    for target in &mut targets {
        let memory = topology::node_memory(Root::SYSTEM, numa::Node(target.node));
        target.free_bytes = memory.ok().map(|memory| memory.free);
        // Pages that leave the node meanwhile are not taken into account.
        target.fits = target.free_bytes.map(|free| free >= target.needed_bytes);
    }
    let warnings = warnings(pid, from, to, &targets);
    let routes = counts
        .iter()
        .map(|NodeCount { route, moved, .. }| Planned {
            from: route.from.0,
            to: route.to.0,
            pages: *moved,
        })
        .collect();
    Ok(DryRun {
        page_size,
        routes,
        targets,
        warnings,
    })
}

fn list(ids: impl Iterator<Item = u32>) -> String {
    let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
    ids.join(",")
}

fn warnings(pid: i32, from: &NodeMask, to: &NodeMask, targets: &[Target]) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |kind, message| warnings.push(Warning { kind, message });
    for target in targets.iter().filter(|target| target.fits == Some(false)) {
        warn(
            WarningKind::DoesNotFit,
            format!(
                "node {} has {} free, {} less than needed",
                target.node,
                size(target.free_bytes.unwrap_or(0)),
                size(target.needed_bytes - target.free_bytes.unwrap_or(0))
            ),
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
            format!(
                "the process may not run on a CPU of node {}",
                list(far.into_iter())
            ),
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
                    "node {} is outside of the process's cpuset",
                    list(outside.into_iter())
                ),
            );
        }
    }
    if from.len() != to.len() {
        let both = list(
            from.iter()
                .filter(|&node| to.contains(node))
                .map(|node| node.0),
        );
        let mut message = format!("{} nodes go to {}", from.len(), to.len());
        if !both.is_empty() {
            let _ = write!(
                message,
                ", so that pages on node {both}, which is in both sets, stay"
            );
        }
        warn(WarningKind::NodeCounts, message);
    }
    warnings
}

impl DryRun {
    /// Lines for people.
    pub(crate) fn text(&self, title: &str) -> String {
        let mut text = format!("{title}\n");
        for route in &self.routes {
            let _ = writeln!(
                text,
                "  node {} to node {}: {} ({})",
                route.from,
                route.to,
                pages(route.pages),
                size(route.pages * self.page_size)
            );
        }
        if self.routes.is_empty() {
            text.push_str("  nothing would move\n");
        }
        for target in &self.targets {
            if let Some(free) = target.free_bytes {
                let _ = writeln!(text, "  node {} has {} free", target.node, size(free));
            }
        }
        for warning in &self.warnings {
            let _ = writeln!(text, "  warning: {}", warning.message);
        }
        text
    }
}
