// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tells apart the reports of writers whose lines are interleaved, and collects them into a block.
//!
//! With `CONFIG_PRINTK_CALLER` each line says who printed it: `[  T321]`, `[    C1]`. Every writer has at
//! most one open report.

use super::annotation;
use super::block::{Block, Line, Report};
use super::builder::{Builder, LineUse, says_cut_here};
use super::context::{Caller, Spanned};
use super::context_lines;
use super::fragment;
use super::kind::Kind;
use super::span::Span;
use super::start_lines::{self, Start};
use super::task_lines;
use super::trace_headings;
use crate::arch::{self, Hints};
use crate::cursor::{find, text};
use crate::line::{LogLine, Prefix, late_prefix};
use crate::message::{Assembly, KnownLines, Message, has_wide_blanks};

/// Unknown lines of its own writer after which a report is over.
const MAX_UNKNOWN_LINES: u32 = 48;
/// The same, if its beginning is missing.
const MAX_UNKNOWN_LINES_OF_FRAGMENT: u32 = 8;
/// The same, once a line that ends reports was seen.
const MAX_UNKNOWN_LINES_AFTER_END: u32 = 6;
/// Messages of any writer after which a report is over.
const MAX_SILENT_LINES: u32 = 2000;
/// A larger block is cut.
const MAX_BLOCK_BYTES: usize = 4 << 20;
/// A block with more reports is cut.
const MAX_REPORTS: usize = 2048;
/// No kernel's banner is longer.
const MAX_BANNER_BYTES: usize = 1024;
/// How far after the header of a mail its encoding is expected, in bytes.
const MAX_MAIL_BYTES: u64 = 4 << 20;

/// What the assembly of messages must know of their meaning.
const KNOWN_LINES: KnownLines = KnownLines { starts_report, has_meaning };

fn starts_report(text: &[u8]) -> bool {
    start_lines::read(text).is_some()
}

fn has_meaning(text: &[u8]) -> bool {
    starts_report(text)
        || arch::read(&Message::verbatim(text, 0), Hints::default()).is_some()
        || context_lines::is_one(text)
}

/// Whether a line begins what another processor or a task was doing, outside of a report.
fn starts_trace(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    trace_headings::is_other_processor(text) || task_lines::of_trace(text).is_some()
}

/// Collects the lines of one block.
#[derive(Debug, Default)]
pub(crate) struct Demux {
    block: Block,
    /// The reports that are open, with their writers.
    open: Vec<(Option<Caller>, Builder)>,
    banner: Option<String>,
    /// The message that is being put together, and the index of its first line.
    pending: Option<(Assembly, usize)>,
    /// Up to where in the input the encoding of a mail is expected.
    mail_until: u64,
}

impl Demux {
    /// Whether no report is open.
    pub fn is_idle(&self) -> bool {
        self.open.is_empty() && self.pending.is_none()
    }

    /// Takes note of what a line outside of reports says: the kernel's banner, a mail's encoding.
    pub fn note(&mut self, line: &LogLine<'_>) {
        if let Some(at) = find(line.text, b"Linux version ") {
            let banner = line.text.get(at..).unwrap_or_default().trim_ascii();
            self.banner = Some(text(banner.get(..MAX_BANNER_BYTES).unwrap_or(banner)));
        }
        if find(line.text, b"quoted-printable").is_some() {
            self.mail_until = line.offset.saturating_add(MAX_MAIL_BYTES);
        }
    }

    /// Whether a line starts a report.
    pub fn starts(line: &LogLine<'_>) -> bool {
        if line.prefix.is_foreign || annotation::is_one(line.text) {
            return false;
        }
        let body = line.body();
        if annotation::is_one(body) {
            return false;
        }
        if starts_report(body) || start_lines::is_cut_in_name(body) || starts_trace(body) {
            return true;
        }
        let is_encoded = matches!(body.trim_ascii_start().first(), Some(b'{' | b'"'))
            || memchr::memchr3(0x1b, 0, b'&', body).is_some()
            || has_wide_blanks(line.text)
            || late_prefix(body).is_some();
        let decoded = || Assembly::new(line).decode(false);
        is_encoded && decoded().messages().iter().any(|(message, _)| starts_report(message.text))
    }

    /// Whether a line may belong to a report whose first lines are missing. `before` is the text before it.
    pub fn starts_fragment(line: &LogLine<'_>, before: &[u8]) -> bool {
        if line.prefix.is_foreign || annotation::is_one(line.text) {
            return false;
        }
        let decoded = Assembly::new(line).decode(false);
        !decoded.prefix().is_foreign
            && decoded.messages().iter().any(|(message, _)| {
                fragment::begins(message) && !fragment::is_code_of_program(message.text, before)
            })
    }

