//! What one run of the command reports, in the shape of docs/migratepages.schema.json.

use cli::failures::Failed;
use cli::processes;
use serde::Serialize;

use crate::dry_run::DryRun;
use crate::moved::Moved;
use crate::show::Shown;

/// Everything that one run of the command found and did.
#[derive(Debug, Serialize)]
pub(crate) struct Document {
    /// Version of this shape: grows when a field changes its meaning or goes away.
    pub(crate) format: u32,
    pub(crate) action: Action,
    /// The exit status.
    pub(crate) status: u8,
    /// Whether Ctrl-C or SIGTERM ended it early.
    pub(crate) interrupted: bool,
    /// Why nothing was begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Failed>,
    pub(crate) processes: Vec<Process>,
}

impl Document {
    pub(crate) fn new(action: Action) -> Document {
        Document {
            format: 1,
            action,
            status: 0,
            interrupted: false,
            error: None,
            processes: Vec::new(),
        }
    }

    /// Whether pages stayed behind, or were not looked at.
    pub(crate) fn has_pages_left(&self) -> bool {
        let mut moved = self
            .processes
            .iter()
            .filter_map(|process| process.moved.as_ref());
        moved.any(|moved| moved.pages_left > 0 || moved.replaced)
    }
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Action {
    Move,
    Show,
    DryRun,
}

#[derive(Debug, Serialize)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Failed>,
    #[serde(rename = "move", skip_serializing_if = "Option::is_none")]
    pub(crate) moved: Option<Moved>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) show: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dry_run: Option<DryRun>,
}

impl Process {
    /// A process of which nothing is known but its name.
    pub(crate) fn new(pid: i32) -> Process {
        Process {
            pid,
            name: processes::name(pid),
            error: None,
            moved: None,
            show: None,
            dry_run: None,
        }
    }

    /// Whether there is anything to say about it.
    pub(crate) fn has_report(&self) -> bool {
        self.error.is_some()
            || self.moved.is_some()
            || self.show.is_some()
            || self.dry_run.is_some()
    }
}
