//! Writes the manual pages of the library into `man/`.
//!
//! Each `templates/NAME.SECTION.in` becomes `man/NAME.SECTION`. A template is roff as it stands in the
//! page, with lines that begin with `@` replaced by what the headers in `include/` say:
//!
//! ```text
//! @title NAME SECTION     the first line
//! @synopsis HEADER        prototypes and variables, section by section
//! @head HEADER NAME       what the head of the header says under NAME
//! @describe HEADER TITLE  the section of that title: what each function does
//! @safe HEADER            the functions whose comments say that they are async-signal-safe
//! @example FILE           a file of examples/, without the comment at its head
//! @link NAME              a name that leads to the page and that no header declares
//! ```
//!
//! All sections of a header whose synopsis a page shows have to be described there. `man/links` lists
//! under which names each page is found besides its own: those of the functions and variables.
//!
//! `numa-manual` writes the files, `numa-manual --check` fails if they are not what it would write.

mod header;
mod library;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

type Result<T> = std::result::Result<T, String>;

fn main() -> ExitCode {
    let check = match env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => {
            eprintln!("usage: numa-manual [--check]");
            return ExitCode::from(2);
        }
    };
    match run(&root(), check) {
        Ok(stale) if stale.is_empty() => ExitCode::SUCCESS,
        Ok(stale) => {
            let stale = stale.join(" ");
            eprintln!("numa-manual: out of date: {stale}. `make manual` mends them.");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("numa-manual: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The checkout that this program was built in.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Writes all pages, or compares them. Returns those that differ.
fn run(root: &Path, check: bool) -> Result<Vec<String>> {
    let mut links =
        String::from("# Written by `make manual`. A name, and the page that tells about it.\n");
    let mut stale = Vec::new();
    let mut put = |name: &str, wanted: &str| -> Result<()> {
        let path = root.join("man").join(name);
        if fs::read_to_string(&path).unwrap_or_default() == wanted {
            return Ok(());
        }
        if check {
            stale.push(format!("man/{name}"));
            return Ok(());
        }
        fs::write(&path, wanted).map_err(|error| format!("{}: {error}", path.display()))
    };
    for (name, template) in templates(root)? {
        let page = library::render(root, &template).map_err(|error| format!("{name}.in{error}"))?;
        put(&name, &page.text)?;
        for link in page.links {
            links.push_str(&format!("{link}\t{name}\n"));
        }
    }
    put("links", &links)?;
    Ok(stale)
}

/// Names of the pages, sorted, with their templates.
fn templates(root: &Path) -> Result<Vec<(String, String)>> {
    let dir = root.join("tools/manual/templates");
    let io = |error| format!("{}: {error}", dir.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(&dir).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(name) = name.and_then(|name| name.strip_suffix(".in")) {
            found.push((name.to_owned(), fs::read_to_string(&path).map_err(io)?));
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_are_what_the_headers_say() {
        let stale = run(&root(), true).unwrap();
        assert!(
            stale.is_empty(),
            "out of date: {stale:?}. `make manual` mends them."
        );
    }

    #[test]
    fn an_error_names_the_line() {
        for (template, error) in [
            ("a\n@b c\n", ":2: unknown directive `@b c`"),
            (
                "@describe numa.h Nothing\n",
                ":1: no section `Nothing` in numa.h",
            ),
            ("@synopsis nothing.h\n", ":1: include/nothing.h: "),
            (
                "@synopsis numa.h\n",
                ": `Sets of nodes and CPUs` of numa.h is not described",
            ),
        ] {
            let found = library::render(&root(), template).unwrap_err();
            assert!(found.starts_with(error), "{found}");
        }
    }
}
