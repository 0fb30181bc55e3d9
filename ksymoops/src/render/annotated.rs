// SPDX-License-Identifier: MIT OR Apache-2.0
//! The annotated log: a head above each report, and every line as it is, followed by what it means. Lines of
//! our own begin with `;;`. The parser skips such lines, so the output can be decoded again, and without them
//! it is the log.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::{self, Write};

use libksym::Unresolved;
use liboops::report::{Block, Report};

use super::annotation_line::{AnnotationLine, Style};
use super::call_trace::{self, Places};
use super::head_lines;
use super::look::{Look, Shown};
use super::marked_lines::MarkedLines;
use super::report_view::ReportView;
use super::source_folder::SourceFolder;
use super::{Render, sanitize, text};
use crate::decode::{Annotation, AnnotationKind};
use crate::head::{self, Head, Searched};

/// So many lines of the source are shown before and behind that of the instruction pointer.
const SOURCE_LINES: u32 = 2;

/// The annotated log.
#[derive(Debug, Default)]
pub struct Annotated {
    look: Look,
    /// Where files were looked for.
    searched: Searched,
    /// The kernel's sources.
    sources: Option<SourceFolder>,
    /// The last byte that was written is not a line end.
    in_line: bool,
    /// Something was written.
    is_begun: bool,
    /// The name of the log, as long as nothing of the log is shown.
    name: Option<String>,
}

impl Annotated {
    /// An annotated log that looks like this.
    #[must_use]
    pub fn new(look: Look, searched: Searched) -> Self {
        Self { look, searched, ..Self::default() }
    }

    /// With lines of the kernel's sources.
    #[must_use]
    pub fn with_sources(mut self, sources: Option<SourceFolder>) -> Self {
        self.sources = sources;
        self
    }

    /// Writes lines of the log.
    fn log(&mut self, text: &[u8], out: &mut dyn Write) -> io::Result<()> {
        let Some(last) = text.last() else { return Ok(()) };
        self.in_line = *last != b'\n';
        self.is_begun = true;
        if self.look.terminal { sanitize::write(text, out) } else { out.write_all(text) }
    }

    /// Writes lines of the log that the kernel itself does not vouch for.
    fn dimmed(&mut self, text: &[u8], out: &mut dyn Write) -> io::Result<()> {
        let end = text.trim_ascii_end().len();
        let (line, rest) = text.split_at_checked(end).unwrap_or((text, &[]));
        out.write_all(b"\x1b[2m")?;
        self.log(line, out)?;
        out.write_all(b"\x1b[0m")?;
        self.log(rest, out)
    }

    fn marked(&self) -> MarkedLines<'_> {
        MarkedLines { look: &self.look, sources: self.sources.as_ref() }
    }

    /// Writes the name of the log, if it has not been written.
    fn name(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let Some(name) = self.name.take() else { return Ok(()) };
        if std::mem::take(&mut self.in_line) {
            writeln!(out)?;
        }
        self.is_begun = true;
        self.marked().annotation(&AnnotationLine::new(Style::Head, format!("==> {name}")), out)
    }

    /// Writes a head.
    fn head(&mut self, head: &Head, out: &mut dyn Write) -> io::Result<()> {
        self.name(out)?;
        self.marked().head(&head_lines::lines(head), out)
    }

    /// Writes the heads alone, with their call traces if these are wanted.
    fn heads(&mut self, block: &Block, all: &[ReportView<'_>], out: &mut dyn Write) -> io::Result<()> {
        for (view, report) in all.iter().zip(&block.reports) {
            let Some(head) = &view.head else { continue };
            if self.is_begun && self.name.is_none() {
                writeln!(out)?;
            }
            self.head(head, out)?;
            self.is_begun = true;
            if self.look.shown == Shown::Frames {
                let places = Places::of(&view.annotations);
                for (line, around) in call_trace::lines(report, &places, &view.common) {
                    self.marked().annotation(&line, out)?;
                    self.marked().source(&line, around, out)?;
                }
            }
        }
        Ok(())
    }
}

impl Render for Annotated {
    fn begin(&mut self, name: &str, out: &mut dyn Write) -> io::Result<()> {
        self.name = Some(name.to_owned());
        if self.look.shown == Shown::Everything { self.name(out) } else { Ok(()) }
    }

