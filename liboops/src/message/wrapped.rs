// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines that a mail program or a terminal wrapped. Unlike the kernel, a mail program breaks a line at a
//! blank if the next word would go beyond the margin. A terminal breaks it at the margin, in the middle of a
//! word.

use std::ops::RangeInclusive;

use memchr::memmem;

use super::{journal, pstore};
use crate::cursor::is_blank;
use crate::line::{LogLine, Prefix};

/// What the assembly of messages has to know about their meaning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownLines {
    /// Whether a message starts a report.
    pub starts_report: fn(&[u8]) -> bool,
    /// Whether a message belongs to a report.
    pub has_meaning: fn(&[u8]) -> bool,
}

/// Lengths of a line that ends in a soft line break.
pub(super) const SOFT_LINE_BYTES: RangeInclusive<usize> = 40..=78;

/// The smallest margin of mail programs.
const MIN_MARGIN: usize = 66;
/// The longest line that mail programs leave.
const MAX_LINE_BYTES: usize = 80;

/// No terminal is narrower than this.
const MIN_TERMINAL_BYTES: usize = 80;

/// Whether a line of this text, without its line end, ends in a soft line break of a mail: one `=`. More of
/// them are a separator, which the mail would have encoded.
pub(super) fn ends_softly(line: &[u8]) -> bool {
    line.ends_with(b"=") && !line.ends_with(b"==") && SOFT_LINE_BYTES.contains(&line.len())
}

/// Whether a message ends in a separator: `======`, `------`, `######`, `******`.
fn ends_in_separator(message: &[u8]) -> bool {
    let Some(&last) = message.last() else { return false };
    let count = message.iter().rev().take_while(|&&byte| byte == last).count();
    b"=-#*_~.+".contains(&last) && count >= 4
}

/// How a line continues the message of the line before.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Continuation {
    /// Where in the line.
    pub from: usize,
    /// A blank was lost in between.
    pub blank: bool,
}

/// Where a line continues the message of the line before, which has `width` bytes and which a terminal may
/// have broken. `None` if it does not.
pub(super) fn continued_at_margin(
    message: &[u8],
    prefix: &Prefix,
    width: usize,
    first_width: usize,
    line: &LogLine<'_>,
    known: &KnownLines,
) -> Option<Continuation> {
    let next = line.body().trim_ascii();
    let is_margin = width >= MIN_TERMINAL_BYTES
        && width == first_width
        && line.text.trim_ascii_end().len() <= width
        && prefix.is_logged
        && line.prefix.quotes == prefix.quotes;
    if !is_margin || next.is_empty() || next.starts_with(b";;") {
        return None;
    }
    let joined = |next: &[u8]| [last_word(message), first_word(next)].concat();
    // Checked before the prefix: elsewhere, `<48>` is a level.
    if message.starts_with(b"Code:") {
        let from = line.prefix.quotes_end;
        let next = line.text.get(from..)?.trim_ascii_end();
        let whole = words(next).all(is_code_byte);
        let rest = || words(next).skip(1).all(is_code_byte) && is_code_byte(&joined(next));
        return (whole || rest()).then_some(Continuation { from, blank: false });
    }
    if line.prefix.is_logged || ends_in_separator(message) || ends_in_separator(next) {
        return None;
    }
    let goes_on = if message.starts_with(b"Modules linked in:") {
        // Names of modules, and nothing that a program may have written.
        let is_open = memchr::memrchr(b'[', message) > memchr::memrchr(b']', message);
        let names = next.split(|&byte| byte == b'[').next().unwrap_or_default();
        is_open && next.contains(&b']') || !names.is_empty() && words(names).all(is_module)
    } else {
        let is_long = LONG.iter().any(|long| message.starts_with(long)) || names_register(message);
        let is_number = |word: &[u8]| word.len() == 16 && word.iter().all(u8::is_ascii_hexdigit);
        (is_long || is_number(&joined(next))) && !stands_alone(next, known)
    };
    goes_on.then_some(Continuation { from: line.prefix.body.start, blank: false })
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| is_blank(byte)).filter(|word| !word.is_empty())
}

fn first_word(text: &[u8]) -> &[u8] {
    text.split(|&byte| is_blank(byte)).next().unwrap_or_default()
}

