//! What the engine's own text must say: its calls are made in one place.

use std::fs;
use std::path::Path;
use std::string::String;
use std::vec::Vec;

/// The files below a directory, but for its tests.
fn files(directory: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().into();
        if path.is_dir() && name != "tests" {
            files.extend(self::files(&path));
        } else if path.is_file() {
            files.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    files
}

#[test]
fn only_the_kernel_and_the_single_calls_make_system_calls() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/migrate");
    let files = files(&directory);
    assert!(files.len() > 20);
    for (name, text) in files {
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let makes = ["mempolicy::", "pagemap::scan", "monotonic_nanoseconds"];
        let calls = makes.iter().any(|call| code.contains(call));
        assert_eq!(calls, ["kernel.rs", "calls.rs"].contains(&&*name), "{name}");
        let imports_mod = code.contains("use super::{") || code.contains("use crate::migrate::{");
        assert!(!imports_mod, "{name}: the names of mod.rs are for others");
    }
}
