// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the way of a log puts before the kernel's own words: times, levels, callers, host names, quotation marks. Any stack of them.

use std::ops::Range;

use memchr::memmem;

use super::cursor::{Cursor, is_blank};
use super::{android, stamp};
use crate::report::Caller;

/// More layers than any log has.
const LAYERS: usize = 12;

/// What was found before the message of a line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Head {
    /// The message, within the line.
    pub body: Range<usize>,
    pub caller: Option<Caller>,
    /// Microseconds since boot.
    pub time_us: Option<u64>,
    /// A program other than the kernel wrote it, by its name in the system log.
    pub foreign: bool,
    /// Marks of quotation of a mail.
    pub quotes: usize,
    /// Something other than a mail's quotation was before it.
    pub is_marked: bool,
    /// It is a piece of a message that the network console cut.
    pub fragment: Option<Fragment>,
}

/// `6,416,1758426,-,ncfrag=0/40;`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fragment {
    /// Where in the line what all pieces of the message begin with is.
    pub label: Range<usize>,
    /// Where in the message this piece begins.
    pub offset: usize,
    /// Bytes of the message.
    pub total: usize,
    /// Where in the line its own bytes begin.
    pub start: usize,
}

/// Takes a line apart, with or without its end.
pub(super) fn strip(line: &[u8]) -> Head {
    strip_from(line, 0)
}

/// The same, from some byte on.
pub(super) fn strip_from(line: &[u8], from: usize) -> Head {
    let end = trimmed(line).max(from);
    let mut head = Head { body: from..end, ..Head::default() };
    let line = line.get(..end).unwrap_or_default();
    for _ in 0..LAYERS {
        let mut cursor = Cursor::at(line, head.body.start);
        let is_quote = cursor.peek() == Some(b'>');
        if !layer(&mut cursor, &mut head) || cursor.position() == head.body.start {
            break;
        }
        head.quotes = head.quotes.saturating_add(usize::from(is_quote));
        head.is_marked |= !is_quote;
        head.body.start = cursor.position();
    }
    // Another writer's line without an end, and the kernel's line right behind it.
    if head.time_us.is_none() {
        late_stamp(line, &mut head);
    }
    head
}

/// Where a line begins behind a mail's marks of quotation, and how many there are.
pub(super) fn quotes(line: &[u8]) -> (usize, usize) {
    let mut cursor = Cursor::new(line);
    let mut count: usize = 0;
    while quote(&mut cursor) {
        count = count.saturating_add(1);
    }
    (cursor.position(), count)
}

/// The length without the line end and blanks before it.
pub(super) fn trimmed(line: &[u8]) -> usize {
    let last = line.iter().rposition(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0));
    last.map_or(0, |last| last.saturating_add(1))
}

fn late_stamp(line: &[u8], head: &mut Head) {
    let mut from = head.body.start;
    while let Some(found) = line.get(from..).and_then(|rest| memchr::memchr(b'[', rest)) {
        from = from.saturating_add(found);
        let mut cursor = Cursor::at(line, from);
        if let Some(time) = stamp::seconds(&mut cursor) {
            head.time_us = time;
            caller(&mut cursor, head);
            head.body.start = cursor.position();
            head.is_marked = true;
            return;
        }
        from = from.saturating_add(1);
    }
}

/// Reads one layer; `false` if there is none that is known.
fn layer(cursor: &mut Cursor<'_>, head: &mut Head) -> bool {
    match cursor.peek() {
        Some(0x1b) => escape(cursor),
        Some(0 | b'\r') => {
            cursor.skip(1);
            true
        }
        Some(b'>') => quote(cursor),
        Some(b'<') => level(cursor),
        Some(b'[') => bracket(cursor, head),
        Some(b'*') => dropped(cursor),
        Some(b'0'..=b'9') => {
            stamp::iso(cursor, head)
                || kmsg(cursor, head)
                || stamp::rfc5424(cursor, head)
                || stamp::epoch(cursor)
                || stamp::clock_alone(cursor)
                || android::threadtime(cursor, head)
        }
        Some(b'A'..=b'Z' | b'a'..=b'z') => {
            stamp::rfc3164(cursor, head)
                || stamp::full(cursor, head)
                || facility(cursor)
                || journal(cursor)
                || android::brief(cursor, head)
                || stamp::host_of_kernel(cursor)
        }
        // Blanks belong to the message: frames are indented. Before another layer they do not.
        Some(b' ' | b'\t') => {
            cursor.blanks();
            matches!(cursor.peek(), Some(b'<' | b'[')) && {
                let mut ahead = *cursor;
                let known = layer(&mut ahead, head);
                *cursor = ahead;
                known
            }
        }
        _ => false,
    }
}

/// A terminal's escape sequence, such as a colour.
fn escape(cursor: &mut Cursor<'_>) -> bool {
    if !cursor.eat(b"\x1b[") {
        return false;
    }
    cursor.take_while(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b'?'));
    cursor.skip(1);
    true
}

/// A mail's quotation mark, with the blank behind it if there is one. `>ffff...:` of a memory dump is none.
fn quote(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    let known = ahead.eat(b">") && !is_row(ahead);
    if known {
        ahead.eat(b" ");
        *cursor = ahead;
    }
    known
}

