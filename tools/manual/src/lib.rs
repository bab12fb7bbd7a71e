//! Manual pages in the language of man(7), from plain text.
//!
//! - [`Page`]: a page while it is written: titles, paragraphs, terms with their meanings, code
//! - [`generated`]: what programs share that write committed files from templates
//! - [`words`]: which words of plain text are set in which font
//!
//! The program `numa-manual` writes the pages of the library with it, from the headers.

pub mod generated;
pub mod words;

use words::Fonts;

/// When the pages were last changed by hand, as their first line shows it.
pub const DATE: &str = "2026-11-26";

/// The release that the pages belong to: that of the workspace.
pub const RELEASE: &str = concat!("libnuma-rs ", env!("CARGO_PKG_VERSION"));

/// A page while it is written.
#[derive(Debug)]
pub struct Page {
    text: String,
    /// Whether a title was the last thing, after which a paragraph needs no macro.
    fresh: bool,
}

impl Page {
    /// A page with its title.
    pub fn new(name: &str, section: &str) -> Page {
        let mut page = Page::part();
        page.raw(&format!(
            ".TH {} {section} {DATE} \"{RELEASE}\"",
            name.to_uppercase()
        ));
        // Long names would leave wide gaps in lines of one length, and are to be found by a search.
        page.raw(".ad l");
        page.raw(".nr HY 0");
        page.raw(".nh");
        page
    }

    /// What is written into another page: without a title.
    pub fn part() -> Page {
        Page {
            text: String::new(),
            fresh: true,
        }
    }

    /// The page as it stands in its file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A line of roff.
    pub fn raw(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
        self.fresh = false;
    }

    /// Begins a section.
    pub fn section(&mut self, title: &str) {
        self.raw(&format!(".SH {}", words::escape(title)));
        self.fresh = true;
    }

    /// Begins a part of a section.
    pub fn subsection(&mut self, title: &str) {
        self.raw(&format!(".SS {}", words::escape(title)));
        self.fresh = true;
    }

    /// Plain text in the current paragraph.
    pub fn fill(&mut self, text: &str, fonts: &Fonts<'_>) {
        self.text.push_str(&words::fill(text, fonts));
        self.fresh = false;
    }

    /// A paragraph of plain text.
    pub fn paragraph(&mut self, text: &str, fonts: &Fonts<'_>) {
        self.space();
        self.fill(text, fonts);
    }

    /// Room before a paragraph, where the title does not make it.
    pub fn space(&mut self) {
        if !self.fresh {
            self.raw(".P");
        }
        self.fresh = true;
    }

    /// A term and its meaning.
    pub fn term(&mut self, term: &str, meaning: &str, fonts: &Fonts<'_>) {
        self.tag(&format!("\\fB{}\\fP", words::code(term)));
        self.fill(meaning, fonts);
    }

    /// A term in roff; its meaning follows.
    pub fn tag(&mut self, roff: &str) {
        self.raw(".TP");
        self.raw(roff);
    }

    /// Lines as they are.
    pub fn code(&mut self, lines: &str) {
        self.raw(".EX");
        for line in lines.lines() {
            self.raw(&words::line(&words::code(line)));
        }
        self.raw(".EE");
    }

    /// Moves what follows to the right, up to [`Page::end_indent`].
    pub fn indent(&mut self) {
        self.raw(".RS 4");
        self.fresh = true;
    }

    /// Ends what [`Page::indent`] began.
    pub fn end_indent(&mut self) {
        self.raw(".RE");
    }
}
