// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--frames`: the call traces of a report, one entry after the other, without the log's own lines.

use std::collections::HashMap;

use libksym::Answer;
use liboops::report::{Place, Report, Trace};

use super::annotation_line::{AnnotationLine, Style};
use super::text;
use crate::decode::{Annotation, AnnotationKind};
use crate::head::{self, Common};

/// So many lines of the source are shown around that of the instruction pointer.
const SOURCE_LINES: u32 = 2;

/// Returns the lines, each with the number of source lines to be shown around the one that it names.
pub(super) fn lines(report: &Report, places: &Places<'_>, common: &Common) -> Vec<(AnnotationLine, u32)> {
    let mut lines = Vec::new();
    let mut number = 0_usize;
    let pointer = report.fault().and_then(|state| state.pc.as_ref()).filter(|pc| pc.symbol.is_some());
    if let Some(place) = pointer {
        lines.extend(entry(&mut number, place, places, common).into_iter().map(|it| (it, SOURCE_LINES)));
    }
    let mut trace = Trace::Own;
    for frame in report.frames.iter().filter(|frame| !frame.place.unreliable) {
        if frame.trace != trace {
            trace = frame.trace;
            number = 0;
            lines.push((AnnotationLine::new(Style::Head, format!("{}:", heading(frame.trace))), 0));
        }
        lines.extend(entry(&mut number, &frame.place, places, common).into_iter().map(|it| (it, 0)));
    }
    lines
}

/// What a call trace is of.
pub(super) fn heading(trace: Trace) -> &'static str {
    match trace {
        Trace::Own => "found",
        Trace::Allocated => "allocated",
        Trace::Freed => "freed",
        Trace::Stored => "stored",
        Trace::Queued => "queued",
        Trace::Locked => "locked",
        Trace::OtherAccess => "the other access",
        Trace::OtherTask => "another task",
        _ => "also",
    }
}

/// What was found out about the places of a report, by where they are written.
#[derive(Debug)]
pub(super) struct Places<'a>(HashMap<(u64, u64), (&'a Answer, &'a str)>);

impl<'a> Places<'a> {
    pub fn of(annotations: &[&'a Annotation]) -> Self {
        let places = annotations.iter().filter_map(|annotation| match &annotation.kind {
            AnnotationKind::Code { answer, name, .. } => {
                Some(((annotation.span.start, annotation.span.end), (answer, name.as_str())))
            }
            _ => None,
        });
        Self(places.collect())
    }

    /// The lines for a place, if it was looked up with success.
    pub fn decoded(&self, place: &Place, common: &Common) -> Option<Vec<AnnotationLine>> {
        let (answer, name) = *self.0.get(&(place.span.start, place.span.end))?;
        let lines = || text::code(None, name, answer, Some(common));
        (!answer.candidates.is_empty()).then(lines)
    }
}

fn entry(number: &mut usize, place: &Place, places: &Places<'_>, common: &Common) -> Vec<AnnotationLine> {
    let as_in_log = || vec![AnnotationLine::new(Style::Plain, head::place_name(place))];
    let mut lines = places.decoded(place, common).unwrap_or_else(as_in_log);
    for (index, line) in lines.iter_mut().enumerate() {
        let label = if index == 0 { format!("#{number:<3}") } else { "    ".to_owned() };
        line.text.insert_str(0, &label);
    }
    *number = number.saturating_add(1);
    lines
}
