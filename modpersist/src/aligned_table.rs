// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tables with aligned columns.

use std::io::{self, Write};

use modcli::escape;

/// How the cells of a column are aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows of cells under headings. Cells are escaped before their width is measured.
pub(crate) struct AlignedTable {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
}

impl AlignedTable {
    pub(crate) fn new(columns: &[(&'static str, Align)]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells.iter().map(|cell| escape::line(cell).into_owned()).collect());
    }

    /// Prints it, with two blanks between columns and none after the last.
    pub(crate) fn print(&self, indent: &str, out: &mut dyn Write) -> io::Result<()> {
        self.print_rows(indent, usize::MAX, out)
    }

    /// The same within so many columns of a terminal: where that is too narrow, a cell that is longer than
    /// its share has a line of its own, and the row goes on below it. A cell that is longer than a line is
    /// broken.
    pub(crate) fn print_within(&self, columns: usize, out: &mut dyn Write) -> io::Result<()> {
        self.print_rows("", columns, out)
    }

    fn print_rows(&self, indent: &str, columns: usize, out: &mut dyn Write) -> io::Result<()> {
        let headings: Vec<String> = self.columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let share = self.share(columns);
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|column| {
                let cells = self.rows.iter().chain([&headings]).filter_map(|row| row.get(column));
                cells.map(|cell| cell.chars().count()).filter(|width| *width <= share).max().unwrap_or(0)
            })
            .collect();
        for row in [&headings].into_iter().chain(&self.rows) {
            let mut line = String::from(indent);
            for ((cell, width), (_, align)) in row.iter().zip(&widths).zip(&self.columns) {
                let length = cell.chars().count();
                let pad = " ".repeat(width.saturating_sub(length));
                if length > *width {
                    let before = line.chars().count();
                    line.push_str(cell);
                    broken(&line, columns, out)?;
                    line = " ".repeat(before.saturating_add(*width).saturating_add(2));
                    continue;
                }
                match align {
                    Align::Left => line.extend([cell, &pad, "  "]),
                    Align::Right => line.extend([&pad, cell, "  "]),
                }
            }
            if !line.trim_end().is_empty() {
                broken(line.trim_end(), columns, out)?;
            }
        }
        Ok(())
    }

    /// The longest cell that does not get a line of its own: the largest with which a whole row fits.
    fn share(&self, columns: usize) -> usize {
        let width = |column: usize, share: usize| {
            let heading = self.columns.get(column).map_or(0, |(name, _)| name.len());
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            let longest = cells.map(|cell| cell.chars().count()).filter(|width| *width <= share).max();
            longest.unwrap_or(0).max(heading).saturating_add(2)
        };
        let row = |share: usize| {
            (0..self.columns.len()).fold(0_usize, |sum, column| sum.saturating_add(width(column, share)))
        };
        let mut lengths: Vec<usize> = self.rows.iter().flatten().map(|cell| cell.chars().count()).collect();
        lengths.sort_unstable();
        lengths.dedup();
        // The blanks behind the last column are not printed.
        let fits = |share: &usize| row(*share) <= columns.saturating_add(2);
        lengths.iter().rev().copied().find(fits).unwrap_or(0)
    }
}

/// Prints a line, in pieces if it is longer than `columns`.
fn broken(line: &str, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut rest = line;
    while let Some((end, _)) = rest.char_indices().nth(columns) {
        let (piece, after) = rest.split_at(end);
        writeln!(out, "{piece}")?;
        rest = after;
    }
    writeln!(out, "{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(rows: &[[&str; 4]], columns: usize) -> String {
        let mut table = AlignedTable::new(&[
            ("OWNER", Align::Left),
            ("STATE", Align::Left),
            ("SIZE", Align::Right),
            ("KEEPER", Align::Left),
        ]);
        for row in rows {
            table.row(row.map(str::to_owned).to_vec());
        }
        let mut out = Vec::new();
        table.print_within(columns, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_fits_is_one_line_a_row() {
        let text = printed(&[["foo", "kept", "8", "foo__persist"]], 80);
        assert_eq!(text, "OWNER  STATE  SIZE  KEEPER\nfoo    kept      8  foo__persist\n");
    }

    #[test]
    fn long_cells_have_lines_of_their_own() {
        let long = "a".repeat(55);
        let keeper = format!("{long}__persist");
        let rows = [["foo", "kept", "8", "foo__persist"], [&long, "in use", "16", &keeper]];
        let text = printed(&rows, 80);
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], "foo    kept       8  foo__persist");
        assert_eq!(lines[2], long);
        assert_eq!(lines[3].split_whitespace().collect::<Vec<_>>(), ["in", "use", "16", &keeper[..59]]);
        for columns in [20, 40, 60, 70] {
            let text = printed(&rows, columns);
            assert!(text.lines().all(|line| line.len() <= columns), "{columns}: {text}");
        }
    }
}
