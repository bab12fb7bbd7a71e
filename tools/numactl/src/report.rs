//! The report for programs, described by docs/numactl.schema.json.

use serde::Serialize;

use crate::explain::Explanation;
use crate::hardware::Hardware;
use crate::refusal::Refusal;
use crate::shared::{NodeRange, PolicyRange};
use crate::show::Shown;
use crate::views::matrix::Matrix;
use crate::views::tiers::Tiers;
use crate::views::weights::{Suggestion, Weights};

/// The whole report. What was not asked for is left out.
#[derive(Debug, Serialize)]
pub(crate) struct Document {
    format: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hardware: Option<Hardware>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) matrix: Option<Matrix>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tiers: Option<Tiers>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) weights: Option<Weights>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) suggestion: Option<Suggestion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) show: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) explain: Option<Explanation>,
    /// Of shared memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policies: Option<Vec<PolicyRange>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pages: Option<Vec<NodeRange>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) misplaced_pages: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Refusal>,
    pub(crate) status: u8,
}

impl Document {
    /// One that says nothing yet.
    pub(crate) fn new() -> Document {
        Document {
            format: 1,
            hardware: None,
            matrix: None,
            tiers: None,
            weights: None,
            suggestion: None,
            show: None,
            explain: None,
            policies: None,
            pages: None,
            misplaced_pages: None,
            error: None,
            status: 0,
        }
    }

    /// Whether there is something to report.
    pub(crate) fn is_empty(&self) -> bool {
        self.hardware.is_none()
            && self.matrix.is_none()
            && self.tiers.is_none()
            && self.weights.is_none()
            && self.suggestion.is_none()
            && self.show.is_none()
            && self.explain.is_none()
            && self.policies.is_none()
            && self.pages.is_none()
            && self.misplaced_pages.is_none()
            && self.error.is_none()
    }
}
