//! What one look at the machine finds.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cli::failures::{FAILED, Failed};
use cli::processes::{self, Seen};
use cli::text::{safe, safe_json};
use numa::topology;
use serde_json::json;

use crate::files::Files;
use crate::options::Request;
use crate::run::OUT_OF_PLACE;
use crate::sheet::{About, Sheet, with_change};
use crate::table::{Cell, Kept, Row, Shape, Style, Table, megabytes};
use crate::{cgroup, check, machine, process};

/// Everything that one look found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Report {
    pub(crate) sheets: Vec<Sheet>,
    pub(crate) failures: Vec<Failed>,
    /// Processes that were asked for, whether they could be read or not.
    asked: usize,
    /// If it is what has changed: in how many seconds.
    seconds: Option<f64>,
}

impl Report {
    /// Looks.
    pub(crate) fn make(request: &Request, files: &Files) -> Report {
        let mut report = Report::default();
        let plain = !request.has_processes() && !request.memory && request.counters;
        let nodes = match machine::nodes(files, plain) {
            Ok(nodes) => nodes,
            Err(failed) => {
                report.failures.push(failed);
                return report;
            }
        };
        let page = topology::page_size() as u64;
        if request.has_processes() {
            report.processes(request, files, &nodes, page);
        }
        for &pid in &request.checks {
            let checked = process::open(files, pid, None)
                .and_then(|process| check::check(files, &process, &nodes, page));
            report.add(checked);
        }
        for path in &request.cgroups {
            report.add(cgroup::usage(files, path, &nodes, page));
        }
        if request.memory {
            let sheet = machine::memory(files, &nodes, &mut report.failures);
            report.sheets.push(sheet);
        }
        if request.counters {
            let sheet = machine::counters(files, &nodes, page, &mut report.failures);
            report.sheets.push(sheet);
        }
        report
    }

    fn add(&mut self, sheet: Result<Sheet, Failed>) {
        match sheet {
            Ok(sheet) => self.sheets.push(sheet),
            Err(failed) => self.failures.push(failed),
        }
    }

    fn processes(&mut self, request: &Request, files: &Files, nodes: &[u32], page: u64) {
        let (pids, failures) = process::find(files, &request.processes);
        self.asked += failures.len();
        self.failures.extend(failures);
        // By their numbers; of those in trees it is known when they began.
        let mut wanted: BTreeMap<i32, Option<u64>> = BTreeMap::new();
        for &pid in &request.trees {
            match family(pid) {
                Ok(family) => wanted.extend(family),
                Err(failed) => self.failures.push(failed),
            }
        }
        for pid in pids {
            wanted.entry(pid).or_insert(None);
        }
        self.asked += wanted.len();
        for (pid, began) in wanted {
            let usage =
                process::open(files, pid, began).and_then(|process| match request.by_kind {
                    true => process::usage_by_kind(files, &process, nodes, page),
                    false => process::usage(files, &process, nodes, page),
                });
            self.add(usage);
        }
    }

    /// Whether a node is in it.
    pub(crate) fn has_node(&self, node: u32) -> bool {
        // Where there is nothing to show, that is told.
        self.sheets.is_empty() || self.sheets.iter().any(|sheet| sheet.nodes.contains(&node))
    }

    /// What has changed since an earlier one.
    pub(crate) fn since(&self, earlier: &Report, seconds: f64) -> Report {
        let changes = self.sheets.iter();
        Report {
            sheets: changes
                .filter_map(|sheet| sheet.since(&earlier.sheets))
                .collect(),
            failures: self.failures.clone(),
            asked: self.asked,
            seconds: Some(seconds),
        }
    }

    /// The exit status.
    pub(crate) fn status(&self) -> u8 {
        let out_of_place =
            |sheet: &Sheet| matches!(sheet.about, About::Check { .. }) && !sheet.rows.is_empty();
        if !self.failures.is_empty() {
            FAILED
        } else if self.sheets.iter().any(out_of_place) {
            OUT_OF_PLACE
        } else {
            0
        }
    }

    /// One JSON document; in one line if others follow.
    pub(crate) fn json(&self, has_others: bool) -> String {
        let document = json!({
            "format": 1,
            "status": self.status(),
            "seconds": self.seconds,
            "failures": self.failures,
            "reports": self.sheets.iter().map(Sheet::json).collect::<Vec<_>>(),
        });
        let text = match has_others {
            true => document.to_string(),
            false => serde_json::to_string_pretty(&document).unwrap_or_default(),
        };
        format!("{}\n", safe_json(&text))
    }

