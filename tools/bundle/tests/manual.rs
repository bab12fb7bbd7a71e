//! The committed manual pages and completions are those that the option definitions give. Runs with
//! `--features docs` only.
#![cfg(feature = "docs")]

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn manual_pages_and_completions_are_up_to_date() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("docs");
    let status = Command::new(env!("CARGO_BIN_EXE_numa-tools-docs"))
        .arg(&directory)
        .status()
        .expect("the program");
    assert!(status.success());
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for command in ["numactl", "numastat", "memhog", "migspeed"] {
        let completions = format!("tools/{command}/completions");
        for (name, place) in [
            (format!("{command}.8"), "man"),
            (format!("{command}.bash"), &*completions),
            (format!("_{command}"), &*completions),
            (format!("{command}.fish"), &*completions),
        ] {
            let made = fs::read_to_string(directory.join(&name)).expect("a file");
            let committed = fs::read_to_string(top.join(place).join(&name)).unwrap_or_default();
            assert!(
                made == committed,
                "{name} is out of date; mend it with `make manual`"
            );
        }
    }
}
