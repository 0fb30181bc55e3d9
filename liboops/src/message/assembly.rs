// SPDX-License-Identifier: MIT OR Apache-2.0
//! Puts a message together from its lines, and takes encodings off.
//!
//! Only lines near a report come here, so it can afford to remember where every byte was.

use std::ops::Range;

use super::wrapped::{self, Continuation, KnownLines};
use super::{Message, Origin, cut, encoded, fragments, journal, repeated, task_name};
use crate::line::{LogLine, Prefix, late_prefix, strip, strip_from, trimmed_len};

/// More lines than any message is wrapped into.
const MAX_LINES: usize = 64;

/// A message that is being put together.
#[derive(Debug)]
pub(crate) struct Assembly {
    /// Offset of the first line in the input.
    offset: u64,
    text: Text,
    /// What was before the message in the first line; its body is that of the whole message.
    prefix: Prefix,
    /// Lines so far.
    lines: usize,
    /// Bytes of the last line.
    width: usize,
    /// Bytes of the first line.
    first_width: usize,
    /// The last line ended in a soft line break, `=`.
    soft: bool,
    /// Bytes of a message in fragments that are still missing.
    missing: usize,
    /// The message was cut, and is printed again after this line.
    replayed: bool,
}

/// Bytes, and where each of them was.
#[derive(Debug, Default)]
struct Text {
    bytes: Vec<u8>,
    /// For each byte where it was, relative to the first byte of the first line.
    origins: Vec<Origin>,
    /// Whether the bytes are not simply those of the log.
    changed: bool,
}

impl Assembly {
    /// Begins with a line.
    pub fn new(line: &LogLine<'_>) -> Self {
        let mut new = Self {
            offset: line.offset,
            text: Text::default(),
            prefix: line.prefix.clone(),
            lines: 0,
            width: 0,
            first_width: 0,
            soft: false,
            missing: 0,
            replayed: false,
        };
        new.push(line.text, 0, 0);
        new.first_width = new.width;
        if let Some(fragment) = &new.prefix.fragment {
            new.missing = fragments::missing(fragment, new.text.bytes.len());
            new.join_inner_fragments();
        }
        if let Some(cut) = repeated::cut_before_replay(new.body()) {
            new.prefix.body.end = new.prefix.body.start.saturating_add(cut.len());
            new.text.truncate(new.prefix.body.end);
            new.mark_replayed();
        }
        new
    }

    /// Offset of the first line in the input.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the last line ended in a soft line break, which shows the encoding of a mail.
    pub fn is_soft(&self) -> bool {
        self.soft
    }

    /// Takes note that the message was cut and is printed again.
    fn mark_replayed(&mut self) {
        self.replayed = true;
    }

    /// Whether a line says that this message is printed again, which is noted.
    pub fn is_replayed_after(&mut self, line: &LogLine<'_>) -> bool {
        let is_replay = repeated::is_replay(line.body());
        if is_replay {
            self.mark_replayed();
        }
        is_replay
    }

    /// Whether a line is the whole of this message, which was cut.
    pub fn is_repeated_by(&self, line: &LogLine<'_>) -> bool {
        self.replayed && line.body().starts_with(self.body())
    }

    /// Takes in what the next line says in addition, if klogd wrote the same line with names in place of
    /// addresses, or the other way round. `false` if it is another line.
    pub fn merge_names(&mut self, line: &LogLine<'_>) -> bool {
        if self.lines != 1 || self.replayed || memchr::memchr(b'[', self.body()).is_none() {
            return false;
        }
        let is_same_caller = line.prefix.caller == self.prefix.caller;
        let merged = repeated::merged(self.body(), line.body()).filter(|_| is_same_caller);
        let Some(merged) = merged else { return false };
        let start = self.prefix.body.start;
        for (range, bytes) in merged.into_iter().rev() {
            self.text.splice(start.saturating_add(range.start)..start.saturating_add(range.end), bytes);
        }
        self.lines = self.lines.saturating_add(1);
        self.prefix.body.end = self.text.bytes.len();
        true
    }