    /// Adds a line if it continues the message of the line before. Otherwise that message is read, and the
    /// line is to be looked at again, as no report may be open any more.
    pub fn continues(&mut self, line: &LogLine<'_>) -> bool {
        let Some((assembly, _)) = &mut self.pending else { return false };
        if assembly.is_replayed_after(line) {
            self.add(line, true);
            return true;
        }
        if assembly.is_repeated_by(line) {
            self.forget();
            return false;
        }
        if assembly.merge_names(line) || assembly.append(line, &KNOWN_LINES) {
            self.add(line, true);
            return true;
        }
        self.settle();
        false
    }

    /// Adds a line that begins a message.
    pub fn begin(&mut self, line: &LogLine<'_>) {
        self.settle();
        if self.block.lines.is_empty() {
            self.block.base = line.offset;
        }
        self.pending = Some((Assembly::new(line), self.block.lines.len()));
        self.add(line, false);
    }

    fn add(&mut self, line: &LogLine<'_>, continues: bool) {
        self.block.text.extend_from_slice(line.text);
        let span = Message::verbatim(line.text, line.offset).whole();
        self.block.lines.push(Line { continues, ..Line::new(span, span) });
    }

    /// Reads the message that was put together.
    fn settle(&mut self) {
        let Some((assembly, first)) = self.pending.take() else { return };
        if assembly.is_soft() {
            self.mail_until = self.mail_until.max(assembly.offset().saturating_add(MAX_MAIL_BYTES));
        }
        let is_mail = assembly.offset() < self.mail_until;
        let decoded = assembly.decode(is_mail);
        let mut report = None;
        if !decoded.prefix().is_foreign {
            for (message, prefix) in decoded.messages() {
                report = self.assign(&message, &prefix).or(report);
            }
        }
        let whole = decoded.whole();
        if decoded.is_rewritten() {
            self.block.rewritten.insert(first, whole.text.to_vec());
        }
        self.describe(first, whole.whole(), decoded.prefix().caller, report);
        self.close_old();
    }

    /// Leaves the message that was put together aside, as it comes again.
    fn forget(&mut self) {
        if let Some((assembly, first)) = self.pending.take() {
            let nothing = Span { start: assembly.offset(), end: assembly.offset() };
            self.describe(first, nothing, None, None);
            self.close_old();
        }
    }

    /// Notes at the lines of a message what was found out.
    fn describe(&mut self, first: usize, body: Span, caller: Option<Caller>, report: Option<usize>) {
        for line in self.block.lines.iter_mut().skip(first) {
            line.caller = caller;
            line.report = report;
            if !line.continues {
                line.body = body;
            }
        }
        let report = report.and_then(|index| self.block.reports.get_mut(index));
        if let (Some(report), Some(last)) = (report, self.block.lines.last()) {
            report.span.end = last.span.end;
        }
    }

    fn close_old(&mut self) {
        let full = self.block.text.len() > MAX_BLOCK_BYTES || self.block.reports.len() >= MAX_REPORTS;
        let reports = &self.block.reports;
        self.open.retain_mut(|(_, builder)| {
            builder.silent_lines = builder.silent_lines.saturating_add(1);
            let limit = match reports.get(builder.index).map(|report| report.kind) {
                _ if builder.has_ended() => MAX_UNKNOWN_LINES_AFTER_END,
                Some(Kind::Fragment) => MAX_UNKNOWN_LINES_OF_FRAGMENT,
                _ => MAX_UNKNOWN_LINES,
            };
            !full && builder.unknown_lines <= limit && builder.silent_lines <= MAX_SILENT_LINES
        });
    }

    /// Gives a message to the report that it belongs to, and returns the report's index.
    fn assign(&mut self, message: &Message<'_>, prefix: &Prefix) -> Option<usize> {
        if annotation::is_one(message.text) {
            return None;
        }
        let position = self.open.iter().position(|(caller, _)| *caller == prefix.caller);
        if let Some(start) = start_lines::read(message.text) {
            return Some(self.start(position, &start, message, prefix));
        }
        let text = message.text.trim_ascii_start();
        if trace_headings::is_asked_for(text) {
            self.open.retain(|(caller, _)| *caller != prefix.caller);
            return None;
        }
        // Those that a key asked for are each of their own.
        let of_position = position.and_then(|position| self.open.get(position));
        let is_backtrace = of_position
            .and_then(|(_, builder)| self.block.reports.get(builder.index))
            .is_some_and(|report| report.kind == Kind::Backtrace);
        if starts_trace(text) && (position.is_none() || is_backtrace) {
            if let Some(position) = position {
                self.open.remove(position);
            }
            return Some(self.start(None, &Start::of_kind(Kind::Backtrace), message, prefix));
        }
        let Some(position) = position else {
            let is_fragment = self.has_no_open_writer(prefix) && fragment::begins(message);
            let is_code = || fragment::is_code_of_program(message.text, self.text_before_pending());
            return (is_fragment && !is_code()).then(|| self.fragment(message, prefix));
        };
        let (_, builder) = self.open.get_mut(position)?;
        let index = builder.index;
        let report = self.block.reports.get_mut(index)?;
        if builder.is_of_another(report, message) {
            self.open.remove(position);
            return Some(self.fragment(message, prefix));
        }
        match builder.line(report, message) {
            LineUse::Used => Some(index),
            LineUse::Unknown => None,
        }
    }

