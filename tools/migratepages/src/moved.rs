//! What a move did: its part of the report, and lines for people.

use std::fmt::Write as _;

use cli::text::{self, grouped, pages, size};
use numa::migrate::{NodeCount, Reason};
use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Method {
    /// move_pages(2), piece by piece.
    Pieces,
    /// migrate_pages(2).
    OneCall,
}

/// What a move did. All numbers of pages are in pages of `page_size`.
#[derive(Debug, Serialize)]
pub(crate) struct Moved {
    pub(crate) method: Method,
    /// Why it is not the method that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    pub(crate) page_size: u64,
    pub(crate) seconds: f64,
    /// Not known after one call.
    pub(crate) pages_moved: Option<u64>,
    pub(crate) pages_left: u64,
    /// Whether Ctrl-C or SIGTERM came before all pages were reached.
    pub(crate) interrupted: bool,
    /// Whether the process began another program before all of its pages were reached.
    pub(crate) replaced: bool,
    pub(crate) nodes: Vec<Node>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Node {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) moved: u64,
    pub(crate) left: Left,
}

#[derive(Debug, Serialize)]
pub(crate) struct Left {
    pub(crate) busy: u64,
    pub(crate) shared: u64,
    pub(crate) target_full: u64,
    pub(crate) not_permitted: u64,
    pub(crate) hidden: u64,
    /// Not on the node any more, so not part of `pages_left`.
    pub(crate) gone: u64,
}

impl From<&NodeCount> for Node {
    fn from(count: &NodeCount) -> Node {
        Node {
            from: count.route.from.0,
            to: count.route.to.0,
            moved: count.moved,
            left: Left {
                busy: count.left_for(Reason::Busy),
                shared: count.left_for(Reason::Shared),
                target_full: count.left_for(Reason::TargetFull),
                not_permitted: count.left_for(Reason::NotPermitted),
                hidden: count.left_for(Reason::Hidden),
                gone: count.left_for(Reason::Gone),
            },
        }
    }
}

impl Left {
    fn reasons(&self) -> impl Iterator<Item = (u64, &'static str)> {
        [
            (self.busy, "busy or pinned"),
            (self.shared, "shared with other processes"),
            (self.target_full, "without room on the target"),
            (self.not_permitted, "not permitted"),
            (self.hidden, "hidden by the kernel"),
        ]
        .into_iter()
        .filter(|(pages, _)| *pages > 0)
    }
}

impl Moved {
    /// All pages that were on the nodes to leave, and did not vanish.
    fn pages_found(&self) -> Option<u64> {
        Some(self.pages_moved? + self.pages_left)
    }

    /// One line about the pages that could not be moved, if there are some.
    pub(crate) fn left_line(&self) -> Option<String> {
        if self.pages_left == 0 {
            return None;
        }
        let mut text = match self.pages_found() {
            Some(all) => format!(
                "{} of {} could not be moved",
                grouped(self.pages_left),
                pages(all)
            ),
            None => format!("{} could not be moved", pages(self.pages_left)),
        };
        let nodes: Vec<String> = self
            .nodes
            .iter()
            .filter_map(|node| {
                let reasons: Vec<String> = node
                    .left
                    .reasons()
                    .map(|(pages, reason)| format!("{} {reason}", grouped(pages)))
                    .collect();
                (!reasons.is_empty()).then(|| format!("node {}: {}", node.from, reasons.join(", ")))
            })
            .collect();
        if !nodes.is_empty() {
            let _ = write!(text, " ({})", nodes.join("; "));
        }
        Some(text)
    }

    /// What was done until Ctrl-C, if that ended it.
    pub(crate) fn interrupted_line(&self) -> Option<String> {
        let moved = self.pages_moved.filter(|_| self.interrupted)?;
        Some(format!(
            "interrupted: moved {} ({}); pages not reached yet stay where they were",
            pages(moved),
            size(moved * self.page_size)
        ))
    }

    /// That the process is another program now, if that ended it.
    pub(crate) fn replaced_line(&self) -> Option<String> {
        let moved = self.pages_moved.filter(|_| self.replaced)?;
        Some(format!(
            "began another program after {} ({}) had moved; the pages of that one were not looked \
             at: run the command again",
            pages(moved),
            size(moved * self.page_size)
        ))
    }

    /// What `--verbose` says.
    pub(crate) fn summary(&self) -> String {
        let rate = |pages: u64| {
            let bytes = pages * self.page_size;
            let mut text = format!("{} ({})", text::pages(pages), size(bytes));
            if pages > 0 && self.seconds > 0.0 {
                let _ = write!(
                    text,
                    " in {:.2} s, {}/s",
                    self.seconds,
                    size((bytes as f64 / self.seconds) as u64)
                );
            }
            text
        };
        let mut text = match self.pages_moved {
            Some(pages) => format!("moved {}", rate(pages)),
            None => format!("moved with one call in {:.2} s", self.seconds),
        };
        for node in &self.nodes {
            if node.moved > 0 {
                let _ = write!(
                    text,
                    "\n  node {} to node {}: {} ({})",
                    node.from,
                    node.to,
                    pages(node.moved),
                    size(node.moved * self.page_size)
                );
            }
            if node.left.gone > 0 {
                let _ = write!(
                    text,
                    "\n  node {}: {} went away meanwhile",
                    node.from,
                    pages(node.left.gone)
                );
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_for_all_that_stayed() {
        let left = |busy, shared, gone| Left {
            busy,
            shared,
            target_full: 0,
            not_permitted: 0,
            hidden: 0,
            gone,
        };
        let moved = Moved {
            method: Method::Pieces,
            note: None,
            page_size: 4096,
            seconds: 0.1,
            pages_moved: Some(2000),
            pages_left: 21,
            interrupted: true,
            replaced: true,
            nodes: vec![
                Node {
                    from: 0,
                    to: 2,
                    moved: 2000,
                    left: left(16, 2, 1),
                },
                Node {
                    from: 1,
                    to: 3,
                    moved: 0,
                    left: left(0, 3, 0),
                },
            ],
        };
        assert_eq!(
            moved.left_line().unwrap(),
            "21 of 2,021 pages could not be moved (node 0: 16 busy or pinned, 2 shared with other \
             processes; node 1: 3 shared with other processes)"
        );
        assert_eq!(
            moved.interrupted_line().unwrap(),
            "interrupted: moved 2,000 pages (7.8 MiB); pages not reached yet stay where they \
             were"
        );
        assert_eq!(
            moved.replaced_line().unwrap(),
            "began another program after 2,000 pages (7.8 MiB) had moved; the pages of that one were \
             not looked at: run the command again"
        );
    }
}