    fn replaces_own_lines(&self) -> bool {
        true
    }

    fn text(&mut self, text: &[u8], out: &mut dyn Write) -> io::Result<()> {
        if self.look.shown == Shown::Everything { self.log(text, out) } else { Ok(()) }
    }

    fn block(&mut self, block: &Block, annotations: &[Annotation], out: &mut dyn Write) -> io::Result<()> {
        let views = ReportView::all(block, annotations, &self.searched);
        if matches!(self.look.shown, Shown::Summary | Shown::Frames) {
            return self.heads(block, &views, out);
        }
        let heads = heads_at(block);
        let without_symbols = first_without_symbols(annotations);
        let doubtful = if self.look.colour { doubtful_lines(block) } else { BTreeSet::new() };
        let mut rest = annotations;
        let mut first = 0_usize;
        let mut said = HashSet::new();
        for (index, line) in block.lines.iter().enumerate() {
            let count = rest.iter().take_while(|annotation| annotation.line <= index).count();
            let (here, later) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            rest = later;
            let range = first..first.saturating_add(count);
            first = range.end;
            for report in heads.get(&index).into_iter().flatten() {
                let head = views.get(*report).and_then(|view| view.head.as_ref());
                // In the middle of a line that was too long, no line of ours can be.
                if let Some(head) = head.filter(|_| !self.in_line) {
                    self.head(head, out)?;
                }
            }
            let is_of_report = line.report.is_some() || !here.is_empty();
            if self.look.shown == Shown::OnlyReports && !is_of_report {
                continue;
            }
            let text = block.slice(line.span);
            if doubtful.contains(&index) {
                self.dimmed(text, out)?
            } else {
                self.log(text, out)?
            }
            let mut seen = HashSet::new();
            let mut lines: Vec<(AnnotationLine, u32)> = Vec::new();
            for one in here.iter().filter(|one| !is_said(one, &mut said) && !is_in_head(block, one, &views)) {
                let common =
                    views.get(one.report).filter(|view| view.head.is_some()).map(|view| &view.common);
                let around = if is_pointer(one) { SOURCE_LINES } else { 0 };
                lines.extend(text::lines(&one.kind, common).into_iter().map(|line| (line, around)));
            }
            lines.retain(|(line, _)| seen.insert(line.clone()));
            lines.extend(range.filter(|at| without_symbols.contains(at)).map(|_| {
                let text = format!("symbols unknown: {}", Unresolved::NoKernel);
                (AnnotationLine::new(Style::Unknown, text), 0)
            }));
            if !lines.is_empty() && std::mem::take(&mut self.in_line) {
                writeln!(out)?;
            }
            for (line, around) in &lines {
                self.marked().annotation(line, out)?;
                self.marked().source(line, *around, out)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// The reports whose heads come before a line, by the line's index: that of their first message.
fn heads_at(block: &Block) -> BTreeMap<usize, Vec<usize>> {
    let mut heads: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, report) in block.reports.iter().enumerate() {
        let first = block.lines.partition_point(|line| line.span.end <= report.span.start);
        // Where the line goes on with a message, the head comes before all of it.
        let before = block.lines.get(..=first).unwrap_or_default();
        let start = before.iter().rposition(|line| !line.continues);
        heads.entry(start.unwrap_or(0)).or_default().push(index);
    }
    heads
}

/// The lines of call traces that the kernel marks as doubtful.
fn doubtful_lines(block: &Block) -> BTreeSet<usize> {
    let frames = block.reports.iter().flat_map(|report: &Report| &report.frames);
    let doubtful = frames.filter(|frame| frame.place.unreliable);
    doubtful.filter_map(|frame| block.line_of(frame.place.span.start)).collect()
}

/// Whether an annotation is about an instruction pointer.
fn is_pointer(annotation: &Annotation) -> bool {
    matches!(&annotation.kind, AnnotationKind::Code { label: Some(_), .. })
}

/// Whether the head says what an annotation says.
fn is_in_head(block: &Block, annotation: &Annotation, views: &[ReportView<'_>]) -> bool {
    let has_head = views.get(annotation.report).is_some_and(|view| view.head.is_some());
    let report = block.reports.get(annotation.report);
    has_head && report.is_some_and(|report| head::is_of_report(annotation, report))
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
