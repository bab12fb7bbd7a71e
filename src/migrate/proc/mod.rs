//! What the text files of /proc/PID say about a process's memory.

pub(crate) mod lines;
pub(crate) mod maps;
pub(crate) mod numa_maps;
pub(crate) mod process;
pub(crate) mod purpose;
pub(crate) mod status;
