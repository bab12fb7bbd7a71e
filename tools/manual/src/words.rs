//! Plain text to roff: a sentence on lines of its own, and names in the fonts that readers expect.
//!
//! Bold are functions, pages of the manual, options and constants; italic are parameters, variables
//! and files.

/// Columns of a line in the source of a page.
const LINE: usize = 70;

/// Names of the text that are italic.
#[derive(Debug, Default)]
pub struct Fonts<'a> {
    /// Parameters of the functions, or members of the structure, that the text is about.
    pub parameters: Vec<&'a str>,
}

impl Fonts<'_> {
    /// None.
    pub const NONE: Fonts<'static> = Fonts {
        parameters: Vec::new(),
    };
}

/// Parameters that are words of English too: `node` is one in "if node is negative", and none in "the
/// node of a CPU".
const ENGLISH: &[&str] = &[
    "node",
    "nodes",
    "mask",
    "size",
    "string",
    "count",
    "pages",
    "status",
    "flags",
    "flag",
    "place",
    "format",
    "number",
    "start",
    "length",
    "each",
    "options",
    "progress",
    "migration",
    "mode",
    "from",
    "to",
    "n",
    "line",
    "cpu",
];

/// Characters with a meaning of their own, for text.
pub fn escape(text: &str) -> String {
    let mut roff = String::new();
    for c in text.chars() {
        match c {
            '\\' => roff.push_str("\\e"),
            '^' => roff.push_str("\\(ha"),
            '~' => roff.push_str("\\(ti"),
            '`' => roff.push_str("\\(ga"),
            c => roff.push(c),
        }
    }
    roff
}

/// The same for what a reader may copy: minus signs and apostrophes of ASCII.
pub fn code(text: &str) -> String {
    escape(text).replace('-', "\\-").replace('\'', "\\(aq")
}

/// A line that does not begin with a macro by chance.
pub fn line(roff: &str) -> String {
    let guard = if roff.starts_with(['.', '\'']) {
        "\\&"
    } else {
        ""
    };
    format!("{guard}{roff}")
}

/// Text as lines of roff, each sentence on lines of its own.
pub fn fill(text: &str, fonts: &Fonts<'_>) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut lines = String::new();
    let mut current = String::new();
    let mut columns = 0;
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| words[at]);
        let set = set(word, before, words.get(at + 1).copied(), fonts);
        // A release stays with the name of its kernel.
        let glued = before == Some("Linux") || before == Some("(Linux");
        let glued = glued && word.starts_with(|c: char| c.is_ascii_digit());
        if !current.is_empty() && columns + 1 + set.len() > LINE && !glued {
            lines.push_str(&line(&current));
            lines.push('\n');
            current.clear();
            columns = 0;
        }
        if !current.is_empty() {
            current.push_str(if glued { "\\ " } else { " " });
            columns += 1;
        }
        columns += set.len();
        current.push_str(&set);
        if ends_sentence(word) {
            lines.push_str(&line(&current));
            lines.push('\n');
            current.clear();
            columns = 0;
        }
    }
    if !current.is_empty() {
        lines.push_str(&line(&current));
        lines.push('\n');
    }
    lines
}

fn ends_sentence(word: &str) -> bool {
    stops(word) && word.contains(char::is_alphanumeric) && !word.ends_with("...")
}

/// Whether it looks like the end of a sentence to roff.
fn stops(word: &str) -> bool {
    word.trim_end_matches([')', '"']).ends_with(['.', '?', '!'])
}

/// One word with the punctuation around it.
fn set(word: &str, before: Option<&str>, after: Option<&str>, fonts: &Fonts<'_>) -> String {
    let start = word.len() - word.trim_start_matches(['(', '"', '[', '<']).len();
    let (open, rest) = word.split_at(start);
    // What is called, f() or f(2), and what follows it.
    if let Some(at) = rest.find('(').filter(|&at| at > 0 && is_name(&rest[..at])) {
        let inside = &rest[at + 1..];
        if let Some(end) = inside.find(')') {
            let section = &inside[..end];
            if section.is_empty() || section.starts_with(|c: char| c.is_ascii_digit() || c == '"') {
                let name = code(&rest[..at]);
                let rest = escape(&rest[at..]);
                return format!("{}\\fB{name}\\fP{rest}", escape(open));
            }
        }
    }
    let end = rest
        .trim_end_matches([',', '.', ';', ':', ')', '"', ']', '?', '!'])
        .len();
    let (core, close) = rest.split_at(end);
    let possessive = core.strip_suffix("'s");
    let (core, close) = match possessive {
        Some(core) => (core, format!("'s{close}")),
        None => (core, close.to_owned()),
    };
    let font = font(core, before, after, open, &close, fonts);
    let copied =
        font != Font::Roman || core.starts_with('-') || core.contains(|c: char| c.is_ascii_digit());
    let core = if copied { code(core) } else { escape(core) };
    let core = match font {
        Font::Roman => core,
        Font::Bold => format!("\\fB{core}\\fP"),
        Font::Italic => format!("\\fI{core}\\fP"),
    };
    let guard = if stops(word) && !ends_sentence(word) {
        "\\&"
    } else {
        ""
    };
    format!("{}{core}{}{guard}", escape(open), escape(&close))
}

