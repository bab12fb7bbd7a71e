//! A C header of `include/` in parts: sections, and in them comments and what they are about.

/// A header.
#[derive(Debug)]
pub(crate) struct Header {
    /// The comment at its head.
    pub(crate) head: String,
    /// What stands between lines such as `/* ==== CPUs ==== */`.
    pub(crate) sections: Vec<Section>,
}

/// A section of a header.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) items: Vec<Item>,
}

/// A comment and the code that follows it. Either may be empty: a comment by itself is about what
/// follows up to the next one.
#[derive(Debug, Default)]
pub(crate) struct Item {
    pub(crate) comment: String,
    pub(crate) code: String,
}

/// What an item declares.
#[derive(Debug, PartialEq)]
pub(crate) enum Kind {
    /// A function, with its prototype in one line.
    Function { name: String, prototype: String },
    /// A variable.
    Variable { name: String, declaration: String },
    /// A macro.
    Constant { name: String },
    /// A structure, or another type: its lines.
    Type { name: String, lines: String },
    /// Nothing.
    Text,
}

impl Header {
    /// Reads a header.
    pub(crate) fn parse(text: &str) -> Header {
        let mut header = Header {
            head: String::new(),
            sections: Vec::new(),
        };
        for item in items(text) {
            if header.head.is_empty() {
                header.head = item.comment;
                continue;
            }
            let title = item.comment.strip_prefix("==== ");
            if let Some(title) = title.and_then(|title| title.strip_suffix(" ====")) {
                header.sections.push(Section {
                    title: title.to_owned(),
                    items: Vec::new(),
                });
            } else if let Some(section) = header.sections.last_mut() {
                section.items.push(item);
            }
        }
        header
    }
}

/// Comments with the code behind them.
fn items(text: &str) -> Vec<Item> {
    let mut items = vec![Item::default()];
    let mut lines = text.lines();
    let mut depth = 0i32;
    while let Some(line) = lines.next() {
        let last = items.last_mut().expect("one at least");
        if depth == 0 && line.starts_with("/*") {
            let mut comment = line.to_owned();
            while !comment.trim_end().ends_with("*/") {
                comment.push('\n');
                comment.push_str(lines.next().unwrap_or("*/"));
            }
            items.push(Item {
                comment: bare(&comment),
                code: String::new(),
            });
        } else if depth == 0 && line.is_empty() {
            if !last.comment.is_empty() || !last.code.is_empty() {
                items.push(Item::default());
            }
        } else if !line.starts_with("#pragma") && line != "extern \"C\" {" && line != "}"
            || depth > 0
        {
            depth += count(line, '{') - count(line, '}');
            last.code.push_str(line);
            last.code.push('\n');
        }
    }
    items.retain(|item| !item.comment.is_empty() || !item.code.is_empty());
    items
}

fn count(line: &str, wanted: char) -> i32 {
    line.chars().map(|c| i32::from(c == wanted)).sum()
}

