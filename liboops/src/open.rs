// SPDX-License-Identifier: MIT OR Apache-2.0
//! A report that is being read: what its next line may mean depends on the lines before.

use super::arch;
use super::cursor::{Cursor, text};
use super::start::Start;
use super::{context, places, task, words};
use crate::report::{Frame, Hex, Kind, Place, Report, Span, Word, WordRole};

/// What a line was to a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// Part of it.
    Part,
    /// Not known.
    Foreign,
}

/// What the last line was, where the meaning of the next one depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    Pc,
    Modules,
    Other,
}

/// Beginnings of lines whose places are no return addresses: the instruction pointer of an oops up to 4.18 and of a machine check, the lock that
/// a message is about.
const EXACT: [&[u8]; 4] = [b"IP: ", b"mce: [Hardware Error]: RIP", b"[Hardware Error]: RIP", b"lock: "];

/// How far a report has been read.
#[derive(Debug)]
pub(super) struct Open {
    /// Index of the report in its block.
    pub index: usize,
    /// Lines of the same writer since the last one that was known.
    pub foreign: u32,
    /// Lines of anybody since then.
    pub silent: u32,
    /// A line that ends reports was seen.
    pub ended: bool,
    /// The line with `[#1]` was seen.
    numbered: bool,
    /// A call trace has begun.
    pub(super) traced: bool,
    /// It is about another processor now.
    pub(super) other_cpu: bool,
    label: Option<String>,
    pub(super) last: Last,
}

impl Open {
    pub fn new(index: usize) -> Self {
        Self {
            index,
            foreign: 0,
            silent: 0,
            ended: false,
            numbered: false,
            traced: false,
            other_cpu: false,
            label: None,
            last: Last::Other,
        }
    }

    /// Whether a start line belongs to this report, and is not the first of another one.
    pub fn takes_start(&self, report: &Report, start: &Start) -> bool {
        let has_body = !report.frames.is_empty() || !report.states.is_empty();
        match start.kind {
            Kind::Panic => true,
            Kind::CutHere => !has_body && !self.numbered && report.kind != Kind::CutHere,
            _ if has_body || self.ended => false,
            _ if report.kind.is_general() => true,
            _ => (start.numbered || start.kind == Kind::Oops) && !self.numbered,
        }
    }

    /// Reads a start line.
    pub fn start(&mut self, report: &mut Report, start: &Start, body: &[u8], span: Span) {
        self.foreign = 0;
        self.silent = 0;
        // Kernels before 2.6 did not count.
        self.numbered |= start.numbered || start.kind == Kind::Oops && !report.title.span.is_empty();
        report.panicked |= start.kind == Kind::Panic;
        let first = report.title.span.is_empty();
        if first || (report.kind.is_general() && !start.kind.is_general()) {
            report.kind = start.kind;
            report.title.value = text(body.trim_ascii());
            report.title.span = span;
        }
        let place = |at: usize| span.start.saturating_add(u64::try_from(at).unwrap_or(u64::MAX));
        if let Some((value, from, to)) = start.address {
            let span = Span { start: place(from), end: place(to) };
            report.words.push(Word { value: Hex(value), span, role: WordRole::FaultAddress });
        }
        task::of_start(body, start.kind, &mut report.context);
        report.mentions.extend(places::all(body, span.start).into_iter().map(|found| {
            let mut place = found.place;
            place.exact |= start.exact;
            place
        }));
        self.last = Last::Other;
    }

    /// Reads any other line.
    pub fn line(&mut self, report: &mut Report, body: &[u8], span: Span) -> Taken {
        let taken = self.known(report, body, span);
        if taken == Taken::Part {
            self.foreign = 0;
            self.silent = 0;
        } else if !body.trim_ascii().is_empty() {
            self.foreign = self.foreign.saturating_add(1);
        }
        taken
    }

    fn known(&mut self, report: &mut Report, body: &[u8], span: Span) -> Taken {
        let last = std::mem::replace(&mut self.last, Last::Other);
        let base = span.start;
        if last == Last::Modules && context::more_modules(body, base, &mut report.context) {
            self.last = Last::Modules;
            return Taken::Part;
        }
        let trimmed = body.trim_ascii_start();
        if trimmed.is_empty() || trimmed.starts_with(b";;") {
            self.last = last;
            return Taken::Foreign;
        }
        if let Some((name, item)) = arch::read(report.arch, body, base) {
            report.arch = report.arch.or(name);
            self.item(report, item, last);
            return Taken::Part;
        }
        if self.context(report, body, base) {
            if trimmed.starts_with(b"Modules linked in:") {
                self.last = Last::Modules;
            }
            report.mentions.extend(places::all(body, base).into_iter().map(|found| found.place));
            return Taken::Part;
        }
        if self.mark(trimmed) {
            return Taken::Part;
        }
        self.frames(report, body, base)
    }

