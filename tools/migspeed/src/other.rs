//! Pages of another process, moved from FROM to TO and back.
//!
//! They move a few at a time, and these go back before the next ones leave: whenever the command ends,
//! no more than [`PIECE`] pages are away.

use std::fs;
use std::time::{Duration, Instant};

use cli::failures::{self, Failed, FailedKind};
use cli::processes::Seen;
use cli::text;
use numa::migrate::{self, Process, Share};
use numa::{Node, topology};

use crate::order::Order;
use crate::report::{Leg, Measured};

/// Pages that are away at a time.
const PIECE: usize = 512;

/// A page, and the nodes that it is moved between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Page {
    address: usize,
    home: i32,
    away: i32,
}

/// Moves them. Also says how many could not be moved back.
pub(crate) fn run(order: &Order, pid: i32) -> Result<(Measured, u64), Failed> {
    let process = failures::hold(&Seen::now(pid))?;
    let failed = |error| Failed::of_process(pid, error);
    let pages = find(&process, order).map_err(failed)?;
    if pages.is_empty() {
        let from = &order.from;
        let message = format!("process {pid} has no pages on the nodes '{from}'");
        return Err(Failed::other(message));
    }
    let (mut there, mut back) = (Trip::default(), Trip::default());
    for piece in pages.chunks(PIECE) {
        if !process.is_there() {
            let message = format!("process {pid} has ended");
            return Err(Failed::new(FailedKind::NoSuchProcess, message));
        }
        let moved = there.go(pid, piece, |page| page.away).map_err(failed)?;
        back.go(pid, &moved, |page| page.home).map_err(failed)?;
    }
    let page_size = topology::page_size() as u64;
    let measured = Measured {
        pid: Some(pid),
        pages: pages.len() as u64,
        page_size,
        from: order.from.iter().map(|node| node.0).collect(),
        to: order.to.iter().map(|node| node.0).collect(),
        there: there.leg(page_size),
        back: Some(back.leg(page_size)),
        before: None,
        after: None,
    };
    Ok((measured, there.moved - back.moved))
}

/// One way, so far.
#[derive(Debug, Default)]
struct Trip {
    moved: u64,
    time: Duration,
}

impl Trip {
    /// Moves pages; returns those that are where they should go.
    fn go(
        &mut self,
        pid: i32,
        pages: &[Page],
        target: impl Fn(&Page) -> i32,
    ) -> numa::Result<Vec<Page>> {
        let addresses: Vec<usize> = pages.iter().map(|page| page.address).collect();
        let nodes: Vec<i32> = pages.iter().map(target).collect();
        let mut status = vec![-1; pages.len()];
        let began = Instant::now();
        migrate::move_pages(pid, &addresses, &nodes, &mut status, Share::Private)?;
        self.time += began.elapsed();
        let there = pages.iter().zip(nodes.iter().zip(&status));
        let there = there.filter(|(_, (node, status))| node == status);
        let there: Vec<Page> = there.map(|(page, _)| *page).collect();
        self.moved += there.len() as u64;
        Ok(there)
    }

    fn leg(&self, page_size: u64) -> Leg {
        Leg {
            pages_moved: Some(self.moved),
            ..Leg::new(self.moved * page_size, self.time.as_secs_f64())
        }
    }
}

/// The first pages of the process on the nodes of FROM. Those of the n-th node go to the n-th of TO,
/// counted anew where that has fewer.
fn find(process: &Process, order: &Order) -> numa::Result<Vec<Page>> {
    let from: Vec<Node> = order.from.iter().collect();
    let to: Vec<Node> = order.to.iter().collect();
    let limit = usize::try_from(order.pages).unwrap_or(usize::MAX);
    let mut pages = Vec::new();
    if to.is_empty() || limit == 0 {
        return Ok(pages);
    }
    let mut mappings = Vec::new();
    process.for_each_numa_mapping(|_, line| {
        if line.nodes().any(|(node, _)| order.from.contains(node)) {
            let size = if line.is_huge {
                line.page_size as usize
            } else {
                0
            };
            mappings.push((line.start, size));
        }
    })?;
    let ends = ends_of_mappings(process.pid());
    for (start, size) in mappings {
        let Some(&(_, end)) = ends.iter().find(|(first, _)| *first == start) else {
            continue;
        };
        let step = if size == 0 {
            topology::page_size()
        } else {
            size
        };
        migrate::for_each_run(process.pid(), start..end, size, &mut |run| {
            let place = run
                .node()
                .and_then(|node| from.iter().position(|&n| n == node));
            if let Some(place) = place {
                let addresses = run.addresses.step_by(step);
                pages.extend(addresses.take(limit - pages.len()).map(|address| Page {
                    address,
                    home: run.status,
                    away: to[place % to.len()].0 as i32,
                }));
            }
            pages.len() < limit
        })?;
        if pages.len() >= limit {
            break;
        }
    }
    Ok(pages)
}

/// First address and end of each mapping. A process that has gone has none.
fn ends_of_mappings(pid: i32) -> Vec<(usize, usize)> {
    let text = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    let address = |text: &str| usize::from_str_radix(text, 16).ok();
    let range = |line: &str| {
        let (start, end) = line.split_once(' ')?.0.split_once('-')?;
        address(start).zip(address(end))
    };
    text.lines().filter_map(range).collect()
}

/// What the two lines say of it, and of what did not move.
pub(crate) fn lines(measured: &Measured) -> String {
    let back = measured.back.unwrap_or_default();
    format!("there: {}back: {}", measured.there.line(), back.line())
}

/// What is to be said of pages that stayed, or were not moved back.
pub(crate) fn complaints(measured: &Measured, away: u64) -> Vec<String> {
    let pid = measured.pid.unwrap_or_default();
    let moved = measured.there.pages_moved.unwrap_or(0);
    let stayed = measured.pages.saturating_sub(moved);
    let mut lines = Vec::new();
    if stayed > 0 {
        let pages = text::pages(stayed);
        lines.push(format!("{pages} of process {pid} did not move"));
    }
    if away > 0 {
        let pages = text::pages(away);
        lines.push(format!("{pages} of process {pid} could not be moved back"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_move_is_told() {
        let leg = |moved| Leg {
            pages_moved: Some(moved),
            ..Leg::new(moved * 4096, 1.0)
        };
        let measured = Measured {
            pid: Some(7),
            pages: 10,
            page_size: 4096,
            from: vec![0],
            to: vec![1],
            there: leg(9),
            back: Some(leg(7)),
            before: None,
            after: None,
        };
        assert_eq!(
            complaints(&measured, 2),
            [
                "1 page of process 7 did not move",
                "2 pages of process 7 could not be moved back"
            ]
        );
        assert!(lines(&measured).starts_with("there: 0.0 Mbyte migrated in 1.00 secs. "));
        assert!(lines(&measured).contains("\nback: 0.0 Mbyte"));
    }

    #[test]
    fn mappings_of_this_process() {
        let mappings = ends_of_mappings(std::process::id() as i32);
        let here = mappings.as_ptr() as usize;
        assert!(
            mappings
                .iter()
                .any(|&(start, end)| start <= here && here < end)
        );
        assert!(ends_of_mappings(i32::MAX).is_empty());
    }
}
