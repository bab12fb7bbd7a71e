//! Made-up directories of /sys and /proc.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::files::Files;

/// A directory that goes when this does.
#[derive(Debug)]
pub(crate) struct MadeUp {
    root: PathBuf,
}

impl MadeUp {
    /// One with a process of its own, as some of the library's functions look for that.
    pub(crate) fn new() -> MadeUp {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Relaxed);
        let name = format!("numastat-test-{}-{number}", std::process::id());
        let made = MadeUp {
            root: std::env::temp_dir().join(name),
        };
        made.write("proc/self/status", "Name:\tself\n");
        made
    }

    /// A machine of tests/machines.
    pub(crate) fn machine(name: &str) -> Files {
        let machines = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/machines");
        Files::at(machines.join(name))
    }

    pub(crate) fn files(&self) -> Files {
        Files::at(&self.root)
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        let path = self.root.join(path);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }

    /// A process that is there, with this numa_maps.
    pub(crate) fn process(&self, pid: i32, name: &str, numa_maps: &str) {
        let file = |file: &str| format!("proc/{pid}/{file}");
        self.write(
            &file("status"),
            format!("Name:\t{name}\nMems_allowed_list:\t0-1\n"),
        );
        self.write(
            &file("stat"),
            format!("{pid} (x) S 1 7 7 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 77\n"),
        );
        self.write(&file("cmdline"), format!("/bin/{name}\0--x\0"));
        self.write(&file("maps"), "");
        self.write(&file("numa_maps"), numa_maps);
    }
}

impl Drop for MadeUp {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}
