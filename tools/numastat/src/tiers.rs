//! How much the kernel has moved between memory tiers: `--tiers`.
//!
//! A node counts the pages that were promoted to it and those that were demoted from it. What balancing has
//! done is counted for the whole system only.

use cli::failures::{Failed, of_io};
use numa::{Errno, tiers};

use crate::files::{self, Files, number, words};
use crate::machine;
use crate::sheet::{About, Counter, Sheet};

const VMSTAT: &str = "/proc/vmstat";

/// Counters of promotion and demotion, which newer kernels keep for each node.
fn is_of_tiers(name: &str) -> bool {
    name.starts_with("pgpromote_") || name.starts_with("pgdemote_")
}

/// Those, and what balancing has done.
fn is_of_system(name: &str) -> bool {
    const BALANCING: [&str; 7] = [
        "numa_pte_updates",
        "numa_huge_pte_updates",
        "numa_hint_faults",
        "numa_hint_faults_local",
        "numa_pages_migrated",
        "pgmigrate_success",
        "pgmigrate_fail",
    ];
    is_of_tiers(name) || BALANCING.contains(&name)
}

/// A sheet for each tier, the fastest first, and one for the whole system.
pub(crate) fn sheets(
    files: &Files,
    nodes: &[u32],
    page: u64,
    failures: &mut Vec<Failed>,
) -> Vec<Sheet> {
    let mut sheets = Vec::new();
    for (about, nodes) in groups(files, nodes, failures) {
        let mut rows = machine::vmstat(files, &nodes, page, failures);
        rows.retain(|row| is_of_tiers(&row.name));
        sheets.push(Sheet { about, nodes, rows });
    }
    sheets.push(Sheet {
        about: About::Balancing {
            mode: mode(files),
            demotion: tiers::is_demotion_enabled(files.root()).ok(),
            counters: counters(files, failures),
        },
        nodes: Vec::new(),
        rows: Vec::new(),
    });
    sheets
}

/// The tiers with their nodes; all nodes together where the kernel has none.
fn groups(files: &Files, nodes: &[u32], failures: &mut Vec<Failed>) -> Vec<(About, Vec<u32>)> {
    let size = nodes.iter().max().map_or(0, |&node| node as usize + 1);
    let all = || vec![(About::Tier { place: None }, nodes.to_vec())];
    match tiers::tiers(files.root(), size) {
        Ok(tiers) => {
            let tiers = tiers.iter().enumerate();
            let group = |(rank, tier): (usize, &tiers::Tier)| {
                let place = Some((rank, tier.number));
                let nodes = tier.nodes.iter().map(|node| node.0).collect();
                (About::Tier { place }, nodes)
            };
            tiers.map(group).collect()
        }
        Err(error) if error.errno() == Errno::ENOENT => all(),
        Err(error) => {
            failures.push(Failed::other(format!("memory tiers: {error}")));
            all()
        }
    }
}

/// What balancing is set to: 0 is off, 1 between nodes, 2 between tiers, 3 both. `None` where the kernel has
/// none.
fn mode(files: &Files) -> Option<u64> {
    let text = files.read("/proc/sys/kernel/numa_balancing").ok()?;
    number(text.trim_ascii())
}

