//! A door for the fuzzer (fuzz/ in the sources): no part of the interface.

use std::ffi::OsString;

use crate::options::DEFINITION;
use crate::plan::Plan;

/// Reads a command line, and says why it is refused if it is.
pub fn read(args: Vec<OsString>) {
    let plan = Plan::read(DEFINITION.words(args), false);
    for refusal in plan.refusals.iter().chain(&plan.notices) {
        assert!(!refusal.line().is_empty());
        let _ = (refusal.out(), refusal.warning());
    }
}
