//! Holds the reports of `--json` against docs/numastat.schema.json: those of a few runs here, and those
//! that the tests in virtual machines wrote (NUMASTAT_REPORTS).

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What this test runs when it calls itself: the command.
const ITSELF: &str = "NUMASTAT_ITSELF";

fn schema() -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/numastat.schema.json");
    let text = fs::read_to_string(path).expect("the schema");
    jsonschema::validator_for(&serde_json::from_str(&text).expect("JSON")).expect("a schema")
}

fn check(schema: &jsonschema::Validator, name: &str, text: &str) {
    let document: serde_json::Value =
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}: {text}"));
    let errors: Vec<String> = schema
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path))
        .collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}\n{text}");
}

#[test]
fn reports_made_here() {
    if let Some(words) = std::env::var_os(ITSELF) {
        let words = words.to_string_lossy().into_owned();
        let args = words.split(' ').map(OsString::from).collect();
        let status = numastat::run(args);
        // The harness prints a line of its own otherwise.
        std::process::exit(if status == std::process::ExitCode::SUCCESS {
            0
        } else {
            1
        });
    }
    let schema = schema();
    let me = std::process::id().to_string();
    let all = format!("-mn {me} 2147483647 nomatchatall");
    let kinds = format!("--by=kind --tree {me}");
    let checked = format!("--check {me}");
    for (arguments, status) in [
        ("-n", Some(0)),
        ("-m", Some(0)),
        (&all, Some(1)),
        (&kinds, Some(0)),
        (&checked, None),
        ("--cgroup=/nonexistent/group", Some(1)),
        ("--tiers", Some(0)),
    ] {
        let output = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "reports_made_here", "--nocapture", "--quiet"])
            .env(ITSELF, format!("--json {arguments}"))
            .output()
            .expect("the command");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        // Where this kernel has no nodes to look at, that is told.
        let has_nodes = Path::new("/sys/devices/system/node/node0").exists();
        if let (Some(status), true) = (status, has_nodes) {
            assert_eq!(
                output.status.code(),
                Some(status),
                "{arguments}: {output:?}"
            );
        }
        let start = text.find('{').expect("a document");
        check(&schema, arguments, &text[start..]);
    }
}

#[test]
fn reports_of_the_virtual_machines() {
    let Some(directory) = std::env::var_os("NUMASTAT_REPORTS") else {
        return;
    };
    let schema = schema();
    let mut count = 0;
    for entry in fs::read_dir(directory).expect("the directory") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a file");
        check(&schema, &path.display().to_string(), &text);
        count += 1;
    }
    assert!(count > 0, "no reports");
}

#[test]
fn the_schema_refuses_other_documents() {
    let schema = schema();
    for bad in [
        "{}",
        r#"{"format":2,"status":0,"seconds":null,"failures":[],"reports":[]}"#,
        r#"{"format":1,"status":0,"seconds":null,"failures":[],"reports":[{"about":"process","nodes":[],"rows":[]}]}"#,
        r#"{"format":1,"status":0,"seconds":null,"failures":[],"reports":[{"about":"memory","nodes":[0],"rows":[{"name":"x","bytes":[1.5],"total":0}]}]}"#,
    ] {
        assert!(
            !schema.is_valid(&serde_json::from_str(bad).expect("JSON")),
            "{bad}"
        );
    }
}
