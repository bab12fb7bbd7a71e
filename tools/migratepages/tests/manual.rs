//! The committed manual page is the one that the option definitions give. Runs with
//! `--features docs` only.
#![cfg(feature = "docs")]

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn the_manual_page_is_up_to_date() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("docs");
    let status = Command::new(env!("CARGO_BIN_EXE_migratepages-docs"))
        .arg(&directory)
        .status()
        .expect("the program");
    assert!(status.success());
    let made = fs::read_to_string(directory.join("migratepages.8")).expect("a page");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/migratepages.8");
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(
        made == committed,
        "docs/migratepages.8 is out of date; mend it with\n  \
         cargo run -p migratepages --features docs --bin migratepages-docs -- DIRECTORY\n\
         and copy DIRECTORY/migratepages.8 to docs"
    );
    for completion in ["migratepages.bash", "_migratepages", "migratepages.fish"] {
        let text = fs::read_to_string(directory.join(completion)).expect("completions");
        assert!(text.contains("max-pause"), "{completion}");
    }
}
