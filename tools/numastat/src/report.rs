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
use crate::sheet::{About, Sheet, with_change};
use crate::table::{Cell, Kept, Row, Shape, Style, Table, megabytes};
use crate::{cgroup, check, machine, process, tiers};

/// Exit status with `--check`: some memory is out of place.
pub(crate) const OUT_OF_PLACE: u8 = 3;

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
    /// Looks. `plain`: without options.
    pub(crate) fn make(request: &Request, plain: bool, files: &Files) -> Report {
        let mut report = Report::default();
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
        if request.tiers {
            let sheets = tiers::sheets(files, &nodes, page, &mut report.failures);
            report.sheets.extend(sheets);
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
                    false => process::usage(files, &process, nodes),
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
                About::Balancing { .. } => text.push_str(&sheet.system_text(self.seconds)),
                About::Tier { .. } if sheet.rows.is_empty() => {
                    let title = sheet.table(self.seconds).title;
                    let _ = writeln!(
                        text,
                        "\n{title}\nthis kernel does not count them (Linux 5.18)"
                    );
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
            cli::failures::of_io(&error)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{Sort, Wanted};
    use crate::testing::MadeUp;

    fn machine() -> MadeUp {
        let made = MadeUp::new();
        for node in [0, 8] {
            let file = |file: &str| format!("sys/devices/system/node/node{node}/{file}");
            made.write(&file("meminfo"), format!("Node {node} MemTotal: 2048 kB\n"));
            made.write(&file("numastat"), "numa_hit 256\n");
        }
        made
    }

    fn processes(pids: &[&str]) -> Request {
        let pids = pids.iter().map(|pid| Wanted::Pid((*pid).to_owned()));
        Request {
            processes: pids.collect(),
            ..Request::default()
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_and_the_others_are_shown() {
        let made = machine();
        made.process(7, "a\u{1b}", "1000 default N0=256\n");
        let request = processes(&["7", "9"]);
        let report = Report::make(&request, false, &made.files());
        assert_eq!(report.status(), FAILED);
        let text = report.text(false, &request, Style::default());
        assert!(text.contains("\n7 (a\\u{1b})"), "{text}");
        assert!(
            text.contains("\nTotal                        1.00 "),
            "{text}"
        );
        assert!(!text.contains("\n9 "), "{text}");
        let request = processes(&["9"]);
        let report = Report::make(&request, false, &made.files());
        assert_eq!(report.text(false, &request, Style::default()), "");
        let json = report.json(false);
        assert!(json.contains("\"kind\": \"no-such-process\""), "{json}");
        assert!(json.contains("\"reports\": []"), "{json}");
    }

    #[test]
    fn without_options_there_are_pages() {
        let made = machine();
        let request = Request {
            counters: true,
            ..Request::default()
        };
        let report = Report::make(&request, false, &made.files());
        let text = "                           node0           node8\n\
                    numa_hit                     256             256\n";
        assert_eq!(report.text(true, &request, Style::default()), text);
        let change = report.since(&report, 1.5);
        let text = "\n                           node0           node8\n\
                    numa_hit                       0               0\n";
        assert_eq!(change.text(true, &request, Style::default()), text);
        assert!(change.json(true).contains("\"seconds\":1.5"));
        assert_eq!(change.json(true).lines().count(), 1);
        assert!(report.has_node(8) && !report.has_node(1));
    }

    #[test]
    fn sorting_goes_on_where_the_table_before_ended() {
        let made = machine();
        made.process(7, "a", "1000 default N0=256\n");
        made.process(8, "b", "1000 default stack N0=256\n");
        let request = Request {
            verbose: true,
            ..processes(&["7", "8"])
        };
        let style = Style {
            sort: Some(Sort::Total),
            ..Style::default()
        };
        let report = Report::make(&request, false, &made.files());
        let text = report.text(false, &request, style);
        let names: String = text
            .lines()
            .filter_map(|line| line.chars().next())
            .collect();
        assert_eq!(names, "P  PHSH-TP  SHPH-T", "{text}");
    }

    #[test]
    fn memory_out_of_place_has_a_status_of_its_own() {
        let made = machine();
        made.process(7, "a", "1000 bind:0 N0=256\n");
        let request = Request {
            checks: vec![7],
            ..Request::default()
        };
        let report = Report::make(&request, false, &made.files());
        assert_eq!(report.status(), 0);
        let text = report.text(false, &request, Style::default());
        assert_eq!(
            text,
            "\nPID 7 (a): all memory is where its policies and its cpuset want it\n"
        );
        made.process(
            7,
            "a",
            "1000 bind:0 N8=256\n2000 bind:0 file=/x mapped=256 N1=256\n",
        );
        let report = Report::make(&request, false, &made.files());
        assert_eq!(report.status(), OUT_OF_PLACE);
        let text = report.text(false, &request, Style::default());
        assert!(text.contains("\nOutside of its cpuset "), "{text}");
        assert!(text.contains("Not counted: 1.00 MBs of files"), "{text}");
        assert!(report.json(false).contains("\"in_place\": false"));
    }
}
