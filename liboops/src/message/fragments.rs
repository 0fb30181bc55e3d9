// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages that the network console cut: `6,416,1758426,-,ncfrag=0/40;first bytes`.

use std::ops::Range;

use memchr::memmem;

use crate::line::{Fragment, LogLine};

/// How many bytes of the message come in later lines. `length` is that of the line with the first fragment.
pub(super) fn missing(fragment: &Fragment, length: usize) -> usize {
    let own = length.saturating_sub(fragment.start);
    fragment.total.saturating_sub(own).saturating_sub(fragment.offset)
}

/// Where a line continues a message, if it has another fragment of it. `first` is that in `text`.
pub(super) fn continued(text: &[u8], first: &Fragment, line: &LogLine<'_>) -> Option<usize> {
    let next = line.prefix.fragment.as_ref()?;
    let is_next = next.offset > 0 && line.text.get(next.label.clone()) == text.get(first.label.clone());
    is_next.then_some(next.start)
}

/// The header of the next fragment within a line: from the label that all fragments share up to its `;`.
pub(super) fn next_header(text: &[u8], from: usize, label: &[u8]) -> Option<Range<usize>> {
    let rest = text.get(from..)?;
    let start = memmem::find(rest, label)?;
    let header = rest.get(start..)?;
    let length = memchr::memchr(b';', header).map_or(header.len(), |end| end.saturating_add(1));
    let start = from.saturating_add(start);
    Some(start..start.saturating_add(length))
}
