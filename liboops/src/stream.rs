// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads a log piece by piece: what cannot be part of a report goes through at once, the rest line by line.

use std::io::{self, Read};
use std::ops::Range;

use crate::line::LogLine;
use crate::message::has_wide_blanks;
use crate::report::{Block, Demux, may_be_explained, may_explain};
use crate::trigger::{FragmentTrigger, Trigger};

/// How much is read at once: no more than stays in the processor's cache. A longer line is taken as several.
const PIECE_BYTES: usize = 1 << 18;

/// How many bytes at the beginning of a log are searched for reports whose first lines are missing. That
/// takes longer than the search for whole ones, and such logs are short.
const FRAGMENT_BYTES: usize = 8 << 20;
/// The same after each report.
const FRAGMENT_BYTES_AFTER_REPORT: usize = 1 << 16;

/// How many lines of a fragment may be before the one that is found first.
const MAX_LINES_BEFORE_WORD: usize = 8;

/// A report that has not come to its end is passed on after the reader had nothing so many times.
const MAX_IDLE: u32 = 10;

/// What was passed on is looked at again as long as it is not more than this: what a line is depends on
/// a few lines before it.
const MAX_CONTEXT_BYTES: usize = 1 << 14;

/// A part of the log. All parts together are the log.
#[derive(Debug)]
pub enum Event<'t> {
    /// Text without a report.
    Text(&'t [u8]),
    /// Text with reports.
    Block(Block),
}

/// Reads a log to its end and passes its parts, in order, to `sink`.
///
/// Memory is bounded, however long the log and its lines are. A report whose first lines are missing
/// ([`crate::report::Kind::Fragment`]) is found in the first 8 MiB, and for 64 KiB after a report.
///
/// If the reader fails, what was read until then is parsed and passed on first. A reader that fails with
/// [`io::ErrorKind::TimedOut`] has nothing to read at the moment, and is asked again: a report whose end was
/// seen is passed on, and any other one if that happens ten times in a row. So somebody who follows a log
/// (`tail -f`) sees a report without having to wait for what is written next.
///
/// # Errors
/// Those of the reader and of the sink.
pub fn stream(mut reader: impl Read, mut sink: impl FnMut(Event<'_>) -> io::Result<()>) -> io::Result<()> {
    let trigger = Trigger::new();
    let fragments = FragmentTrigger::new();
    let mut parser = Parser {
        trigger: &trigger,
        fragments: &fragments,
        fragment_bytes: FRAGMENT_BYTES,
        demux: Demux::default(),
        offset: 0,
        idle: 0,
    };
    let mut buffer = vec![0; PIECE_BYTES];
    // The buffer begins with text that was passed on.
    let (mut passed, mut filled) = (0, 0);
    loop {
        let mut failed = None;
        let count = match reader.read(buffer.get_mut(filled..).unwrap_or_default()) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                let text = buffer.get(..filled).unwrap_or_default();
                let whole = memchr::memrchr(b'\n', text).map_or(0, |at| at.saturating_add(1)).max(passed);
                parser.lines(text.get(..whole).unwrap_or_default(), passed, &mut sink)?;
                passed = whole;
                parser.idle(&mut sink)?;
                continue;
            }
            Err(error) => {
                failed = Some(error);
                0
            }
        };
        parser.idle = 0;
        filled = filled.saturating_add(count);
        let text = buffer.get(..filled).unwrap_or_default();
        let at_end = count == 0;
        let is_full = filled == PIECE_BYTES;
        let end = match memchr::memrchr(b'\n', text.get(passed..).unwrap_or_default()) {
            _ if at_end => filled,
            Some(at) => passed.saturating_add(at).saturating_add(1),
            None if is_full => filled,
            None => passed,
        };
        let end = if at_end { end } else { parser.without_waiting(text, passed..end, is_full) };
        let text = text.get(..end).unwrap_or_default();
        parser.lines(text, passed, &mut sink)?;
        // A full buffer must get room for the next read.
        let context = Some(context_start(text)).filter(|start| *start > 0 || !is_full).unwrap_or(end);
        buffer.copy_within(context..filled, 0);
        (passed, filled) = (end.saturating_sub(context), filled.saturating_sub(context));
        if at_end {
            parser.finish(&mut sink)?;
            return failed.map_or(Ok(()), Err);
        }
    }
}

/// The blocks with reports of a log in memory.
#[must_use]
pub fn blocks(log: &[u8]) -> Vec<Block> {
    let mut blocks = Vec::new();
    // Neither the reader nor the sink can fail.
    let _ = stream(log, |event| {
        if let Event::Block(block) = event {
            blocks.push(block);
        }
        Ok(())
    });
    blocks
}

