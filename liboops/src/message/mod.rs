// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages as the kernel wrote them, put together again from the lines that arrived.
//!
//! On the way a message may have been wrapped (`wrapped`), cut (`cut`, `fragments`), encoded
//! (`encoded`, `journal`), printed twice (`repeated`) or stored in parts (`pstore`). `assembly` undoes all of
//! it and yields [`Message`]s: text in which every byte knows its offset in the input.

mod assembly;
mod cut;
mod encoded;
mod fragments;
mod journal;
pub mod pstore;
mod repeated;
mod task_name;
mod wrapped;

use std::ops::Range;

pub(crate) use assembly::Assembly;
pub(crate) use encoded::has_wide_blanks;
pub(crate) use wrapped::KnownLines;

use crate::report::Span;

/// Where a byte of a message was, relative to some offset in the input. Several bytes if they are an escape
/// sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

impl Origin {
    /// A single byte.
    pub fn byte(at: usize) -> Self {
        Self { start: at, end: at.saturating_add(1) }
    }
}

/// A message, or a part of one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'t> {
    /// The text, without what the log put before it and without the line end.
    pub text: &'t [u8],
    /// Offset in the input that `origins`, or else the bytes of `text`, count from.
    base: u64,
    /// For each byte of `text`, where it was, relative to `base`. `None` if the text is one piece of the
    /// input.
    origins: Option<&'t [Origin]>,
}

impl<'t> Message<'t> {
    /// A message that is at `base` in the input, byte for byte.
    pub fn verbatim(text: &'t [u8], base: u64) -> Self {
        Self { text, base, origins: None }
    }

    /// A message that was put together: `origins` says where each byte was, relative to `base`.
    pub fn rewritten(text: &'t [u8], base: u64, origins: &'t [Origin]) -> Self {
        Self { text, base, origins: Some(origins) }
    }

    /// A part of the message. Empty if the range is not within it.
    pub fn part(&self, range: Range<usize>) -> Self {
        let base = match self.origins {
            Some(_) => self.base,
            None => self.base.saturating_add(offset(range.start)),
        };
        let origins = self.origins.map(|origins| origins.get(range.clone()).unwrap_or_default());
        Self { text: self.text.get(range).unwrap_or_default(), base, origins }
    }

    /// Where in the input these bytes of the message are. For bytes that lie apart in the input, the span
    /// reaches from the first to the last.
    pub fn span(&self, range: Range<usize>) -> Span {
        let Some(origins) = self.origins else {
            let at = |index: usize| self.base.saturating_add(offset(index));
            return Span { start: at(range.start), end: at(range.end) };
        };
        let at = |place: usize| self.base.saturating_add(offset(place));
        let end_of = |index: usize| origins.get(index.checked_sub(1)?).map(|origin| at(origin.end));
        let start = origins.get(range.start).map(|origin| at(origin.start));
        let start = start.or_else(|| end_of(origins.len())).unwrap_or(self.base);
        let end = end_of(range.end.min(origins.len())).unwrap_or(start);
        Span { start, end: end.max(start) }
    }

    /// Where in the input the whole message is.
    pub fn whole(&self) -> Span {
        self.span(0..self.text.len())
    }
}

fn offset(index: usize) -> u64 {
    u64::try_from(index).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_those_of_the_input() {
        let message = Message::verbatim(b"RIP: f", 100);
        assert_eq!(message.span(5..6), Span { start: 105, end: 106 });
        assert_eq!(message.part(5..6).whole(), Span { start: 105, end: 106 });
        // "RI\nP: f", wrapped between its second and third byte, and the third encoded in three bytes.
        let mut origins = [0, 1, 3, 6, 7, 8].map(Origin::byte);
        origins[2].end = 6;
        let message = Message::rewritten(b"RIP: f", 100, &origins);
        assert_eq!(message.span(0..3), Span { start: 100, end: 106 });
        assert_eq!(message.part(5..6).whole(), Span { start: 108, end: 109 });
        assert_eq!(message.span(6..6), Span { start: 109, end: 109 });
    }
}
