//! Pages that pagemap shows and move_pages(2) denies. Before Linux 6.5 those are the ones that NUMA
//! balancing watches and the ones that nobody may access (PROT_NONE); the zero page, which lies on
//! no node for anyone, is denied as well.
//!
//! Nothing says where such a page is, but numa_maps counts it. So when all other pages of a layer
//! have been dealt with, what numa_maps has on a node beyond those that stayed there is hidden. It
//! can only be moved with everything else on the node, by migrate_pages(2).

use alloc::vec::Vec;

use super::kernel::Kernel;
use super::mover::Mover;
use super::plan::Route;
use super::room;
use super::source::Source;
use super::tally::Reason;
use crate::error::{Error, Result};
use crate::mask::Node;
use crate::sys::Errno;

/// A route whose node may have hidden pages.
struct Suspect {
    index: usize,
    route: Route,
    /// Pages of the node that were looked at and are still there.
    seen: u64,
    /// Why those are left that do not move.
    reason: Reason,
}

/// Moves and counts the hidden pages of a layer, after everything else of it is done.
pub(super) fn settle<K: Kernel>(mover: &Mover<K>, source: &Source<'_>) -> Result<()> {
    let mut most = mover.tally.take_denied();
    if most == 0 {
        return Ok(());
    }
    let counts = mover.tally.counts()?;
    let mut suspects: Vec<Suspect> = room::with_room(counts.len())?;
    let mut nodes: Vec<Node> = room::with_room(counts.len())?;
    for (index, count) in counts.iter().enumerate() {
        if count.route.layer() == source.layer() {
            let would_move = if mover.look_only { count.moved } else { 0 };
            nodes.push(count.route.from);
            suspects.push(Suspect {
                index,
                route: count.route,
                seen: count.stayed().saturating_add(would_move),
                reason: Reason::Hidden,
            });
        }
    }
    let before = source.count(&nodes)?;
    let mut any = false;
    for (suspect, &before) in suspects.iter_mut().zip(&before) {
        if before > suspect.seen && mover.may_move_all && !mover.look_only {
            suspect.reason = move_all(mover, suspect.route)?;
            any = true;
        }
    }
    let after = if any {
        Some(source.count(&nodes)?)
    } else {
        None
    };
    for (at, suspect) in suspects.iter().enumerate() {
        let after = match &after {
            Some(after) => after[at],
            // What would be moved counts as moved.
            None if mover.may_move_all => suspect.seen,
            None => before[at],
        };
        // numa_maps counts a page that is mapped more than once so often: that many went does not say
        // that others went too.
        let after = if mover.aliases.is_empty() {
            after
        } else {
            let hidden = before[at].saturating_sub(suspect.seen).min(most);
            after.max(before[at].saturating_sub(hidden))
        };
        let counts = (before[at], after);
        most -= mover
            .tally
            .hidden(suspect.index, suspect.seen, counts, most, suspect.reason);
    }
    Ok(())
}

/// Moves everything on the node that a route leaves. Returns why pages are still there, if any are.
fn move_all<K: Kernel>(mover: &Mover<K>, route: Route) -> Result<Reason> {
    match mover.kernel.move_all(route.from, route.to) {
        Ok(()) => Ok(Reason::Busy),
        Err(Errno::ENOMEM) => Ok(Reason::TargetFull),
        Err(errno @ Errno::ESRCH) => Err(Error::Kernel {
            call: "migrate_pages",
            errno,
        }),
        // What move_pages(2) moved is moved, whatever refuses this call.
        Err(_) => Ok(Reason::NotPermitted),
    }
}