/// The system's counters. A line that is none is told.
fn counters(files: &Files, failures: &mut Vec<Failed>) -> Vec<Counter> {
    let text = files.read(VMSTAT).unwrap_or_else(|error| {
        let why = of_io(&error);
        failures.push(Failed::other(format!("cannot open {VMSTAT}: {why}")));
        Vec::new()
    });
    let mut found = Vec::new();
    for line in text.split(|&byte| byte == b'\n') {
        let mut words = words(line);
        let name = words.next().and_then(files::name);
        let Some(name) = name.filter(|name| is_of_system(name)) else {
            continue;
        };
        match words.next().and_then(number) {
            Some(count) => found.push(Counter {
                name: name.to_owned(),
                count: Some(count.into()),
            }),
            None => failures.push(Failed::other(format!("{VMSTAT}: {name} is no figure"))),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Style;
    use crate::testing::MadeUp;

    const NODE: &str =
        "nr_free_pages 5\npgpromote_success 7\npgpromote_candidate 0\npgdemote_kswapd 512\n";

    /// Two tiers, with a gap in the ids.
    fn machine() -> MadeUp {
        let made = MadeUp::new();
        for node in [0, 1, 5] {
            made.write(&format!("sys/devices/system/node/node{node}/vmstat"), NODE);
        }
        for (tier, nodes) in [(4, "0-1\n"), (38, "5\n"), (110, "\n")] {
            let file = format!("sys/devices/virtual/memory_tiering/memory_tier{tier}/nodelist");
            made.write(&file, nodes);
        }
        made.write(
            "proc/vmstat",
            "nr_free_pages 15\nnuma_hint_faults 300\nnuma_hit 1\npgdemote_kswapd 1536\npgmigrate_fail 2\n",
        );
        made.write("proc/sys/kernel/numa_balancing", "2\n");
        made.write("sys/kernel/mm/numa/demotion_enabled", "true\n");
        made
    }

    fn look(made: &MadeUp) -> (Vec<Sheet>, Vec<String>) {
        let mut failures = Vec::new();
        let sheets = sheets(&made.files(), &[0, 1, 5], 4096, &mut failures);
        let told = failures.into_iter().map(|failed| failed.message).collect();
        (sheets, told)
    }

    #[test]
    fn a_sheet_for_each_tier_and_one_for_the_system() {
        let (sheets, told) = look(&machine());
        assert_eq!(told, [""; 0]);
        assert_eq!(sheets.len(), 3);
        assert_eq!(
            sheets[0].about,
            About::Tier {
                place: Some((0, 4))
            }
        );
        assert_eq!(sheets[0].nodes, [0, 1]);
        assert_eq!(sheets[1].nodes, [5]);
        let names: Vec<&str> = sheets[1].rows.iter().map(|row| row.name.as_str()).collect();
        let expected = [
            "pgpromote_success",
            "pgpromote_candidate",
            "pgdemote_kswapd",
        ];
        assert_eq!(names, expected);
        assert_eq!(sheets[1].rows[2].cells, [Some(2 << 20)]);
        let About::Balancing {
            mode,
            demotion,
            counters,
        } = &sheets[2].about
        else {
            panic!("{:?}", sheets[2]);
        };
        assert_eq!((*mode, *demotion), (Some(2), Some(true)));
        let counters: Vec<_> = counters.iter().map(|c| (&c.name[..], c.count)).collect();
        let expected = [
            ("numa_hint_faults", Some(300)),
            ("pgdemote_kswapd", Some(1536)),
            ("pgmigrate_fail", Some(2)),
        ];
        assert_eq!(counters, expected);
    }

    #[test]
    fn what_is_shown() {
        let made = machine();
        let (sheets, _) = look(&made);
        let table = sheets[1].table(None).show(Style::default());
        assert!(
            table.contains("(in MBs) of tier 1 (memory_tier38):"),
            "{table}"
        );
        assert!(table.contains("pgdemote_kswapd"), "{table}");
        let text = sheets[2].system_text(None);
        assert_eq!(
            text,
            "\nBalancing and tiers of the whole system (in pages and faults):\n\
             balancing: between tiers\n\
             demotion: on\n\
             numa_hint_faults           300\n\
             pgdemote_kswapd           1536\n\
             pgmigrate_fail               2\n"
        );
        // Later, some more have moved.
        made.write("proc/vmstat", "numa_hint_faults 307\nnuma_pte_updates 1\n");
        let (later, _) = look(&made);
        let change = later[2].since(&sheets).unwrap();
        let text = change.system_text(Some(1.0));
        assert!(text.contains("faults), change in 1.00 s:\n"), "{text}");
        assert!(text.contains("numa_hint_faults             7\n"), "{text}");
        // It was not known before.
        assert!(text.contains("numa_pte_updates\n"), "{text}");
        let json = change.json();
        assert_eq!(json["counters"][1]["count"], serde_json::Value::Null);
        assert_eq!(
            (&json["mode"], &json["demotion"]),
            (&2.into(), &true.into())
        );
        let json = sheets[1].json();
        assert_eq!((&json["tier"], &json["number"]), (&1.into(), &38.into()));
        assert_eq!(json["rows"][2]["bytes"][0], 2 << 20);
    }

    #[test]
    fn kernels_without_tiers_or_counters() {
        let made = MadeUp::new();
        for node in [0, 1, 5] {
            made.write(
                &format!("sys/devices/system/node/node{node}/vmstat"),
                "nr_free_pages 5\n",
            );
        }
        made.write("proc/vmstat", "nr_free_pages 5\n");
        let (sheets, told) = look(&made);
        assert_eq!(told, [""; 0]);
        assert_eq!(sheets[0].about, About::Tier { place: None });
        assert_eq!(sheets[0].nodes, [0, 1, 5]);
        assert!(sheets[0].rows.is_empty());
        let text = sheets[1].system_text(None);
        assert!(
            text.ends_with("balancing: not there\ndemotion: not there\n"),
            "{text}"
        );
        assert_eq!(sheets[0].json()["tier"], serde_json::Value::Null);
    }

    #[test]
    fn odd_files_are_told() {
        let made = machine();
        made.remove("sys/devices/system/node/node5/vmstat");
        made.write(
            "proc/vmstat",
            "numa_hint_faults x\npgmigrate_fail\npgmigrate_success 1\n",
        );
        made.write(
            "sys/devices/virtual/memory_tiering/memory_tier38/nodelist",
            "5-\n",
        );
        let (sheets, told) = look(&made);
        // All nodes are shown where the tiers cannot be read.
        assert_eq!(sheets[0].about, About::Tier { place: None });
        assert_eq!(
            sheets[0].rows[0].cells,
            [Some(7 * 4096), Some(7 * 4096), None]
        );
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told[0].starts_with("memory tiers: "), "{told:?}");
        assert!(told[1].contains("node5/vmstat"), "{told:?}");
        assert!(
            told[2].contains("numa_hint_faults is no figure"),
            "{told:?}"
        );
    }
}
