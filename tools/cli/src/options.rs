//! Options of the numactl package's commands, in the way of getopt_long(3): in the order of the command
//! line, long names cut short where that is clear, values behind `=` or in the next word.
//!
//! A command defines its options once, as a [`Definition`]: it reads the command line with it, and the
//! help, the manual page and the completions are written from it.

use std::ffi::OsString;
use std::fmt::{self, Write as _};

use lexopt::Arg;

/// The release of the numactl package that the commands stand for: `ABI_VERSION` of the Makefile.
pub const RELEASE: &str = "2.0.19";
/// The version of this project.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Whether an option has a value, and what the help calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// It has none.
    None,
    /// It needs one: behind it or in the next word.
    Required(&'static str),
    /// It takes one that is joined to it: `-s1`, `--sort=1`.
    Optional(&'static str),
}

/// One option.
#[derive(Debug, Clone, Copy)]
pub struct Spec<T: 'static> {
    /// What the command calls it.
    pub id: T,
    /// Its letter.
    pub short: Option<char>,
    /// Its long name; empty if it has none.
    pub long: &'static str,
    /// Its value.
    pub value: Value,
    /// One sentence; empty for an old name that still works and is shown nowhere.
    pub help: &'static str,
    /// The heading above it in the help.
    pub heading: &'static str,
}

/// A command and its options.
#[derive(Debug)]
pub struct Definition<T: 'static> {
    /// The command's name.
    pub name: &'static str,
    /// What it does, in a line.
    pub about: &'static str,
    /// Its forms, without the name.
    pub usage: &'static [&'static str],
    /// Its options. Those with the same heading stand together.
    pub options: &'static [Spec<T>],
    /// Options that the reference lacks: their long names cannot be cut short, so that names that could
    /// be cut short before still can.
    pub new: &'static [T],
    /// Whether the first word that is no option ends them, as it begins another command.
    pub stops_at_operand: bool,
    /// What the help says behind the options.
    pub after: &'static str,
}

/// A part of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word<T> {
    /// An option, with its value.
    Option(T, Option<OsString>),
    /// A word that is no option.
    Operand(OsString),
}

