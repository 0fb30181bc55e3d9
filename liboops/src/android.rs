// SPDX-License-Identifier: MIT OR Apache-2.0
//! Android's logcat: time, processes, level and tag before a message.

use super::cursor::Cursor;
use super::prefix::Head;
use super::stamp;

/// `01-01 12:00:00.123   123   456 E kernel  : `
pub(super) fn threadtime(cursor: &mut Cursor<'_>, head: &mut Head) -> bool {
    let mut ahead = *cursor;
    let dated =
        ahead.decimal().is_some() && ahead.eat(b"-") && ahead.decimal().is_some() && ahead.blanks() > 0;
    if !dated || !stamp::clock_alone(&mut ahead) {
        return false;
    }
    if !brief(&mut ahead, head) {
        let numbers = ahead.decimal().is_some() && ahead.blanks() > 0 && ahead.decimal().is_some();
        if !numbers || !is_level(ahead.word()) {
            return false;
        }
        if !tag(&mut ahead, head, |byte| byte == b':') {
            return false;
        }
    }
    *cursor = ahead;
    true
}

/// `E/kernel  (  123): `
pub(super) fn brief(cursor: &mut Cursor<'_>, head: &mut Head) -> bool {
    let mut ahead = *cursor;
    let level = ahead.take_while(|byte| byte.is_ascii_uppercase());
    if !is_level(level) || !ahead.eat(b"/") || !tag(&mut ahead, head, |byte| byte == b'(') {
        return false;
    }
    ahead.take_while(|byte| byte.is_ascii_digit() || byte == b' ');
    if !ahead.eat(b"): ") {
        return false;
    }
    *cursor = ahead;
    true
}

fn is_level(word: &[u8]) -> bool {
    matches!(word, b"V" | b"D" | b"I" | b"W" | b"E" | b"F")
}

/// The name of the writer up to a sign and the blank behind it.
fn tag(cursor: &mut Cursor<'_>, head: &mut Head, ends: impl Fn(u8) -> bool) -> bool {
    let name = cursor.take_while(|byte| !ends(byte));
    let closed = !cursor.is_at_end();
    cursor.skip(1);
    cursor.eat(b" ");
    head.foreign = name.trim_ascii() != b"kernel";
    closed && !name.is_empty()
}
