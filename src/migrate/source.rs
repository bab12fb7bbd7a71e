//! Where the pieces come from: one walk for all workers, layer by layer of the plan.

use alloc::vec::Vec;

use super::find::walk::{Found, Walk};
use super::kernel::Kernel;
use crate::error::Result;
use crate::mask::Node;

/// The walk and what of it is being worked on.
#[derive(Debug)]
pub(super) struct Source<'r> {
    walk: Walk<'r>,
    page: usize,
    layer: u32,
    layers: u32,
    /// Bytes that nobody has taken, about.
    left: usize,
    /// Claims that were not returned.
    claims: usize,
    at_end: bool,
    /// Whether this is the second walk of the layer.
    is_again: bool,
}

/// The right to work on pieces of a layer. The next layer does not begin before all are returned.
#[derive(Debug)]
pub(super) struct Claim {
    layer: u32,
}

impl Claim {
    /// The layer that the pieces belong to.
    pub(super) fn layer(&self) -> u32 {
        self.layer
    }
}

/// What comes after a layer that has no more pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The next layer has begun.
    Layer,
    /// It has to wait for other workers.
    Wait,
    /// There is none.
    End,
}

impl<'r> Source<'r> {
    /// `left`: bytes that all layers will look at, about. Without a layer there are no pieces.
    pub(super) fn new(walk: Walk<'r>, page: usize, layers: u32, left: usize) -> Source<'r> {
        Source {
            walk,
            page,
            layer: 0,
            layers,
            left,
            claims: 0,
            at_end: layers == 0,
            is_again: false,
        }
    }

    /// Bytes that nobody has taken, about.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// Fills `addresses` with the next piece: at most `units` units and `bytes`.
    pub(super) fn fill(
        &mut self,
        kernel: &impl Kernel,
        addresses: &mut Vec<usize>,
        units: usize,
        bytes: usize,
    ) -> Result<Found> {
        if self.at_end {
            return Ok(Found::End);
        }
        let found = self.walk.fill(kernel, addresses, units, bytes)?;
        match found {
            Found::Units(unit) => {
                let taken = addresses.len() * unit.size(self.page);
                self.left = self.left.saturating_sub(taken);
            }
            Found::Hole => {}
            Found::End => self.at_end = true,
        }
        Ok(found)
    }

    /// The layer that pieces belong to now.
    pub(super) fn layer(&self) -> u32 {
        self.layer
    }

    /// Whether everything of the layer is done.
    pub(super) fn is_done(&self) -> bool {
        self.at_end && self.claims == 0
    }

    /// How many pages numa_maps has on nodes, of the mappings that the walk looks through.
    pub(super) fn count(&self, nodes: &[Node]) -> Result<Vec<u64>> {
        self.walk.count(nodes)
    }

    /// A claim for a worker that has none.
    pub(super) fn claim(&mut self) -> Claim {
        self.claims += 1;
        Claim { layer: self.layer }
    }

    /// Takes a claim back: the worker has done all that it had in hand.
    pub(super) fn give_back(&mut self, claim: Claim) {
        debug_assert_eq!(claim.layer, self.layer);
        self.claims -= 1;
    }

    /// Begins the next layer, if all is done in this one.
    pub(super) fn next_layer(&mut self) -> Result<Next> {
        if self.layer + 1 >= self.layers {
            return Ok(Next::End);
        }
        if self.claims > 0 {
            return Ok(Next::Wait);
        }
        self.walk.rewind()?;
        self.layer += 1;
        (self.at_end, self.is_again) = (false, false);
        Ok(Next::Layer)
    }

    /// Whether the layer was walked through twice.
    pub(super) fn is_again(&self) -> bool {
        self.is_again
    }

    /// Begins the layer again.
    pub(super) fn again(&mut self) -> Result<()> {
        self.walk.rewind()?;
        (self.at_end, self.is_again) = (false, true);
        Ok(())
    }
}