    /// Appends the next line if it continues this message. `false` if it does not.
    pub fn append(&mut self, line: &LogLine<'_>, known: &KnownLines) -> bool {
        let Some(continuation) = self.continuation(line, known) else { return false };
        let at = usize::try_from(line.offset.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        if continuation.blank {
            self.text.push(b' ', Origin::byte(at));
        }
        let before = self.text.bytes.len();
        self.text.changed = true;
        self.push(line.text, continuation.from, at);
        self.missing = self.missing.saturating_sub(self.text.bytes.len().saturating_sub(before));
        self.prefix.body.end = self.text.bytes.len();
        true
    }

    fn continuation(&self, line: &LogLine<'_>, known: &KnownLines) -> Option<Continuation> {
        if self.lines >= MAX_LINES || self.replayed {
            return None;
        }
        if self.soft {
            return Some(Continuation { from: 0, blank: false });
        }
        if self.missing > 0 {
            let first = self.prefix.fragment.as_ref()?;
            let from = fragments::continued(&self.text.bytes, first, line)?;
            return Some(Continuation { from, blank: false });
        }
        let (body, width) = (self.body(), self.width);
        if let Some(from) = task_name::continued(body, &self.prefix, line) {
            return Some(Continuation { from, blank: true });
        }
        // What it says is known only once it is decoded, and web pages wrap no lines.
        if encoded::has_wide_blanks(line.text) {
            return None;
        }
        // At a terminal's margin nothing is lost.
        let at_margin =
            wrapped::continued_at_margin(body, &self.prefix, width, self.first_width, line, known);
        at_margin.or_else(|| {
            let from = wrapped::continued(body, &self.prefix, width, line, known)?;
            Some(Continuation { from, blank: true })
        })
    }

    fn body(&self) -> &[u8] {
        self.text.bytes.get(self.prefix.body.clone()).unwrap_or_default()
    }

    /// Appends a line, from some byte of it on, which is `at` bytes after the first byte of the first line.
    fn push(&mut self, line: &[u8], from: usize, at: usize) {
        let whole = line.strip_suffix(b"\n").unwrap_or(line);
        let mut end = whole.len().saturating_sub(usize::from(whole.ends_with(b"\r")));
        self.width = end;
        self.lines = self.lines.saturating_add(1);
        self.soft = whole.get(..end).is_some_and(wrapped::ends_softly);
        if self.soft {
            end = end.saturating_sub(1);
            self.text.changed = true;
        }
        self.text.bytes.extend_from_slice(line.get(from..end).unwrap_or_default());
        self.text.origins.extend((from..end.max(from)).map(|offset| Origin::byte(offset.saturating_add(at))));
    }

    /// Without line ends between them, the fragments of a message are in one line.
    fn join_inner_fragments(&mut self) {
        let Some(fragment) = &self.prefix.fragment else { return };
        let label = self.text.bytes.get(fragment.label.clone()).unwrap_or_default().to_vec();
        let mut from = self.prefix.body.start;
        while let Some(header) = fragments::next_header(&self.text.bytes, from, &label) {
            from = header.start;
            self.text.remove(header);
            self.missing = 0;
        }
        self.prefix.body.end = self.text.bytes.len();
    }

    /// Takes encodings off, those of mail only if `is_mail`.
    pub fn decode(mut self, is_mail: bool) -> Decoded {
        let text = &mut self.text;
        if is_mail && memchr::memchr(b'=', &text.bytes).is_some() {
            text.unescape(0, encoded::quoted_printable);
        }
        if memchr::memchr2(0x1b, 0, &text.bytes).is_some() {
            text.unescape(0, encoded::terminal);
        }
        if memchr::memchr(b'&', &text.bytes).is_some() {
            text.unescape(0, encoded::html);
        }
        let is_latin1 = encoded::has_latin1_blanks(&text.bytes);
        if encoded::has_wide_blanks(&text.bytes) {
            text.unescape(0, encoded::wide_blank);
        }
        if is_latin1 {
            text.unescape(0, encoded::latin1_blank);
        }
        // The prefix itself may have been wrapped or encoded.
        let mut prefix = if text.changed { strip(&text.bytes) } else { self.prefix };
        if let Some(field) = journal::message(&text.bytes, prefix.body.start) {
            let time_us = field.time_us.or(prefix.time_us);
            text.truncate(field.range.end);
            text.unescape(field.range.start, field.unescape);
            let inner = strip_from(&text.bytes, field.range.start);
            prefix = Prefix { time_us: inner.time_us.or(time_us), ..inner };
        }
        if memchr::memchr(b'\\', &text.bytes).is_some() {
            text.unescape(prefix.body.start, encoded::console);
        }
        let mark = usize::from(prefix.is_quoted && text.bytes.trim_ascii_end().ends_with(b"\""));
        prefix.body.end = trimmed_len(&text.bytes).saturating_sub(mark).max(prefix.body.start);
        if prefix.is_logged
            && let Some(kept) = text.bytes.get(prefix.body.clone()).and_then(cut::without_cut_word)
        {
            prefix.body.end = prefix.body.start.saturating_add(kept);
        }
        Decoded { offset: self.offset, text: self.text, prefix }
    }
}

/// A message without encodings. It may have been several, in one record of the log.
#[derive(Debug)]
pub(crate) struct Decoded {
    offset: u64,
    text: Text,
    prefix: Prefix,
}

impl Decoded {
    /// What was before the message.
    pub fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    /// Whether the message is not simply a piece of the log.
    pub fn is_rewritten(&self) -> bool {
        self.text.changed
    }

