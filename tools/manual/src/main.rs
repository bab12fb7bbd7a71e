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

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use manual::generated::{self, Result, templates};

fn main() -> ExitCode {
    generated::main("numa-manual", |root, check| {
        let stale = run(root, check)?.join(" ");
        let message = format!("out of date: {stale}. `make manual` mends them.");
        Ok((!stale.is_empty()).then_some(message))
    })
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
    for (name, template) in templates(&root.join("tools/manual/templates"))? {
        let page = library::render(root, &template).map_err(|error| format!("{name}.in{error}"))?;
        put(&name, &page.text)?;
        for link in page.links {
            links.push_str(&format!("{link}\t{name}\n"));
        }
    }
    put("links", &links)?;
    Ok(stale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use manual::generated::root;

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
