// SPDX-License-Identifier: MIT OR Apache-2.0
//! Values as text, much as C writes initial values.

use std::io::{self, Write};

use modcli::escape;

use super::shown::{NOT_FOLLOWED, Shown, ShownChain, ShownField, ShownKind, ShownRun};

/// Columns of a terminal that everything fits into, unless `--wide` is given.
const COLUMNS: usize = 80;
/// Structures are not indented further than this.
const MAX_INDENT: usize = 40;
/// What goes on in the next line is indented by so much more.
const CONTINUED: usize = 4;
/// Equal elements are folded from this number on.
const MIN_FOLDED: u64 = 4;
/// Structures that are shown in one line.
const LINKS: &[&str] =
    &["struct list_head", "struct hlist_head", "struct hlist_node", "struct rb_node", "struct rb_root"];
/// Bytes of an unknown type that are shown.
const MAX_SHOWN_DIGITS: usize = 128;

/// Writes lines.
pub(super) struct Text<'o> {
    out: &'o mut dyn Write,
    /// `None` for lines of any length.
    columns: Option<usize>,
}

impl<'o> Text<'o> {
    pub(super) fn new(out: &'o mut dyn Write, is_wide: bool) -> Self {
        Self { out, columns: (!is_wide).then_some(COLUMNS) }
    }

    /// A line of its own, broken where it is too long. What is behind the break is indented by four more.
    pub(super) fn line(&mut self, indent: usize, text: &str) -> io::Result<()> {
        let text = escape::line(text);
        let Some(columns) = self.columns else {
            return writeln!(self.out, "{:indent$}{text}", "");
        };
        let room = columns.saturating_sub(indent);
        let mut indent = indent;
        for (index, part) in broken(&text, room, room.saturating_sub(CONTINUED)).into_iter().enumerate() {
            writeln!(self.out, "{:indent$}{part}", "")?;
            if index == 0 {
                indent = indent.saturating_add(CONTINUED);
            }
        }
        Ok(())
    }

    pub(super) fn blank(&mut self) -> io::Result<()> {
        self.out.write_all(b"\n")
    }

    /// A value behind its declaration.
    pub(super) fn value(&mut self, indent: usize, declaration: &str, value: &Shown) -> io::Result<()> {
        self.with_end(indent, declaration, value, "")
    }

    fn with_end(&mut self, indent: usize, declaration: &str, value: &Shown, end: &str) -> io::Result<()> {
        let inner = indent.saturating_add(4).min(MAX_INDENT);
        match &value.kind {
            // What everybody knows takes no four lines.
            _ if LINKS.iter().any(|link| declaration.starts_with(link)) => {
                self.line(indent, &format!("{declaration} = {}{end}", in_line(value)))
            }
            ShownKind::Struct { fields, cut } | ShownKind::Union { fields, cut } => {
                self.line(indent, &format!("{declaration} = {{"))?;
                for ShownField { declaration, value, .. } in fields {
                    self.value(inner, declaration, value)?;
                }
                if *cut {
                    self.line(inner, "... (more fields)")?;
                }
                self.line(indent, &format!("}}{end}"))
            }
            ShownKind::Array { len, runs, cut } if runs.iter().any(|run| has_parts(&run.value)) => {
                self.line(indent, &format!("{declaration} = {{"))?;
                for ShownRun { first, count, value } in runs {
                    let last = first.saturating_add(count.saturating_sub(1));
                    let (index, times) = match count {
                        1 => (format!("[{first}]"), String::new()),
                        _ => (format!("[{first}..{last}]"), format!(" ({count} times)")),
                    };
                    self.with_end(inner, &index, value, &times)?;
                }
                if let Some(rest) = rest(*len, runs, *cut) {
                    self.line(inner, &rest)?;
                }
                self.line(indent, &format!("}}{end}"))
            }
            _ => self.line(indent, &format!("{declaration} = {}{end}", in_line(value))),
        }
    }

