//! What `--json` reports, in the shape of docs/memhog.schema.json.

use cli::failures::Failed;
use cli::memory::{Huge, OnNode};
use numa::topology;
use serde::Serialize;

use crate::order::Order;

/// One run.
#[derive(Debug, Serialize)]
pub(crate) struct Document {
    /// Version of this shape: grows when a field changes its meaning or goes away.
    format: u32,
    /// The exit status.
    status: u8,
    /// Why nothing was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<Written>,
}

impl Document {
    pub(crate) fn new(result: Result<Written, (u8, Failed)>) -> Document {
        let (status, memory, error) = match result {
            Ok(written) => (0, Some(written), None),
            Err((status, failed)) => (status, None, Some(failed)),
        };
        Document {
            format: 1,
            status,
            error,
            memory,
        }
    }
}

/// Memory that was written.
#[derive(Debug, Serialize)]
pub(crate) struct Written {
    size: u64,
    page_size: u64,
    policy: &'static str,
    nodes: Vec<u32>,
    repeat: u64,
    file: Option<String>,
    transparent_huge: Option<bool>,
    /// What the kernel did not let the command do, and it went on without.
    pub(crate) refused: Vec<String>,
    pub(crate) seconds: f64,
    bytes_per_second: Option<f64>,
    pub(crate) placed: Option<Vec<OnNode>>,
}

impl Written {
    pub(crate) fn new(order: &Order) -> Written {
        Written {
            size: order.size as u64,
            page_size: match order.huge {
                Some(Huge::Pool(page)) => page as u64,
                _ => topology::page_size() as u64,
            },
            policy: order.policy.name,
            nodes: order.nodes.iter().map(|node| node.0).collect(),
            repeat: order.repeat,
            file: order
                .file
                .as_ref()
                .map(|file| file.to_string_lossy().into_owned()),
            transparent_huge: match order.huge {
                Some(Huge::Transparent) => Some(true),
                _ if order.no_huge => Some(false),
                _ => None,
            },
            refused: Vec::new(),
            seconds: 0.0,
            bytes_per_second: None,
            placed: None,
        }
    }

    /// It took so long to write it.
    pub(crate) fn took(&mut self, seconds: f64) {
        let bytes = self.size as f64 * self.repeat as f64;
        self.seconds = seconds;
        self.bytes_per_second = (seconds > 0.0).then(|| bytes / seconds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DEFINITION;
    use crate::hog::Memory;
    use std::ffi::OsString;

    fn schema() -> jsonschema::Validator {
        let text = include_str!("../../../docs/memhog.schema.json");
        jsonschema::validator_for(&serde_json::from_str(text).expect("JSON")).expect("a schema")
    }

    fn run(words: &[&str]) -> Document {
        let args: Vec<OsString> = words.iter().map(OsString::from).collect();
        let order = Order::read(DEFINITION.read(args).unwrap()).unwrap();
        let mut memory = Memory::map(&order).unwrap();
        let mut written = memory.write(&order, None).unwrap();
        memory.locate(&mut written);
        Document::new(Ok(written))
    }

    #[test]
    fn documents_have_the_shape_that_is_written_down() {
        let schema = schema();
        let failed = Failed::usage("size 'x': not a number");
        for document in [
            run(&["4k"]),
            run(&["-H", "-r0", "1m", "local"]),
            run(&["--huge=thp", "-r2", "3m", "default"]),
            Document::new(Err((1, failed))),
        ] {
            let document = serde_json::to_value(&document).unwrap();
            let errors: Vec<String> = schema
                .iter_errors(&document)
                .map(|error| format!("{}: {error}", error.instance_path))
                .collect();
            assert!(errors.is_empty(), "{errors:#?}\n{document}");
        }
    }

    #[test]
    fn what_is_written_is_somewhere() {
        let Some(written) = run(&["-r2", "1m"]).memory else {
            panic!("no memory")
        };
        assert!(written.bytes_per_second.unwrap() > 0.0);
        if let Some(placed) = written.placed {
            assert_eq!(placed.iter().map(|on| on.bytes).sum::<u64>(), 1 << 20);
        }
    }

    #[test]
    fn the_schema_refuses_other_documents() {
        for bad in [
            "{}",
            r#"{"format":2,"status":0}"#,
            r#"{"format":1,"status":0}"#,
        ] {
            assert!(!schema().is_valid(&serde_json::from_str(bad).expect("JSON")));
        }
    }
}