/// `ffff888107a3c000: fb fb`
fn is_row(mut cursor: Cursor<'_>) -> bool {
    cursor.hex().is_some_and(|(_, digits)| digits >= 8) && cursor.peek() == Some(b':')
}

/// `<4>`
fn level(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    ahead.skip(1);
    let known = ahead.decimal().is_some_and(|number| number < 1024) && ahead.eat(b">");
    if known {
        *cursor = ahead;
    }
    known
}

/// `[   12.345678] `, `[  T123]`, `[Mon Jan  1 12:00:00 2024] `, `[4:worker: 3874] `
fn bracket(cursor: &mut Cursor<'_>, head: &mut Head) -> bool {
    if let Some(time) = stamp::seconds(cursor) {
        head.time_us = time.or(head.time_us);
        caller(cursor, head);
        return true;
    }
    if head.is_marked && head.caller.is_none() && caller(cursor, head) {
        return true;
    }
    stamp::human(cursor) || stamp::bracketed(cursor) || vendor(cursor)
}

/// `[  T123] `, `[    C1] `
fn caller(cursor: &mut Cursor<'_>, head: &mut Head) -> bool {
    let mut ahead = *cursor;
    if !ahead.eat(b"[") {
        return false;
    }
    ahead.blanks();
    let letter = ahead.peek();
    ahead.skip(1);
    let Some(number) = ahead.decimal().and_then(|number| u32::try_from(number).ok()) else { return false };
    let found = match letter {
        Some(b'T') => Caller::Task(number),
        Some(b'C') => Caller::Cpu(number),
        _ => return false,
    };
    if !ahead.eat(b"]") {
        return false;
    }
    ahead.eat(b" ");
    head.caller = Some(found);
    *cursor = ahead;
    true
}

/// `[4:SdpManagerServi: 3874] `: processor, task and its number, as some vendors print them.
fn vendor(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    ahead.skip(1);
    if ahead.decimal().is_none() || !ahead.eat(b":") {
        return false;
    }
    ahead.take_while(|byte| !matches!(byte, b']' | b'['));
    let known = ahead.eat(b"] ");
    if known {
        *cursor = ahead;
    }
    known
}

/// `** 12 printk messages dropped ** `
fn dropped(cursor: &mut Cursor<'_>) -> bool {
    let rest = cursor.rest();
    let Some(end) = rest.strip_prefix(b"** ").and_then(|rest| memmem::find(rest, b" ** ")) else {
        return false;
    };
    cursor.skip(end.saturating_add(7));
    true
}

/// `6,416,1758426,-,caller=T104;` of `/dev/kmsg` and the extended network console, which may put the kernel's release first.
fn kmsg(cursor: &mut Cursor<'_>, head: &mut Head) -> bool {
    let mut ahead = *cursor;
    let mut release = ahead;
    if release.take_while(|byte| byte.is_ascii_alphanumeric() || b".-_+~".contains(&byte)).contains(&b'.')
        && release.eat(b",")
    {
        ahead = release;
    }
    let mut number = || ahead.decimal().filter(|_| ahead.eat(b","));
    let (Some(_), Some(_), Some(time)) = (number(), number(), number()) else { return false };
    let fields_at = ahead.position();
    let fields = ahead.take_while(|byte| byte != b';' && byte != b' ');
    if !ahead.eat(b";") {
        return false;
    }
    head.time_us = Some(time);
    let mut at = fields_at;
    for field in fields.split(|&byte| byte == b',') {
        if let Some(name) = field.strip_prefix(b"caller=") {
            let name = [b"[", name, b"]"].concat();
            caller(&mut Cursor::new(&name), head);
        }
        if let Some(place) = field.strip_prefix(b"ncfrag=") {
            head.fragment = fragment(place, cursor.position()..at);
        }
        at = at.saturating_add(field.len()).saturating_add(1);
    }
    if let Some(fragment) = &mut head.fragment {
        fragment.start = ahead.position();
    }
    *cursor = ahead;
    true
}

/// `0/40`
fn fragment(place: &[u8], label: Range<usize>) -> Option<Fragment> {
    let mut cursor = Cursor::new(place);
    let offset = usize::try_from(cursor.decimal()?).ok()?;
    let total = cursor.eat(b"/").then(|| cursor.decimal())??;
    Some(Fragment { label, offset, total: usize::try_from(total).ok()?, start: 0 })
}

/// `kern  :err   : ` of `dmesg -x`
fn facility(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    let facility = ahead.take_while(|byte| byte.is_ascii_lowercase());
    ahead.blanks();
    if !(3..=8).contains(&facility.len()) || !ahead.eat(b":") {
        return false;
    }
    let level = ahead.take_while(|byte| byte.is_ascii_lowercase());
    const LEVELS: [&[u8]; 8] = [b"emerg", b"alert", b"crit", b"err", b"warn", b"notice", b"info", b"debug"];
    ahead.take_while(is_blank);
    if !LEVELS.contains(&level) || !ahead.eat(b":") {
        return false;
    }
    ahead.eat(b" ");
    *cursor = ahead;
    true
}

/// `MESSAGE=` of the journal's export format.
fn journal(cursor: &mut Cursor<'_>) -> bool {
    cursor.eat(b"MESSAGE=")
}
