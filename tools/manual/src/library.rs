//! A page of the library, from its template and the headers.

use std::fs;
use std::path::Path;

use manual::Page;
use manual::words::{self, Fonts};

use crate::Result;
use crate::header::{Header, Item, Kind, Section, parameters};

/// Columns of a line that is not filled, in a terminal of 80.
const SHOWN: usize = 70;

/// System calls that the pages of Linux tell about, mbind(2) and so on. A page in section 3 would hide
/// those.
const IN_SECTION_2: &[&str] = &[
    "get_mempolicy",
    "mbind",
    "migrate_pages",
    "move_pages",
    "set_mempolicy",
];

/// A page that is written.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) text: String,
    /// Other names under which it is found, sorted.
    pub(crate) links: Vec<String>,
    /// Sections of headers that have to be described, and those that are.
    wanted: Vec<(String, String)>,
    described: Vec<(String, String)>,
}

/// Makes a page of its template.
pub(crate) fn render(root: &Path, template: &str) -> Result<Written> {
    let mut page = Written::default();
    for (number, line) in template.lines().enumerate() {
        match line.strip_prefix('@') {
            Some(directive) => {
                let roff = page
                    .expand(root, directive)
                    .map_err(|error| format!(":{}: {error}", number + 1))?;
                page.text.push_str(&roff);
            }
            None => {
                page.text.push_str(line);
                page.text.push('\n');
            }
        }
    }
    if let Some((header, title)) = page
        .wanted
        .iter()
        .find(|section| !page.described.contains(section))
    {
        return Err(format!(": `{title}` of {header} is not described"));
    }
    page.links.sort();
    page.links.dedup();
    Ok(page)
}

impl Written {
    fn expand(&mut self, root: &Path, directive: &str) -> Result<String> {
        let (name, rest) = directive.split_once(' ').unwrap_or((directive, ""));
        let (first, second) = rest.split_once(' ').unwrap_or((rest, ""));
        match name {
            "title" => Ok(Page::new(first, second).text().to_owned()),
            "synopsis" => {
                let header = read(root, first)?;
                for section in &header.sections {
                    self.wanted.push((first.to_owned(), section.title.clone()));
                    self.links.extend(section.items.iter().filter_map(link));
                }
                Ok(synopsis(&header))
            }
            "describe" => {
                let header = read(root, first)?;
                let section = header
                    .sections
                    .iter()
                    .find(|section| section.title == second);
                let section = section.ok_or_else(|| format!("no section `{second}` in {first}"))?;
                self.described.push((first.to_owned(), second.to_owned()));
                Ok(describe(section))
            }
            "head" => head(&read(root, first)?, second)
                .ok_or_else(|| format!("no `{second}` at the head of {first}")),
            "safe" => Ok(safe(&read(root, first)?)),
            "example" => example(root, first),
            "link" => {
                self.links.push(first.to_owned());
                Ok(String::new())
            }
            _ => Err(format!("unknown directive `@{directive}`")),
        }
    }
}

fn read(root: &Path, name: &str) -> Result<Header> {
    let text = fs::read_to_string(root.join("include").join(name))
        .map_err(|error| format!("include/{name}: {error}"))?;
    Ok(Header::parse(&text))
}

/// The name under which an item is found.
fn link(item: &Item) -> Option<String> {
    match item.kind() {
        Kind::Function { name, .. } | Kind::Variable { name, .. } => {
            let hides = IN_SECTION_2.contains(&&*name) || name.ends_with("_compat");
            (!hides).then_some(name)
        }
        _ => None,
    }
}

// --- prototypes ------------------------------------------------------------------------------

/// A prototype in lines that fit, in roff: bold, with parameters in italics.
fn prototype(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = text;
    let mut indent = "";
    while indent.len() + rest.len() > SHOWN {
        let room = SHOWN - indent.len();
        let Some(at) = rest[..room].rfind(", ").or_else(|| rest.find(", ")) else {
            break;
        };
        lines.push(format!("{indent}{}", &rest[..=at]));
        rest = &rest[at + 2..];
        indent = "        ";
    }
    lines.push(format!("{indent}{rest}"));
    let names = parameters(text);
    lines
        .iter()
        .map(|line| format!("\\fB{}\\fP", slanted(line, &names)))
        .collect()
}

/// A line of a prototype with its parameters in italics.
fn slanted(line: &str, names: &[&str]) -> String {
    let mut roff = String::new();
    let mut word = String::new();
    let mut start = !line.contains('(');
    for c in line.chars().chain(['\0']) {
        if c.is_ascii_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        // A name ends a parameter: what follows is a comma or a parenthesis.
        if start && names.contains(&&*word) && matches!(c, ',' | ')') {
            roff.push_str(&format!("\\fI{word}\\fB"));
        } else {
            roff.push_str(&word);
        }
        word.clear();
        start |= c == '(';
        if c != '\0' {
            roff.push(c);
        }
    }
    roff
}

fn synopsis(header: &Header) -> String {
    let mut page = Page::part();
    for section in &header.sections {
        let declared: Vec<Vec<String>> = section
            .items
            .iter()
            .filter_map(|item| match item.kind() {
                Kind::Function {
                    name,
                    prototype: text,
                } if !name.ends_with("_compat") => Some(prototype(&text)),
                Kind::Variable { declaration, .. } => {
                    Some(vec![format!("\\fBextern {declaration}\\fP")])
                }
                _ => None,
            })
            .collect();
        if declared.is_empty() {
            continue;
        }
        page.subsection(&section.title);
        page.raw(".nf");
        for line in declared.iter().flatten() {
            page.raw(line);
        }
        page.raw(".fi");
    }
    page.text().to_owned()
}

