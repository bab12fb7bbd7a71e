//! Writes the C headers in `include/` from the sources of the exported functions.
//!
//! Each `templates/NAME.h.in` becomes `include/NAME.h`. A template is C as it stands in the
//! header, with lines that start with `@` replaced by what cbindgen says about `src/capi`:
//!
//! ```text
//! @struct FILE NAME        the struct NAME of src/capi/FILE
//! @constants FILE          its public constants, as macros
//! @globals FILE            its exported variables, with their comments
//! @functions FILE          its exported functions, with their comments
//! @functions FILE -NAME    without the function NAME; may be repeated
//! ```
//!
//! `headers` writes the files, `headers --check` fails if they are not what it would write.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use cbindgen::{Builder, Config, ItemType};
use manual::generated::{self, Result, templates};

/// Columns of a line in the headers.
const LINE: usize = 100;

const QUIET_LONG_LONG: &str = "#pragma GCC diagnostic push\n\
    #pragma GCC diagnostic ignored \"-Wlong-long\"";

fn main() -> ExitCode {
    generated::main("headers", |root, check| {
        let message = "include/ is not what the sources say. `make headers` mends it.";
        Ok((!run(root, check)?).then(|| message.to_owned()))
    })
}

/// Writes all headers, or compares them. `false` if one differs.
fn run(root: &Path, check: bool) -> Result<bool> {
    let mut same = true;
    for (name, template) in templates(&root.join("tools/headers/templates"))? {
        let wanted = Header::new(root)?
            .render(&template)
            .map_err(|error| format!("{name}.in{error}"))?;
        let path = root.join("include").join(&name);
        let found = fs::read_to_string(&path).unwrap_or_default();
        if found == wanted {
            continue;
        }
        if check {
            same = false;
            print_difference(&path, &wanted);
        } else {
            fs::write(&path, wanted).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    Ok(same)
}

/// What stands in the file against what should, as diff(1) shows it.
fn print_difference(path: &Path, wanted: &str) {
    let shown = Command::new("diff")
        .args([
            "-uN",
            "--label",
            "in include/",
            "--label",
            "from the sources",
        ])
        .arg(path)
        .arg("-")
        .stdin(Stdio::piped())
        .spawn()
        .and_then(|mut diff| {
            if let Some(mut stdin) = diff.stdin.take() {
                stdin.write_all(wanted.as_bytes())?;
            }
            diff.wait()
        });
    if shown.is_err() {
        println!("{} differs", path.display());
    }
}

/// A header while it is made.
struct Header {
    sources: PathBuf,
    config: Config,
}

impl Header {
    fn new(root: &Path) -> Result<Header> {
        Ok(Header {
            sources: root.join("src/capi"),
            config: Config::from_file(root.join("cbindgen.toml"))?,
        })
    }

    fn render(&self, template: &str) -> Result<String> {
        let mut header = String::new();
        for (number, line) in template.lines().enumerate() {
            match line.strip_prefix('@') {
                Some(directive) => {
                    let c = self
                        .expand(directive)
                        .map_err(|error| format!(":{}: {error}", number + 1))?;
                    header.push_str(c.trim());
                }
                None => header.push_str(line),
            }
            header.push('\n');
        }
        Ok(header)
    }

    /// The C for one directive.
    fn expand(&self, directive: &str) -> Result<String> {
        let words: Vec<&str> = directive.split_whitespace().collect();
        match words.as_slice() {
            ["struct", file, name] => {
                let mut config = self.config.clone();
                // cbindgen itself puts `struct` before names that it finds in the file.
                config.export.rename.clear();
                config.export.include = vec![(*name).to_owned()];
                config.export.item_types = vec![ItemType::Structs, ItemType::OpaqueItems];
                let c = self.bindings(file, config)?;
                only_struct(&c, name)
                    .map(|c| tidy_comments(&c))
                    .ok_or_else(|| format!("no struct {name} in {file}"))
            }
            ["constants", file] => self.items(file, ItemType::Constants, &[]),
            ["globals", file] => self.items(file, ItemType::Globals, &[]),
            ["functions", file, without @ ..] => {
                let without: Option<Vec<&str>> =
                    without.iter().map(|w| w.strip_prefix('-')).collect();
                let without = without.ok_or("what is left out starts with `-`")?;
                self.items(file, ItemType::Functions, &without)
            }
            _ => Err(format!("unknown directive `@{directive}`")),
        }
    }

    /// All exported items of one kind in a source file.
    fn items(&self, file: &str, kind: ItemType, without: &[&str]) -> Result<String> {
        let mut config = self.config.clone();
        config.export.item_types = vec![kind.clone()];
        config.export.exclude = without.iter().map(|&name| name.to_owned()).collect();
        let full = self.bindings(file, self.config.clone())?;
        if let Some(name) = without.iter().find(|name| !full.contains(**name)) {
            return Err(format!("no {name} in {file}"));
        }
        let c = tidy(&self.bindings(file, config)?, kind);
        if c.is_empty() {
            return Err(format!("nothing exported in {file}"));
        }
        Ok(c)
    }

    fn bindings(&self, file: &str, config: Config) -> Result<String> {
        let path = self.sources.join(file);
        if !path.is_file() {
            return Err(format!("no file src/capi/{file}"));
        }
        let bindings = Builder::new()
            .with_config(config)
            .with_src(path)
            .generate()
            .map_err(|error| format!("{file}: {error}"))?;
        let mut c = Vec::new();
        bindings.write(&mut c);
        String::from_utf8(c).map_err(|error| error.to_string())
    }
}

/// One struct, or the declaration of one that is opaque, with the comment before it.
fn only_struct(c: &str, name: &str) -> Option<String> {
    let whole = (format!("struct {name} {{\n"), "};\n");
    let opaque = (format!("struct {name};\n"), ";\n");
    let (at, end) = [whole, opaque]
        .into_iter()
        .find_map(|(head, end)| Some((c.find(&head)?, end)))?;
    let start = c[..at].rfind("\n\n").map_or(0, |blank| blank + 2);
    let end = at + c[at..].find(end)? + end.len();
    Some(c[start..end].to_owned())
}

/// What cbindgen prints, as it stands in the header.
fn tidy(c: &str, kind: ItemType) -> String {
    let items = c.trim().split("\n\n").filter_map(|item| {
        let (comment, declaration) = match item.find("*/\n") {
            Some(end) => item.split_at(end + "*/\n".len()),
            None => ("", item),
        };
        // Functions that the file only calls, from an `extern` block of Rust.
        if matches!(kind, ItemType::Functions) && declaration.starts_with("extern ") {
            return None;
        }
        let item = tidy_comments(comment) + declaration;
        // C89 and C++98 have no `long long`, and a pedantic compiler says so. `__extension__`
        // does not keep g++ quiet.
        Some(if declaration.contains("long long") {
            format!("{QUIET_LONG_LONG}\n{item}\n#pragma GCC diagnostic pop")
        } else {
            item
        })
    });
    items.collect::<Vec<_>>().join("\n\n")
}

/// Comments in the style of the templates: those of one line on one line.
fn tidy_comments(c: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in c.lines() {
        let open = lines.len().checked_sub(2);
        match (line.trim(), open.filter(|&at| lines[at].trim() == "/*")) {
            ("/**", _) => lines.push(line.replace("/**", "/*")),
            ("*/", Some(open)) => {
                let text = lines[open + 1].trim().trim_start_matches("* ");
                let short = format!("{} {text} */", lines[open]);
                if short.len() <= LINE {
                    lines.truncate(open);
                    lines.push(short);
                } else {
                    lines.push(line.to_owned());
                }
            }
            _ => lines.push(line.to_owned()),
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use manual::generated::root;
    use std::env;

    fn expand(directive: &str) -> Result<String> {
        Header::new(&root())?.expand(directive)
    }

    #[test]
    fn functions_come_with_comment_and_c_types() {
        let c = expand("functions numa/masks.rs").unwrap();
        assert!(
            c.contains("int numa_bitmask_isbitset(const struct bitmask *bmp, unsigned int n);")
        );
        assert!(c.contains("struct bitmask *numa_allocate_nodemask(void);"));
        assert!(c.trim_start().starts_with("/*"));
    }

    #[test]
    fn private_items_stay_out() {
        let c = expand("functions numa/policy.rs").unwrap();
        assert!(!c.contains("numa_rs_thread_settings"));
        let c = expand("functions numa/migrate.rs").unwrap();
        assert!(!c.contains("long move_pages("));
        let c = expand("globals numa/variables.rs").unwrap();
        assert!(!c.contains("ALL_NODES") && !c.contains("CONSTRUCTOR"));
    }

    #[test]
    fn functions_can_be_left_out() {
        assert!(
            expand("functions numa/strings.rs")
                .unwrap()
                .contains("numa_parse_bitmap")
        );
        let c = expand("functions numa/strings.rs -numa_parse_bitmap").unwrap();
        assert!(!c.contains("numa_parse_bitmap"));
        assert!(c.contains("numa_parse_nodestring_all"));
    }

    #[test]
    fn long_long_is_marked() {
        let c = expand("functions numa/topology.rs").unwrap();
        assert!(c.contains("#pragma GCC diagnostic push\n"));
        let quiet = "long long numa_node_size64(int node, long long *freep);\n\
            #pragma GCC diagnostic pop\n";
        assert!(c.contains(quiet));
        assert!(c.contains("\nlong numa_node_size(int node, long *freep);"));
    }

    #[test]
    fn structs_come_alone() {
        let c = expand("struct bitmask.rs bitmask").unwrap();
        assert!(c.starts_with("/*") && c.ends_with("};\n"));
        assert!(c.contains("struct bitmask {\n"));
        let c = expand("struct ext/migrate.rs numa_ext_migrate_options").unwrap();
        assert!(c.contains("    const struct numa_ext_range *ranges;\n"));
        assert!(c.contains("    int (*progress)(const struct numa_ext_migrate_progress *"));
        let c = expand("struct ext/migrate.rs numa_ext_migration").unwrap();
        assert!(c.starts_with("/*") && c.ends_with("\nstruct numa_ext_migration;\n"));
    }

    #[test]
    fn mistakes_are_errors() {
        for directive in [
            "functions nowhere.rs",
            "functions numa/report.rs",
            "functions numa/masks.rs numa_bind",
            "functions numa/masks.rs -numa_no_such_thing",
            "struct bitmask.rs nothing",
            "include numa/masks.rs",
            "",
        ] {
            assert!(expand(directive).is_err(), "{directive}");
        }
    }

    #[test]
    fn an_error_names_the_line() {
        let error = Header::new(&root()).unwrap().render("a\n@b\n").unwrap_err();
        assert_eq!(error, ":2: unknown directive `@b`");
    }

    /// A copy of what the headers are made from, removed in the end.
    struct Copy(PathBuf);

    impl Copy {
        fn new() -> Copy {
            let copy = env::temp_dir().join(format!("headers-{}", std::process::id()));
            let dirs = [
                "src/capi",
                "src/capi/numa",
                "src/capi/ext",
                "tools/headers/templates",
            ];
            for dir in dirs {
                fs::create_dir_all(copy.join(dir)).unwrap();
                for entry in fs::read_dir(root().join(dir)).unwrap() {
                    let path = entry.unwrap().path();
                    if path.is_file() {
                        let name = path.file_name().unwrap();
                        fs::copy(&path, copy.join(dir).join(name)).unwrap();
                    }
                }
            }
            fs::create_dir(copy.join("include")).unwrap();
            fs::copy(root().join("cbindgen.toml"), copy.join("cbindgen.toml")).unwrap();
            Copy(copy)
        }

        fn edit(&self, file: &str, from: &str, to: &str) {
            let path = self.0.join(file);
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.contains(from), "{from} is not in {file}");
            fs::write(path, text.replace(from, to)).unwrap();
        }
    }

    impl Drop for Copy {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn check_finds_drift() {
        let copy = Copy::new();
        assert_eq!(run(&copy.0, true), Ok(false));
        assert_eq!(run(&copy.0, false), Ok(true));
        assert_eq!(run(&copy.0, true), Ok(true));
        copy.edit("include/numaif.h", "MPOL_BIND 2", "MPOL_BIND 3");
        assert_eq!(run(&copy.0, true), Ok(false));
        assert_eq!(run(&copy.0, false), Ok(true));
        copy.edit(
            "src/capi/numa/sizes.rs",
            "fn numa_pagesize() -> c_int",
            "fn numa_pagesize() -> c_long",
        );
        assert_eq!(run(&copy.0, true), Ok(false));
    }
}