/// Why options cannot be read, in the words of getopt_long(3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread(String);

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<T: Copy + PartialEq> Definition<T> {
    /// Reads a command line, without the name of the command.
    pub fn read(
        &self,
        args: impl IntoIterator<Item = OsString, IntoIter: 'static>,
    ) -> Result<Vec<Word<T>>, Misread> {
        self.words(args).into_iter().collect()
    }

    /// Reads a command line up to what is wrong with it, if something is.
    pub fn words(
        &self,
        args: impl IntoIterator<Item = OsString, IntoIter: 'static>,
    ) -> Vec<Result<Word<T>, Misread>> {
        let mut parser = lexopt::Parser::from_args(args);
        let mut words = Vec::new();
        while let Some(word) = self.next(&mut parser).transpose() {
            let ends = match word {
                Ok(Word::Option(..)) => false,
                Ok(Word::Operand(_)) => self.stops_at_operand,
                Err(_) => true,
            };
            let is_misread = word.is_err();
            words.push(word);
            if ends {
                let rest = parser.raw_args().into_iter().flatten();
                words.extend(
                    rest.filter(|_| !is_misread)
                        .map(|word| Ok(Word::Operand(word))),
                );
                break;
            }
        }
        words
    }

    fn next(&self, parser: &mut lexopt::Parser) -> Result<Option<Word<T>>, Misread> {
        let spec;
        let shown;
        match parser.next().map_err(|error| Misread(error.to_string()))? {
            None => return Ok(None),
            Some(Arg::Value(word)) => return Ok(Some(Word::Operand(word))),
            Some(Arg::Short(letter)) => {
                let found = self.options.iter().find(|spec| spec.short == Some(letter));
                spec = found.ok_or_else(|| Misread(format!("invalid option -- '{letter}'")))?;
                shown = None;
            }
            Some(Arg::Long(name)) => {
                spec = self.long(name)?;
                shown = Some(spec.long);
            }
        }
        let value = match spec.value {
            // A letter's neighbours are letters, not its value.
            Value::None if shown.is_none() => None,
            Value::None => {
                if parser.optional_value().is_some() {
                    let name = spec.long;
                    return Err(Misread(format!(
                        "option '--{name}' doesn't allow an argument"
                    )));
                }
                None
            }
            Value::Optional(_) => parser.optional_value(),
            Value::Required(_) => Some(parser.value().map_err(|_| {
                Misread(match (shown, spec.short) {
                    (None, Some(letter)) => format!("option requires an argument -- '{letter}'"),
                    _ => format!("option '--{}' requires an argument", spec.long),
                })
            })?),
        };
        Ok(Some(Word::Option(spec.id, value)))
    }

    /// The option with this long name, or the only one whose name begins so.
    fn long(&self, name: &str) -> Result<&Spec<T>, Misread> {
        if let Some(spec) = self.options.iter().find(|spec| spec.long == name) {
            return Ok(spec);
        }
        let begins = |spec: &&Spec<T>| {
            !name.is_empty() && spec.long.starts_with(name) && !self.new.contains(&spec.id)
        };
        let mut found = self.options.iter().filter(begins);
        let first = found.next();
        let first = first.ok_or_else(|| Misread(format!("unrecognized option '--{name}'")))?;
        let others: Vec<&Spec<T>> = found.filter(|spec| spec.id != first.id).collect();
        if others.is_empty() {
            return Ok(first);
        }
        let mut text = format!("option '--{name}' is ambiguous; possibilities:");
        for spec in [first].into_iter().chain(others) {
            let _ = write!(text, " '--{}'", spec.long);
        }
        Err(Misread(text))
    }

    /// The lines that say how to call it.
    pub fn usage(&self) -> String {
        let mut text = String::new();
        for (at, form) in self.usage.iter().enumerate() {
            let word = if at == 0 { "Usage:" } else { "      " };
            let _ = writeln!(text, "{word} {} {form}", self.name);
        }
        text
    }

    /// What `--version` prints: the release of the package that it stands for, and its own.
    pub fn version(&self) -> String {
        format!("{} {RELEASE} (libnuma-rs {VERSION})\n", self.name)
    }

    /// What `--help` prints.
    pub fn help(&self) -> String {
        let mut text = format!("{}\n\n{}", self.about, self.usage());
        let mut heading = "";
        for spec in self.options.iter().filter(|spec| !spec.help.is_empty()) {
            if spec.heading != heading {
                heading = spec.heading;
                let _ = write!(text, "\n{heading}:\n");
            }
            let names = spec.names();
            if names.len() + 4 > COLUMN {
                let _ = write!(text, "  {names}\n{:COLUMN$}", "");
            } else {
                let _ = write!(text, "  {names:width$}", width = COLUMN - 2);
            }
            let mut at = COLUMN;
            for (number, word) in spec.help.split(' ').enumerate() {
                if number > 0 && at + 1 + word.len() > 80 {
                    let _ = write!(text, "\n{:COLUMN$}", "");
                    at = COLUMN;
                } else if number > 0 {
                    text.push(' ');
                    at += 1;
                }
                text.push_str(word);
                at += word.len();
            }
            text.push('\n');
        }
        if !self.after.is_empty() {
            let _ = write!(text, "\n{}\n", self.after);
        }
        text
    }
}

/// Where the sentences of the help begin.
const COLUMN: usize = 28;

impl<T> Spec<T> {
    /// An option with all of this.
    pub const fn new(
        id: T,
        short: Option<char>,
        long: &'static str,
        value: Value,
        heading: &'static str,
        help: &'static str,
    ) -> Spec<T> {
        Spec {
            id,
            short,
            long,
            value,
            help,
            heading,
        }
    }

