//! Manual pages and completions, from the definitions of the options.

use std::fs;
use std::io;
use std::path::Path;

use clap::{Arg, ArgAction, Command};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::options::{Definition, Value};

/// What a manual page says beyond the options.
#[derive(Debug)]
pub struct Prose {
    /// The section of the manual.
    pub section: &'static str,
    /// The forms of the command, without its name.
    pub synopsis: &'static [&'static str],
    /// Further sections: title and paragraphs. A paragraph of EXAMPLES that begins with the command's
    /// name is a command line; one of EXIT STATUS, FILES or ENVIRONMENT is `term: meaning`.
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

/// The manual page of a command.
fn page(command: &Command, prose: &Prose) -> io::Result<Vec<u8>> {
    let name = command.get_name();
    let man = Man::new(command.clone())
        .section(prose.section)
        .title(name.to_uppercase())
        .date("")
        .manual("");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    let mut roff = Roff::default();
    roff.control("SH", ["SYNOPSIS"]);
    for (number, rest) in prose.synopsis.iter().enumerate() {
        if number > 0 {
            roff.control("br", []);
        }
        roff.text([bold(name), roman(format!(" {rest}"))]);
    }
    roff.to_writer(&mut page)?;
    man.render_description_section(&mut page)?;
    let mut options = Vec::new();
    man.render_options_section(&mut options)?;
    page.extend(letters_with_values(&String::from_utf8_lossy(&options)).into_bytes());
    let mut roff = Roff::default();
    for (title, paragraphs) in prose.sections {
        roff.control("SH", [*title]);
        let has_terms = ["EXIT STATUS", "FILES", "ENVIRONMENT"].contains(title);
        for &text in *paragraphs {
            let term = text.split_once(": ").filter(|_| has_terms);
            if *title == "EXAMPLES" && text.starts_with(&format!("{name} ")) {
                roff.control("TP", []);
                roff.text([bold(text)]);
            } else if *title == "EXAMPLES" {
                roff.text([roman(text)]);
            } else if let Some((term, meaning)) = term {
                roff.control("TP", []);
                roff.text([bold(term)]);
                roff.text([roman(meaning)]);
            } else {
                roff.control("PP", []);
                roff.text([roman(text)]);
            }
        }
    }
    roff.control("SH", ["SEE ALSO"]);
    roff.text([roman(prose.see_also)]);
    roff.to_writer(&mut page)?;
    Ok(page)
}

/// What may follow a letter follows it at once, as getopt(3) reads it: clap would write `-s[=<NODE>]`.
fn letters_with_values(options: &str) -> String {
    const EQUALS: &str = "\\fR[=";
    let mut text = String::new();
    for line in options.lines() {
        let letter = line.strip_prefix("\\fB\\-").and_then(|rest| rest.get(1..));
        match letter.and_then(|rest| rest.strip_prefix(EQUALS)) {
            Some(rest) => {
                text.push_str(&line[..line.len() - rest.len() - 1]);
                text.push_str(rest);
            }
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

/// Writes NAME.SECTION and the completions for bash, zsh and fish into a directory.
pub fn write(directory: &Path, command: &Command, prose: &Prose) -> io::Result<()> {
    let name = command.get_name().to_owned();
    fs::create_dir_all(directory)?;
    let file = format!("{name}.{}", prose.section);
    fs::write(directory.join(file), page(command, prose)?)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut command.clone(), &name, directory)?;
    }
    Ok(())
}
