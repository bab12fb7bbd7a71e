//! The committed manual page and completions are those that the option definitions give. Runs
//! with `--features docs` only.
#![cfg(feature = "docs")]

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn the_manual_page_and_the_completions_are_up_to_date() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("docs");
    let status = Command::new(env!("CARGO_BIN_EXE_migratepages-docs"))
        .arg(&directory)
        .status()
        .expect("the program");
    assert!(status.success());
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, place) in [
        ("migratepages.8", "../../man"),
        ("migratepages.bash", "completions"),
        ("_migratepages", "completions"),
        ("migratepages.fish", "completions"),
    ] {
        let made = fs::read_to_string(directory.join(name)).expect("a file");
        let committed = fs::read_to_string(package.join(place).join(name)).unwrap_or_default();
        assert!(
            made == committed,
            "{name} is out of date; mend it with `make manual`"
        );
        assert!(made.contains("max"), "{name}");
    }
}