#[derive(PartialEq)]
enum Font {
    Roman,
    Bold,
    Italic,
}

fn font(
    word: &str,
    before: Option<&str>,
    after: Option<&str>,
    open: &str,
    close: &str,
    fonts: &Fonts<'_>,
) -> Font {
    if word.len() > 1
        && word.starts_with('-')
        && word[1..].starts_with(|c: char| c == '-' || c.is_alphabetic())
    {
        return Font::Bold;
    }
    if is_constant(word) {
        return Font::Bold;
    }
    if word == "errno" || is_path(word) || word.starts_with("numa_") && is_name(word) {
        return Font::Italic;
    }
    if fonts.parameters.contains(&word)
        && (!ENGLISH.contains(&word) || is_named(before, after, open, close))
    {
        return Font::Italic;
    }
    Font::Roman
}

/// A singular noun without an article is the name of something.
fn is_named(before: Option<&str>, after: Option<&str>, open: &str, close: &str) -> bool {
    const BEFORE: &[&str] = &[
        "if", "to", "in", "unless", "of", "with", "and", "or", "that",
    ];
    const AFTER: &[&str] = &[
        "is", "are", "must", "has", "receives", "as", "should", "may", "lacks",
    ];
    let first = before.is_none_or(|before| ends_sentence(before) || before.ends_with(':'));
    let before = before.is_some_and(|before| BEFORE.contains(&before.to_lowercase().as_str()));
    let ends = !close.is_empty() && open.is_empty();
    (first || before) && (ends || after.is_some_and(|after| AFTER.contains(&after)))
}

fn is_name(word: &str) -> bool {
    word.chars()
        .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

/// NULL, errors, and constants of C and of the kernel.
fn is_constant(word: &str) -> bool {
    let word = word.strip_prefix('-').unwrap_or(word);
    let word = word.strip_suffix("_...").unwrap_or(word);
    let capitals = |word: &str| {
        word.chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    let error =
        word.starts_with('E') && word.len() > 3 && word.chars().all(|c| c.is_ascii_uppercase());
    word == "NULL"
        || (error && !matches!(word, "EXIT" | "ELF"))
        || (word.contains('_')
            && capitals(word)
            && word.starts_with(|c: char| c.is_ascii_uppercase()))
}

fn is_path(word: &str) -> bool {
    word.len() > 1 && word.starts_with('/') && !word.contains("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        fill(text, &Fonts::NONE)
    }

    #[test]
    fn sentences_begin_lines() {
        assert_eq!(
            plain("One. Two (see there.) Three"),
            "One.\nTwo (see there.)\nThree\n"
        );
        assert_eq!(plain("word ".repeat(20).as_str()).lines().count(), 2);
        assert_eq!(
            plain("\"!\" stands (!) alone ..."),
            "\"!\"\\& stands (!)\\& alone ...\\&\n"
        );
        assert_eq!(plain(".profile"), "\\&.profile\n");
        assert_eq!(plain("since Linux 5.15, yes"), "since Linux\\ 5.15, yes\n");
    }

    #[test]
    fn names_have_fonts() {
        assert_eq!(
            plain("numa_free() and mbind(2)."),
            "\\fBnuma_free\\fP() and \\fBmbind\\fP(2).\n"
        );
        assert_eq!(plain("(EINVAL) NULL,"), "(\\fBEINVAL\\fP) \\fBNULL\\fP,\n");
        assert_eq!(plain("-ENOENT -1"), "\\fB\\-ENOENT\\fP \\-1\n");
        assert_eq!(
            plain("MPOL_BIND's errno"),
            "\\fBMPOL_BIND\\fP's \\fIerrno\\fP\n"
        );
        assert_eq!(
            plain("see /proc/self/status; --json"),
            "see \\fI/proc/self/status\\fP; \\fB\\-\\-json\\fP\n"
        );
        assert_eq!(
            plain("NUMA, CPU, JSON, memory-less"),
            "NUMA, CPU, JSON, memory-less\n"
        );
    }

    #[test]
    fn parameters_are_no_words_of_english() {
        let fonts = Fonts {
            parameters: vec!["node", "freep"],
        };
        assert_eq!(fill("the node of a CPU", &fonts), "the node of a CPU\n");
        assert_eq!(
            fill("if node is negative", &fonts),
            "if \\fInode\\fP is negative\n"
        );
        assert_eq!(
            fill("if freep is not NULL", &fonts),
            "if \\fIfreep\\fP is not \\fBNULL\\fP\n"
        );
    }
}
