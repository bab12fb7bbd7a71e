//! What memory is: `--matrix` with `--measure`, `--tiers`, `--weights`, `--suggest`.

pub(crate) mod matrix;
mod measure;
pub(crate) mod tiers;
pub(crate) mod weights;

use numa::weights::Weight;

use crate::given::Given;
use crate::options::Opt;
use crate::refusal::Refusal;

/// Something of it to show or to set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum View {
    /// Latency, bandwidth or both, from each node to each.
    Matrix(matrix::Figures),
    /// Memory tiers.
    Tiers,
    /// Weights of interleaving.
    Weights,
    /// Set them.
    SetWeights(Given, Vec<Weight>),
    /// Let the kernel set them.
    Automatic(Given),
    /// Work them out.
    Suggest,
}

impl View {
    /// What an option asks for.
    pub(crate) fn of(id: Opt, given: &Given, has_value: bool) -> Result<View, Refusal> {
        Ok(match id {
            Opt::Matrix => View::Matrix(matrix::Figures::named(given, has_value)?),
            Opt::Tiers => View::Tiers,
            Opt::Weights if !has_value => View::Weights,
            Opt::Weights if given.text == b"auto" => View::Automatic(given.clone()),
            Opt::Weights => View::SetWeights(given.clone(), weights::read(given)?),
            _ => View::Suggest,
        })
    }
}
