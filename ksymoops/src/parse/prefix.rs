// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the way of a log puts before the kernel's own words: times, levels, callers, host names, quotation marks. Any stack of them.

use std::ops::Range;

use memchr::memmem;

use super::cursor::{Cursor, is_blank};
use super::stamp;
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
}

/// Takes a line (without its end) apart.
pub(super) fn strip(line: &[u8]) -> Head {
    let mut head = Head { body: 0..trimmed(line), ..Head::default() };
    let line = line.get(..head.body.end).unwrap_or_default();
    for _ in 0..LAYERS {
        let mut cursor = Cursor::at(line, head.body.start);
        if !layer(&mut cursor, &mut head) || cursor.position() == head.body.start {
            break;
        }
        head.body.start = cursor.position();
    }
    // Another writer's line without an end, and the kernel's line right behind it.
    if head.time_us.is_none() {
        late_stamp(line, &mut head);
    }
    head
}

/// The length without the line end and blanks before it.
fn trimmed(line: &[u8]) -> usize {
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
        Some(b'0'..=b'9') => stamp::iso(cursor, head) || kmsg(cursor, head),
        Some(b'A'..=b'Z' | b'a'..=b'z' | b'"') => {
            stamp::rfc3164(cursor, head) || facility(cursor) || journal(cursor)
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

/// A mail's quotation mark. `>ffff...:` of a memory dump is none.
fn quote(cursor: &mut Cursor<'_>) -> bool {
    cursor.eat(b"> ")
        || (cursor.rest().starts_with(b">[") || cursor.rest().starts_with(b"><")) && cursor.eat(b">")
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
    if head.time_us.is_some() && head.caller.is_none() && caller(cursor, head) {
        return true;
    }
    stamp::human(cursor) || vendor(cursor)
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

/// `6,416,1758426,-,caller=T104;` of `/dev/kmsg` and the extended network console.
fn kmsg(cursor: &mut Cursor<'_>, head: &mut Head) -> bool {
    let mut ahead = *cursor;
    let mut number = || ahead.decimal().filter(|_| ahead.eat(b","));
    let (Some(_), Some(_), Some(time)) = (number(), number(), number()) else { return false };
    let fields = ahead.take_while(|byte| byte != b';' && byte != b' ');
    if !ahead.eat(b";") {
        return false;
    }
    head.time_us = Some(time);
    for field in fields.split(|&byte| byte == b',') {
        if let Some(name) = field.strip_prefix(b"caller=") {
            let name = [b"[", name, b"]"].concat();
            caller(&mut Cursor::new(&name), head);
        }
    }
    *cursor = ahead;
    true
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