// --- what each function does -------------------------------------------------------------------

/// A section of a header as a part of DESCRIPTION.
fn describe(section: &Section) -> String {
    let mut page = Page::part();
    page.subsection(&section.title);
    let mut items = section.items.iter().peekable();
    while let Some(item) = items.next() {
        match item.kind() {
            Kind::Text => comment(&mut page, &item.comment, &Fonts::NONE),
            Kind::Constant { name } => {
                page.tag(&format!("\\fB{name}\\fP"));
                paragraphs(&mut page, &item.comment, &Fonts::NONE, ".IP");
            }
            Kind::Type { lines, .. } => {
                comment(&mut page, &item.comment, &Fonts::NONE);
                structure(&mut page, item, &lines);
            }
            Kind::Variable { declaration, .. } => {
                entry(
                    &mut page,
                    &[format!("\\fB{declaration}\\fP")],
                    &item.comment,
                    &Fonts::NONE,
                );
            }
            Kind::Function {
                prototype: text, ..
            } => {
                let mut lines = prototype(&text);
                // Functions that share a comment stand together.
                while let Some(next) = items.peek().filter(|next| next.comment.is_empty()) {
                    let Kind::Function {
                        prototype: text, ..
                    } = next.kind()
                    else {
                        break;
                    };
                    lines.extend(prototype(&text));
                    items.next();
                }
                let fonts = Fonts {
                    parameters: parameters(&text),
                };
                entry(&mut page, &lines, &item.comment, &fonts);
            }
        }
    }
    page.text().to_owned()
}

/// Declarations and, to their right, what they are.
fn entry(page: &mut Page, lines: &[String], text: &str, fonts: &Fonts<'_>) {
    page.space();
    page.raw(".nf");
    for line in lines {
        page.raw(line);
    }
    page.raw(".fi");
    if !text.is_empty() {
        page.indent();
        paragraphs(page, text, fonts, ".P");
        page.end_indent();
    }
}

fn structure(page: &mut Page, item: &Item, lines: &str) {
    page.space();
    let shown: Vec<String> = lines.lines().map(folded).collect();
    page.code(&shown.join("\n"));
    let members = item.members();
    let fonts = Fonts {
        parameters: members.iter().map(|(name, _)| &**name).collect(),
    };
    for (name, text) in &members {
        page.tag(&format!("\\fI{name}\\fP"));
        paragraphs(page, text, &fonts, ".IP");
    }
}

/// A line of a structure, as two if it is too long.
fn folded(line: &str) -> String {
    match line.get(..SHOWN).and_then(|start| start.rfind(", ")) {
        Some(at) => format!("{}\n            {}", &line[..=at], &line[at + 2..]),
        None => line.to_owned(),
    }
}

/// A comment that begins a paragraph.
fn comment(page: &mut Page, text: &str, fonts: &Fonts<'_>) {
    if !text.is_empty() {
        page.space();
        paragraphs(page, text, fonts, ".P");
    }
}

/// The paragraphs of a comment, with a macro between them, and the lists in them. A list has two columns.
fn paragraphs(page: &mut Page, text: &str, fonts: &Fonts<'_>, between: &str) {
    let mut first = true;
    for paragraph in text.split("\n\n") {
        if paragraph.starts_with(' ') {
            list(page, paragraph, fonts);
        } else if first {
            page.fill(paragraph, fonts);
        } else {
            page.raw(between);
            page.fill(paragraph, fonts);
        }
        first = false;
    }
}

fn list(page: &mut Page, text: &str, fonts: &Fonts<'_>) {
    let indent = text.len() - text.trim_start().len();
    let mut items: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        let deeper = line.len() - line.trim_start().len() > indent;
        match items.last_mut().filter(|_| deeper) {
            Some((_, meaning)) => {
                meaning.push(' ');
                meaning.push_str(line.trim());
            }
            None => {
                let line = line.trim();
                let (term, meaning) = line
                    .split_once("  ")
                    .or(line.split_once(' '))
                    .unwrap_or((line, ""));
                items.push((term.to_owned(), meaning.to_owned()));
            }
        }
    }
    page.raw(".RS");
    for (term, meaning) in &items {
        page.term(term, meaning, fonts);
    }
    page.raw(".RE");
}

/// What the head of a header says under a name.
fn head(header: &Header, name: &str) -> Option<String> {
    let start = header.head.find(&format!("\n{name}\n"))? + name.len() + 2;
    let text = header.head[start..].split("\n\n").next()?;
    Some(words::fill(text, &Fonts::NONE))
}

/// The functions whose own comments say that a signal handler may call them.
fn safe(header: &Header) -> String {
    let mut names = Vec::new();
    for item in header.sections.iter().flat_map(|section| &section.items) {
        if let Kind::Function { name, .. } = item.kind() {
            let words: Vec<&str> = item.comment.split_whitespace().collect();
            let text = words.join(" ");
            if text.contains("Async-signal-safe.") && !text.contains("Not async-signal-safe.") {
                names.push(format!("{name}()"));
            }
        }
    }
    words::fill(&(names.join(", ") + "."), &Fonts::NONE)
}

/// An example as it stands in its file.
fn example(root: &Path, name: &str) -> Result<String> {
    let path = root.join("examples").join(name);
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let end = text.find("*/\n").ok_or("no comment at its head")?;
    let mut page = Page::part();
    page.code(text[end + 3..].trim());
    Ok(page.text().to_owned())
}