/// A comment without its marks.
fn bare(comment: &str) -> String {
    let inside = comment
        .trim()
        .trim_start_matches("/*")
        .trim_end_matches("*/");
    let lines = inside.lines().map(|line| {
        let line = line.trim_start();
        line.strip_prefix("* ")
            .or(line.strip_prefix('*'))
            .unwrap_or(line)
            .trim_end()
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

impl Item {
    /// What it declares.
    pub(crate) fn kind(&self) -> Kind {
        let code = self.code.as_str();
        let defined = |line: &str| {
            Some(
                line.strip_prefix("#define ")?
                    .split([' ', '('])
                    .next()?
                    .to_owned(),
            )
        };
        if let Some(name) = code.lines().find_map(defined) {
            return Kind::Constant { name };
        }
        if let Some(rest) = code
            .strip_prefix("extern ")
            .filter(|rest| !rest.contains('('))
        {
            let declaration = rest.trim().to_owned();
            let name = declaration
                .trim_end_matches(';')
                .rsplit([' ', '*'])
                .next()
                .unwrap_or_default()
                .to_owned();
            return Kind::Variable { name, declaration };
        }
        let is_type = code.starts_with("typedef ")
            || code.starts_with("struct ") && !first_line(code).contains('(');
        if is_type {
            let name = match code.strip_prefix("typedef ") {
                Some(_) => code
                    .trim_end()
                    .trim_end_matches(';')
                    .rsplit(' ')
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
                None => first_line(code)
                    .trim_end_matches([' ', '{', ';'])
                    .to_owned(),
            };
            let lines = without_comments(code);
            return Kind::Type { name, lines };
        }
        if let Some(end) = code
            .find('{')
            .or(code.find(';'))
            .filter(|_| code.contains('('))
        {
            let words: Vec<&str> = code[..end].split_whitespace().collect();
            let prototype = words.join(" ").replace("static __inline__ ", "") + ";";
            let before = prototype.split('(').next().unwrap_or_default();
            let name = before
                .rsplit([' ', '*'])
                .next()
                .unwrap_or_default()
                .to_owned();
            return Kind::Function { name, prototype };
        }
        Kind::Text
    }

    /// The members of a structure that have comments.
    pub(crate) fn members(&self) -> Vec<(String, String)> {
        let mut members = Vec::new();
        let mut comment = String::new();
        let mut inside = false;
        for line in self.code.lines() {
            let trimmed = line.trim();
            if inside || trimmed.starts_with("/*") {
                inside = !trimmed.ends_with("*/");
                comment.push_str(line);
                comment.push('\n');
            } else if !comment.is_empty() {
                members.push((member(trimmed), bare(&std::mem::take(&mut comment))));
            }
        }
        members
    }
}

fn first_line(code: &str) -> &str {
    code.lines().next().unwrap_or_default()
}

/// The name of a member, from its declaration.
fn member(declaration: &str) -> String {
    let declaration = match declaration.find("(*") {
        Some(at) => declaration[at + 2..].split(')').next().unwrap_or_default(),
        None => declaration
            .trim_end_matches(';')
            .split('[')
            .next()
            .unwrap_or_default(),
    };
    declaration
        .rsplit([' ', '*'])
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn without_comments(code: &str) -> String {
    let mut kept = String::new();
    let mut inside = false;
    for line in code.lines() {
        let trimmed = line.trim();
        if inside || trimmed.starts_with("/*") {
            inside = !trimmed.ends_with("*/");
        } else {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// The names of a prototype's parameters.
pub(crate) fn parameters(prototype: &str) -> Vec<&str> {
    let Some(at) = prototype.find('(') else {
        return Vec::new();
    };
    let inside = prototype[at + 1..].trim_end_matches([';', ')']);
    let mut names = Vec::new();
    let mut depth = 0;
    let mut start = 0;
    let ends = inside.char_indices().chain([(inside.len(), ',')]);
    for (at, c) in ends {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                names.push(name_of(&inside[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty() && *name != "void" && *name != "...");
    names
}

fn name_of(parameter: &str) -> &str {
    let parameter = match parameter.find("(*") {
        Some(at) => parameter[at + 2..].split(')').next().unwrap_or_default(),
        None => parameter,
    };
    parameter
        .trim()
        .rsplit([' ', '*'])
        .next()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "/*\n * x.h: what\n *   it is\n */\n#ifndef X\n\n/* ==== One ==== */\n\n/* About all. */\n\n\
        /*\n * Two\n *\n * lines.\n */\nint *f(int a,\n       void *b);\n\n/* Old. */\nstatic __inline__ void g(struct s *m)\n{\n    f();\n\n    f();\n}\n\n\
        /* S. */\nstruct s {\n    /* M. */\n    int (*call)(int);\n    /*\n     * N\n     * n.\n     */\n    int n[2];\n};\n\n\
        /* V. */\nextern int v;\n/* C. */\n#define C 1\n";

    #[test]
    fn a_header_has_sections_and_items() {
        let header = Header::parse(TEXT);
        assert_eq!(header.head, "x.h: what\n  it is");
        let [section] = &*header.sections else {
            panic!()
        };
        assert_eq!(section.title, "One");
        let kinds: Vec<Kind> = section.items.iter().map(Item::kind).collect();
        let name = |name: &str| name.to_owned();
        assert_eq!(kinds[0], Kind::Text);
        assert_eq!(
            kinds[1],
            Kind::Function {
                name: name("f"),
                prototype: name("int *f(int a, void *b);")
            }
        );
        assert_eq!(
            kinds[2],
            Kind::Function {
                name: name("g"),
                prototype: name("void g(struct s *m);")
            }
        );
        let lines = name("struct s {\n    int (*call)(int);\n    int n[2];\n};\n");
        assert_eq!(
            kinds[3],
            Kind::Type {
                name: name("struct s"),
                lines
            }
        );
        assert_eq!(
            kinds[4],
            Kind::Variable {
                name: name("v"),
                declaration: name("int v;")
            }
        );
        assert_eq!(kinds[5], Kind::Constant { name: name("C") });
        assert_eq!(section.items[1].comment, "Two\n\nlines.");
        let members = section.items[3].members();
        assert_eq!(
            members,
            [(name("call"), name("M.")), (name("n"), name("N\nn."))]
        );
    }

    #[test]
    fn parameters_have_names() {
        assert_eq!(
            parameters("int f(int a, const char *b, int (*each)(int x, void *y), void *arg);"),
            ["a", "b", "each", "arg"]
        );
        assert!(parameters("int f(void);").is_empty());
        assert_eq!(
            parameters("void w(int number, char *format, ...);"),
            ["number", "format"]
        );
    }
}
