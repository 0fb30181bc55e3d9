// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages as the kernel wrote them, from lines as they arrived: mail programs wrap and encode, the network console cuts, the system journal
//! quotes, terminals colour.
//!
//! Only lines of a block come here, so each keeps for every byte where it was.

use std::ops::Range;

use memchr::memmem;

use super::prefix::{self, Head};
use super::{quoted, twice, wrap};

/// More lines than any message is wrapped into.
const MOST_LINES: usize = 64;

/// A message that is being put together.
#[derive(Debug, Default)]
pub(super) struct Logical {
    /// The bytes so far, and for each its offset from the first byte of the first line.
    text: Vec<u8>,
    origins: Vec<usize>,
    /// Its bytes are not simply those of the log.
    changed: bool,
    /// Lines so far, and bytes of the last one.
    lines: usize,
    width: usize,
    /// The last line ended in a soft line break, `=`.
    soft: bool,
    /// What was before the message in the first line.
    head: Head,
    /// Bytes of a cut message that are still missing.
    missing: usize,
    /// The message is begun again behind it.
    replayed: bool,
}

/// How the next line goes on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Continued {
    /// Where in the line.
    from: usize,
    /// A blank was lost in between.
    blank: bool,
}

impl Logical {
    /// Begins with a line.
    pub fn new(line: &[u8]) -> Self {
        let mut new = Self::default();
        new.push(line, 0, 0);
        new.head = prefix::strip(line);
        if let Some(fragment) = &new.head.fragment {
            let own = new.text.len().saturating_sub(fragment.start);
            new.missing = fragment.total.saturating_sub(own).saturating_sub(fragment.offset);
            new.join_inner_fragments();
        }
        if let Some(cut) = twice::cut_before_replay(new.body()) {
            new.head.body.end = new.head.body.start.saturating_add(cut.len());
            new.truncate(new.head.body.end);
            new.replayed = true;
        }
        new
    }

    /// How the next line goes on with this message; none if it does not.
    pub fn continued(&self, line: &[u8]) -> Option<Continued> {
        if self.lines >= MOST_LINES || self.replayed {
            return None;
        }
        if self.soft {
            return Some(Continued { from: 0, blank: false });
        }
        if self.missing > 0 {
            let head = prefix::strip(line);
            let same = head.fragment.as_ref().zip(self.head.fragment.as_ref());
            let same = same.is_some_and(|(next, first)| {
                next.offset > 0 && line.get(next.label.clone()) == self.text.get(first.label.clone())
            });
            let start = head.fragment.map_or(0, |fragment| fragment.start);
            return same.then_some(Continued { from: start, blank: false });
        }
        let from = wrap::continued(self.body(), &self.head, self.width, line)?;
        Some(Continued { from, blank: true })
    }

    /// Takes note that the message is begun again.
    pub fn is_begun_again(&mut self) {
        self.replayed = true;
    }

    /// Whether the next line is the whole of this message, which was cut.
    pub fn is_repeated_by(&self, line: &[u8]) -> bool {
        self.replayed && line.get(prefix::strip(line).body).is_some_and(|body| body.starts_with(self.body()))
    }

    /// Takes in what the next line says in addition, if that is the same line of klogd with names or addresses; `false` if it is not.
    pub fn join(&mut self, line: &[u8]) -> bool {
        if self.lines != 1 || self.replayed || memchr::memchr(b'[', self.body()).is_none() {
            return false;
        }
        let head = prefix::strip(line);
        let own = self.head.body.clone();
        let other = line.get(head.body).unwrap_or_default();
        let Some(joined) = twice::joined(self.body(), other).filter(|_| head.caller == self.head.caller)
        else {
            return false;
        };
        for (range, bytes) in joined.into_iter().rev() {
            let range = own.start.saturating_add(range.start)..own.start.saturating_add(range.end);
            let origin = self.origins.get(range.start).copied().unwrap_or_default();
            self.origins.splice(range.clone(), std::iter::repeat_n(origin, bytes.len()));
            self.text.splice(range, bytes);
        }
        self.changed = true;
        self.lines = self.lines.saturating_add(1);
        self.head.body.end = self.text.len();
        true
    }

    fn body(&self) -> &[u8] {
        self.text.get(self.head.body.clone()).unwrap_or_default()
    }

    /// Appends the next line, which is `at` bytes behind the first byte of the first line.
    pub fn append(&mut self, line: &[u8], at: usize, how: &Continued) {
        if how.blank {
            self.text.push(b' ');
            self.origins.push(at);
        }
        let before = self.text.len();
        self.changed = true;
        self.push(line, how.from, at);
        self.missing = self.missing.saturating_sub(self.text.len().saturating_sub(before));
        self.head.body.end = self.text.len();
    }