struct Parser<'p> {
    trigger: &'p Trigger,
    fragments: &'p FragmentTrigger,
    /// How many bytes are still to be searched for fragments.
    fragment_bytes: usize,
    demux: Demux,
    /// Offset of the next byte in the input.
    offset: u64,
    /// How many times in a row there was nothing to read.
    idle: u32,
}

impl Parser<'_> {
    /// Reads whole lines: those after the first `passed` bytes of the text, which it has read before.
    fn lines(
        &mut self,
        text: &[u8],
        passed: usize,
        sink: &mut impl FnMut(Event<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let base = self.offset.saturating_sub(length_of(text.get(..passed).unwrap_or_default()));
        self.offset = base.saturating_add(length_of(text));
        let mut search = self.trigger.search(text);
        let (mut at, mut unsent) = (passed, passed);
        while at < text.len() {
            let mut is_candidate = false;
            if self.demux.is_idle() {
                let next = search.from(at).map(|word| {
                    let start = line_start(text, at, word);
                    earlier_start(text, at..start, base).unwrap_or(start)
                });
                let fragment = self.fragment(text, at..next.unwrap_or(text.len()), base);
                is_candidate = fragment.is_none();
                match fragment.or(next) {
                    Some(next) => at = next,
                    None => break,
                }
            }
            let rest = text.get(at..).unwrap_or_default();
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end.saturating_add(1));
            let line = rest.get(..end).unwrap_or_default();
            let line_at = at;
            at = at.saturating_add(end);
            let line =
                LogLine::new(line, base.saturating_add(length_of(text.get(..line_at).unwrap_or_default())));
            if !self.demux.is_idle() {
                if self.demux.continues(&line) {
                    unsent = at;
                    continue;
                }
                if self.demux.is_idle() {
                    self.flush(sink)?;
                    unsent = line_at;
                }
            }
            if self.demux.is_idle() {
                let before = text.get(..line_at).unwrap_or_default();
                let starts_fragment = || {
                    self.fragment_bytes > 0
                        && (!is_candidate || self.fragments.find(line.text).is_some())
                        && Demux::starts_fragment(&line, before)
                };
                if !Demux::starts(&line) && !starts_fragment() {
                    self.demux.note(&line);
                    continue;
                }
                send(text.get(unsent..line_at), sink)?;
            }
            self.demux.begin(&line);
            unsent = at;
        }
        if self.demux.is_idle() {
            send(text.get(unsent..), sink)?;
        }
        Ok(())
    }

    /// Where in a range of whole lines the first one begins that may be of a report without a beginning. Each
    /// range is searched once.
    fn fragment(&mut self, text: &[u8], range: Range<usize>, base: u64) -> Option<usize> {
        let mut at = range.start;
        while self.fragment_bytes > 0 && at < range.end {
            let Some(word) = self.fragments.find(text.get(at..range.end)?) else {
                self.fragment_bytes = self.fragment_bytes.saturating_sub(range.end.saturating_sub(at));
                return None;
            };
            let word = at.saturating_add(word);
            let start = line_start(text, at, word);
            let rest = text.get(word..).unwrap_or_default();
            let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end.saturating_add(1));
            let end = word.saturating_add(length);
            self.fragment_bytes = self.fragment_bytes.saturating_sub(end.saturating_sub(at));
            let offset = base.saturating_add(length_of(text.get(..start).unwrap_or_default()));
            let before = text.get(..start).unwrap_or_default();
            let line = LogLine::new(text.get(start..end)?, offset);
            if Demux::starts(&line) || Demux::starts_fragment(&line, before) {
                return Some(earlier_lines(text, range.start..start, base));
            }
            at = end;
        }
        None
    }

    /// The end of the whole lines of a range that are read now. The last ones wait for the line behind them,
    /// which is still to come, if that may be the one by which their report is found: see [`earlier_lines`].
    /// If the buffer has no room for that line, nothing waits.
    fn without_waiting(&self, text: &[u8], range: Range<usize>, is_full: bool) -> usize {
        let mut wait_from = range.end;
        let mut in_fragment = self.fragment_bytes > 0;
        let mut start = range.end;
        for _ in 0..MAX_LINES_BEFORE_WORD {
            let Some(last) = start.checked_sub(1).filter(|last| *last >= range.start) else { break };
            let end = start;
            start = line_start(text, range.start, last);
            let bytes = text.get(start..end).unwrap_or_default();
            let may_start = in_fragment || has_wide_blanks(bytes);
            let line = || LogLine::new(bytes, 0);
            let before = text.get(..start).unwrap_or_default();
            in_fragment = in_fragment && Demux::starts_fragment(&line(), before);
            if in_fragment && self.fragments.find(bytes).is_some() {
                // This line is found by itself, and with it what is before it.
                return range.end;
            }
            let explains = end == wait_from && may_explain(bytes);
            if in_fragment || explains || may_start && Demux::starts(&line()) {
                wait_from = start;
            }
        }
        if wait_from == range.start && is_full { range.end } else { wait_from }
    }

    fn flush(&mut self, sink: &mut impl FnMut(Event<'_>) -> io::Result<()>) -> io::Result<()> {
        let block = self.demux.finish();
        self.fragment_bytes = self.fragment_bytes.max(FRAGMENT_BYTES_AFTER_REPORT);
        if block.reports.is_empty() { send(Some(&block.text), sink) } else { sink(Event::Block(block)) }
    }

    /// There is nothing to read at the moment.
    fn idle(&mut self, sink: &mut impl FnMut(Event<'_>) -> io::Result<()>) -> io::Result<()> {
        self.idle = self.idle.saturating_add(1);
        if !self.demux.is_idle() && (self.demux.has_ended() || self.idle >= MAX_IDLE) {
            self.flush(sink)?;
        }
        Ok(())
    }

    fn finish(&mut self, sink: &mut impl FnMut(Event<'_>) -> io::Result<()>) -> io::Result<()> {
        if self.demux.is_idle() { Ok(()) } else { self.flush(sink) }
    }
}

/// Where the last lines of a text begin on which the meaning of what follows may depend.
fn context_start(text: &[u8]) -> usize {
    let least = text.len().saturating_sub(MAX_CONTEXT_BYTES);
    let mut ends = memchr::memrchr_iter(b'\n', text.get(least..).unwrap_or_default());
    // The first of them ends the last line.
    ends.nth(MAX_LINES_BEFORE_WORD).map_or(least, |end| least.saturating_add(end).saturating_add(1))
}

fn send(text: Option<&[u8]>, sink: &mut impl FnMut(Event<'_>) -> io::Result<()>) -> io::Result<()> {
    match text {
        None | Some([]) => Ok(()),
        Some(text) => sink(Event::Text(text)),
    }
}

/// Where the first of the lines is that end a range of whole lines and are of the fragment behind it. They
/// have none of the words that are searched for: `Hardware name: ...`, `PC is at 0x0`. It may even be a start
/// line, which makes the fragment a whole report: parisc's `Kernel Fault: Code=15`.
fn earlier_lines(text: &[u8], range: Range<usize>, base: u64) -> usize {
    if let Some(start) = earlier_start(text, range.clone(), base) {
        return start;
    }
    let mut start = range.end;
    for _ in 0..MAX_LINES_BEFORE_WORD {
        let Some(last) = start.checked_sub(1).filter(|last| *last >= range.start) else { break };
        let at = line_start(text, range.start, last);
        let offset = base.saturating_add(length_of(text.get(..at).unwrap_or_default()));
        let line = LogLine::new(text.get(at..start).unwrap_or_default(), offset);
        if Demux::starts(&line) {
            return at;
        }
        if !Demux::starts_fragment(&line, text.get(..at).unwrap_or_default()) {
            break;
        }
        start = at;
    }
    start
}

/// Where a start line begins shortly before the line behind a range of whole lines that has none of the words
/// that are searched for: it has blanks other than ASCII's, as that line has, or it explains that line.
fn earlier_start(text: &[u8], range: Range<usize>, base: u64) -> Option<usize> {
    let rest = text.get(range.end..)?;
    let line = rest.get(..memchr::memchr(b'\n', rest).unwrap_or(rest.len()))?;
    let most = match (has_wide_blanks(line), may_be_explained(line)) {
        (true, _) => MAX_LINES_BEFORE_WORD,
        (false, true) => 1,
        (false, false) => return None,
    };
    let mut end = range.end;
    for _ in 0..most {
        let last = end.checked_sub(1).filter(|last| *last >= range.start)?;
        let at = line_start(text, range.start, last);
        let offset = base.saturating_add(length_of(text.get(..at).unwrap_or_default()));
        if Demux::starts(&LogLine::new(text.get(at..end)?, offset)) {
            return Some(at);
        }
        end = at;
    }
    None
}

/// Where the line begins that has the byte at `word`, at or after `from`, where a line begins.
fn line_start(text: &[u8], from: usize, word: usize) -> usize {
    let before = text.get(from..word).unwrap_or_default();
    from.saturating_add(memchr::memrchr(b'\n', before).map_or(0, |end| end.saturating_add(1)))
}

fn length_of(text: &[u8]) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}
