//! A door for the fuzzer (fuzz/ in the sources): no part of the interface.

use std::ffi::OsString;
use std::path::Path;

use crate::files::Files;
use crate::options::{self, Action};
use crate::report::Report;
use crate::table::Style;

/// Reads a command line.
pub fn read(args: Vec<OsString>) {
    let _ = options::read(args);
}

/// The report that a command line asks for, of the machine below a directory, as text and as JSON.
pub fn report(root: &Path, args: Vec<OsString>) -> (String, String) {
    let Action::Show(request, plain) = options::read(args) else {
        return Default::default();
    };
    let files = Files::at(root);
    let report = Report::make(&request, plain, &files);
    let style = Style {
        width: Some(80),
        compact: request.compact,
        nonzero: request.nonzero,
        sort: request.sort,
    };
    let later = report.since(&report, 1.0);
    (report.text(plain, &request, style), later.json(false))
}
