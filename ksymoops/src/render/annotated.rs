// SPDX-License-Identifier: MIT OR Apache-2.0
//! The annotated log: every line as it is, followed by lines beginning with `;;` that say what it means. The
//! parser skips such lines, so the output can be decoded again.

use std::collections::{BTreeSet, HashSet};
use std::io::{self, Write};

use libksym::Unresolved;
use liboops::report::Block;
use modcli::escape;

use super::annotation_line::{AnnotationLine, Style};
use super::{Render, sanitize, text};
use crate::decode::{Annotation, AnnotationKind};

/// Begins each line that is ours.
const MARK: &str = ";; ";

/// The annotated log.
#[derive(Debug, Clone, Copy, Default)]
pub struct Annotated {
    /// Use colours.
    pub colour: bool,
    /// The output is a terminal: control characters of the log are shown, not sent. Otherwise every byte is
    /// kept.
    pub terminal: bool,
}

impl Annotated {
    /// Writes lines of the log.
    fn log(&self, text: &[u8], out: &mut dyn Write) -> io::Result<()> {
        if self.terminal { sanitize::write(text, out) } else { out.write_all(text) }
    }

    fn line(&self, line: &AnnotationLine, out: &mut dyn Write) -> io::Result<()> {
        let colour = match line.style {
            Style::Plain => "2",
            Style::Found => "36",
            Style::Persistent => "1;35",
            Style::Failed => "1;31",
            Style::Unknown => "33",
        };
        let (on, off) =
            if self.colour { (format!("\x1b[{colour}m"), "\x1b[0m") } else { (String::new(), "") };
        // What we add is harmless wherever it goes: only lines of the log are kept byte by byte.
        writeln!(out, "  {on}{MARK}{}{off}", escape::line(&line.text))
    }
}

impl Render for Annotated {
    fn text(&mut self, text: &[u8], out: &mut dyn Write) -> io::Result<()> {
        self.log(text, out)
    }

    fn block(&mut self, block: &Block, annotations: &[Annotation], out: &mut dyn Write) -> io::Result<()> {
        let without_symbols = first_without_symbols(annotations);
        let mut rest = annotations;
        let mut first = 0_usize;
        let mut said = HashSet::new();
        for (index, line) in block.lines.iter().enumerate() {
            let text = block.slice(line.span);
            self.log(text, out)?;
            let count = rest.iter().take_while(|annotation| annotation.line <= index).count();
            let (here, later) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            rest = later;
            let range = first..first.saturating_add(count);
            first = range.end;
            let mut seen = HashSet::new();
            let mut lines: Vec<_> = here
                .iter()
                .filter(|one| !is_said(one, &mut said))
                .flat_map(|one| text::lines(&one.kind))
                .collect();
            lines.retain(|line| seen.insert(line.clone()));
            lines.extend(range.filter(|at| without_symbols.contains(at)).map(|_| {
                AnnotationLine::new(Style::Unknown, format!("symbols unknown: {}", Unresolved::NoKernel))
            }));
            if !lines.is_empty() && !text.ends_with(b"\n") {
                writeln!(out)?;
            }
            for line in &lines {
                self.line(line, out)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// Whether an annotation says that there is no file of a module, and that was said of the report before. The
/// places in the lines after that name the module themselves.
fn is_said<'a>(annotation: &'a Annotation, said: &mut HashSet<(usize, &'a str)>) -> bool {
    match &annotation.kind {
        AnnotationKind::Code { answer, .. } if answer.candidates.is_empty() => {
            matches!(&answer.unresolved, Some(Unresolved::NoModule { module })
                if !said.insert((annotation.report, module.as_str())))
        }
        _ => false,
    }
}

/// The first place of each report whose kernel has no symbols: that is where it is said, once.
fn first_without_symbols(annotations: &[Annotation]) -> BTreeSet<usize> {
    let has_none = |annotation: &Annotation| match &annotation.kind {
        AnnotationKind::Code { answer, .. } => answer.unresolved == Some(Unresolved::NoKernel),
        _ => false,
    };
    let mut reports = HashSet::new();
    let all = annotations.iter().enumerate();
    all.filter(|(_, annotation)| has_none(annotation) && reports.insert(annotation.report))
        .map(|(at, _)| at)
        .collect()
}
