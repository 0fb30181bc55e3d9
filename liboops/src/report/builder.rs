// SPDX-License-Identifier: MIT OR Apache-2.0
//! Builds a report line by line. What a line means depends on the lines before it: after `Call Trace:`, a
//! line with `RIP:` is where an interrupt or a system call came from.

use super::block::Report;
use super::kind::Kind;
use super::place::{Frame, Place};
use super::processor_lines::ProcessorLines;
use super::span::Hex;
use super::stack_labels::StackLabels;
use super::start_lines::Start;
use super::state::{Word, WordRole};
use super::state_lines::Section;
use super::{addresses, context_lines, module_list, places_in_line, task_lines, trace_entries};
use crate::cursor::text;
use crate::message::Message;

/// What a report made of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineUse {
    /// The line belongs to the report.
    Used,
    /// The line means nothing to the report.
    Unknown,
}

/// What the last line was, where the meaning of the next one depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LastLine {
    /// An instruction pointer.
    Pc,
    /// A list of modules, which may go on.
    Modules,
    Other,
}

/// Beginnings of lines whose places are not return addresses: the instruction pointer of an oops up to 4.18
/// and of a machine check, and the lock that a message is about.
const EXACT: [&[u8]; 4] = [b"IP: ", b"mce: [Hardware Error]: RIP", b"[Hardware Error]: RIP", b"lock: "];

/// A report under construction. The values read so far are in a [`Report`] that the caller keeps.
#[derive(Debug)]
pub(super) struct Builder {
    /// Index of the report in its block.
    pub index: usize,
    /// Lines of the same writer since the last line that was used.
    pub unknown_lines: u32,
    /// Messages of any writer since then.
    pub silent_lines: u32,
    /// The line with `[#1]` was seen.
    is_numbered: bool,
    section: Section,
    labels: StackLabels,
    processor: ProcessorLines,
    /// How many entries the report had when its current call trace began.
    trace_start: usize,
    last: LastLine,
}

impl Builder {
    pub fn new(index: usize) -> Self {
        Self {
            index,
            unknown_lines: 0,
            silent_lines: 0,
            is_numbered: false,
            section: Section::default(),
            labels: StackLabels::default(),
            processor: ProcessorLines::default(),
            trace_start: 0,
            last: LastLine::Other,
        }
    }

    /// Whether a line that ends reports was seen.
    pub fn has_ended(&self) -> bool {
        self.section.ended
    }

    /// Whether a start line belongs to this report and does not begin another one.
    pub fn takes_start(&self, report: &Report, start: &Start) -> bool {
        let has_body = !report.frames.is_empty() || !report.states.is_empty();
        match start.kind {
            Kind::Panic => true,
            Kind::CutHere => !has_body && !self.is_numbered && report.kind != Kind::CutHere,
            _ if has_body || self.section.ended => false,
            _ if report.kind.is_general() => true,
            _ => (start.numbered || start.kind == Kind::Oops) && !self.is_numbered,
        }
    }

    /// Reads a start line.
    pub fn start(&mut self, report: &mut Report, start: &Start, message: &Message<'_>) {
        self.unknown_lines = 0;
        self.silent_lines = 0;
        let is_first = report.title.span.is_empty();
        // Kernels before 2.6 did not count oopses.
        self.is_numbered |= start.numbered || start.kind == Kind::Oops && !is_first;
        report.panicked |= start.kind == Kind::Panic;
        let says_more = report.kind.is_general() && !start.kind.is_general();
        if is_first || says_more || report.kind == Kind::CutHere && start.kind != Kind::CutHere {
            report.kind = start.kind;
            report.title.value = text(message.text.trim_ascii());
            report.title.span = message.whole();
        }
        if let Some((value, range)) = &start.address {
            let span = message.span(range.clone());
            report.words.push(Word { value: Hex(*value), span, role: WordRole::FaultAddress });
        }
        task_lines::of_start(message.text, start.kind, &mut report.context);
        self.processor.start(report, message);
        report.mentions.extend(places_in_line::all(message).into_iter().map(|found| {
            let mut place = found.place;
            place.exact |= start.exact;
            place
        }));
        self.last = LastLine::Other;
    }

    /// Reads any other line.
    pub fn line(&mut self, report: &mut Report, message: &Message<'_>) -> LineUse {
        let line_use = self.read(report, message);
        if line_use == LineUse::Used {
            self.unknown_lines = 0;
            self.silent_lines = 0;
        } else if !message.text.trim_ascii().is_empty() {
            self.unknown_lines = self.unknown_lines.saturating_add(1);
        }
        line_use
    }

