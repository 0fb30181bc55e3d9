// SPDX-License-Identifier: MIT OR Apache-2.0
//! docs/kernels.md: a table with a line for each kernel, and a section for each with what is special there.
//! What a run does not touch is taken over from the document as it is.

use std::fmt::{self, Display, Formatter};

/// What is above the table.
const HEAD: &str = "\
# Kernels

Data is kept in these kernels, which are those of the distribution, unchanged. `cargo xtask matrix` writes this
document: each line is from a run of scenarios in that kernel, under QEMU. `all` are those of keeping data, failed
loads, layouts, single variables, conversion, pointers, refusals, fallbacks, what the kernel says about the images, kills
at every tenth step, and oopses that are decoded; `core` are a dozen of them. On other processors than x86-64 those are
left out that expect an oops of that one, and modules made by clang. CONTRIBUTING.md says how to run them.

| kernel | release | modules compiled by | date | scenarios | passed | failed | skipped |
|---|---|---|---|---|---|---|---|
";

/// The widest line of text.
const WIDTH: usize = 118;

/// What is known of one kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    name: String,
    row: String,
    text: String,
}

impl Entry {
    /// From the cells of its row and the lines below its heading.
    pub fn new(name: &str, cells: &[&str], lines: Vec<String>) -> Self {
        let mut text = String::new();
        let mut is_in_list = true;
        for line in &lines {
            let is_item = line.starts_with("- ");
            // A list stands apart from what is above it.
            if is_item && !is_in_list {
                text.push('\n');
            }
            is_in_list = is_item;
            text.push_str(&wrapped(line));
            text.push('\n');
        }
        let (name, row) = (name.to_owned(), format!("| {} |", cells.join(" | ")));
        Self { name, row, text: text.trim_end().to_owned() }
    }
}

/// The document.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Document(Vec<Entry>);

impl Document {
    /// Reads it. Text that is not of this form is dropped.
    pub fn parse(text: &str) -> Self {
        let mut parts = text.split("\n## ");
        let rows: Vec<&str> = parts.next().unwrap_or_default().lines().collect();
        let mut entries = Vec::new();
        for part in parts {
            let (name, text) = part.split_once('\n').unwrap_or((part, ""));
            if let Some(row) = rows.iter().find(|row| row.starts_with(&format!("| {name} |"))) {
                let (name, row) = (name.to_owned(), (*row).to_owned());
                entries.push(Entry { name, row, text: text.trim().to_owned() });
            }
        }
        Self(entries)
    }

    /// Whether there is something about this kernel.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|entry| entry.name == name)
    }

    /// Replaces what is known of a kernel.
    pub fn set(&mut self, entry: Entry) {
        match self.0.iter_mut().find(|other| other.name == entry.name) {
            Some(other) => *other = entry,
            None => self.0.push(entry),
        }
        self.0.sort_by_key(|entry| order(&entry.name));
    }
}

/// Series by number, words behind them.
fn order(name: &str) -> (Vec<u32>, String) {
    let numbers: Option<Vec<u32>> = name.split('.').map(|part| part.parse().ok()).collect();
    (numbers.unwrap_or_else(|| vec![u32::MAX]), name.to_owned())
}

/// The line, broken between words; what follows is indented as an item of a list is.
fn wrapped(line: &str) -> String {
    let indent = if line.starts_with("- ") { "  " } else { "" };
    let mut out = String::new();
    let mut width = 0;
    for word in line.split(' ') {
        if width + 1 + word.len() > WIDTH && width > 0 {
            out.push('\n');
            out.push_str(indent);
            width = indent.len();
        } else if width > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += word.len();
    }
    out
}

impl Display for Document {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(HEAD)?;
        for entry in &self.0 {
            writeln!(f, "{}", entry.row)?;
        }
        for entry in &self.0 {
            writeln!(f, "\n## {}\n\n{}", entry.name, entry.text)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_kernels_stay() {
        let mut document = Document::default();
        document.set(Entry::new("newest", &["newest", "7.3"], vec!["Few words.".into()]));
        document.set(Entry::new("6.12", &["6.12", "6.12.9"], vec!["- skipped: `x`: why".into()]));
        document.set(Entry::new("6.1", &["6.1", "6.1.0-1"], Vec::new()));
        let mut again = Document::parse(&document.to_string());
        assert_eq!(again, document);
        assert!(again.has("6.12") && !again.has("5.10"));
        again.set(Entry::new("6.12", &["6.12", "6.12.10"], vec!["Other.".into()]));
        let text = again.to_string();
        assert!(text.contains("| 6.12.10 |") && !text.contains("why"), "{text}");
        let places: Vec<_> = ["| 6.1 |", "| 6.12 |", "| newest |"].iter().map(|row| text.find(row)).collect();
        assert!(places.is_sorted() && places.iter().all(Option::is_some), "{text}");
    }

    #[test]
    fn a_list_stands_apart() {
        let lines = ["Words.", "- one", "- two"].map(str::to_owned).to_vec();
        assert_eq!(Entry::new("x", &["x"], lines).text, "Words.\n\n- one\n- two");
        assert_eq!(Entry::new("x", &["x"], vec!["- one".into(), "- two".into()]).text, "- one\n- two");
    }

    #[test]
    fn long_lines_are_broken() {
        let text = wrapped(&format!("- skipped: {}", "word ".repeat(40).trim_end()));
        assert!(
            text.lines().all(|line| line.len() <= WIDTH)
                && text.lines().skip(1).all(|line| line.starts_with("  w"))
        );
    }
}
