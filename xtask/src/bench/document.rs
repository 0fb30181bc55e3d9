// SPDX-License-Identifier: MIT OR Apache-2.0
//! The table in docs/costs.md, between two marks. A row that is measured again replaces the one before.

use std::fmt;

/// The marks around the table.
pub const BEGIN: &str = "<!-- table: cargo xtask bench -->";
pub const END: &str = "<!-- end of the table -->";

const HEAD: &str = "| what | ours | peer's | ratio | limit | date | with |\n|---|---|---|---|---|---|---|\n";

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What was measured; no other row has the same.
    pub what: String,
    /// Ours, the peer's, their ratio and its limit, with units.
    pub ours: String,
    pub peers: String,
    pub ratio: String,
    pub limit: String,
    /// The day, and the versions.
    pub date: String,
    pub with: String,
    /// Whether the limit is kept.
    pub holds: bool,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, ours, peers, ratio, limit, holds, .. } = self;
        let word = if *holds { "held  " } else { "BROKEN" };
        write!(f, "{word} {what}: {ratio} ({ours}, {peers}), limit {limit}")
    }
}

impl Row {
    fn line(&self) -> String {
        let Self { what, ours, peers, ratio, limit, date, with, .. } = self;
        format!("| {what} | {ours} | {peers} | {ratio} | {limit} | {date} | {with} |\n")
    }
}

/// The document with these rows in its table; unchanged if it has no marks.
pub fn with_rows(document: &str, rows: &[Row]) -> String {
    let Some((before, rest)) = document.split_once(BEGIN) else { return document.to_owned() };
    let Some((table, after)) = rest.split_once(END) else { return document.to_owned() };
    let mut text = format!("{before}{BEGIN}\n{HEAD}");
    let known = |line: &str| rows.iter().any(|row| line.starts_with(&format!("| {} |", row.what)));
    let old = table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what |"));
    let mut lines: Vec<String> = old.filter(|line| !known(line)).map(|line| format!("{line}\n")).collect();
    lines.extend(rows.iter().map(Row::line));
    lines.sort();
    text.extend(lines);
    text + END + after
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(what: &str, ratio: &str) -> Row {
        let [ours, peers, limit, date, with] = ["1", "2", "0.6", "today", "x"].map(str::to_owned);
        Row { what: what.into(), ours, peers, ratio: ratio.into(), limit, date, with, holds: true }
    }

    #[test]
    fn a_row_replaces_the_one_before() {
        let empty = format!("# Costs\n\n{BEGIN}\n{END}\n\nText.\n");
        let one = with_rows(&empty, &[row("b", "0.5"), row("a", "0.4")]);
        let two = with_rows(&one, &[row("b", "0.3")]);
        assert!(two.starts_with("# Costs\n") && two.ends_with("\n\nText.\n"), "{two}");
        let rows: Vec<&str> = two.lines().filter(|line| line.contains("today")).collect();
        assert_eq!(rows, ["| a | 1 | 2 | 0.4 | 0.6 | today | x |", "| b | 1 | 2 | 0.3 | 0.6 | today | x |"]);
        assert_eq!(with_rows("no table", &[row("a", "1")]), "no table");
    }
}
