//! Holds the reports of `--json` against docs/numactl.schema.json: those that tests/numactl and
//! tests/commands made (in the directory NUMACTL_REPORTS).

use std::fs;
use std::path::Path;

fn schema() -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/numactl.schema.json");
    let text = fs::read_to_string(path).expect("the schema");
    jsonschema::validator_for(&serde_json::from_str(&text).expect("JSON")).expect("a schema")
}

#[test]
fn reports() {
    let Some(directory) = std::env::var_os("NUMACTL_REPORTS") else {
        return;
    };
    let schema = schema();
    let mut count = 0;
    for entry in fs::read_dir(directory).expect("the directory") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a file");
        let name = path.display();
        let document: serde_json::Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}: {text}"));
        let errors: Vec<String> = schema
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path))
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}\n{text}");
        count += 1;
    }
    assert!(count > 0, "no reports");
}

#[test]
fn the_schema_refuses_other_documents() {
    let schema = schema();
    for bad in [
        "{}",
        r#"{"format":2,"status":0}"#,
        r#"{"format":1,"status":0,"x":1}"#,
    ] {
        assert!(!schema.is_valid(&serde_json::from_str(bad).expect("JSON")));
    }
    assert!(schema.is_valid(&serde_json::from_str(r#"{"format":1,"status":0}"#).expect("JSON")));
}
