// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines that a mail program wrapped. A mail program breaks at a blank where a word would go beyond its margin, and the kernel never does.

use std::ops::RangeInclusive;

use memchr::memmem;

use super::cursor::is_blank;
use super::prefix::{self, Head};
use super::{arch, context, pstore, quoted, start};
use crate::report::Context;

/// The length of a line that ends in a soft line break.
pub(super) const SOFT: RangeInclusive<usize> = 40..=78;

/// The smallest margin that mail programs have, and the longest line that they leave.
const MARGINS: (usize, usize) = (66, 80);

/// Beginnings of lines that often have more than 70 bytes.
const LONG: [&[u8]; 5] = [b"CPU: ", b"RIP", b"Hardware name: ", b"Modules linked in:", b"Kernel Offset: "];
/// Ends of what cannot be a whole line.
const UNFINISHED: [&[u8]; 5] = [b" address:", b" address", b" at", b" knlGS:", b" range:"];

/// Whether a line goes on with the message of the line before, which was so wide; gives from where on.
pub(super) fn continued(message: &[u8], head: &Head, width: usize, line: &[u8]) -> Option<usize> {
    let message = message.trim_ascii();
    let (mut from, quotes) = prefix::quotes(line);
    // The letters of the taint are apart by many blanks, some of which may be left.
    if message.starts_with(b"CPU: ") && message.last().is_some_and(u8::is_ascii_uppercase) {
        from = from.saturating_add(line.get(from..)?.iter().take_while(|&&byte| is_blank(byte)).count());
    }
    let next = line.get(from..)?.trim_ascii_end();
    let word = next.iter().position(|&byte| is_blank(byte)).unwrap_or(next.len());
    let fitted = width.saturating_add(1).saturating_add(word) <= MARGINS.0;
    if word == 0 || width > MARGINS.1 || fitted || quotes != head.quotes || next.starts_with(b";;") {
        return None;
    }
    // Before marks are looked for: `<48>` is a level elsewhere.
    if message.starts_with(b"Code:") {
        return next.split(|&byte| is_blank(byte)).all(is_code).then_some(from);
    }
    if prefix::strip(line).is_marked {
        return None;
    }
    // A line that ends a sentence is whole. In a log without times whatever follows may be anybody's: only a line that is known to be long, or that
    // is certainly not whole, goes on.
    let whole = message.is_empty() || message.ends_with(b"!") || message.ends_with(b".");
    let known = head.is_marked && start::of(message).is_none()
        || LONG.iter().any(|long| message.starts_with(long))
        || message.starts_with(b"WARNING: CPU: ") && memmem::find(message, b"+0x").is_none()
        || UNFINISHED.iter().any(|end| message.ends_with(end))
        || names_register(message);
    (!whole && known && !stands_alone(next)).then_some(from)
}

/// Whether a line ends in the name of a register, whose value is missing.
fn names_register(message: &[u8]) -> bool {
    let word = message.rsplit(|&byte| is_blank(byte)).next().unwrap_or_default();
    let name = word.strip_suffix(b":").unwrap_or_default();
    (2..=8).contains(&name.len())
        && name.iter().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'0'..=b'9' | b'_'))
}

/// A byte of code: `48`, `<48>`
fn is_code(word: &[u8]) -> bool {
    let digits = word.strip_prefix(b"<").and_then(|word| word.strip_suffix(b">")).unwrap_or(word);
    matches!(digits.len(), 0 | 2) && digits.iter().all(u8::is_ascii_hexdigit)
}

/// Whether a line has a meaning of its own.
fn stands_alone(line: &[u8]) -> bool {
    const MARKS: [&[u8]; 4] = [b"---", b"Call Trace", b"Call trace", b"<"];
    if pstore::begins_part(line) || quoted::is_journal_field(line) {
        return true;
    }
    MARKS.iter().any(|mark| line.starts_with(mark))
        || start::of(line).is_some()
        || arch::read(None, line, 0).is_some()
        || context::read(line, 0, &mut Context::default())
}
