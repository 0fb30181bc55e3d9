// SPDX-License-Identifier: MIT OR Apache-2.0
//! docs/modules.md: what came of comparing all modules of a kernel, a line for each kernel and comparison.

use std::fmt::{self, Display, Formatter};
use std::fs;

use anyhow::{Context, Result};

use crate::{process, workspace};

/// The document, from the root of the checkout.
const DOCUMENT: &str = "docs/modules.md";

/// What is above the table.
const HEAD: &str = "\
# All modules of the distribution's kernels

`cargo xtask images` writes this table when it has compared every module of a kernel.

- `reading`: sections, symbols, relocations, module information, versions of imports, exports and variables, as
  libmodfmt reads them and as readelf and kmod do (`--read`).
- `images`: keeper and owner are made of each module as if its ordinary data were persistent; an independent resolver
  compares what every relocation of the images leads to with what it leads to in the module.

| kernel | release | date | compared | modules | differences | what |
|---|---|---|---|---|---|---|
";

/// One comparison of one kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The kernel, and `reading` or `images`.
    key: [String; 2],
    text: String,
}

impl Row {
    /// `compared` is `reading` or `images`.
    pub fn new(
        (kernel, release): (&str, &str),
        compared: &str,
        (modules, differences): (usize, usize),
        what: &str,
    ) -> Result<Self> {
        let date = process::today()?;
        let text =
            format!("| {kernel} | {release} | {date} | {compared} | {modules} | {differences} | {what} |");
        Ok(Self { key: [kernel.to_owned(), compared.to_owned()], text })
    }

    fn parse(line: &str) -> Option<Self> {
        let cells: Vec<&str> = line.strip_prefix("| ")?.split(" | ").collect();
        let [kernel, _, _, compared, ..] = *cells else { return None };
        Some(Self { key: [kernel.to_owned(), compared.to_owned()], text: line.to_owned() })
            .filter(|_| kernel != "kernel")
    }
}

/// The table.
#[derive(Debug, Default)]
struct Document(Vec<Row>);

impl Document {
    fn parse(text: &str) -> Self {
        Self(text.lines().filter_map(Row::parse).collect())
    }

    fn set(&mut self, row: Row) {
        self.0.retain(|other| other.key != row.key);
        self.0.push(row);
        self.0.sort_by(|one, other| one.key.cmp(&other.key));
    }
}

impl Display for Document {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(HEAD)?;
        self.0.iter().try_for_each(|row| writeln!(f, "{}", row.text))
    }
}

/// Replaces the line of this kernel and comparison.
pub fn record(row: Row) -> Result<()> {
    let path = workspace::root().join(DOCUMENT);
    let mut document = Document::parse(&fs::read_to_string(&path).unwrap_or_default());
    document.set(row);
    fs::write(&path, document.to_string()).with_context(|| format!("cannot write {DOCUMENT}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_lines_stay() {
        let row = |kernel, compared, what| Row::new((kernel, "1.2"), compared, (3, 0), what).unwrap();
        let mut document = Document::default();
        document.set(row("6.1", "reading", "few"));
        document.set(row("6.1", "images", "few"));
        document.set(row("5.10", "images", "few"));
        let mut again = Document::parse(&document.to_string());
        again.set(row("6.1", "images", "many"));
        let text = again.to_string();
        assert_eq!(text.matches("| few |").count(), 2, "{text}");
        assert_eq!(text.matches("| many |").count(), 1, "{text}");
        assert_eq!(Document::parse(&text).0, again.0);
    }
}