    /// What a list, a tree or a pointer leads to.
    pub(super) fn chain(&mut self, indent: usize, chain: &ShownChain) -> io::Result<()> {
        let inner = indent.saturating_add(4);
        let type_name = chain.type_name.as_deref().unwrap_or_default();
        let by = chain.member.as_ref().map(|member| format!(" by .{member}")).unwrap_or_default();
        let count = match &*chain.kind {
            "pointer" | "per-cpu" | NOT_FOLLOWED => String::new(),
            _ => format!(", {} entries", chain.objects.len()),
        };
        let of = if type_name.is_empty() { String::new() } else { format!(" of {type_name}") };
        let what = match &*chain.kind {
            "pointer" => format!("to {type_name}"),
            "per-cpu" => format!("per CPU, {type_name}"),
            kind => format!("{kind}{of}{by}{count}"),
        };
        self.line(indent, &format!("{} -> {what}", chain.from))?;
        for (index, object) in chain.objects.iter().enumerate() {
            let number = match (&*chain.kind, object.cpu) {
                ("pointer", _) => "*".to_owned(),
                (_, Some(cpu)) => format!("CPU {cpu}"),
                _ => format!("[{index}]"),
            };
            let place = object.place.as_ref().map(|place| format!(" <{place}>")).unwrap_or_default();
            let declaration = format!("{number} {}{place}", object.address);
            match &object.value {
                Some(value) => self.value(inner, &declaration, value)?,
                None => self.line(inner, &declaration)?,
            }
        }
        for note in &chain.notes {
            self.line(inner, note)?;
        }
        Ok(())
    }
}

fn has_parts(value: &Shown) -> bool {
    match &value.kind {
        ShownKind::Struct { .. } | ShownKind::Union { .. } => true,
        ShownKind::Array { runs, .. } => runs.iter().any(|run| has_parts(&run.value)),
        _ => false,
    }
}

/// What is not there of an array.
fn rest(len: u64, runs: &[ShownRun], is_cut: bool) -> Option<String> {
    let shown = runs.last().map_or(0, |run| run.first.saturating_add(run.count));
    is_cut.then(|| format!("... ({} more)", len.saturating_sub(shown)))
}

/// A value without structures, in one line.
pub(super) fn in_line(value: &Shown) -> String {
    let mut text = plain(value);
    if value.unstable {
        text.push_str(" (unstable)");
    }
    text
}

fn plain(value: &Shown) -> String {
    match &value.kind {
        ShownKind::Number { value } | ShownKind::Float { value } => value.clone(),
        ShownKind::Char { value } => {
            match value.parse::<i16>().ok().and_then(|value| u8::try_from(value).ok()) {
                Some(byte) if byte.is_ascii_graphic() || byte == b' ' => {
                    format!("{value} '{}'", char::from(byte))
                }
                _ => value.clone(),
            }
        }
        ShownKind::Bool { value } => match &**value {
            "0" => "false".to_owned(),
            "1" => "true".to_owned(),
            other => format!("true ({other})"),
        },
        ShownKind::Enum { value, names, rest } => {
            let rest = rest.iter().cloned();
            let text = names.iter().cloned().chain(rest).collect::<Vec<_>>().join(" | ");
            if text.is_empty() { format!("{value} (no enumerator)") } else { text }
        }
        ShownKind::Text { text, bytes, terminated } => {
            let end = if *terminated { "" } else { " (no NUL)" };
            format!("\"{}\"{end}", text.as_deref().map_or_else(|| escaped_bytes(bytes), escaped))
        }
        ShownKind::Pointer { address, to } => match to {
            Some(to) if matches!(&*to.kind, "null" | "error") => to.name.clone(),
            Some(to) => format!("{address} <{}>", to.name),
            None => address.clone(),
        },
        ShownKind::Array { len, runs, cut } => {
            let mut parts = Vec::new();
            for run in runs {
                let text = in_line(&run.value);
                if run.count >= MIN_FOLDED {
                    parts.push(format!("{text} ({} times)", run.count));
                } else {
                    parts.extend((0..run.count).map(|_| text.clone()));
                }
            }
            parts.extend(rest(*len, runs, *cut));
            format!("{{{}}}", parts.join(", "))
        }
        ShownKind::Struct { fields, .. } | ShownKind::Union { fields, .. } => {
            let parts = fields.iter().map(|field| format!("{} = {}", field.name, in_line(&field.value)));
            format!("{{{}}}", parts.collect::<Vec<_>>().join(", "))
        }
        ShownKind::Untyped { text } => text.clone(),
        ShownKind::Bytes { bytes } => bytes_in_words(bytes),
        ShownKind::Missing { why } => format!("({why})"),
    }
}

/// Eight digits a word.
fn bytes_in_words(digits: &str) -> String {
    let shown: String = digits.chars().take(MAX_SHOWN_DIGITS).collect();
    let letters: Vec<char> = shown.chars().collect();
    let mut words: Vec<String> = letters.chunks(8).map(|word| word.iter().collect()).collect();
    if digits.len() > MAX_SHOWN_DIGITS {
        words.push("...".to_owned());
    }
    format!("bytes {}", words.join(" "))
}

