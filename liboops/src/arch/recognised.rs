// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines that are part of a report, known by their beginnings, and not taken apart.

use super::architecture::Reading;
use crate::message::Message;

/// Whether a message begins with one of these.
pub(super) fn begins(message: &Message<'_>, beginnings: &[&[u8]]) -> bool {
    let text = message.text.trim_ascii_start();
    let first = text.first();
    beginnings.iter().any(|beginning| beginning.first() == first && text.starts_with(beginning))
}

/// The reading of a message that begins with one of these.
pub(super) fn known(message: &Message<'_>, beginnings: &[&[u8]]) -> Option<Reading> {
    begins(message, beginnings).then(Reading::default)
}
