//! What is measured, as a line and in the shape of docs/migspeed.schema.json.

use cli::failures::Failed;
use cli::memory::OnNode;
use serde::Serialize;

/// One run.
#[derive(Debug, Serialize)]
pub(crate) struct Document {
    /// Version of this shape: grows when a field changes its meaning or goes away.
    format: u32,
    /// The exit status.
    status: u8,
    /// Why nothing was moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    measured: Option<Measured>,
}

impl Document {
    pub(crate) fn new(result: Result<(u8, Measured), (u8, Failed)>) -> Document {
        let (status, measured, error) = match result {
            Ok((status, measured)) => (status, Some(measured), None),
            Err((status, failed)) => (status, None, Some(failed)),
        };
        Document {
            format: 1,
            status,
            error,
            measured,
        }
    }
}

/// Pages that were moved.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    /// Whose; null is memory of the command itself.
    pub(crate) pid: Option<i32>,
    pub(crate) pages: u64,
    pub(crate) page_size: u64,
    pub(crate) from: Vec<u32>,
    pub(crate) to: Vec<u32>,
    pub(crate) there: Leg,
    /// Of a process: how they were moved back.
    pub(crate) back: Option<Leg>,
    pub(crate) before: Option<Vec<OnNode>>,
    pub(crate) after: Option<Vec<OnNode>>,
}

/// One way.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Leg {
    /// null where nobody has looked.
    pub(crate) pages_moved: Option<u64>,
    pub(crate) bytes: u64,
    pub(crate) seconds: f64,
    pub(crate) bytes_per_second: Option<f64>,
}

impl Leg {
    pub(crate) fn new(bytes: u64, seconds: f64) -> Leg {
        Leg {
            pages_moved: None,
            bytes,
            seconds,
            bytes_per_second: (seconds > 0.0).then(|| bytes as f64 / seconds),
        }
    }

    /// `3.9 Mbyte migrated in 0.01 secs. 569.9 Mbytes/second`
    pub(crate) fn line(&self) -> String {
        const MBYTE: f64 = (1 << 20) as f64;
        let (bytes, seconds) = (self.bytes as f64 / MBYTE, self.seconds);
        let rate = self.bytes_per_second.unwrap_or(0.0) / MBYTE;
        format!("{bytes:.1} Mbyte migrated in {seconds:.2} secs. {rate:.1} Mbytes/second\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::Order;
    use crate::{DEFINITION, other, own};
    use cli::terminal::Terminal;
    use std::ffi::OsString;

    fn schema() -> jsonschema::Validator {
        let text = include_str!("../../../docs/migspeed.schema.json");
        jsonschema::validator_for(&serde_json::from_str(text).expect("JSON")).expect("a schema")
    }

    fn check(document: &Document) {
        let document = serde_json::to_value(document).unwrap();
        let errors: Vec<String> = schema()
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}\n{document}");
    }

    #[test]
    fn documents_have_the_shape_that_is_written_down() {
        check(&Document::new(Err((2, Failed::other("Out of Memory")))));
        let read = |words: &[&str]| {
            let args: Vec<OsString> = words.iter().map(OsString::from).collect();
            Order::read(DEFINITION.read(args).unwrap())
        };
        // Where there are no policies, it refuses.
        let Ok(order) = read(&["-p", "3", "0", "0"]) else {
            return;
        };
        let measured = own::run(&order, true, &Terminal::new("migspeed")).unwrap();
        assert_eq!((measured.pages, measured.there.pages_moved), (3, Some(0)));
        check(&Document::new(Ok((0, measured))));
        let me = std::process::id();
        let (measured, away) = other::run(&order, me as i32).unwrap();
        assert_eq!((measured.pages, away), (3, 0));
        check(&Document::new(Ok((0, measured))));
        let gone = other::run(&order, i32::MAX).unwrap_err();
        check(&Document::new(Err((1, gone))));
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

    #[test]
    fn the_line() {
        assert_eq!(
            Leg::new(1000 * 4096, 0.005).line(),
            "3.9 Mbyte migrated in 0.01 secs. 781.2 Mbytes/second\n"
        );
        assert_eq!(
            Leg::new(0, 0.0).line(),
            "0.0 Mbyte migrated in 0.00 secs. 0.0 Mbytes/second\n"
        );
    }
}