/// What stands in a string of C.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\0'..='\u{1f}' | '\u{7f}' => out.push_str(&format!("\\x{:02x}", u32::from(letter))),
            other => out.push(other),
        }
    }
    out
}

/// Digits of bytes that are not UTF-8.
fn escaped_bytes(digits: &str) -> String {
    let mut out = String::new();
    for pair in digits.as_bytes().as_chunks::<2>().0 {
        let byte = std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match byte {
            Some(byte) if byte.is_ascii() => out.push_str(&escaped(&char::from(byte).to_string())),
            Some(byte) => out.push_str(&format!("\\x{byte:02x}")),
            None => {}
        }
    }
    out
}

/// Words with the blanks behind them; `name = value` is one, but for the first.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_first = true;
    for part in text.split_inclusive(' ') {
        match words.last_mut() {
            Some(last) if !is_first && (part == "= " || last.ends_with(" = ")) => last.push_str(part),
            _ => {
                is_first &= part != "= ";
                words.push(part.to_owned());
            }
        }
    }
    words
}

/// Breaks a line at blanks; a word that is too long by itself, anywhere.
fn broken(text: &str, first: usize, others: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut width = 0_usize;
    let mut room = first.max(20);
    for word in words(text) {
        let word = word.as_str();
        let length = word.trim_end_matches(' ').chars().count();
        if width > 0 && width.saturating_add(length) > room {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            (width, room) = (0, others.max(20));
        }
        for letter in word.chars() {
            if width >= room && letter != ' ' {
                lines.push(std::mem::take(&mut line));
                (width, room) = (0, others.max(20));
            }
            line.push(letter);
            width = width.saturating_add(1);
        }
    }
    if !line.trim_end().is_empty() || lines.is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: ShownKind) -> Shown {
        Shown { kind, unstable: false }
    }

    fn number(value: i64) -> Shown {
        shown(ShownKind::Number { value: value.to_string() })
    }

    #[test]
    fn leaves() {
        let text = |kind| in_line(&shown(kind));
        let string = |text: &str, terminated| ShownKind::Text {
            text: Some(text.to_owned()),
            bytes: String::new(),
            terminated,
        };
        assert_eq!(text(string("a\0\"b\n", true)), r#""a\x00\"b\n""#);
        assert_eq!(text(string("abc", false)), "\"abc\" (no NUL)");
        let bytes = ShownKind::Text { text: None, bytes: "61ff22".to_owned(), terminated: true };
        assert_eq!(text(bytes), r#""a\xff\"""#);
        assert_eq!(text(ShownKind::Char { value: "97".into() }), "97 'a'");
        assert_eq!(text(ShownKind::Char { value: "-1".into() }), "-1");
        assert_eq!(text(ShownKind::Bool { value: "7".into() }), "true (7)");
        let flags = |names: &[&str], rest: Option<&str>| ShownKind::Enum {
            value: "9".into(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            rest: rest.map(str::to_owned),
        };
        assert_eq!(text(flags(&["A", "B"], None)), "A | B");
        assert_eq!(text(flags(&["A"], Some("0x8"))), "A | 0x8");
        assert_eq!(text(flags(&[], None)), "9 (no enumerator)");
        let runs = vec![
            ShownRun { first: 0, count: 1, value: number(5) },
            ShownRun { first: 1, count: 2, value: number(-3) },
            ShownRun { first: 3, count: 61, value: number(0) },
        ];
        let array = |cut| ShownKind::Array { len: 100, runs: runs.clone(), cut };
        assert_eq!(text(array(false)), "{5, -3, -3, 0 (61 times)}");
        assert_eq!(text(array(true)), "{5, -3, -3, 0 (61 times), ... (36 more)}");
    }

    #[test]
    fn lines_are_broken() {
        let text = |line: &str, is_wide| {
            let mut out = Vec::new();
            Text::new(&mut out, is_wide).line(4, line).unwrap();
            String::from_utf8(out).unwrap()
        };
        let long = format!("{} {}", "word ".repeat(30), "x".repeat(200));
        let shown = text(&long, false);
        assert!(shown.lines().all(|line| line.len() <= COLUMNS), "{shown}");
        let joined = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(joined(&shown), joined(&long), "nothing is lost");
        assert_eq!(text(&long, true).lines().count(), 1);
        assert_eq!(text("a\u{1b}b", false), "    a\\x1bb\n");
    }
}
