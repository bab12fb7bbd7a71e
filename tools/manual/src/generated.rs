//! What the programs share that write committed files from templates.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

/// Result of such a program: an error is a line of text.
pub type Result<T> = std::result::Result<T, String>;

/// The checkout that these programs were built in.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A program that writes files or, with `--check`, compares them. `run` returns what is out of date, in a
/// line, if anything is.
pub fn main(name: &str, run: impl FnOnce(&Path, bool) -> Result<Option<String>>) -> ExitCode {
    let check = match env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => {
            eprintln!("usage: {name} [--check]");
            return ExitCode::from(2);
        }
    };
    match run(&root(), check) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(message)) | Err(message) => {
            eprintln!("{name}: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Names of the files that a directory has templates (`NAME.in`) of, sorted, with the templates.
pub fn templates(directory: &Path) -> Result<Vec<(String, String)>> {
    let io = |error| format!("{}: {error}", directory.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(name) = name.and_then(|name| name.strip_suffix(".in")) {
            found.push((name.to_owned(), fs::read_to_string(&path).map_err(io)?));
        }
    }
    found.sort();
    Ok(found)
}
