// SPDX-License-Identifier: MIT OR Apache-2.0
//! Distributes lines to reports: each writer has at most one open report.

use memchr::memmem;

use super::cursor::text;
use super::logical::Logical;
use super::open::{Open, Taken};
use super::prefix::Head;
use super::start::{self, Start};
use super::{moved, quoted, twice};
use crate::report::{Block, Caller, Context, Kind, Line, Report, Span, Spanned};

/// Unknown lines of its own writer after which a report is over.
const FOREIGN: u32 = 48;
/// The same, once a line that ends reports was seen.
const FOREIGN_AFTER_END: u32 = 6;
/// Lines of anybody after which a report is over.
const SILENT: u32 = 2000;
/// A block of more than this is cut.
const MOST_BYTES: usize = 4 << 20;

/// A block with more reports than this is cut.
const MOST_REPORTS: usize = 2048;
/// No banner has more bytes.
const LONGEST_BANNER: usize = 1024;
/// How far behind the header of a mail its encoding is expected.
const MAIL: u64 = 4 << 20;

/// Collects one block.
#[derive(Debug, Default)]
pub(super) struct Collector {
    block: Block,
    open: Vec<(Option<Caller>, Open)>,
    banner: Option<String>,
    /// The message that is being put together, with its first line and where that is in the input.
    pending: Option<(Logical, usize, u64)>,
    /// Up to where in the input the encoding of a mail is expected.
    mail_until: u64,
}

impl Collector {
    /// Whether no report is open.
    pub fn is_idle(&self) -> bool {
        self.open.is_empty() && self.pending.is_none()
    }

    /// Takes note of what a line outside of reports says: the kernel's banner, a mail's encoding.
    pub fn note(&mut self, line: &[u8], offset: u64) {
        if let Some(at) = memmem::find(line, b"Linux version ") {
            let banner = line.get(at..).unwrap_or_default().trim_ascii();
            self.banner = Some(text(banner.get(..LONGEST_BANNER).unwrap_or(banner)));
        }
        if memmem::find(line, b"quoted-printable").is_some() {
            self.mail_until = offset.saturating_add(MAIL);
        }
    }

    /// Whether a line would start a report.
    pub fn starts(line: &[u8], head: &Head) -> bool {
        let starts =
            |text: &[u8], head: &Head| start::of(text.get(head.body.clone()).unwrap_or_default()).is_some();
        if head.foreign {
            return false;
        }
        if starts(line, head) {
            return true;
        }
        let body = line.get(head.body.clone()).unwrap_or_default();
        let is_encoded = matches!(body.trim_ascii_start().first(), Some(b'{' | b'"'))
            || memchr::memchr2(0x1b, 0, body).is_some();
        is_encoded && {
            let mut logical = Logical::new(line);
            logical.decode(false).iter().any(|head| starts(logical.text().0, head))
        }
    }

    /// Adds a line, its end included, if it goes on with the message of the line before. Otherwise that message is read, and the line is to be
    /// looked at anew: there may be no report open any more.
    pub fn continues(&mut self, line: &[u8], offset: u64) -> bool {
        let Some((logical, _, start)) = &mut self.pending else { return false };
        if twice::is_replay(line) {
            logical.is_begun_again();
            self.add(line, offset, true);
            return true;
        }
        if logical.is_repeated_by(line) {
            self.forget();
            return false;
        }
        if logical.join(line) {
            self.add(line, offset, true);
            return true;
        }
        let continued = logical.continued(line);
        if let Some(how) = &continued {
            let at = usize::try_from(offset.saturating_sub(*start)).unwrap_or(usize::MAX);
            logical.append(line, at, how);
            self.add(line, offset, true);
        } else {
            self.settle();
        }
        continued.is_some()
    }

    /// Adds a line that begins a message.
    pub fn line(&mut self, line: &[u8], offset: u64) {
        self.settle();
        if self.block.lines.is_empty() {
            self.block.base = offset;
        }
        self.pending = Some((Logical::new(line), self.block.lines.len(), offset));
        self.add(line, offset, false);
    }

    fn add(&mut self, line: &[u8], offset: u64, continues: bool) {
        self.block.text.extend_from_slice(line);
        let span = Span::within(offset, &(0..line.len()));
        self.block.lines.push(Line { span, body: span, caller: None, report: None, continues });
    }

    /// Reads the message that was put together.
    fn settle(&mut self) {
        let Some((mut logical, first, offset)) = self.pending.take() else { return };
        if logical.is_soft() {
            self.mail_until = self.mail_until.max(offset.saturating_add(MAIL));
        }
        let heads = logical.decode(offset < self.mail_until);
        let (text, origins) = logical.text();
        let mut taken: Option<usize> = None;
        let mut all = Vec::new();
        for head in &heads {
            let body = text.get(head.body.clone()).unwrap_or_default();
            let span = Span::within(offset, &head.body);
            // Fields of the system journal next to a message.
            if head.foreign || quoted::is_journal_field(body) {
                continue;
            }
            if let Some(index) = self.assign(body, span, head) {
                taken = Some(index);
                if !all.contains(&index) {
                    all.push(index);
                }
            }
        }
        for index in all {
            if let (Some(origins), Some(report)) = (origins, self.block.reports.get_mut(index)) {
                moved::to_origins(report, offset, origins);
            }
        }
        let whole = heads.first().zip(heads.last()).map(|(first, last)| first.body.start..last.body.end);
        let whole = whole.unwrap_or_default();
        if let Some(origins) = origins {
            let message = text.get(whole.clone()).unwrap_or_default().to_vec();
            self.block.rewritten.insert(first, message);
            let at = |index: usize| origins.get(index).copied();
            if let (Some(start), Some(last)) = (at(whole.start), whole.end.checked_sub(1).and_then(at)) {
                self.describe(first, Span::within(offset, &(start..last.saturating_add(1))), &heads, taken);
            }
        } else {
            self.describe(first, Span::within(offset, &whole), &heads, taken);
        }
        self.close_old();
    }

    /// Leaves the message that was put together aside: it comes again.
    fn forget(&mut self) {
        if let Some((_, first, offset)) = self.pending.take() {
            self.describe(first, Span::within(offset, &(0..0)), &[], None);
            self.close_old();
        }
    }

    /// Notes at the lines of a message what was found out.
    fn describe(&mut self, first: usize, body: Span, heads: &[Head], report: Option<usize>) {
        let caller = heads.first().and_then(|head| head.caller);
        for line in self.block.lines.iter_mut().skip(first) {
            line.caller = caller;
            line.report = report;
            if !line.continues {
                line.body = body;
            }
        }
        if let (Some(report), Some(last)) =
            (report.and_then(|index| self.block.reports.get_mut(index)), self.block.lines.last())
        {
            report.span.end = last.span.end;
        }
    }

    fn close_old(&mut self) {
        let full = self.block.text.len() > MOST_BYTES || self.block.reports.len() >= MOST_REPORTS;
        self.open.retain_mut(|(_, open)| {
            open.silent = open.silent.saturating_add(1);
            let limit = if open.ended { FOREIGN_AFTER_END } else { FOREIGN };
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
            let start = Start { kind: Kind::Backtrace, numbered: false, address: None, exact: false };
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
        self.settle();
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