    /// `-m, --membind=NODES`
    fn names(&self) -> String {
        let mut text = match self.short {
            Some(letter) => format!("-{letter}"),
            None => "  ".to_owned(),
        };
        if !self.long.is_empty() {
            let comma = if self.short.is_some() { "," } else { " " };
            let _ = write!(text, "{comma} --{}", self.long);
        }
        let equals = if self.long.is_empty() { " " } else { "=" };
        match self.value {
            Value::None => {}
            Value::Required(name) => {
                let _ = write!(text, "{equals}{name}");
            }
            Value::Optional(name) => {
                let _ = write!(text, "[{}{name}]", equals.trim());
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn spec(id: u8, short: char, long: &'static str, value: Value) -> Spec<u8> {
        Spec {
            id,
            short: Some(short),
            long,
            value,
            help: "Does something that takes a whole sentence, and another one, to tell in words",
            heading: "Options",
        }
    }

    const DEFINITION: Definition<u8> = Definition {
        name: "try",
        about: "Tries",
        usage: &["[OPTIONS] COMMAND", "--show"],
        options: &[
            spec(1, 'p', "preferred", Value::Required("NODE")),
            spec(2, 'P', "preferred-many", Value::Required("NODES")),
            spec(3, 's', "show", Value::None),
            spec(4, 'o', "sort", Value::Optional("NODE")),
            spec(5, 'n', "show-it", Value::None),
        ],
        new: &[5],
        stops_at_operand: true,
        after: "",
    };

    fn read(words: &[&str]) -> Result<Vec<Word<u8>>, String> {
        let args: Vec<OsString> = words.iter().map(OsString::from).collect();
        DEFINITION.read(args).map_err(|misread| misread.to_string())
    }

    fn value(id: u8, text: &str) -> Word<u8> {
        Word::Option(id, Some(text.into()))
    }

    #[test]
    fn values_are_joined_or_the_next_word() {
        for words in [
            &["-p0"][..],
            &["-p", "0"],
            &["--preferred=0"],
            &["--preferred", "0"],
        ] {
            assert_eq!(read(words).unwrap(), [value(1, "0")], "{words:?}");
        }
        assert_eq!(read(&["-p", "-s"]).unwrap(), [value(1, "-s")]);
        assert_eq!(read(&["--preferred="]).unwrap(), [value(1, "")]);
        assert_eq!(
            read(&["-sp0"]).unwrap(),
            [Word::Option(3, None), value(1, "0")]
        );
        assert_eq!(read(&["-o1"]).unwrap(), [value(4, "1")]);
        assert_eq!(read(&["-osp"]).unwrap(), [value(4, "sp")]);
        assert_eq!(
            read(&["-o", "1"]).unwrap(),
            [Word::Option(4, None), Word::Operand("1".into())]
        );
    }

    #[test]
    fn long_names_may_be_cut_short() {
        assert_eq!(read(&["--sh"]).unwrap(), [Word::Option(3, None)]);
        assert_eq!(read(&["--show-it"]).unwrap(), [Word::Option(5, None)]);
        assert!(read(&["--show-i"]).is_err());
        assert_eq!(read(&["--preferred=0"]).unwrap(), [value(1, "0")]);
        assert_eq!(read(&["--preferred-m=0"]).unwrap(), [value(2, "0")]);
        assert_eq!(
            read(&["--s"]).unwrap_err(),
            "option '--s' is ambiguous; possibilities: '--show' '--sort'"
        );
    }

    #[test]
    fn the_first_operand_ends_the_options() {
        assert_eq!(
            read(&["-s", "ls", "-p", "--", "-s"]).unwrap(),
            [
                Word::Option(3, None),
                Word::Operand("ls".into()),
                Word::Operand("-p".into()),
                Word::Operand("--".into()),
                Word::Operand("-s".into()),
            ]
        );
        assert_eq!(read(&["--", "-s"]).unwrap(), [Word::Operand("-s".into())]);
    }

    #[test]
    fn what_cannot_be_read() {
        assert_eq!(read(&["-x"]).unwrap_err(), "invalid option -- 'x'");
        assert_eq!(read(&["--x"]).unwrap_err(), "unrecognized option '--x'");
        assert_eq!(
            read(&["-p"]).unwrap_err(),
            "option requires an argument -- 'p'"
        );
        assert_eq!(
            read(&["--preferred"]).unwrap_err(),
            "option '--preferred' requires an argument"
        );
        assert_eq!(
            read(&["--show=1"]).unwrap_err(),
            "option '--show' doesn't allow an argument"
        );
    }

    #[test]
    fn a_version_tells_both_releases() {
        assert_eq!(
            DEFINITION.version(),
            format!("try {RELEASE} (libnuma-rs {VERSION})\n")
        );
    }

    #[test]
    fn help_fits_into_80_columns() {
        let help = DEFINITION.help();
        assert!(help.starts_with("Tries\n\nUsage: try [OPTIONS] COMMAND\n       try --show\n\nOptions:\n  -p, --preferred=NODE      Does"), "{help}");
        assert!(help.lines().all(|line| line.len() <= 80), "{help}");
    }
}