    fn read(&mut self, report: &mut Report, message: &Message<'_>) -> LineUse {
        let last = std::mem::replace(&mut self.last, LastLine::Other);
        if last == LastLine::Modules && module_list::more(message, &mut report.context) {
            self.last = LastLine::Modules;
            return LineUse::Used;
        }
        let trimmed = message.text.trim_ascii_start();
        if trimmed.is_empty() || trimmed.starts_with(b";;") {
            self.last = last;
            return LineUse::Unknown;
        }
        let found = self.processor.read(report, message, self.section, last == LastLine::Pc);
        if let Some(found) = found {
            if found.begins_trace {
                self.begin_trace(report);
            }
            for place in found.frames {
                self.frame(report, place, false);
            }
            if found.begins_state {
                self.last = LastLine::Pc;
            }
            return LineUse::Used;
        }
        if self.context(report, message) {
            if trimmed.starts_with(b"Modules linked in:") {
                self.last = LastLine::Modules;
            }
            report.mentions.extend(places_in_line::all(message).into_iter().map(|found| found.place));
            return LineUse::Used;
        }
        if self.heading(report, trimmed) {
            return LineUse::Used;
        }
        self.frames(report, message)
    }

    /// Reads a line about the kernel, the task and the modules.
    fn context(&self, report: &mut Report, message: &Message<'_>) -> bool {
        let context = &mut report.context;
        // The task that waits for too long is not the one that says so, and what other processors were doing
        // is not what the report is about.
        let is_told = (self.section.other_cpu || report.kind == Kind::HungTask) && context.pid.is_some();
        let subject = is_told.then(|| (context.cpu, context.pid, context.comm.take()));
        let known = context_lines::read(message, context);
        if let Some(subject) = subject {
            (context.cpu, context.pid, context.comm) = subject;
        }
        known
    }

    /// Reads a line that only says what comes next.
    fn heading(&mut self, report: &Report, text: &[u8]) -> bool {
        if text.starts_with(b"---[ end ") {
            self.section.ended = true;
            return true;
        }
        if text.starts_with(b"NMI backtrace for cpu") || text.starts_with(b"Sending NMI from CPU") {
            self.section.other_cpu = true;
            return true;
        }
        const TRACES: [&[u8]; 5] =
            [b"Call Trace:", b"Call trace:", b"Backtrace:", b"stack backtrace:", b"Trace:"];
        let heading = TRACES.iter().find(|heading| text.starts_with(heading));
        if let Some(heading) = heading {
            self.begin_trace(report);
            // Old kernels go on with frames in the same line.
            return text.get(heading.len()..).is_none_or(|rest| rest.trim_ascii().is_empty());
        }
        false
    }

    fn begin_trace(&mut self, report: &Report) {
        self.section.traced = true;
        self.labels.clear();
        self.processor.trace();
        self.trace_start = report.frames.len();
    }

    /// Reads a line of a call trace or of running text.
    fn frames(&mut self, report: &mut Report, message: &Message<'_>) -> LineUse {
        let body = message.text;
        let (from, labelled) = self.labels.read(body);
        let exact = EXACT.iter().any(|exact| body.trim_ascii_start().starts_with(exact));
        let found = places_in_line::all(message);
        let rest = message.part(from..body.len());
        if let Some(first) = found.first() {
            let between = body.get(from..first.start).unwrap_or_default();
            let is_frame = between.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'('))
                || trace_entries::is_stack_pointer(between.trim_ascii());
            for found in found {
                if is_frame {
                    self.frame(report, found.place, labelled);
                } else {
                    let exact = exact || found.place.exact;
                    report.mentions.push(Place { exact, ..found.place });
                }
            }
            return LineUse::Used;
        }
        if labelled && rest.text.trim_ascii().is_empty() {
            return LineUse::Used;
        }
        let may_be_frame = self.section.traced || labelled;
        if may_be_frame && let Some(places) = trace_entries::bare(&rest) {
            for place in places {
                self.frame(report, place, labelled);
            }
            return LineUse::Used;
        }
        if let Some(found) = may_be_frame.then(|| places_in_line::bare(&rest)).flatten() {
            self.frame(report, found.place, labelled);
            return LineUse::Used;
        }
        if addresses::read(message, &mut report.words) { LineUse::Used } else { LineUse::Unknown }
    }

    fn frame(&mut self, report: &mut Report, mut place: Place, labelled: bool) {
        let context = self.labels.current();
        // The first frame after the end of an interrupt is the place that was interrupted.
        place.exact |= labelled && context.is_none() && place.address.is_some() && !place.unreliable;
        let first = report.frames.len() == self.trace_start;
        trace_entries::settle(report, &mut place, first);
        report.frames.push(Frame { place, context });
    }
}
