//! Figures as they are read, in bytes, for tables and for JSON alike.

use std::collections::BTreeMap;

use cli::text::safe;
use serde_json::{Map, Value, json};

use crate::table::{Cell, Kept, Row, Shape, Table, total};

/// What a sheet is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum About {
    /// The counters of the kernel's allocator.
    Counters,
    /// The memory of the system.
    Memory,
    /// The memory of a process.
    Process { pid: i32, name: String },
    /// The memory of a control group.
    Cgroup { path: String },
    /// What was moved between memory tiers: of the nodes of one, its rank and the kernel's number, or of all
    /// nodes.
    Tier { place: Option<(usize, u32)> },
    /// What balancing and tiers do and have done in the whole system.
    Balancing {
        /// As in numa_balancing; `None` where the kernel has none.
        mode: Option<u64>,
        demotion: Option<bool>,
        counters: Vec<Counter>,
    },
    /// What of a process is out of place.
    Check {
        pid: i32,
        name: String,
        /// Pages of files that lie elsewhere; no policy of a process governs them.
        files: u64,
    },
}

/// A counter of the whole system, in pages or faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counter {
    pub(crate) name: String,
    /// `None` where it is not known.
    pub(crate) count: Cell,
}

/// Rows of bytes, a column for each node.
#[derive(Debug, Clone)]
pub(crate) struct Sheet {
    pub(crate) about: About,
    pub(crate) nodes: Vec<u32>,
    /// In the order in which they are shown, by the names that JSON has for them.
    pub(crate) rows: Vec<Row>,
}

impl Sheet {
    /// The sums of the columns.
    pub(crate) fn totals(&self) -> Vec<Cell> {
        (0..self.nodes.len())
            .map(|at| total(self.rows.iter().map(|row| &row.cells[at])))
            .collect()
    }

    /// Whether they are of the same thing.
    fn is_later(&self, earlier: &Sheet) -> bool {
        match (&self.about, &earlier.about) {
            (About::Process { pid, .. }, About::Process { pid: other, .. }) => pid == other,
            (About::Balancing { .. }, About::Balancing { .. }) => true,
            (about, other) => about == other,
        }
    }

    /// What it is about, with counters that are changes.
    fn changed(&self, earlier: &Sheet) -> About {
        let mut about = self.about.clone();
        if let (
            About::Balancing { counters, .. },
            About::Balancing {
                counters: before, ..
            },
        ) = (&mut about, &earlier.about)
        {
            for counter in counters {
                let before = before.iter().find(|before| before.name == counter.name);
                let change = |before: &Counter| Some(counter.count?.saturating_sub(before.count?));
                counter.count = before.and_then(change);
            }
        }
        about
    }

    /// What has changed since; nothing is known of what was not there.
    pub(crate) fn since(&self, earlier: &[Sheet]) -> Option<Sheet> {
        let earlier = earlier.iter().find(|sheet| self.is_later(sheet))?;
        let columns: BTreeMap<u32, usize> = earlier.nodes.iter().copied().zip(0..).collect();
        let rows: BTreeMap<&str, &Row> = earlier
            .rows
            .iter()
            .map(|row| (row.name.as_str(), row))
            .collect();
        let change = |row: &Row, at: usize| {
            let column = columns.get(&self.nodes[at])?;
            let before = rows.get(row.name.as_str())?.cells[*column]?;
            Some(row.cells[at]?.saturating_sub(before))
        };
        Some(Sheet {
            about: self.changed(earlier),
            nodes: self.nodes.clone(),
            rows: self
                .rows
                .iter()
                .map(|row| Row {
                    name: row.name.clone(),
                    cells: (0..row.cells.len()).map(|at| change(row, at)).collect(),
                })
                .collect(),
        })
    }

