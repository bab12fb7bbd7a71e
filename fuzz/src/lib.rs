//! What the targets share: sets and texts out of the fuzzer's bytes, and a made-up /sys and /proc.

pub mod bytes;
#[cfg(capi)]
pub mod c;
pub mod naive;
pub mod tree;

/// A set of numbers, as slow as it is plain: what the library's words are compared with.
pub type Set = std::collections::BTreeSet<usize>;
