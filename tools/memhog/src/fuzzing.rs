//! A door for the fuzzer (fuzz/ in the sources): no part of the interface.

use std::ffi::OsString;

use crate::options::DEFINITION;
use crate::order::Order;

/// Reads a command line.
pub fn read(args: Vec<OsString>) {
    if let Ok(words) = DEFINITION.read(args) {
        let _ = Order::read(words);
    }
}