    /// The table that shows it; `seconds` if it is what has changed in that time.
    pub(crate) fn table(&self, seconds: Option<f64>) -> Table {
        let (title, shape) = match &self.about {
            About::Counters => ("Per-node numastat info (in MBs):".to_owned(), Shape::System),
            About::Memory => (
                "Per-node system memory usage (in MBs):".to_owned(),
                Shape::System,
            ),
            About::Process { pid, name } => (
                format!(
                    "Per-node process memory usage (in MBs) for PID {pid} ({})",
                    safe(name)
                ),
                Shape::Process,
            ),
            About::Cgroup { path } => (
                format!(
                    "Per-node control group memory usage (in MBs) for {}",
                    safe(path)
                ),
                Shape::Own { sum: false },
            ),
            About::Tier { place } => {
                let of =
                    place.map(|(rank, number)| format!(" of tier {rank} (memory_tier{number})"));
                let of = of.unwrap_or_default();
                (
                    format!("Per-node promotions and demotions (in MBs){of}:"),
                    Shape::Own { sum: false },
                )
            }
            About::Balancing { .. } => (
                "Balancing and tiers of the whole system (in pages and faults):".to_owned(),
                Shape::Own { sum: false },
            ),
            About::Check { pid, name, .. } => (
                format!(
                    "Per-node memory out of place (in MBs) for PID {pid} ({})",
                    safe(name)
                ),
                Shape::Own { sum: true },
            ),
        };
        let rows = self.rows.iter().map(|row| Row {
            name: self.label(&row.name),
            cells: row.cells.clone(),
        });
        Table {
            title: with_change(title, seconds),
            shape,
            nodes: self.nodes.clone(),
            rows: rows.collect(),
            kept: Kept::default(),
        }
    }

    /// The lines of counters that no node has.
    pub(crate) fn system_text(&self, seconds: Option<f64>) -> String {
        let About::Balancing {
            mode,
            demotion,
            counters,
        } = &self.about
        else {
            return String::new();
        };
        let mut text = format!("\n{}\n", self.table(seconds).title);
        let balancing = match mode {
            None => "not there",
            Some(0) => "off",
            Some(1) => "between nodes",
            Some(2) => "between tiers",
            Some(_) => "between nodes and tiers",
        };
        let demotion = match demotion {
            None => "not there",
            Some(true) => "on",
            Some(false) => "off",
        };
        text.push_str(&format!("balancing: {balancing}\ndemotion: {demotion}\n"));
        for Counter { name, count } in counters {
            let count =
                count.map(|count| format!("{count:>w$}", w = 30usize.saturating_sub(name.len())));
            let line = format!("{name}{}", count.unwrap_or_default());
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// What a row is called in a table.
    fn label(&self, name: &str) -> String {
        match self.about {
            About::Counters => {
                // numa_hit: Numa_Hit
                let words = name.split('_').map(capital);
                words.collect::<Vec<_>>().join("_")
            }
            About::Process { .. } => match name.strip_prefix("huge_") {
                Some(size) => format!("Huge {size}"),
                None => capital(name),
            },
            About::Check { .. } => match name {
                "cpuset" => "Outside of its cpuset".to_owned(),
                "preferred" => "Not on preferred nodes".to_owned(),
                policy => format!("Outside of {policy}"),
            },
            About::Memory | About::Cgroup { .. } | About::Tier { .. } | About::Balancing { .. } => {
                name.to_owned()
            }
        }
    }

    /// In the shape of docs/numastat.schema.json.
    pub(crate) fn json(&self) -> Value {
        let mut map = Map::new();
        let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
        let about = match &self.about {
            About::Counters => "counters",
            About::Memory => "memory",
            About::Process { .. } => "process",
            About::Cgroup { .. } => "cgroup",
            About::Tier { .. } => "tier",
            About::Balancing { .. } => "balancing",
            About::Check { .. } => "check",
        };
        put("about", json!(about));
        match &self.about {
            About::Counters | About::Memory => {}
            About::Process { pid, name } => {
                put("pid", json!(pid));
                put("name", json!(name));
            }
            About::Cgroup { path } => {
                put("path", json!(path));
            }
            About::Tier { place } => {
                put("tier", json!(place.map(|(rank, _)| rank)));
                put("number", json!(place.map(|(_, number)| number)));
            }
            About::Balancing {
                mode,
                demotion,
                counters,
            } => {
                put("mode", json!(mode));
                put("demotion", json!(demotion));
                let counters = counters
                    .iter()
                    .map(|counter| json!({"name": counter.name, "count": cell(&counter.count)}));
                put("counters", Value::Array(counters.collect()));
            }
            About::Check { pid, name, files } => {
                put("pid", json!(pid));
                put("name", json!(name));
                put("in_place", json!(self.rows.is_empty()));
                put("files_elsewhere", json!(files));
            }
        }
        put("nodes", json!(self.nodes));
        let rows = self.rows.iter().map(|row| {
            json!({
                "name": row.name,
                "bytes": cells(&row.cells),
                "total": cell(&total(&row.cells)),
            })
        });
        put("rows", Value::Array(rows.collect()));
        if matches!(self.about, About::Process { .. } | About::Check { .. }) {
            let totals = self.totals();
            put("bytes", cells(&totals));
            put("total", cell(&total(&totals)));
        }
        Value::Object(map)
    }
}

/// A title, with the time in which something has changed.
pub(crate) fn with_change(title: String, seconds: Option<f64>) -> String {
    match seconds {
        Some(seconds) => format!("{}, change in {seconds:.2} s:", title.trim_end_matches(':')),
        None => title,
    }
}

/// JSON's numbers go no further than those of 64 bits.
fn cell(cell: &Cell) -> Value {
    match cell {
        Some(bytes) => match (u64::try_from(*bytes), i64::try_from(*bytes)) {
            (Ok(bytes), _) => json!(bytes),
            (_, Ok(bytes)) => json!(bytes),
            _ => Value::Null,
        },
        None => Value::Null,
    }
}

fn cells(cells: &[Cell]) -> Value {
    Value::Array(cells.iter().map(cell).collect())
}

/// With a capital letter.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(about: About, nodes: &[u32], rows: &[(&str, &[Cell])]) -> Sheet {
        Sheet {
            about,
            nodes: nodes.to_vec(),
            rows: rows
                .iter()
                .map(|(name, cells)| Row {
                    name: (*name).to_owned(),
                    cells: cells.to_vec(),
                })
                .collect(),
        }
    }

