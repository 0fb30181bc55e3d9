// SPDX-License-Identifier: MIT OR Apache-2.0
//! Takes the prefix off a line, layer by layer.

use super::prefix::Prefix;
use super::table::{ASTERISK, BRACKET, DIGIT, LETTER, MARK};
use super::{csv, mail, numbered, printk, syslog, terminal};
use crate::cursor::Cursor;
use crate::report::Caller;

/// U+FEFF in UTF-8, which Windows programs begin a file with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// More layers than any log has.
const MAX_LAYERS: usize = 12;

/// Takes the prefix off a line, with or without its line end.
pub(crate) fn strip(line: &[u8]) -> Prefix {
    strip_from(line, 0)
}

/// The same, starting at byte `from` of the line.
pub(crate) fn strip_from(line: &[u8], from: usize) -> Prefix {
    let end = trimmed_len(line).max(from);
    let mut prefix = Prefix { body: from..end, quotes_end: from, ..Prefix::default() };
    let line = line.get(..end).unwrap_or_default();
    layers(line, &mut prefix);
    if prefix.is_quoted && line.last() == Some(&b'"') && prefix.body.start < end {
        prefix.body.end = end.saturating_sub(1);
    }
    // Another writer's line that lacks its end, with the kernel's line right after it. In JSON the time
    // belongs to the message that is taken out of it later.
    if prefix.time_us.is_none() && line.get(prefix.body.start) != Some(&b'{') {
        late_time(line, &mut prefix);
        if prefix.time_us.is_some() {
            layers(line, &mut prefix);
        }
    }
    prefix
}

/// Takes off all layers that come next.
fn layers(line: &[u8], prefix: &mut Prefix) {
    for _ in 0..MAX_LAYERS {
        let mut cursor = Cursor::at(line, prefix.body.start);
        let is_quote = cursor.peek() == Some(b'>');
        if !layer(&mut cursor, prefix) || cursor.position() == prefix.body.start {
            break;
        }
        prefix.body.start = cursor.position();
        if is_quote {
            prefix.quotes = prefix.quotes.saturating_add(1);
            if !prefix.is_logged {
                prefix.quotes_end = cursor.position();
            }
        } else {
            prefix.is_logged = true;
        }
        if prefix.is_foreign {
            break;
        }
    }
}

/// The length of a line without its line end, the blanks before that, and what a web page ends its lines
/// with: `<br />`, `</pre>`, `</p>`.
pub(crate) fn trimmed_len(line: &[u8]) -> usize {
    const TAGS: [&[u8]; 11] = [
        b"<br>", b"<br/>", b"<br />", b"</br>", b"<BR>", b"</p>", b"</pre>", b"</code>", b"</div>", b"</li>",
        b"</span>",
    ];
    let mut text = line;
    loop {
        let last = text.iter().rposition(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0));
        text = text.get(..last.map_or(0, |last| last.saturating_add(1))).unwrap_or_default();
        let tag = TAGS.iter().filter(|_| text.last() == Some(&b'>')).find(|tag| text.ends_with(tag));
        let Some(tag) = tag else { return text.len() };
        text = text.get(..text.len().saturating_sub(tag.len())).unwrap_or_default();
    }
}

/// Looks for a time since boot within the message.
fn late_time(line: &[u8], prefix: &mut Prefix) {
    let mut from = prefix.body.start;
    while let Some(found) = line.get(from..).and_then(|rest| memchr::memchr(b'[', rest)) {
        from = from.saturating_add(found);
        let mut cursor = Cursor::at(line, from);
        if let Some(time) = printk::exact_time(&mut cursor) {
            prefix.time_us = time.since_boot();
            prefix.caller = printk::caller(&mut cursor).or(prefix.caller);
            prefix.body.start = cursor.position();
            prefix.is_logged = true;
            return;
        }
        from = from.saturating_add(1);
    }
}

/// A time within a message, with the caller after it.
#[derive(Debug)]
pub(crate) struct LatePrefix {
    /// Where it begins.
    pub at: usize,
    /// Where it ends.
    pub end: usize,
    pub time_us: Option<u64>,
    pub caller: Option<Caller>,
}

/// Looks for another time since boot in the middle of a message: there, another message begins.
pub(crate) fn late_prefix(message: &[u8]) -> Option<LatePrefix> {
    let mut from = 1;
    loop {
        let rest = message.get(from..)?;
        let at = from.saturating_add(memchr::memchr(b'[', rest)?);
        let mut cursor = Cursor::at(message, at);
        if let Some(time) = printk::exact_time(&mut cursor) {
            let caller = printk::caller(&mut cursor);
            return Some(LatePrefix { at, end: cursor.position(), time_us: time.since_boot(), caller });
        }
        from = at.saturating_add(1);
    }
}

/// Reads a time that lost its first bytes.
fn cut_time(cursor: &mut Cursor<'_>, prefix: &mut Prefix) -> bool {
    let Some(time) = printk::cut_time(cursor) else { return false };
    prefix.time_us = time.since_boot().or(prefix.time_us);
    prefix.caller = printk::caller(cursor).or(prefix.caller);
    true
}

/// Reads one layer. `false` if what comes next is not a layer.
fn layer(cursor: &mut Cursor<'_>, prefix: &mut Prefix) -> bool {
    match cursor.peek() {
        Some(0x1b) => terminal::escape(cursor),
        Some(0 | b'\r') => {
            cursor.skip(1);
            true
        }
        Some(b'>') => mail::quote(cursor),
        Some(b'<') => printk::level(cursor) || mail::tag(cursor),
        Some(b'[') => bracket(cursor, prefix),
        Some(b'*') => ASTERISK.read(cursor, prefix),
        Some(b' ' | b'0'..=b'9') if prefix.time_us.is_none() && cut_time(cursor, prefix) => true,
        Some(b'0'..=b'9') => !numbered::is_dump_row(*cursor) && DIGIT.read(cursor, prefix),
        Some(0xef) if cursor.eat(BYTE_ORDER_MARK) => true,
        Some(b'A'..=b'Z' | b'a'..=b'z' | 0x80..) => LETTER.read(cursor, prefix),
        Some(b'"') => csv::field(cursor, prefix),
        Some(b'(' | b'-' | b'.' | b':' | b'@' | b'/' | b'~' | b'|') => MARK.read(cursor, prefix),
        // Blanks belong to the message, since frames are indented. Before another layer they do not.
        Some(b' ' | b'\t') => {
            if syslog::broadcast(cursor) || numbered::right_aligned(cursor) {
                return true;
            }
            cursor.blanks();
            if syslog::is_date(*cursor) {
                return layer(cursor, prefix);
            }
            let is_layer = matches!(cursor.peek(), Some(b'<' | b'['))
                || prefix.is_logged && matches!(cursor.peek(), Some(b'(' | b'-' | b'.' | b'@' | b'|'));
            is_layer && layer(cursor, prefix)
        }
        _ => false,
    }
}

/// `[   12.345678] `, `[  T123] `, `[Mon Jan  1 12:00:00 2024] `
fn bracket(cursor: &mut Cursor<'_>, prefix: &mut Prefix) -> bool {
    if let Some(time) = printk::time(cursor) {
        prefix.time_us = time.since_boot().or(prefix.time_us);
        prefix.caller = printk::caller(cursor).or(prefix.caller);
        return true;
    }
    // Without anything before it, `[T123]` may be the message's own.
    if prefix.is_logged
        && prefix.caller.is_none()
        && let Some(caller) = printk::caller(cursor)
    {
        prefix.caller = Some(caller);
        return true;
    }
    BRACKET.read(cursor, prefix)
}
