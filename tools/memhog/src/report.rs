//! What `--json` reports, in the shape of docs/memhog.schema.json.

use cli::failures::Failed;
use cli::memory::{Huge, OnNode};
use numa::topology;
use serde::Serialize;

use crate::order::Order;

/// One run.
#[derive(Debug, Serialize)]
pub(crate) struct Document {
    /// Version of this shape: grows when a field changes its meaning or goes away.
    format: u32,
    /// The exit status.
    status: u8,
    /// Why nothing was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<Written>,
}

impl Document {
    pub(crate) fn new(result: Result<Written, (u8, Failed)>) -> Document {
        let (status, memory, error) = match result {
            Ok(written) => (0, Some(written), None),
            Err((status, failed)) => (status, None, Some(failed)),
        };
        Document {
            format: 1,
            status,
            error,
            memory,
        }
    }
}

/// Memory that was written.
#[derive(Debug, Serialize)]
pub(crate) struct Written {
    size: u64,
    page_size: u64,
    policy: &'static str,
    nodes: Vec<u32>,
    repeat: u64,
    file: Option<String>,
    transparent_huge: Option<bool>,
    /// What the kernel did not let the command do, and it went on without.
    pub(crate) refused: Vec<String>,
    pub(crate) seconds: f64,
    bytes_per_second: Option<f64>,
    pub(crate) placed: Option<Vec<OnNode>>,
}

impl Written {
    pub(crate) fn new(order: &Order) -> Written {
        Written {
            size: order.size as u64,
            page_size: match order.huge {
                Some(Huge::Pool(page)) => page as u64,
                _ => topology::page_size() as u64,
            },
            policy: order.policy.name,
            nodes: order.nodes.iter().map(|node| node.0).collect(),
            repeat: order.repeat,
            file: order
                .file
                .as_ref()
                .map(|file| file.to_string_lossy().into_owned()),
            transparent_huge: match order.huge {
                Some(Huge::Transparent) => Some(true),
                _ if order.no_huge => Some(false),
                _ => None,
            },
            refused: Vec::new(),
            seconds: 0.0,
            bytes_per_second: None,
            placed: None,
        }
    }

    /// It took so long to write it.
    pub(crate) fn took(&mut self, seconds: f64) {
        let bytes = self.size as f64 * self.repeat as f64;
        self.seconds = seconds;
        self.bytes_per_second = (seconds > 0.0).then(|| bytes / seconds);
    }
}