    /// All tables.
    pub(crate) fn text(&self, plain: bool, request: &Request, style: Style) -> String {
        let mut text = String::new();
        let mut order: Vec<String> = Vec::new();
        let mut kept = Kept::default();
        let is_process = |sheet: &&Sheet| matches!(sheet.about, About::Process { .. });
        let in_one = self.asked > 1 && !request.verbose && !request.by_kind;
        if in_one && self.sheets.iter().any(|sheet| is_process(&sheet)) {
            let sheets: Vec<&Sheet> = self.sheets.iter().filter(is_process).collect();
            text.push_str(&sorted(self.in_one(&sheets), style).show(style));
        }
        for sheet in self.sheets.iter() {
            match &sheet.about {
                About::Process { .. } if in_one => {}
                About::Process { .. } => {
                    let mut table = sheet.table(self.seconds);
                    // The reference uses one table for all: it begins with what was shown before.
                    let place = |row: &Row| order.iter().position(|name| *name == row.name);
                    table
                        .rows
                        .sort_by_key(|row| place(row).unwrap_or(order.len()));
                    table.kept = kept;
                    let table = sorted(table, style);
                    kept = table.keeps();
                    order = table.rows.iter().map(|row| row.name.clone()).collect();
                    text.push_str(&table.show(style));
                }
                About::Check { pid, name, files } => {
                    text.push_str(&checked(sheet, *pid, name, *files, style));
                }
                About::Counters if plain => {
                    let mut table = sheet.table(None);
                    for (row, named) in table.rows.iter_mut().zip(&sheet.rows) {
                        row.name.clone_from(&named.name);
                    }
                    if self.seconds.is_some() {
                        text.push('\n');
                    }
                    let page = topology::page_size() as i128;
                    text.push_str(&table.show_pages(page, style.width));
                }
                _ => text.push_str(&sorted(sheet.table(self.seconds), style).show(style)),
            }
        }
        text
    }

    /// A row for each process.
    fn in_one(&self, sheets: &[&Sheet]) -> Table {
        let all = sheets.iter().flat_map(|sheet| sheet.nodes.iter().copied());
        let nodes = process::columns(&[], all);
        let row = |sheet: &&Sheet| {
            let totals = sheet.totals();
            let cell = |node: &u32| -> Cell {
                match sheet.nodes.iter().position(|other| other == node) {
                    Some(at) => totals[at],
                    None => Some(0),
                }
            };
            let name = match &sheet.about {
                About::Process { pid, name } => format!("{pid} ({})", safe(name)),
                _ => String::new(),
            };
            Row {
                name,
                cells: nodes.iter().map(cell).collect(),
            }
        };
        let title = "Per-node process memory usage (in MBs)".to_owned();
        Table {
            title: with_change(title, self.seconds),
            shape: Shape::Processes,
            rows: sheets.iter().map(row).collect(),
            nodes,
            kept: Kept::default(),
        }
    }
}

fn sorted(mut table: Table, style: Style) -> Table {
    if let Some(by) = style.sort {
        table.sort(by);
    }
    table
}

/// What `--check` found of a process.
fn checked(sheet: &Sheet, pid: i32, name: &str, files: u64, style: Style) -> String {
    let mut text = if sheet.rows.is_empty() {
        format!(
            "\nPID {pid} ({}): all memory is where its policies and its cpuset want it\n",
            safe(name)
        )
    } else {
        sorted(sheet.table(None), style).show(style)
    };
    if files > 0 {
        let _ = writeln!(
            text,
            "Not counted: {} MBs of files in the page cache lie elsewhere, which its policies do not govern",
            megabytes(files.into(), 2)
        );
    }
    text
}

/// A process and its descendants, and when they began.
fn family(pid: i32) -> Result<Vec<(i32, Option<u64>)>, Failed> {
    let first = Seen::now(pid);
    if let Err(error) = first.began {
        return Err(process::failed(pid, error));
    }
    match processes::with_descendants(&[first]) {
        Ok(family) => Ok(family
            .into_iter()
            .map(|seen| (seen.pid, seen.began.ok()))
            .collect()),
        Err(error) => Err(Failed::other(format!(
            "--tree={pid}: cannot look for its descendants: {}",
            crate::files::reason(&error)
        ))),
    }
}
