// SPDX-License-Identifier: MIT OR Apache-2.0
//! C sources, as far as their declarations can be read without a compiler.
//!
//! Building every commit of a repository takes hours. This tells which commits could have changed the types
//! of the variables that are to be kept: those where the text of a definition that a variable leads to
//! differs from the commit before. The compiler says later what is so.
//!
//! ```text
//! statements("struct a { int x; };\nstatic struct a one = { 1 };")
//!     struct a { int x ; } ;            at 0
//!     static struct a one = { 1 } ;     at 22
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

/// A word, number, string or mark, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token<'t> {
    /// Its text.
    pub text: &'t str,
    /// Its place in bytes.
    pub place: Range<usize>,
}

/// A declaration or definition outside of functions.
#[derive(Clone, Debug)]
pub struct Statement<'t> {
    tokens: Vec<Token<'t>>,
}

/// What a file declares, and the macros that it defines.
#[derive(Clone, Debug, Default)]
pub struct Source<'t> {
    /// In order.
    pub statements: Vec<Statement<'t>>,
    macros: Vec<(&'t str, &'t str)>,
}

impl<'t> Source<'t> {
    /// Reads a file. Nothing is an error: what is not understood is in no statement.
    pub fn read(text: &'t str) -> Self {
        let mut source = Self::default();
        let mut tokens: Vec<Token<'t>> = Vec::new();
        let mut depth = 0_usize;
        // The depth at each open #if: all its branches start there.
        let mut conditions = Vec::new();
        for piece in (Pieces { text, at: 0 }) {
            match piece {
                Piece::Directive(line) => {
                    let words: Vec<&str> = line.trim_start_matches('#').split_whitespace().collect();
                    match words.first().copied().unwrap_or_default() {
                        "if" | "ifdef" | "ifndef" => conditions.push(depth),
                        "else" | "elif" => depth = conditions.last().copied().unwrap_or(depth),
                        "endif" => drop(conditions.pop()),
                        "define" => {
                            let name = words.get(1).and_then(|name| name.split('(').next());
                            source.macros.extend(name.map(|name| (name, line)));
                        }
                        _ => {}
                    }
                }
                Piece::Token(token) => {
                    let mark = token.text;
                    match mark {
                        "{" | "(" | "[" => depth += 1,
                        "}" | ")" | "]" => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    tokens.push(token);
                    if depth == 0 && (mark == ";" || mark == "}" && is_function(&tokens)) {
                        source.statements.push(Statement { tokens: std::mem::take(&mut tokens) });
                    }
                }
            }
        }
        source
    }
}

/// Whether the braces that just ended are a function's: they follow its parameters.
fn is_function(tokens: &[Token<'_>]) -> bool {
    let open = tokens.iter().position(|token| token.text == "{");
    let before = open.and_then(|open| tokens.get(open.checked_sub(1)?));
    let is_type = tokens.iter().take_while(|token| token.text != "{").any(|token| is_tagged(token.text));
    let assigns = tokens.iter().take_while(|token| token.text != "{").any(|token| token.text == "=");
    before.is_some_and(|before| before.text == ")" || !is_type) && !assigns
        || tokens.first().is_some_and(|first| first.text == "asm")
}

fn is_tagged(word: &str) -> bool {
    matches!(word, "struct" | "union" | "enum" | "typedef")
}

fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}

impl<'t> Statement<'t> {
    /// Where it starts.
    pub fn start(&self) -> usize {
        self.tokens.first().map(|token| token.place.start).unwrap_or_default()
    }

    /// Where it ends.
    pub fn end(&self) -> usize {
        self.tokens.last().map(|token| token.place.end).unwrap_or_default()
    }

    /// The places of its words that are `word`.
    pub fn find<'a>(&'a self, word: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
        self.tokens.iter().filter(move |token| token.text == word).map(|token| token.place.clone())
    }

    /// Whether it defines this variable.
    pub fn defines_variable(&self, name: &str) -> bool {
        let first = self.tokens.first().map(|token| token.text).unwrap_or_default();
        if matches!(first, "extern" | "typedef") || self.tokens.last().is_none_or(|last| last.text != ";") {
            return false;
        }
        let mut depth = 0_usize;
        let mut is_value = false;
        let mut previous = "";
        for (index, token) in self.tokens.iter().enumerate() {
            match token.text {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth = depth.saturating_sub(1),
                "=" if depth == 0 => is_value = true,
                "," if depth == 0 => is_value = false,
                _ => {}
            }
            // Of a macro such as DEFINE_MUTEX(name) or LIST_HEAD(name), or a plain declarator.
            let in_macro = depth == 1 && self.is_definition_macro();
            if token.text == name && (depth == 0 || in_macro) && !is_value && !is_tagged(previous) {
                let next = self.tokens.get(index + 1).map(|token| token.text).unwrap_or_default();
                // A name before "(" is a function.
                return in_macro || next != "(" && index > 0;
            }
            previous = token.text;
        }
        false
    }

    fn is_definition_macro(&self) -> bool {
        let mut words = self.tokens.iter().map(|token| token.text).skip_while(|word| *word == "static");
        let name = words.next().unwrap_or_default();
        let defines = name.contains("DEFINE") || name.contains("LIST_HEAD");
        defines && words.next() == Some("(") && !name.contains("PER_CPU")
    }

