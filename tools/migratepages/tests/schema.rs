//! Holds the reports of `--json` against docs/migratepages.schema.json: those of a few runs
//! here, and those that the tests in virtual machines wrote (MIGRATEPAGES_REPORTS).

use std::fs;
use std::path::Path;
use std::process::Command;

fn schema() -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/migratepages.schema.json");
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
    let schema = schema();
    let me = std::process::id().to_string();
    let runs: [(&[&str], i32); 5] = [
        (&["--show", &me], 0),
        (&["--dry-run", &me, "0", "0"], 0),
        (&[&me, "0", "0"], 0),
        (&["--one-call", &me, "0", "0"], 0),
        (&["2147483647", "0", "0"], 1),
    ];
    for (arguments, status) in runs {
        let output = Command::new(env!("CARGO_BIN_EXE_migratepages"))
            .arg("--json")
            .args(arguments)
            .output()
            .expect("the command");
        assert_eq!(
            output.status.code(),
            Some(status),
            "{arguments:?}: {output:?}"
        );
        check(
            &schema,
            &arguments.join(" "),
            &String::from_utf8_lossy(&output.stdout),
        );
    }
}

#[test]
fn reports_of_the_virtual_machines() {
    let Some(directory) = std::env::var_os("MIGRATEPAGES_REPORTS") else {
        return;
    };
    let schema = schema();
    let mut count = 0;
    for entry in fs::read_dir(directory).expect("the directory") {
        let path = entry.expect("an entry").path();
        check(
            &schema,
            &path.display().to_string(),
            &fs::read_to_string(&path).expect("a file"),
        );
        count += 1;
    }
    assert!(count > 0, "no reports");
}

#[test]
fn the_schema_refuses_other_documents() {
    let schema = schema();
    for bad in [
        "{}",
        r#"{"format":2,"action":"move","status":0,"interrupted":false,"processes":[]}"#,
    ] {
        assert!(!schema.is_valid(&serde_json::from_str(bad).expect("JSON")));
    }
}
