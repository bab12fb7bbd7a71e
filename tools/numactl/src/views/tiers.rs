//! `--tiers`: memory tiers, demotion, memory-side caches and devices that access memory by themselves.

use std::fmt::Write as _;

use numa::attributes;
use numa::{Errno, Error, Root};
use serde::Serialize;

use crate::machine::{Machine, ids};
use crate::refusal::Refusal;

/// What there is.
#[derive(Debug, Serialize)]
pub(crate) struct Tiers {
    /// The fastest first; null where the kernel has no tiers.
    tiers: Option<Vec<Tier>>,
    /// Whether pages are demoted; null where the kernel cannot do that.
    demotion: Option<bool>,
    caches: Vec<Cache>,
    generic_initiators: Vec<u32>,
}

#[derive(Debug, Serialize)]
struct Tier {
    /// The kernel's number.
    number: u32,
    nodes: Vec<u32>,
    #[serde(skip)]
    shown: String,
}

#[derive(Debug, Serialize)]
struct Cache {
    node: u32,
    level: u32,
    bytes: u64,
    line_bytes: u32,
    direct_mapped: bool,
    write_through: bool,
}

/// `None` for what the kernel has no file for.
fn known<T>(read: numa::Result<T>) -> Result<Option<T>, Refusal> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.errno() == Errno::ENOENT => Ok(None),
        Err(error) => Err(failed(&error)),
    }
}

fn failed(error: &Error) -> Refusal {
    Refusal::saying(error.to_string(), "--tiers", "")
}

impl Tiers {
    /// Reads it.
    pub(crate) fn read(machine: &Machine) -> Result<Tiers, Refusal> {
        let size = machine.node_bits;
        let tiers = known(numa::tiers::tiers(Root::SYSTEM, size))?.map(|tiers| {
            let tier = |tier: &numa::tiers::Tier| Tier {
                number: tier.number,
                nodes: ids(&tier.nodes),
                shown: tier.nodes.to_string(),
            };
            tiers.iter().map(tier).collect()
        });
        let demotion = known(numa::tiers::is_demotion_enabled(Root::SYSTEM))?;
        let mut caches = Vec::new();
        for node in machine.nodes.iter() {
            let of_node = known(attributes::side_caches(Root::SYSTEM, node))?;
            caches.extend(of_node.into_iter().flatten().map(|cache| Cache {
                node: node.0,
                level: cache.level,
                bytes: cache.size,
                line_bytes: cache.line_size,
                direct_mapped: cache.is_direct_mapped,
                write_through: cache.is_write_through,
            }));
        }
        let initiators = known(attributes::generic_initiators(Root::SYSTEM, size))?;
        Ok(Tiers {
            tiers,
            demotion,
            caches,
            generic_initiators: initiators.as_ref().map(ids).unwrap_or_default(),
        })
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        match &self.tiers {
            None => text.push_str("tiers: this kernel has none (Linux 6.1)\n"),
            Some(tiers) => {
                for (rank, tier) in tiers.iter().enumerate() {
                    let noun = if tier.nodes.len() == 1 {
                        "node"
                    } else {
                        "nodes"
                    };
                    let (shown, number) = (&tier.shown, tier.number);
                    let _ = writeln!(text, "tier {rank}: {noun} {shown} (memory_tier{number})");
                }
            }
        }
        text.push_str(match self.demotion {
            None => "demotion: this kernel has none (Linux 5.15)\n",
            Some(true) => "demotion: on, pages of a full node move to a slower tier\n",
            Some(false) => "demotion: off\n",
        });
        for cache in &self.caches {
            let mapped = if cache.direct_mapped {
                "direct-mapped"
            } else {
                "associative"
            };
            let policy = if cache.write_through {
                "write-through"
            } else {
                "write-back"
            };
            let _ = writeln!(
                text,
                "cache of node {}: level {}, {} MB, {mapped}, {policy}, lines of {} bytes",
                cache.node,
                cache.level,
                cache.bytes >> 20,
                cache.line_bytes
            );
        }
        for node in &self.generic_initiators {
            let _ = writeln!(
                text,
                "node {node}: devices that access memory by themselves"
            );
        }
        text
    }
}
