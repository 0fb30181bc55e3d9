// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a line has before its message.

use std::ops::Range;

use crate::report::Caller;

/// What was found before the message of a line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Prefix {
    /// The message, within the line.
    pub body: Range<usize>,
    /// Who printed the line.
    pub caller: Option<Caller>,
    /// Microseconds since boot.
    pub time_us: Option<u64>,
    /// Whether a program other than the kernel wrote the line, by its name in the system log.
    pub is_foreign: bool,
    /// How many quotation marks of a mail there are.
    pub quotes: usize,
    /// Where in the line the quotation marks end.
    pub quotes_end: usize,
    /// Whether the message is a field in quotation marks, the last one of a table's row.
    pub is_quoted: bool,
    /// Whether there is more than a mail's quotation marks.
    pub is_logged: bool,
    /// Set if the line is a fragment of a message that the network console cut.
    pub fragment: Option<Fragment>,
}

/// `ncfrag=0/40` in the header of a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fragment {
    /// Where in the line the part of the header is that all fragments of the message share.
    pub label: Range<usize>,
    /// Where in the message this fragment begins.
    pub offset: usize,
    /// Length of the message in bytes.
    pub total: usize,
    /// Where in the line the fragment's text begins.
    pub start: usize,
}
