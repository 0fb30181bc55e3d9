// SPDX-License-Identifier: MIT OR Apache-2.0
//! The call traces, each a list.

use std::io::{self, Write};

use liboops::report::{Place, Report, Trace};

use super::markup;
use crate::head::{Common, SourceLine, place_name};
use crate::render::annotation_line::AnnotationLine;
use crate::render::call_trace::{Places, heading};
use crate::render::report_view::ReportView;
use crate::render::source_folder::SourceFolder;

/// So many lines of the source are shown before and behind that of an instruction.
const SOURCE_LINES: u32 = 4;

pub(super) fn write(
    report: &Report,
    view: &ReportView<'_>,
    sources: Option<&SourceFolder>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let pointer = report.fault().and_then(|state| state.pc.as_ref()).filter(|pc| pc.symbol.is_some());
    let places = Places::of(&view.annotations);
    let mut trace: Option<Trace> = None;
    if let Some(place) = pointer {
        begin("call trace", true, out)?;
        trace = Some(Trace::Own);
        entry(place, &places, &view.common, sources, out)?;
    }
    for frame in &report.frames {
        if trace != Some(frame.trace) {
            if trace.is_some() {
                writeln!(out, "</ol></details>")?;
            }
            let title = if frame.trace == Trace::Own { "call trace" } else { heading(frame.trace) };
            begin(title, frame.trace == Trace::Own, out)?;
            trace = Some(frame.trace);
        }
        entry(&frame.place, &places, &view.common, sources, out)?;
    }
    if trace.is_some() { writeln!(out, "</ol></details>") } else { Ok(()) }
}

fn begin(title: &str, is_open: bool, out: &mut dyn Write) -> io::Result<()> {
    markup::fold(out, title, is_open)?;
    writeln!(out, "<ol start=\"0\" class=\"mono\">")
}

fn entry(
    place: &Place,
    places: &Places<'_>,
    common: &Common,
    sources: Option<&SourceFolder>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let class = if place.unreliable { " class=\"doubtful\"" } else { "" };
    let lines = places.decoded(place, common);
    write!(out, "<li{class}>{}", markup::text(&place_name(place)))?;
    for line in lines.iter().flatten() {
        write!(out, "<br><span class=\"note\">{}</span>", markup::text(&line.text))?;
    }
    let source = lines.iter().flatten().find_map(|line: &AnnotationLine| line.sources.first());
    if let Some((folder, source)) = sources.zip(source).filter(|_| !place.unreliable) {
        excerpt(folder, source, place.exact, out)?;
    }
    writeln!(out, "</li>")
}

fn excerpt(folder: &SourceFolder, source: &SourceLine, is_open: bool, out: &mut dyn Write) -> io::Result<()> {
    let lines = folder.around(source, SOURCE_LINES);
    if lines.is_empty() {
        return Ok(());
    }
    markup::fold(out, &source.shown, is_open)?;
    write!(out, "<pre>")?;
    for (number, text) in lines {
        let text = markup::text(&text.replace('\t', "        "));
        let class = if number == source.line { "bad" } else { "soft" };
        writeln!(out, "<span class=\"{class}\">{number:>5}</span>  {text}")?;
    }
    writeln!(out, "</pre></details>")
}