    /// The names that it defines as types or constants.
    fn types(&self) -> Vec<&'t str> {
        let mut names = Vec::new();
        let words: Vec<&str> = self.tokens.iter().map(|token| token.text).collect();
        for window in words.windows(3) {
            if let [kind, name, "{"] = window
                && is_tagged(kind)
            {
                names.push(*name);
            }
        }
        if words.first() == Some(&"typedef") {
            names.extend(words.iter().rev().find(|word| is_word(word)));
        }
        if words.contains(&"enum") {
            names.extend(words.windows(2).filter_map(|pair| match pair {
                ["{" | ",", name] => Some(*name),
                _ => None,
            }));
        }
        names
    }

    /// The words, up to the initial value: that is no part of the type.
    fn declaration(&self) -> Vec<&'t str> {
        let is_type = self.tokens.first().is_some_and(|first| is_tagged(first.text));
        let words = self.tokens.iter().map(|token| token.text);
        if is_type { words.collect() } else { words.take_while(|word| *word != "=").collect() }
    }
}

/// The text of everything that variables of these names lead to in these files.
pub fn kept_text<'t>(files: &[Source<'t>], variables: &BTreeSet<&str>) -> String {
    let mut definitions: HashMap<&str, Vec<Vec<&'t str>>> = HashMap::new();
    let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut left: Vec<&str> = Vec::new();
    for file in files {
        for (name, line) in &file.macros {
            definitions.entry(name).or_default().push(line.split_whitespace().collect());
        }
        for statement in &file.statements {
            for name in statement.types() {
                definitions.entry(name).or_default().push(statement.declaration());
            }
            for name in variables.iter().filter(|name| statement.defines_variable(name)) {
                let words = statement.declaration();
                found.entry(name).or_default().insert(words.join(" "));
                left.extend(words);
            }
        }
    }
    while let Some(name) = left.pop() {
        let Some(texts) = definitions.remove(name) else { continue };
        for words in texts {
            found.entry(name).or_default().insert(words.join(" "));
            left.extend(words.into_iter().filter(|word| is_word(word)));
        }
    }
    found.into_values().flatten().collect::<Vec<_>>().join("\n")
}

/// The tags and type names that these files define.
pub fn own_types(files: &[Source<'_>]) -> BTreeSet<String> {
    let names = files.iter().flat_map(|file| &file.statements).flat_map(Statement::types);
    names.map(str::to_owned).collect()
}

enum Piece<'t> {
    Directive(&'t str),
    Token(Token<'t>),
}

/// Splits a file, without its comments.
struct Pieces<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Iterator for Pieces<'t> {
    type Item = Piece<'t>;

    fn next(&mut self) -> Option<Piece<'t>> {
        loop {
            let rest = self.text.get(self.at..)?;
            let first = rest.chars().next()?;
            let start = self.at;
            let length = if first.is_whitespace() {
                first.len_utf8()
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if first == '#' {
                let length = directive(rest);
                self.at = start + length;
                return Some(Piece::Directive(rest.get(..length)?));
            } else {
                let length = token(rest, first);
                self.at = start + length;
                let place = start..self.at;
                return Some(Piece::Token(Token { text: rest.get(..length)?, place }));
            };
            self.at = start + length;
        }
    }
}

/// The length of a preprocessor line, with those that continue it.
fn directive(text: &str) -> usize {
    let mut length = 0;
    for line in text.split_inclusive('\n') {
        length += line.len();
        if !line.trim_end_matches(['\n', '\r']).ends_with('\\') {
            break;
        }
    }
    length
}

fn token(text: &str, first: char) -> usize {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if is_part(first) {
        return text.find(|c| !is_part(c)).unwrap_or(text.len());
    }
    if first == '"' || first == '\'' {
        let mut escaped = false;
        for (at, c) in text.char_indices().skip(1) {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                _ if c == first => return at + 1,
                '\n' => return at,
                _ => {}
            }
        }
        return text.len();
    }
    first.len_utf8()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "#include <x.h>\n#define N 4 /* four */\nstruct inner { int x; };\n\
        struct outer { struct inner a[N]; /* } */ };\nstatic struct outer one = { .a = \"};\" };\n\
        static int f(int one) { int two; return 0; }\nstatic DEFINE_MUTEX(lock);\nextern int two;\n\
        static int two, three = 1;\n";

    fn text_of(text: &str, variables: &[&str]) -> String {
        kept_text(&[Source::read(text)], &variables.iter().copied().collect())
    }

    #[test]
    fn statements_end_where_they_should() {
        let source = Source::read(TEXT);
        let texts: Vec<&str> = source.statements.iter().map(|s| &TEXT[s.start()..s.end()]).collect();
        assert_eq!(texts.len(), 7, "{texts:?}");
        assert_eq!(texts[4], "static DEFINE_MUTEX(lock);");
    }

    #[test]
    fn definitions_of_variables() {
        let source = Source::read(TEXT);
        for (name, count) in [("one", 1), ("two", 1), ("three", 1), ("lock", 1), ("f", 0), ("outer", 0)] {
            let found = source.statements.iter().filter(|statement| statement.defines_variable(name));
            assert_eq!(found.count(), count, "{name}");
        }
    }

    #[test]
    fn what_a_variable_leads_to_counts_and_nothing_else() {
        let text = text_of(TEXT, &["one"]);
        assert!(text.contains("int x ;") && text.contains("#define N 4"), "{text}");
        assert_eq!(text, text_of(&TEXT.replace("return 0", "return 1"), &["one"]));
        assert_eq!(text, text_of(&TEXT.replace("\"};\"", "0"), &["one"]));
        assert_ne!(text, text_of(&TEXT.replace("int x", "long x"), &["one"]));
        assert_ne!(text, text_of(&TEXT.replace("N 4", "N 5"), &["one"]));
    }

    #[test]
    fn both_branches_of_a_condition_start_at_one_depth() {
        let source = Source::read("#if A\nint f(void) {\n#else\nint g(void) {\n#endif\n}\nint x;\n");
        assert!(source.statements.iter().any(|statement| statement.defines_variable("x")));
    }
}
