// SPDX-License-Identifier: MIT OR Apache-2.0
//! From a log to reports.
//!
//! A log is read as a stream of bytes, in bounded memory, and comes out again complete: as pieces of text without anything to say about, and as
//! [`Block`]s with reports. Nothing is assumed of it: it may be several logs on top of each other, cut, interleaved, not UTF-8.
//!
//! ```
//!
//!
//! let log = b"[    1.000000] BUG: kernel NULL pointer dereference, address: 0000000000000010\n\
//!             [    1.000001] RIP: 0010:meter_write+0x1b/0x30 [meter]\n";
//! let blocks = liboops::blocks(log);
//! let report = &blocks[0].reports[0];
//! assert_eq!(report.fault_address(), Some(0x10));
//! assert_eq!(report.fault().unwrap().pc.as_ref().unwrap().module.as_deref(), Some("meter"));
//! ```
//!
//! The parts: `trigger` finds candidates fast, `logical` puts messages together again that were wrapped, cut, encoded or doubled (`wrap`, `quoted`,
//! `twice`; `moved` finds the bytes of the log again), `prefix`, `stamp` and `android` take off what is before the kernel's words, `start` and `die` know first lines, `collect`
//! keeps writers apart, `open` and `state` read a report line by line with `arch`, `context`, `task`, `places` and `words`.

mod android;
mod arch;
mod collect;
mod context;
mod cursor;
mod die;
mod logical;
mod moved;
mod open;
mod places;
mod prefix;
pub mod pstore;
mod quoted;
pub mod report;
mod stamp;
mod start;
mod state;
mod task;
mod trigger;
mod twice;
mod words;
mod wrap;

use std::io::{self, Read};

use collect::Collector;

use crate::report::Block;
use trigger::Trigger;

/// How much is read at once: no more than stays in the processor's cache. A line of more than this is taken as several.
const PIECE: usize = 1 << 18;

/// A part of the log. All parts together are the log.
#[derive(Debug)]
pub enum Event<'t> {
    /// Text without a report.
    Text(&'t [u8]),
    /// Text with reports.
    Block(Block),
}

/// Reads a log to its end, and gives its parts in order.
///
/// # Errors
/// Those of the reader and of the sink.
pub fn stream(mut reader: impl Read, mut sink: impl FnMut(Event<'_>) -> io::Result<()>) -> io::Result<()> {
    let trigger = Trigger::new();
    let mut parser = Parser { trigger: &trigger, collector: Collector::default(), offset: 0 };
    let mut buffer = vec![0; PIECE];
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
        let whole = if at_end || filled == PIECE && memchr::memrchr(b'\n', text).is_none() {
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

/// The reports of a log in memory.
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
    collector: Collector,
    /// Of the next byte in the input.
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
            if self.collector.is_idle() {
                let Some(word) = search.from(from.max(at)) else { break };
                if !start::may_be(text, word) {
                    from = word.saturating_add(1);
                    continue;
                }
                let before = text.get(at..word).unwrap_or_default();
                at = at.saturating_add(memchr::memrchr(b'\n', before).map_or(0, |end| end.saturating_add(1)));
            }
            let rest = text.get(at..).unwrap_or_default();
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end.saturating_add(1));
            let line = rest.get(..end).unwrap_or_default();
            let offset = base.saturating_add(length(text.get(..at).unwrap_or_default()));
            let line_at = at;
            at = at.saturating_add(end);
            if !self.collector.is_idle() {
                if self.collector.continues(line, offset) {
                    unsent = at;
                    continue;
                }
                if self.collector.is_idle() {
                    self.flush(sink)?;
                    unsent = line_at;
                }
            }
            if self.collector.is_idle() {
                if !Collector::starts(line, &prefix::strip(line)) {
                    self.collector.note(line, offset);
                    continue;
                }
                send(text.get(unsent..line_at), sink)?;
            }
            self.collector.line(line, offset);
            unsent = at;
        }
        if self.collector.is_idle() {
            send(text.get(unsent..), sink)?;
        }
        Ok(())
    }

    fn flush(&mut self, sink: &mut impl FnMut(Event<'_>) -> io::Result<()>) -> io::Result<()> {
        let block = self.collector.finish();
        if block.reports.is_empty() { send(Some(&block.text), sink) } else { sink(Event::Block(block)) }
    }

    fn finish(&mut self, sink: &mut impl FnMut(Event<'_>) -> io::Result<()>) -> io::Result<()> {
        if self.collector.is_idle() { Ok(()) } else { self.flush(sink) }
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