    fn push(&mut self, line: &[u8], from: usize, at: usize) {
        let whole = line.strip_suffix(b"\n").unwrap_or(line);
        let mut end = whole.len().saturating_sub(usize::from(whole.ends_with(b"\r")));
        self.width = end;
        self.lines = self.lines.saturating_add(1);
        self.soft = wrap::SOFT.contains(&end) && whole.get(..end).is_some_and(|line| line.ends_with(b"="));
        if self.soft {
            end = end.saturating_sub(1);
            self.changed = true;
        }
        self.text.extend_from_slice(line.get(from..end).unwrap_or_default());
        self.origins.extend((from..end.max(from)).map(|offset| offset.saturating_add(at)));
    }

    /// Whether a mail's encoding shows.
    pub fn is_soft(&self) -> bool {
        self.soft
    }

    /// Without line ends between them, the pieces of a cut message are in one line.
    fn join_inner_fragments(&mut self) {
        let Some(label) = self.head.fragment.as_ref().map(|fragment| fragment.label.clone()) else { return };
        let label = self.text.get(label).unwrap_or_default().to_vec();
        let mut from = self.head.body.start;
        while let Some(found) = self.text.get(from..).and_then(|rest| memmem::find(rest, &label)) {
            let start = from.saturating_add(found);
            let Some(rest) = self.text.get(start..) else { return };
            let length = memchr::memchr(b';', rest).map_or(rest.len(), |end| end.saturating_add(1));
            self.remove(start..start.saturating_add(length));
            from = start;
            self.missing = 0;
        }
        self.head.body.end = self.text.len();
    }

    fn remove(&mut self, range: Range<usize>) {
        self.text.drain(range.clone());
        self.origins.drain(range);
        self.changed = true;
    }

    /// Takes encodings off, those of mail only where it is known to be one. Gives the messages: one, or several that were in one.
    pub fn decode(&mut self, mail: bool) -> Vec<Head> {
        if mail && memchr::memchr(b'=', &self.text).is_some() {
            self.replace(0, quoted::printable);
        }
        if memchr::memchr2(0x1b, 0, &self.text).is_some() {
            self.replace(0, quoted::terminal);
        }
        if self.changed {
            self.head = prefix::strip(&self.text);
        }
        if let Some(field) = quoted::journal_message(&self.text, self.head.body.start) {
            let time_us = field.time_us.or(self.head.time_us);
            self.truncate(field.range.end);
            self.replace(field.range.start, field.unescape);
            let inner = prefix::strip_from(&self.text, field.range.start);
            self.head = Head { time_us: inner.time_us.or(time_us), ..inner };
        }
        if memchr::memchr(b'\\', &self.text).is_some() {
            self.replace(self.head.body.start, quoted::console);
        }
        self.head.body.end = prefix::trimmed(&self.text).max(self.head.body.start);
        let mut start = self.head.body.start;
        let mut heads = Vec::new();
        for piece in self.text.get(self.head.body.clone()).unwrap_or_default().split(|&byte| byte == b'\n') {
            let end = start.saturating_add(piece.len());
            heads.push(Head { body: start..end, ..self.head.clone() });
            start = end.saturating_add(1);
        }
        heads
    }

    fn truncate(&mut self, end: usize) {
        self.changed = true;
        self.text.truncate(end);
        self.origins.truncate(end);
    }

    /// Replaces what `find` knows at the beginning of a text: so many bytes by one or none.
    fn replace(&mut self, from: usize, find: quoted::Unescape) {
        let mut at = from;
        let mut kept = from;
        while let Some(rest) = self.text.get(at..).filter(|rest| !rest.is_empty()) {
            let (length, byte) = find(rest).map_or((1, rest.first().copied()), |(length, byte)| {
                self.changed = true;
                (length.max(1), byte)
            });
            if let Some(byte) = byte {
                let origin = self.origins.get(at).copied().unwrap_or_default();
                if let (Some(to), Some(origin_to)) = (self.text.get_mut(kept), self.origins.get_mut(kept)) {
                    (*to, *origin_to) = (byte, origin);
                }
                kept = kept.saturating_add(1);
            }
            at = at.saturating_add(length);
        }
        self.text.truncate(kept);
        self.origins.truncate(kept);
    }

    /// The bytes, and for each its offset; none where they are those of the log.
    pub fn text(&self) -> (&[u8], Option<&[usize]>) {
        (&self.text, self.changed.then_some(&self.origins))
    }
}