    /// All of it, line ends included.
    pub fn whole(&self) -> Message<'_> {
        self.all().part(self.prefix.body.clone())
    }

    /// The messages with their prefixes, without fields of the system journal that are next to them.
    pub fn messages(&self) -> Vec<(Message<'_>, Prefix)> {
        let body = &self.prefix.body;
        let text = self.text.bytes.get(..body.end).unwrap_or_default();
        let mut messages = Vec::new();
        let mut prefix = self.prefix.clone();
        let mut start = body.start;
        while start <= text.len() {
            let rest = text.get(start..).unwrap_or_default();
            let line = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            // A second console, or a line whose end was lost: another time in the middle of the message.
            let second = rest.get(..line).and_then(late_prefix);
            let length = second.as_ref().map_or(line, |second| second.at);
            let message = self.all().part(start..start.saturating_add(length));
            if !journal::is_field(message.text) {
                messages.push((message, prefix.clone()));
            }
            start = match second {
                Some(second) => {
                    prefix = Prefix { caller: second.caller, time_us: second.time_us, ..prefix };
                    start.saturating_add(second.end)
                }
                None => start.saturating_add(line).saturating_add(1),
            };
        }
        messages
    }

    fn all(&self) -> Message<'_> {
        if self.text.changed {
            Message::rewritten(&self.text.bytes, self.offset, &self.text.origins)
        } else {
            Message::verbatim(&self.text.bytes, self.offset)
        }
    }
}

impl Text {
    fn push(&mut self, byte: u8, origin: Origin) {
        self.bytes.push(byte);
        self.origins.push(origin);
    }

    fn truncate(&mut self, length: usize) {
        self.changed = true;
        self.bytes.truncate(length);
        self.origins.truncate(length);
    }

    fn remove(&mut self, range: Range<usize>) {
        self.changed = true;
        self.bytes.drain(range.clone());
        self.origins.drain(range);
    }

    /// Puts bytes in place of others. Each of them gets all that they replace as its origin.
    fn splice(&mut self, range: Range<usize>, bytes: Vec<u8>) {
        self.changed = true;
        let origin = self.origin(range.clone());
        self.origins.splice(range.clone(), std::iter::repeat_n(origin, bytes.len()));
        self.bytes.splice(range, bytes);
    }

    /// From where the first to where the last byte of a range was.
    fn origin(&self, range: Range<usize>) -> Origin {
        let origins = self.origins.get(range).unwrap_or_default();
        let ends = origins.first().zip(origins.last());
        ends.map_or(Origin::byte(0), |(first, last)| Origin { start: first.start, end: last.end })
    }

    /// Undoes an encoding, from a byte on.
    fn unescape(&mut self, from: usize, unescape: encoded::Unescape) {
        let mut at = from;
        let mut kept = from;
        while let Some(rest) = self.bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let (length, byte) = unescape(rest).map_or((1, rest.first().copied()), |(length, byte)| {
                self.changed = true;
                (length.max(1), byte)
            });
            if let Some(byte) = byte {
                let origin = self.origin(at..at.saturating_add(length));
                if let (Some(to), Some(origin_to)) = (self.bytes.get_mut(kept), self.origins.get_mut(kept)) {
                    (*to, *origin_to) = (byte, origin);
                }
                kept = kept.saturating_add(1);
            }
            at = at.saturating_add(length);
        }
        self.bytes.truncate(kept);
        self.origins.truncate(kept);
    }
}
