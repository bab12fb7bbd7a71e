//! What is written where: reports on standard output, messages on standard error; colours, widths
//! and bars.

use std::fmt;
use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use console::Term;

use serde::Serialize;

use crate::text::{safe_json, safe_lines};

/// The two streams that a command writes to.
#[derive(Debug)]
pub struct Terminal {
    command: &'static str,
    /// Whether a report could not be written.
    lost: AtomicBool,
    /// Whether whoever read the reports has gone.
    left: AtomicBool,
}

impl Terminal {
    /// Those of a command with this name.
    pub const fn new(command: &'static str) -> Terminal {
        Terminal {
            command,
            lost: AtomicBool::new(false),
            left: AtomicBool::new(false),
        }
    }

    /// To standard output. A reader that has gone is no failure: it has what it wanted.
    pub fn print(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        if let Err(error) = written {
            if error.kind() == ErrorKind::BrokenPipe {
                self.left.store(true, Relaxed);
            } else if !self.lost.swap(true, Relaxed) {
                self.complain(format_args!("cannot write the report: {error}"));
            }
        }
    }

    /// A report for programs to standard output.
    pub fn print_json(&self, report: &impl Serialize) {
        let text = serde_json::to_string_pretty(report).unwrap_or_default();
        self.print(&format!("{}\n", safe_json(&text)));
    }

    /// Whether nobody reads what [`Terminal::print`] writes any more.
    pub fn is_left(&self) -> bool {
        self.left.load(Relaxed)
    }

    /// Whether something that [`Terminal::print`] was given did not get out.
    pub fn lost_output(&self) -> bool {
        self.lost.load(Relaxed)
    }

    /// A message to standard error, behind the command's name. Whatever is in it, it is safe to
    /// show; names with line ends have to be made so before. Where standard error is full or closed,
    /// nobody can be told.
    pub fn complain(&self, message: fmt::Arguments<'_>) {
        let message = safe_lines(&message.to_string());
        let _ = writeln!(std::io::stderr(), "{}: {message}", self.command);
    }
}

/// How a stream wants to be written to.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Columns.
    pub width: usize,
    /// Whether escape sequences for colours may be used.
    pub colour: bool,
    /// Whether characters beyond ASCII may be used.
    pub blocks: bool,
}

impl Look {
    /// How standard output wants it.
    pub fn of_stdout() -> Look {
        Look::of(&Term::stdout(), std::io::stdout().is_terminal())
    }

    /// How standard error wants it.
    pub fn of_stderr() -> Look {
        Look::of(&Term::stderr(), std::io::stderr().is_terminal())
    }

    fn of(term: &Term, is_terminal: bool) -> Look {
        let no_colour = set("NO_COLOR").is_some();
        let columns = set("COLUMNS").and_then(|text| text.parse().ok());
        let width = || term.size_checked().map_or(80, |(_, width)| width.into());
        Look {
            // 0 columns is what a serial line says that does not know.
            width: columns.filter(|&c| c > 0).unwrap_or_else(width),
            colour: is_terminal && !no_colour && !console::is_dumb(),
            blocks: is_utf8(["LC_ALL", "LC_CTYPE", "LANG"].map(set)),
        }
    }
}

/// An environment variable that is set to something.
fn set(name: &str) -> Option<String> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(|value| value.to_string_lossy().into_owned())
}

/// Whether these, the first one that is set, name an encoding that has the block characters.
fn is_utf8(variables: [Option<String>; 3]) -> bool {
    let name = variables.into_iter().flatten().next().unwrap_or_default();
    let name = name.to_ascii_lowercase();
    name.contains("utf-8") || name.contains("utf8")
}

/// A line whose length is `part` of `whole`: in eighths of a character, or of `#`.
pub fn bar(part: u64, whole: u64, width: usize, look: Look) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let steps = if look.blocks { 8 } else { 1 };
    let length = (u128::from(part.min(whole)) * (width * steps) as u128).checked_div(whole.into());
    let length = match length {
        // What is there is seen.
        Some(0) if part > 0 => 1,
        Some(length) => length as usize,
        None => 0,
    };
    let line = if look.blocks {
        format!("{}{}", "█".repeat(length / 8), EIGHTHS[length % 8])
    } else {
        "#".repeat(length)
    };
    if look.colour && !line.is_empty() {
        format!("\x1b[36m{line}\x1b[0m")
    } else {
        line
    }
}

/// The same, with blanks behind it up to the whole width.
pub fn padded_bar(part: u64, whole: u64, width: usize, look: Look) -> String {
    let plain = Look {
        colour: false,
        ..look
    };
    let length = bar(part, whole, width, plain).chars().count();
    bar(part, whole, width, look) + &" ".repeat(width.saturating_sub(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars() {
        let look = Look {
            width: 80,
            colour: false,
            blocks: true,
        };
        assert_eq!(bar(0, 10, 10, look), "");
        assert_eq!(bar(1, 1_000_000, 10, look), "▏");
        assert_eq!(bar(10, 10, 3, look), "███");
        assert_eq!(bar(11, 10, 3, look), "███");
        assert_eq!(bar(0, 0, 3, look), "");
        let ascii = Look {
            blocks: false,
            ..look
        };
        assert_eq!(bar(1, 1_000_000, 10, ascii), "#");
        assert_eq!(bar(1, 2, 10, ascii), "#####");
        let coloured = Look {
            colour: true,
            ..ascii
        };
        assert_eq!(bar(1, 2, 2, coloured), "\x1b[36m#\x1b[0m");
        assert_eq!(bar(0, 2, 2, coloured), "");
    }

    #[test]
    fn encodings() {
        let utf8 = |a: &str, b: &str, c: &str| {
            is_utf8([a, b, c].map(|text| Some(text.to_owned()).filter(|text| !text.is_empty())))
        };
        assert!(utf8("", "", "en_US.UTF-8"));
        assert!(utf8("", "C.utf8", "C"));
        assert!(!utf8("C", "", "en_US.UTF-8"));
        assert!(!utf8("", "", ""));
    }
}
