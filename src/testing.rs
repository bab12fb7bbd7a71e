//! For unit tests: a directory with a made-up /sys and /proc, removed when dropped.

use std::fs;
use std::path::PathBuf;
use std::string::{String, ToString};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::root::Root;

/// A made-up root.
pub(crate) struct MadeUp {
    directory: PathBuf,
    text: String,
}

impl MadeUp {
    pub(crate) fn new() -> MadeUp {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!(
            "numa-root-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).unwrap();
        let text = directory.to_str().unwrap().to_string();
        MadeUp { directory, text }
    }

    pub(crate) fn root(&self) -> Root<'_> {
        Root::at(self.text.as_bytes())
    }

    /// Where a file of it really is.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.directory.join(path)
    }

    /// Writes a file, with the directories above it.
    pub(crate) fn write(&self, path: &str, contents: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    /// Makes a symbolic link, with the directories above it.
    pub(crate) fn link(&self, path: &str, target: &str) {
        let path = self.directory.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }

    /// Writes the files of a node.
    pub(crate) fn node(
        &self,
        node: u32,
        cpumap: &str,
        distance: &str,
        total_kib: u64,
        free_kib: u64,
    ) {
        let dir = format!("sys/devices/system/node/node{node}");
        self.write(&format!("{dir}/cpumap"), format!("{cpumap}\n").as_bytes());
        self.write(
            &format!("{dir}/distance"),
            format!("{distance}\n").as_bytes(),
        );
        let meminfo = format!(
            "Node {node} MemTotal:       {total_kib} kB\nNode {node} MemFree:        {free_kib} kB\n\
             Node {node} MemUsed:        0 kB\n"
        );
        self.write(&format!("{dir}/meminfo"), meminfo.as_bytes());
    }
}

impl Drop for MadeUp {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}
