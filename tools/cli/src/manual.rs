//! Manual pages and completions, from the definitions of the options.

use std::fs;
use std::io;
use std::path::Path;

use clap::builder::StyledStr;
use clap::{Arg, ArgAction, Command};
use clap_complete::Shell;
use manual::Page;
use manual::words::{self, Fonts};

use crate::completions;
use crate::options::{Definition, Value};

/// What a manual page says beyond the options.
#[derive(Debug)]
pub struct Prose {
    /// The section of the manual.
    pub section: &'static str,
    /// The forms of the command, without its name.
    pub synopsis: &'static [&'static str],
    /// The operands by name, for completions; the last may come again.
    pub operands: &'static [&'static str],
    /// Further sections: title and paragraphs. A paragraph `- term: meaning` is an entry of a list, and so
    /// is `term: meaning` in EXIT STATUS, FILES and ENVIRONMENT. One of EXAMPLES that begins with the
    /// command's name is a command line.
    pub sections: &'static [(&'static str, &'static [&'static str])],
    /// Other pages.
    pub see_also: &'static str,
}

impl<T: Copy + PartialEq> Definition<T> {
    /// The definition in the form of clap, whose helpers write pages and completions.
    ///
    /// Clap wants its names to live as long as the program, which ends soon.
    pub fn command(&self) -> Command {
        let mut command = Command::new(self.name)
            .about(self.about)
            .disable_help_flag(true)
            .disable_version_flag(true);
        for (at, spec) in self.options.iter().enumerate() {
            if spec.help.is_empty() {
                continue;
            }
            let mut arg = Arg::new(&*at.to_string().leak())
                .help(spec.help)
                .help_heading(spec.heading);
            if let Some(letter) = spec.short {
                arg = arg.short(letter);
            }
            if !spec.long.is_empty() {
                arg = arg.long(spec.long);
            }
            command = command.arg(match spec.value {
                Value::None => arg.action(ArgAction::SetTrue),
                Value::Required(name) => arg.value_name(name),
                Value::Optional(name) => arg.value_name(name).num_args(0..=1).require_equals(true),
            });
        }
        command
    }
}

/// Sections that end a page, in this order; others come before them.
const LAST: &[&str] = &[
    "EXIT STATUS",
    "ENVIRONMENT",
    "FILES",
    "VERSIONS",
    "EXAMPLES",
];

/// The manual page of a command.
fn page(command: &Command, prose: &Prose) -> Page {
    let mut command = command.clone();
    // Clap adds its own options then, such as --help.
    command.build();
    let command = &command;
    let name = command.get_name();
    let mut page = Page::new(name, prose.section);
    page.section("NAME");
    let about = plain(command.get_about());
    page.raw(&format!("{name} \\-"));
    page.fill(&lower(&about), &Fonts::NONE);
    page.section("SYNOPSIS");
    for (number, rest) in prose.synopsis.iter().enumerate() {
        if number > 0 {
            page.raw(".br");
        }
        page.raw(&format!("\\fB{name}\\fP"));
        page.fill(rest, &Fonts::NONE);
    }
    let described = prose
        .sections
        .iter()
        .find(|(title, _)| *title == "DESCRIPTION");
    page.section("DESCRIPTION");
    match described {
        Some((_, paragraphs)) => section(&mut page, name, "DESCRIPTION", paragraphs),
        None => {
            let about = command
                .get_long_about()
                .map_or(about, |long| plain(Some(long)));
            for paragraph in about.split("\n\n") {
                page.paragraph(&sentence(paragraph), &Fonts::NONE);
            }
        }
    }
    page.section("OPTIONS");
    options(&mut page, command);
    let place = |title: &str| {
        LAST.iter()
            .position(|last| *last == title)
            .map_or(0, |at| at + 1)
    };
    let mut sections: Vec<_> = prose
        .sections
        .iter()
        .filter(|(title, _)| *title != "DESCRIPTION")
        .collect();
    sections.sort_by_key(|(title, _)| place(title));
    for (title, paragraphs) in sections {
        page.section(title);
        section(&mut page, name, title, paragraphs);
    }
    page.section("SEE ALSO");
    page.fill(prose.see_also, &Fonts::NONE);
    page
}

/// What stands below a title.
fn section(page: &mut Page, name: &str, title: &str, paragraphs: &[&str]) {
    let has_terms = ["EXIT STATUS", "FILES", "ENVIRONMENT"].contains(&title);
    for &text in paragraphs {
        let term = match text.strip_prefix("- ") {
            Some(entry) => entry.split_once(": "),
            None => text.split_once(": ").filter(|_| has_terms),
        };
        if title == "EXAMPLES" && text.starts_with(&format!("{name} ")) {
            page.tag(&format!("\\fB{}\\fP", words::code(text)));
        } else if title == "EXAMPLES" {
            page.fill(text, &Fonts::NONE);
        } else if let Some((term, meaning)) = term {
            page.term(term, meaning, &Fonts::NONE);
        } else {
            page.paragraph(text, &Fonts::NONE);
        }
    }
}

