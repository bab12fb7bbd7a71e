//! For unit tests: a directory with a made-up /sys and /proc, removed when dropped.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::string::{String, ToString};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::vec::Vec;

use crate::root::Root;

/// A made-up root.
pub(crate) struct MadeUp {
    directory: PathBuf,
    text: String,
}

impl MadeUp {
    pub(crate) fn new() -> MadeUp {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!(
            "numa-root-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).unwrap();
        let text = directory.to_str().unwrap().to_string();
        MadeUp { directory, text }
    }

    /// The machines of tests/machines.
    pub(crate) fn names() -> Vec<String> {
        let names = run(Command::new(MACHINES).arg("--names"));
        names.lines().map(String::from).collect()
    }

    /// Whether it is expected of a machine what words stand for.
    pub(crate) fn has_words(name: &str) -> bool {
        let script = std::path::Path::new(MACHINES).with_file_name(name);
        fs::read_to_string(script.join("make")).is_ok_and(|text| text.contains("\nword "))
    }

    /// A machine of tests/machines, by its name.
    pub(crate) fn machine(name: &str) -> MadeUp {
        let made = MadeUp::new();
        run(Command::new(MACHINES).arg(name).arg(&made.directory));
        made
    }

    /// What is expected of a machine: its file `expected`, whose lines are "key<TAB>value". A key
    /// like "node8<TAB>cpus" has two parts.
    pub(crate) fn expected(&self) -> BTreeMap<String, String> {
        let text = fs::read_to_string(self.path("expected")).unwrap();
        text.lines()
            .map(|line| line.rsplit_once('\t').unwrap())
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect()
    }

    pub(crate) fn root(&self) -> Root<'_> {
        Root::at(self.text.as_bytes())
    }

    /// Where a file of it really is.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.directory.join(path)
    }

    /// Writes a file, with the directories above it.
    pub(crate) fn write(&self, path: &str, contents: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    /// Makes a symbolic link, with the directories above it.
    pub(crate) fn link(&self, path: &str, target: &str) {
        let path = self.directory.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }

    /// Writes the files of a node.
    pub(crate) fn node(
        &self,
        node: u32,
        cpumap: &str,
        distance: &str,
        total_kib: u64,
        free_kib: u64,
    ) {
        let dir = format!("sys/devices/system/node/node{node}");
        self.write(&format!("{dir}/cpumap"), format!("{cpumap}\n").as_bytes());
        self.write(
            &format!("{dir}/distance"),
            format!("{distance}\n").as_bytes(),
        );
        let meminfo = format!(
            "Node {node} MemTotal:       {total_kib} kB\nNode {node} MemFree:        {free_kib} kB\n\
             Node {node} MemUsed:        0 kB\n"
        );
        self.write(&format!("{dir}/meminfo"), meminfo.as_bytes());
    }
}

/// How property tests run: with the same inputs each time, and without files about those that fail.
pub(crate) fn same_cases() -> proptest::test_runner::Config {
    proptest::test_runner::Config {
        cases: 512,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(20_260_101),
        ..Default::default()
    }
}

/// The script that makes machines.
const MACHINES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/machines/get");

/// Runs a command that succeeds; returns what it prints.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

impl Drop for MadeUp {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

mod tests {
    use super::*;
    use crate::mask::Node;
    use crate::topology::{cpus_of_node, distance_row, node_memory, nodes, possible_cpus};

    /// Compares what the core reads of a machine with what is expected of it.
    fn as_expected(made: &MadeUp, name: &str) {
        let (root, expected) = (made.root(), made.expected());
        let Some(online) = expected.get("nodes_online") else {
            // A machine without /sys is one node with all CPUs.
            assert_eq!(nodes(root, 1024).unwrap().to_string(), "0", "{name}");
            let cpus = cpus_of_node(root, Node(0), 8192).unwrap();
            assert_eq!(cpus, possible_cpus(root, 8192).unwrap(), "{name}");
            return;
        };
        let ids = nodes(root, 1024).unwrap();
        assert_eq!(ids.to_string(), *online, "{name}: nodes");
        for node in ids.iter() {
            let of = |key: &str| &expected[&format!("node{}\t{key}", node.0)];
            let cpus = cpus_of_node(root, node, 8192).unwrap();
            assert_eq!(cpus.to_string(), *of("cpus"), "{name}: CPUs of {node:?}");
            let mut distances = Vec::new();
            distance_row(root, node, &mut |column, distance| {
                assert_eq!(column, distances.len());
                distances.push(distance.to_string());
            })
            .unwrap();
            assert_eq!(distances.join(" "), *of("distances"), "{name}: {node:?}");
            let memory = node_memory(root, node).unwrap();
            assert_eq!(
                (memory.total >> 10).to_string(),
                *of("total_kib"),
                "{name}: {node:?}"
            );
            assert_eq!(
                (memory.free >> 10).to_string(),
                *of("free_kib"),
                "{name}: {node:?}"
            );
        }
        let absent = Node(ids.iter().last().unwrap().0 + 1);
        assert!(
            cpus_of_node(root, absent, 8192).is_err(),
            "{name}: {absent:?}"
        );
    }

    #[test]
    fn all_machines_are_as_expected() {
        let names = MadeUp::names();
        assert!(names.len() > 10, "{names:?}");
        for name in &names {
            as_expected(&MadeUp::machine(name), name);
        }
    }

    #[test]
    fn this_machine_is_as_it_is_gathered() {
        let made = MadeUp::new();
        let gather = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/gather-topology");
        run(Command::new(gather).arg(&made.directory));
        as_expected(&made, "this machine");
    }
}
