// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads a log piece by piece: what cannot be part of a report goes through at once, the rest line by line.

use std::io::{self, Read};

use crate::line::LogLine;
use crate::report::{self, Block, Demux};
use crate::trigger::Trigger;

/// How much is read at once: no more than stays in the processor's cache. A longer line is taken as several.
const PIECE_BYTES: usize = 1 << 18;

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
/// Memory is bounded, however long the log and its lines are.
///
/// # Errors
/// Those of the reader and of the sink.
pub fn stream(mut reader: impl Read, mut sink: impl FnMut(Event<'_>) -> io::Result<()>) -> io::Result<()> {
    let trigger = Trigger::new();
    let mut parser = Parser { trigger: &trigger, demux: Demux::default(), offset: 0 };
    let mut buffer = vec![0; PIECE_BYTES];
    let mut filled = 0;
    loop {
        let count = match reader.read(buffer.get_mut(filled..).unwrap_or_default()) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        filled = filled.saturating_add(count);
        let text = buffer.get(..filled).unwrap_or_default();
        let at_end = count == 0;
        let whole = if at_end || filled == PIECE_BYTES && memchr::memrchr(b'\n', text).is_none() {
            filled
        } else {
            memchr::memrchr(b'\n', text).map_or(0, |at| at.saturating_add(1))
        };
        parser.lines(text.get(..whole).unwrap_or_default(), &mut sink)?;
        buffer.copy_within(whole..filled, 0);
        filled = filled.saturating_sub(whole);
        if at_end {
            return parser.finish(&mut sink);
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
    demux: Demux,
    /// Offset of the next byte in the input.
    offset: u64,
}

impl Parser<'_> {
    /// Reads whole lines.
    fn lines(&mut self, text: &[u8], sink: &mut impl FnMut(Event<'_>) -> io::Result<()>) -> io::Result<()> {
        let base = self.offset;
        self.offset = base.saturating_add(length(text));
        let mut search = self.trigger.search(text);
        let (mut at, mut from, mut unsent) = (0, 0, 0);
        while at < text.len() {
            if self.demux.is_idle() {
                let Some(word) = search.from(from.max(at)) else { break };
                if !report::is_candidate(text, word) {
                    from = word.saturating_add(1);
                    continue;
                }
                let before = text.get(at..word).unwrap_or_default();
                at = at.saturating_add(memchr::memrchr(b'\n', before).map_or(0, |end| end.saturating_add(1)));
            }
            let rest = text.get(at..).unwrap_or_default();
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end.saturating_add(1));
            let line = rest.get(..end).unwrap_or_default();
            let line_at = at;
            at = at.saturating_add(end);
            let line =
                LogLine::new(line, base.saturating_add(length(text.get(..line_at).unwrap_or_default())));
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
                if !Demux::starts(&line) {
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

    fn flush(&mut self, sink: &mut impl FnMut(Event<'_>) -> io::Result<()>) -> io::Result<()> {
        let block = self.demux.finish();
        if block.reports.is_empty() { send(Some(&block.text), sink) } else { sink(Event::Block(block)) }
    }

    fn finish(&mut self, sink: &mut impl FnMut(Event<'_>) -> io::Result<()>) -> io::Result<()> {
        if self.demux.is_idle() { Ok(()) } else { self.flush(sink) }
    }
}

fn send(text: Option<&[u8]>, sink: &mut impl FnMut(Event<'_>) -> io::Result<()>) -> io::Result<()> {
    match text {
        None | Some([]) => Ok(()),
        Some(text) => sink(Event::Text(text)),
    }
}

fn length(text: &[u8]) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}
