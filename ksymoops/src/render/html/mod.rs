// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--format=html`: a page that needs nothing else, not even scripts. For each report the head, the call
//! traces, the registers, a map of what they point to, the instructions, and the log, which can be folded.

mod instructions;
mod log;
mod map;
mod markup;
mod registers;
mod traces;

use std::io::{self, Write};

use liboops::report::{Block, Report};

use super::report_view::ReportView;
use super::source_folder::SourceFolder;
use super::{Render, Shown};
use crate::decode::Annotation;
use crate::head::{Head, Searched};

/// Nothing is loaded, and nothing runs.
const BEGIN: &str = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
    <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
    <title>Kernel reports</title>\n<style>\n";

/// A page.
#[derive(Debug, Default)]
pub struct Html {
    shown: Shown,
    searched: Searched,
    sources: Option<SourceFolder>,
    is_begun: bool,
    /// Text between reports is being written.
    in_text: bool,
    /// How many reports were written.
    reports: usize,
}

impl Html {
    /// A page on which so much is shown.
    #[must_use]
    pub fn new(shown: Shown, searched: Searched, sources: Option<SourceFolder>) -> Self {
        Self { shown, searched, sources, ..Self::default() }
    }

    fn begin_page(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if !std::mem::replace(&mut self.is_begun, true) {
            writeln!(out, "{BEGIN}{}</style></head><body>", include_str!("page.css"))?;
        }
        Ok(())
    }

    fn end_text(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if std::mem::take(&mut self.in_text) { writeln!(out, "</pre></details>") } else { Ok(()) }
    }

    fn report(&mut self, report: &Report, view: &ReportView<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.reports = self.reports.saturating_add(1);
        writeln!(out, "<article id=\"report-{}\">", self.reports)?;
        if let Some(head) = &view.head {
            write_head(head, out)?;
        }
        if self.shown == Shown::Summary {
            return writeln!(out, "</article>");
        }
        writeln!(out, "<div class=\"parts\"><div>")?;
        traces::write(report, view, self.sources.as_ref(), out)?;
        if self.shown != Shown::Frames {
            instructions::write(view, out)?;
        }
        writeln!(out, "</div><div>")?;
        if self.shown != Shown::Frames {
            map::write(report, view, out)?;
            registers::write(report, view, out)?;
        }
        writeln!(out, "</div></div>")?;
        writeln!(out, "</article>")
    }
}

/// The head: what happened as the title, the rest as a list.
fn write_head(head: &Head, out: &mut dyn Write) -> io::Result<()> {
    let rows = head.rows();
    for (label, facts) in rows.iter().filter(|(label, _)| *label == "what") {
        let texts: Vec<String> = facts.iter().map(|fact| markup::text(&fact.text)).collect();
        writeln!(out, "<h2 class=\"{label}\">{}</h2>", texts.join("; "))?;
    }
    writeln!(out, "<dl>")?;
    for (label, facts) in rows.iter().filter(|(label, _)| *label != "what") {
        writeln!(out, "<dt>{label}</dt><dd class=\"{label}\">")?;
        for fact in *facts {
            writeln!(out, "<p>{}</p>", markup::text(&fact.text))?;
        }
        writeln!(out, "</dd>")?;
    }
    writeln!(out, "</dl>")
}

impl Render for Html {
    fn begin(&mut self, name: &str, out: &mut dyn Write) -> io::Result<()> {
        self.begin_page(out)?;
        self.end_text(out)?;
        writeln!(out, "<h1>{}</h1>", markup::text(name))
    }

    fn replaces_own_lines(&self) -> bool {
        true
    }

    fn text(&mut self, text: &[u8], out: &mut dyn Write) -> io::Result<()> {
        if self.shown != Shown::Everything || text.is_empty() {
            return Ok(());
        }
        self.begin_page(out)?;
        if !std::mem::replace(&mut self.in_text, true) {
            markup::fold(out, "log without reports", false)?;
            write!(out, "<pre>")?;
        }
        out.write_all(markup::log(text)?.as_bytes())
    }

    fn block(&mut self, block: &Block, annotations: &[Annotation], out: &mut dyn Write) -> io::Result<()> {
        self.begin_page(out)?;
        self.end_text(out)?;
        let views = ReportView::all(block, annotations, &self.searched);
        for (view, report) in views.iter().zip(&block.reports) {
            self.report(report, view, out)?;
        }
        match self.shown {
            Shown::Summary | Shown::Frames => Ok(()),
            shown => log::write(block, annotations, &views, shown == Shown::OnlyReports, out),
        }
    }

    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.begin_page(out)?;
        self.end_text(out)?;
        if self.reports == 0 {
            writeln!(out, "<p>No report.</p>")?;
        }
        writeln!(out, "</body></html>")
    }
}
