//! A made-up /sys and /proc, whose files are written again for each input.

use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, symlink};
use std::path::PathBuf;

use numa::Root;

/// A directory of its own for this process, below that of fuzz/run, which takes it away in the end.
pub struct Tree {
    directory: PathBuf,
    files: HashMap<&'static str, File>,
}

impl Default for Tree {
    fn default() -> Self {
        let name = format!("numa-fuzz-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).expect("a directory for made-up files");
        Tree {
            directory,
            files: HashMap::new(),
        }
    }
}

impl Tree {
    pub fn root(&self) -> Root<'_> {
        Root::at(self.directory.as_os_str().as_bytes())
    }

    /// Makes a file hold this. The file stays the same one.
    pub fn write(&mut self, path: &'static str, contents: &[u8]) {
        let directory = &self.directory;
        let file = self.files.entry(path).or_insert_with(|| {
            let path = directory.join(path);
            fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
            File::create(path).expect("a made-up file")
        });
        file.write_all_at(contents, 0).expect("room");
        file.set_len(contents.len() as u64).expect("a length");
    }

    /// Makes a symbolic link to something, in place of whatever was there.
    pub fn link(&self, path: &str, target: &[u8]) {
        let path = self.directory.join(path);
        fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        let _ = fs::remove_file(&path);
        // An empty target, or one with a zero byte, is no link.
        let _ = symlink(std::ffi::OsStr::from_bytes(target), path);
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.directory.join(path)
    }
}

/// Calls a function with the tree of this thread.
pub fn with<R>(then: impl FnOnce(&mut Tree) -> R) -> R {
    thread_local!(static TREE: std::cell::RefCell<Tree> = std::cell::RefCell::default());
    TREE.with_borrow_mut(then)
}