/// The options below the headings that they have, those without one first.
fn options(page: &mut Page, command: &Command) {
    let options: Vec<&Arg> = command
        .get_arguments()
        .filter(|arg| !arg.is_positional() && !arg.is_hide_set())
        .collect();
    let mut headings: Vec<Option<&str>> = vec![None];
    for arg in &options {
        if !headings.contains(&arg.get_help_heading()) {
            headings.push(arg.get_help_heading());
        }
    }
    // What nobody has put below a heading comes last where others have one.
    headings.rotate_left(1);
    let groups: Vec<(Option<&str>, Vec<_>)> = headings
        .into_iter()
        .map(|heading| {
            let below = options
                .iter()
                .filter(|arg| arg.get_help_heading() == heading);
            (heading, below.collect())
        })
        .filter(|(_, below): &(_, Vec<_>)| !below.is_empty())
        .collect();
    for (heading, below) in &groups {
        if groups.len() > 1 {
            page.subsection(heading.unwrap_or("Other"));
        }
        for arg in below {
            option(page, arg);
        }
    }
}

/// One option: its names, its value and what it does.
fn option(page: &mut Page, arg: &Arg) {
    let bold = |text: &str| format!("\\fB{}\\fP", words::code(text));
    let letter = arg.get_short().map(|letter| bold(&format!("-{letter}")));
    let word = arg.get_long().map(|long| bold(&format!("--{long}")));
    let optional = arg
        .get_num_args()
        .is_some_and(|range| range.min_values() == 0);
    let value = match arg.get_value_names() {
        Some([value, ..]) if arg.get_action().takes_values() => {
            let value = format!("\\fI{}\\fP", words::escape(value));
            // What may follow a letter follows it at once, as getopt(3) reads it.
            match (optional, word.is_some()) {
                (true, true) => format!("[={value}]"),
                (true, false) => format!("[{value}]"),
                (false, true) => format!("={value}"),
                (false, false) => format!(" {value}"),
            }
        }
        _ => String::new(),
    };
    let names: Vec<String> = letter.into_iter().chain(word).collect();
    page.tag(&format!("{}{value}", names.join(", ")));
    let help = match arg.get_long_help() {
        Some(long) => plain(Some(long)),
        None => plain(arg.get_help()),
    };
    for (number, paragraph) in help.split("\n\n").enumerate() {
        if number > 0 {
            page.raw(".IP");
        }
        page.fill(&sentence(paragraph), &Fonts::NONE);
    }
    if let ([default], true) = (arg.get_default_values(), arg.get_action().takes_values()) {
        page.fill(
            &format!("The default is {}.", default.to_string_lossy()),
            &Fonts::NONE,
        );
    }
    let values: Vec<_> = arg
        .get_possible_values()
        .into_iter()
        .filter(|value| !value.is_hide_set())
        .collect();
    if arg.get_action().takes_values() && !values.is_empty() {
        page.raw(".RS");
        for value in values {
            page.term(
                value.get_name(),
                &sentence(&plain(value.get_help())),
                &Fonts::NONE,
            );
        }
        page.raw(".RE");
    }
}

/// Text of clap without its colours.
fn plain(text: Option<&StyledStr>) -> String {
    text.map(|text| text.to_string()).unwrap_or_default()
}

/// Help texts have no full stop; sentences of a page have one.
fn sentence(text: &str) -> String {
    let text = text.trim_end();
    let dot = if text.is_empty() || text.ends_with(['.', ':', '?']) {
        ""
    } else {
        "."
    };
    format!("{text}{dot}")
}

/// With a small first letter, as it stands behind the name.
fn lower(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars
        .next()
        .map(|c| c.to_lowercase().to_string())
        .unwrap_or_default();
    first + chars.as_str()
}

/// Writes NAME.SECTION and the completions for bash, zsh and fish into a directory.
pub fn write(directory: &Path, command: &Command, prose: &Prose) -> io::Result<()> {
    let name = command.get_name().to_owned();
    fs::create_dir_all(directory)?;
    let file = format!("{name}.{}", prose.section);
    fs::write(directory.join(file), page(command, prose).text())?;
    let generated = |shell| {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut command.clone(), &name, &mut text);
        String::from_utf8_lossy(&text).into_owned()
    };
    let mut command = command.clone();
    // Clap adds its own options then, such as --help.
    command.build();
    let operands = prose.operands;
    let zsh = completions::zsh(&generated(Shell::Zsh), &command, operands);
    let fish = completions::fish(&generated(Shell::Fish), &command, operands);
    fs::write(
        directory.join(format!("{name}.bash")),
        completions::bash(&command, operands),
    )?;
    fs::write(directory.join(format!("_{name}")), zsh)?;
    fs::write(directory.join(format!("{name}.fish")), fish)
}
