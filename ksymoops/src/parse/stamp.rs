// SPDX-License-Identifier: MIT OR Apache-2.0
//! Times before a message, and the host and program that follow some of them.

use super::cursor::{Cursor, decimal};
use super::prefix::Head;

const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
const DAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];

/// `[   12.345678] `; for `[  +0.000012] ` there is no time since boot.
pub(super) fn seconds(cursor: &mut Cursor<'_>) -> Option<Option<u64>> {
    let mut ahead = *cursor;
    if !ahead.eat(b"[") {
        return None;
    }
    ahead.blanks();
    let relative = ahead.eat(b"+");
    let seconds = ahead.decimal()?;
    if !ahead.eat(b".") {
        return None;
    }
    let fraction = ahead.take_while(|byte| byte.is_ascii_digit());
    if fraction.len() != 6 || !ahead.eat(b"]") {
        return None;
    }
    let micros = decimal(fraction)?;
    ahead.eat(b" ");
    *cursor = ahead;
    Some((!relative).then(|| seconds.saturating_mul(1_000_000).saturating_add(micros)))
}

/// `[Mon Jan  1 12:00:00 2024] `
pub(super) fn human(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    ahead.skip(1);
    if !DAYS.contains(&ahead.word()) || !MONTHS.contains(&ahead.word()) {
        return false;
    }
    ahead.take_while(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b':' | b'.'));
    if !ahead.eat(b"]") {
        return false;
    }
    ahead.eat(b" ");
    *cursor = ahead;
    true
}

/// `12:00:00`, with a fraction behind it
fn clock(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    for _ in 0..2 {
        if ahead.take_while(|byte| byte.is_ascii_digit()).len() != 2 || !ahead.eat(b":") {
            return false;
        }
    }
    if ahead.take_while(|byte| byte.is_ascii_digit()).len() != 2 {
        return false;
    }
    if matches!(ahead.peek(), Some(b'.' | b',')) {
        ahead.skip(1);
        ahead.take_while(|byte| byte.is_ascii_digit());
    }
    *cursor = ahead;
    true
}

/// `2024-01-01T12:00:00,123456+00:00 `, `2024-01-01 12:00:00 `, `2024/01/01 12:00:00 `, perhaps with host and program
pub(super) fn iso(cursor: &mut Cursor<'_>, head: &mut Head) -> bool {
    let mut ahead = *cursor;
    let mut digits = |count: usize| ahead.take_while(|byte| byte.is_ascii_digit()).len() == count;
    if !digits(4) {
        return false;
    }
    let separator = ahead.peek();
    if !matches!(separator, Some(b'-' | b'/')) {
        return false;
    }
    ahead.skip(1);
    if ahead.decimal().is_none() || ahead.peek() != separator {
        return false;
    }
    ahead.skip(1);
    if ahead.decimal().is_none() || !matches!(ahead.peek(), Some(b'T' | b' ')) {
        return false;
    }
    ahead.skip(1);
    if !clock(&mut ahead) {
        return false;
    }
    // The zone.
    let zone = ahead.take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b':' | b'Z'));
    if !ahead.eat(b" ") {
        return false;
    }
    *cursor = ahead;
    if !zone.is_empty() {
        host_and_program(cursor, head);
    }
    true
}

/// `Jan 23 09:11:20 host kernel: `
pub(super) fn rfc3164(cursor: &mut Cursor<'_>, head: &mut Head) -> bool {
    let mut ahead = *cursor;
    if !MONTHS.contains(&ahead.word())
        || ahead.decimal().is_none()
        || ahead.blanks() == 0
        || !clock(&mut ahead)
    {
        return false;
    }
    if !ahead.eat(b" ") {
        return false;
    }
    *cursor = ahead;
    host_and_program(cursor, head);
    true
}

/// `host kernel: `, `host kernel[123]: `, `kernel: `; the program is looked at, the host is not.
fn host_and_program(cursor: &mut Cursor<'_>, head: &mut Head) {
    let mut ahead = *cursor;
    for _ in 0..2 {
        let word = ahead.take_while(|byte| byte != b' ' && byte != b'\t');
        let Some(name) = word.strip_suffix(b":") else {
            if !ahead.eat(b" ") || word.is_empty() {
                return;
            }
            continue;
        };
        let name = name.split(|&byte| byte == b'[').next().unwrap_or_default();
        if name.is_empty()
            || !name.iter().all(|&byte| byte.is_ascii_alphanumeric() || b"-_./@()".contains(&byte))
        {
            return;
        }
        head.foreign = !matches!(name, b"kernel" | b"klogd" | b"vmunix");
        if !head.foreign {
            ahead.eat(b" ");
            *cursor = ahead;
        }
        return;
    }
}
