// SPDX-License-Identifier: MIT OR Apache-2.0
//! Distributes lines to reports: each writer has at most one open report.

use super::open::{Open, Taken};
use super::prefix::Head;
use super::start::{self, Start};
use crate::report::{Block, Caller, Context, Kind, Line, Report, Span, Spanned};

/// Unknown lines of its own writer after which a report is over.
const FOREIGN: u32 = 48;
/// The same, once a line that ends reports was seen.
const FOREIGN_AFTER_END: u32 = 6;
/// Lines of anybody after which a report is over.
const SILENT: u32 = 2000;
/// A block of more than this is cut.
const MOST_BYTES: usize = 4 << 20;

/// Collects one block.
#[derive(Debug, Default)]
pub(super) struct Collector {
    block: Block,
    open: Vec<(Option<Caller>, Open)>,
    banner: Option<String>,
}

impl Collector {
    /// Whether no report is open.
    pub fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    /// Takes note of the kernel's banner.
    pub fn banner(&mut self, text: String) {
        self.banner = Some(text);
    }

    /// Whether a line would start a report.
    pub fn starts(line: &[u8], head: &Head) -> bool {
        !head.foreign && start::of(line.get(head.body.clone()).unwrap_or_default()).is_some()
    }

    /// Adds a line, its end included. `offset` is where it is in the input.
    pub fn line(&mut self, line: &[u8], head: &Head, offset: u64) {
        if self.block.lines.is_empty() {
            self.block.base = offset;
        }
        self.block.text.extend_from_slice(line);
        let span = Span::within(offset, &(0..line.len()));
        let body_span = Span::within(offset, &head.body);
        let body = line.get(head.body.clone()).unwrap_or_default();
        let report = if head.foreign { None } else { self.assign(body, body_span, head) };
        self.block.lines.push(Line { span, body: body_span, caller: head.caller, report });
        if let Some(report) = report.and_then(|index| self.block.reports.get_mut(index)) {
            report.span.end = span.end;
        }
        let full = self.block.text.len() > MOST_BYTES;
        self.open.retain_mut(|(caller, open)| {
            open.silent = open.silent.saturating_add(1);
            let limit = if open.ended { FOREIGN_AFTER_END } else { FOREIGN };
            let _ = caller;
            !full && open.foreign <= limit && open.silent <= SILENT
        });
    }

    /// The report that a line belongs to.
    fn assign(&mut self, body: &[u8], span: Span, head: &Head) -> Option<usize> {
        let position = self.open.iter().position(|(caller, _)| *caller == head.caller);
        if let Some(start) = start::of(body) {
            return Some(self.start(position, &start, body, span, head));
        }
        let Some(position) = position else {
            let other = body.trim_ascii_start().starts_with(b"NMI backtrace for cpu");
            let start = Start { kind: Kind::Backtrace, numbered: false, address: None };
            return other.then(|| self.start(None, &start, body, span, head));
        };
        let (_, open) = self.open.get_mut(position)?;
        let index = open.index;
        let report = self.block.reports.get_mut(index)?;
        match open.line(report, body, span) {
            Taken::Part => Some(index),
            Taken::Foreign => None,
        }
    }

    fn start(
        &mut self,
        position: Option<usize>,
        start: &Start,
        body: &[u8],
        span: Span,
        head: &Head,
    ) -> usize {
        if let Some(position) = position
            && let Some((_, open)) = self.open.get_mut(position)
            && let Some(report) = self.block.reports.get_mut(open.index)
        {
            if open.takes_start(report, start) {
                open.start(report, start, body, span);
                return open.index;
            }
            self.open.remove(position);
        }
        let index = self.block.reports.len();
        let mut report = Report {
            kind: start.kind,
            title: Spanned::default(),
            span,
            caller: head.caller,
            time_us: head.time_us,
            arch: None,
            context: Context { banner: self.banner.clone(), ..Context::default() },
            mentions: Vec::new(),
            states: Vec::new(),
            frames: Vec::new(),
            words: Vec::new(),
            panicked: false,
        };
        let mut open = Open::new(index);
        open.start(&mut report, start, body, span);
        self.block.reports.push(report);
        self.open.push((head.caller, open));
        index
    }

    /// Closes every report and gives the block.
    pub fn finish(&mut self) -> Block {
        self.open.clear();
        let mut block = std::mem::take(&mut self.block);
        // The line before a warning or a BUG is no report without what it announces.
        let mut kept = Vec::with_capacity(block.reports.len());
        let mut numbers = Vec::with_capacity(block.reports.len());
        for report in block.reports.drain(..) {
            let keep = !report.kind.is_general() || report.kind != Kind::CutHere || !report.frames.is_empty();
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