    #[test]
    fn changes_follow_nodes_and_names() {
        let before = sheet(
            About::Counters,
            &[0, 8],
            &[("a", &[Some(1), Some(2)]), ("b", &[Some(5), None])],
        );
        let now = sheet(
            About::Counters,
            &[0, 4, 8],
            &[
                ("b", &[Some(3), Some(1), Some(1)]),
                ("a", &[Some(4), Some(1), Some(7)]),
                ("c", &[Some(1); 3]),
            ],
        );
        let change = now.since(&[before]).unwrap();
        assert_eq!(change.rows[0].cells, [Some(-2), None, None]);
        assert_eq!(change.rows[1].cells, [Some(3), None, Some(5)]);
        assert_eq!(change.rows[2].cells, [None, None, None]);
        assert!(now.since(&[]).is_none());
        let title = change.table(Some(1.0)).title;
        assert_eq!(title, "Per-node numastat info (in MBs), change in 1.00 s:");
    }

    #[test]
    fn names_of_rows() {
        let of = |about, name| sheet(about, &[], &[]).label(name);
        assert_eq!(of(About::Counters, "interleave_hit"), "Interleave_Hit");
        assert_eq!(of(About::Memory, "Active(anon)"), "Active(anon)");
        let process = || About::Process {
            pid: 7,
            name: String::new(),
        };
        assert_eq!(of(process(), "private"), "Private");
        assert_eq!(of(process(), "huge_2048kB"), "Huge 2048kB");
    }

    #[test]
    fn json_has_integers_and_null() {
        let process = About::Process {
            pid: 7,
            name: "a\u{1b}".into(),
        };
        let sheet = sheet(
            process,
            &[0, 8],
            &[
                ("heap", &[Some(4096), None]),
                ("huge", &[Some(-1), Some(i128::MAX)]),
            ],
        );
        assert_eq!(
            sheet.json(),
            json!({
                "about": "process", "pid": 7, "name": "a\u{1b}", "nodes": [0, 8],
                "rows": [
                    {"name": "heap", "bytes": [4096, null], "total": 4096},
                    {"name": "huge", "bytes": [-1, null], "total": null},
                ],
                "bytes": [4095, null], "total": null,
            })
        );
    }
}