    /// Whether a line may be of a report of its own: no other is open, or every line says who wrote it.
    fn has_no_open_writer(&self, prefix: &Prefix) -> bool {
        self.open.is_empty()
            || prefix.caller.is_some() && self.open.iter().all(|(caller, _)| caller.is_some())
    }

    /// The text of the block before the message that was put together last.
    fn text_before_pending(&self) -> &[u8] {
        let start =
            self.block.lines.iter().rev().find(|line| !line.continues).map_or(0, |line| line.span.start);
        let length = usize::try_from(start.saturating_sub(self.block.base)).unwrap_or(usize::MAX);
        self.block.text.get(..length).unwrap_or_default()
    }

    /// Begins a report without a start line, and reads its first line. Returns its index.
    fn fragment(&mut self, message: &Message<'_>, prefix: &Prefix) -> usize {
        let index = self.block.reports.len();
        let title = Spanned { value: text(message.text.trim_ascii()), span: message.whole() };
        let mut report = self.report(Kind::Fragment, prefix);
        (report.span, report.title) = (message.whole(), title);
        let mut builder = Builder::new(index);
        builder.line(&mut report, message);
        self.block.reports.push(report);
        self.open.push((prefix.caller, builder));
        index
    }

    fn report(&self, kind: Kind, prefix: &Prefix) -> Report {
        let mut report = Report::new(kind, Spanned::default());
        report.caller = prefix.caller;
        report.time_us = prefix.time_us;
        report.context.banner.clone_from(&self.banner);
        report
    }

    fn start(
        &mut self,
        position: Option<usize>,
        start: &Start,
        message: &Message<'_>,
        prefix: &Prefix,
    ) -> usize {
        if let Some(position) = position
            && let Some((_, builder)) = self.open.get_mut(position)
            && let Some(report) = self.block.reports.get_mut(builder.index)
        {
            if builder.takes_start(report, start) {
                builder.start(report, start, message);
                return builder.index;
            }
            self.open.remove(position);
        }
        let index = self.block.reports.len();
        let mut report = self.report(start.kind, prefix);
        report.span = message.whole();
        let mut builder = Builder::new(index);
        builder.start(&mut report, start, message);
        self.block.reports.push(report);
        self.open.push((prefix.caller, builder));
        index
    }

    /// Whether every open report has come to a line that ends reports. No more of the message that was put
    /// together last is expected.
    pub fn has_ended(&mut self) -> bool {
        self.settle();
        self.open.iter().all(|(_, builder)| builder.has_ended())
    }

    /// Closes every report and returns the block.
    pub fn finish(&mut self) -> Block {
        self.settle();
        self.open.clear();
        let mut block = std::mem::take(&mut self.block);
        // The line before a warning or a BUG is no report without what it announces.
        let mut kept = Vec::with_capacity(block.reports.len());
        let mut numbers = Vec::with_capacity(block.reports.len());
        for mut report in block.reports.drain(..) {
            let keep = match report.kind {
                Kind::CutHere => !report.frames.is_empty(),
                Kind::Fragment => fragment::has_content(&report),
                Kind::Backtrace => !report.frames.is_empty() || !report.states.is_empty(),
                _ => true,
            };
            if report.kind == Kind::Fragment {
                fragment::complete(&mut report);
            }
            if report.kind == Kind::Warning {
                settle_warning(&mut report);
            }
            if report.kind == Kind::CutHere && !says_cut_here(report.title.value.as_bytes()) {
                report.kind = Kind::Warning;
            }
            numbers.push(keep.then_some(kept.len()));
            if keep {
                kept.push(report);
            }
        }
        block.reports = kept;
        for line in &mut block.lines {
            line.report = line.report.and_then(|index| numbers.get(index).copied().flatten());
        }
        block
    }
}

/// Where a warning is a trap, the kernel has registers to print, and the place is that of the instruction.
/// Where it is a call (arm, mips and others; x86 up to 4.10) there are none, and the place is a return
/// address: `warn_slowpath_fmt()` in `kernel/panic.c`.
fn settle_warning(report: &mut Report) {
    let is_call = report.states.is_empty() && !report.frames.is_empty();
    let title = report.title.span;
    for place in report.mentions.iter_mut().filter(|_| is_call) {
        if title.start <= place.span.start && place.span.end <= title.end {
            place.exact = false;
        }
    }
}
