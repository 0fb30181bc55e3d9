// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes the lines that are ours: behind a mark, escaped, broken at the margin, with colours and links.

use std::io::{self, Write};

use modcli::escape;

use super::annotation_line::{AnnotationLine, Style};
use super::head_lines::LABEL_COLUMNS;
use super::link;
use super::look::Look;
use super::source_folder::SourceFolder;
use super::wrap::wrap;

/// Columns of the mark, `  ;; `, that begins each line that is ours.
const MARK_COLUMNS: usize = 5;
/// What further lines of a text begin with.
const INDENT: &str = "    ";
/// Ends a paragraph that goes on.
const CUT: &str = " ...";
/// A paragraph about what, where and who has so many lines at most: all of them are to be seen at once.
const MAX_HEAD_LINES: usize = 2;
/// What, where and who together have so many, so that the first of why is the eighth at the latest.
const MAX_LINES_BEFORE_WHY: usize = 7;

/// Writes the lines that are ours.
#[derive(Debug, Clone, Copy)]
pub(super) struct MarkedLines<'a> {
    pub look: &'a Look,
    pub sources: Option<&'a SourceFolder>,
}

impl MarkedLines<'_> {
    /// A line of an annotation.
    pub fn annotation(&self, line: &AnnotationLine, out: &mut dyn Write) -> io::Result<()> {
        let text = escape::line(&line.text);
        let width = self.look.width().saturating_sub(MARK_COLUMNS);
        let parts = if line.is_row {
            vec![text.into_owned()]
        } else {
            wrap(&text, width, width.saturating_sub(INDENT.len()))
        };
        for (index, part) in parts.iter().enumerate() {
            self.write(line, if index == 0 { "" } else { INDENT }, part, out)?;
        }
        Ok(())
    }

    /// The lines of a head.
    pub fn head(&self, lines: &[AnnotationLine], out: &mut dyn Write) -> io::Result<()> {
        let mut count = 0_usize;
        for line in lines {
            let most = match line.style {
                Style::Found if line.text.starts_with(' ') => 1,
                Style::Failed | Style::Found => MAX_HEAD_LINES,
                Style::Head => MAX_LINES_BEFORE_WHY.saturating_sub(count).clamp(1, MAX_HEAD_LINES),
                _ => usize::MAX,
            };
            let parts = self.paragraph(line, most);
            count = count.saturating_add(parts.len());
            let indent = " ".repeat(LABEL_COLUMNS);
            for (index, part) in parts.iter().enumerate() {
                self.write(line, if index == 0 { "" } else { &indent }, part, out)?;
            }
        }
        Ok(())
    }

    /// A line of a head, broken into so many at most.
    fn paragraph(&self, line: &AnnotationLine, most: usize) -> Vec<String> {
        let text = escape::line(&line.text);
        let width = self.look.width().saturating_sub(MARK_COLUMNS);
        let mut parts = wrap(&text, width, width.saturating_sub(LABEL_COLUMNS));
        if parts.len() > most {
            parts.truncate(most);
            if let Some(last) = parts.last_mut() {
                let room = width.saturating_sub(LABEL_COLUMNS.saturating_add(CUT.len()));
                while last.chars().count() > room
                    && let Some((shorter, _)) = last.rsplit_once(' ').filter(|(it, _)| !it.trim().is_empty())
                {
                    *last = shorter.to_owned();
                }
                let text = last.trim_end_matches([' ', '<']);
                *last = format!(
                    "{}{CUT}",
                    [" at", " ="].iter().find_map(|end| text.strip_suffix(end)).unwrap_or(text)
                );
            }
        }
        parts
    }

    /// The lines of the source around the first one that an annotation names.
    pub fn source(&self, line: &AnnotationLine, around: u32, out: &mut dyn Write) -> io::Result<()> {
        let Some((folder, source)) = self.sources.zip(line.sources.first()) else { return Ok(()) };
        for (number, text) in folder.around(source, around) {
            let mark = if number == source.line && around > 0 { '>' } else { ' ' };
            let text = text.replace('\t', "        ");
            let mut shown = AnnotationLine::new(Style::Plain, format!("  {mark} {number:>5}  {text}"));
            shown.is_row = true;
            self.annotation(&shown, out)?;
        }
        Ok(())
    }

    /// One line as it is.
    fn write(&self, line: &AnnotationLine, indent: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
        let colour = match line.style {
            Style::Plain => "2",
            Style::Head => "1",
            Style::Found => "36",
            Style::Persistent => "1;35",
            Style::Failed => "1;31",
            Style::Unknown => "33",
        };
        let (on, off) =
            if self.look.colour { (format!("\x1b[{colour}m"), "\x1b[0m") } else { (String::new(), "") };
        let linked = self.look.links.then(|| link::linked(text, &line.sources, self.sources)).flatten();
        let text = linked.as_deref().unwrap_or(text);
        writeln!(out, "  {on};; {indent}{text}{off}")
    }
}