fn last_word(text: &[u8]) -> &[u8] {
    text.rsplit(|&byte| is_blank(byte)).next().unwrap_or_default()
}

/// `meter`, `meter(OE)`, or the end of one. Names have no capital letters in practice.
fn is_module(word: &[u8]) -> bool {
    let name = word.split(|&byte| byte == b'(').next().unwrap_or_default();
    let flags = word.get(name.len()..).unwrap_or_default();
    let in_name = |&byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let in_flags = |&byte: &u8| byte.is_ascii_uppercase() || b"()+-".contains(&byte);
    name.iter().all(in_name) && flags.iter().all(in_flags) || word.iter().all(in_flags)
}

/// Beginnings of lines that often have more than 70 bytes.
const LONG: [&[u8]; 5] = [b"CPU: ", b"RIP", b"Hardware name: ", b"Modules linked in:", b"Kernel Offset: "];
/// A line with one of these ends is not complete.
const UNFINISHED: [&[u8]; 5] = [b" address:", b" address", b" at", b" knlGS:", b" range:"];

/// Where a line continues the message of the line before, which has `width` bytes. `None` if it does not.
pub(super) fn continued(
    message: &[u8],
    prefix: &Prefix,
    width: usize,
    line: &LogLine<'_>,
    known: &KnownLines,
) -> Option<usize> {
    let message = message.trim_ascii();
    let (mut from, quotes) = (line.prefix.quotes_end, line.prefix.quotes);
    // Many blanks separate the taint letters, and some of them may be left.
    if message.starts_with(b"CPU: ") && message.last().is_some_and(u8::is_ascii_uppercase) {
        from = from.saturating_add(line.text.get(from..)?.iter().take_while(|&&byte| is_blank(byte)).count());
    }
    let next = line.text.get(from..)?.trim_ascii_end();
    let word = next.iter().position(|&byte| is_blank(byte)).unwrap_or(next.len());
    let would_fit = width.saturating_add(1).saturating_add(word) <= MIN_MARGIN;
    let is_other =
        width > MAX_LINE_BYTES || would_fit || quotes != prefix.quotes || ends_in_separator(message);
    if word == 0 || is_other || next.starts_with(b";;") {
        return None;
    }
    // Checked before the prefix: elsewhere, `<48>` is a level.
    if message.starts_with(b"Code:") {
        return next.split(|&byte| is_blank(byte)).all(is_code_byte).then_some(from);
    }
    if line.prefix.is_logged {
        return None;
    }
    // A line that ends a sentence is complete. In a log without times, the next line may be anybody's, so
    // only a line that is known to be long, or that is certainly incomplete, goes on.
    let is_whole = message.is_empty() || message.ends_with(b"!") || message.ends_with(b".");
    let may_go_on = prefix.is_logged && !(known.starts_report)(message)
        || LONG.iter().any(|long| message.starts_with(long))
        || message.starts_with(b"WARNING: CPU: ") && memmem::find(message, b"+0x").is_none()
        || UNFINISHED.iter().any(|end| message.ends_with(end))
        || names_register(message);
    (!is_whole && may_go_on && !stands_alone(next, known)).then_some(from)
}

/// Whether a line ends in the name of a register without its value.
fn names_register(message: &[u8]) -> bool {
    let word = message.rsplit(|&byte| is_blank(byte)).next().unwrap_or_default();
    let name = word.strip_suffix(b":").unwrap_or_default();
    (2..=8).contains(&name.len())
        && name.iter().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'0'..=b'9' | b'_'))
}

/// A byte of code: `48`, `<48>`
fn is_code_byte(word: &[u8]) -> bool {
    let digits = word.strip_prefix(b"<").and_then(|word| word.strip_suffix(b">")).unwrap_or(word);
    matches!(digits.len(), 0 | 2) && digits.iter().all(u8::is_ascii_hexdigit)
}

/// Whether a line has a meaning of its own.
fn stands_alone(line: &[u8], known: &KnownLines) -> bool {
    const MARKS: [&[u8]; 5] = [b"---", b"Call Trace", b"Call trace", b"Stack", b"<"];
    ends_in_separator(line)
        || pstore::begins_part(line)
        || journal::is_field(line)
        || MARKS.iter().any(|mark| line.starts_with(mark))
        || (known.has_meaning)(line)
}
