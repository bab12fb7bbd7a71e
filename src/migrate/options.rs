//! What the caller of the engine chooses.

use core::ops::Range;
use core::time::Duration;

use super::calls::Share;
use super::proc::maps::Kinds;

/// What to move, and how.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    /// Only pages that no other process maps, or shared ones too.
    pub share: Share,
    /// Only mappings of these kinds.
    pub kinds: Kinds,
    /// Only pages with these addresses; empty for all. Huge pages move whole.
    pub ranges: &'a [Range<usize>],
    /// How long a thread of the process may have to wait for a page in transit: a goal, no
    /// guarantee.
    pub max_pause: Duration,
    /// How many workers may run at once, at most; fewer if more are not faster.
    pub workers: usize,
    /// Only count: `moved` then is what would be moved.
    pub look_only: bool,
}

impl Default for Options<'_> {
    /// All pages that the caller may move, 20 ms, one worker.
    fn default() -> Self {
        Options {
            share: Share::permitted(),
            kinds: Kinds::ALL,
            ranges: &[],
            max_pause: Duration::from_millis(20),
            workers: 1,
            look_only: false,
        }
    }
}