    /// Lines on the kernel, the task and the modules.
    fn context(&self, report: &mut Report, body: &[u8], base: u64) -> bool {
        let context = &mut report.context;
        // Who waits for too long is not who says so, and what other processors were doing is not what it is about.
        let told = (self.other_cpu || report.kind == Kind::HungTask) && context.pid.is_some();
        let about = told.then(|| (context.cpu, context.pid, context.comm.take()));
        let known = context::read(body, base, context);
        if let Some(about) = about {
            (context.cpu, context.pid, context.comm) = about;
        }
        known
    }

    /// Lines that only say what comes next.
    fn mark(&mut self, text: &[u8]) -> bool {
        if text.starts_with(b"---[ end ") {
            self.ended = true;
            return true;
        }
        if text.starts_with(b"NMI backtrace for cpu") || text.starts_with(b"Sending NMI from CPU") {
            self.other_cpu = true;
            return true;
        }
        const TRACES: [&[u8]; 5] =
            [b"Call Trace:", b"Call trace:", b"Backtrace:", b"stack backtrace:", b"Trace:"];
        let header = TRACES.iter().find(|header| text.starts_with(header));
        if let Some(header) = header {
            self.traced = true;
            self.label = None;
            // Old kernels go on with frames in the same line.
            return text.get(header.len()..).is_none_or(|rest| rest.trim_ascii().is_empty());
        }
        false
    }

    fn frames(&mut self, report: &mut Report, body: &[u8], base: u64) -> Taken {
        let (from, labelled) = self.labels(body);
        let exact = EXACT.iter().any(|exact| body.trim_ascii_start().starts_with(exact));
        let found = places::all(body, base);
        let rest = body.get(from..).unwrap_or_default();
        if let Some(first) = found.first() {
            let between = body.get(from..first.start).unwrap_or_default();
            // powerpc puts the stack pointer in brackets before the address.
            let is_frame = between.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'('))
                || between
                    .trim_ascii()
                    .strip_prefix(b"[")
                    .and_then(|rest| rest.strip_suffix(b"]"))
                    .is_some_and(|digits| digits.len() >= 8 && digits.iter().all(u8::is_ascii_hexdigit));
            for found in found {
                if is_frame {
                    self.frame(report, found.place, labelled);
                } else {
                    let exact = exact || found.place.exact;
                    report.mentions.push(Place { exact, ..found.place });
                }
            }
            return Taken::Part;
        }
        if labelled && rest.trim_ascii().is_empty() {
            return Taken::Part;
        }
        if self.traced || labelled {
            let rest_base = base.saturating_add(u64::try_from(from).unwrap_or(u64::MAX));
            if let Some(found) = places::bare(rest, rest_base) {
                self.frame(report, found.place, labelled);
                return Taken::Part;
            }
        }
        words::read(body, base, &mut report.words)
    }

    /// `<IRQ>`, `</IRQ>`, `<EOI>`, `<<EOE>>`, `<#DF>`, `Call Trace:`: gives where they end, and whether there was one.
    fn labels(&mut self, body: &[u8]) -> (usize, bool) {
        let mut cursor = Cursor::new(body);
        let mut labelled = false;
        loop {
            let mut ahead = cursor;
            ahead.blanks();
            if ahead.eat(b"Call Trace:") {
                cursor = ahead;
            }
            ahead.blanks();
            if !ahead.eat(b"<") {
                return (if labelled { ahead.position() } else { cursor.position() }, labelled);
            }
            ahead.eat(b"<");
            let leaves = ahead.eat(b"/");
            let name = ahead
                .take_while(|byte| byte.is_ascii_uppercase() || matches!(byte, b'#' | b'_' | b'0'..=b'9'));
            let is_label = name.iter().any(u8::is_ascii_uppercase) && ahead.eat(b">");
            if !is_label {
                return (cursor.position(), labelled);
            }
            ahead.eat(b">");
            let leaves = leaves || matches!(name, b"EOI" | b"EOE");
            self.label = (!leaves).then(|| text(name));
            labelled = true;
            cursor = ahead;
        }
    }

    fn frame(&mut self, report: &mut Report, mut place: Place, labelled: bool) {
        // The first frame behind the end of an interrupt is the place that was interrupted.
        place.exact |= labelled && self.label.is_none() && place.address.is_some() && !place.unreliable;
        report.frames.push(Frame { place, context: self.label.clone() });
    }
}
