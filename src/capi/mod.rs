//! The C interface: every exported function checks its arguments, borrows the caller's masks, calls the
//! core and converts the result.
//!
//! Two libraries are made of it: libnuma.so.1 (`numa`, with `--cfg capi`) and libnuma_ext.so.1 (`ext`,
//! with `--cfg capi_ext`). Both use `bitmask`, `result` and `debug`; `runtime` stands in for
//! std.
#![allow(unsafe_code)]
// The safety of all exported functions is the C contract in the header: pointers are null or
// valid for what they are documented to point to.
#![allow(clippy::missing_safety_doc)]
// Exported by name, not by path; the header generator looks for `pub`.
#![allow(unreachable_pub)]

mod bitmask;
mod debug;
#[cfg(capi_ext)]
mod ext;
#[cfg(capi)]
mod numa;
mod result;
#[cfg(not(any(test, fuzzing)))]
mod runtime;
