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
    if fraction.len() != 6 {
        return None;
    }
    // The time since the line before: `[   12.345678 <    0.000010>]`
    let mut since = ahead;
    since.blanks();
    if since.eat(b"<") {
        since.take_while(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'.' | b'+'));
        if since.eat(b">") {
            since.blanks();
            ahead = since;
        }
    }
    if !ahead.eat(b"]") {
        return None;
    }
    let micros = decimal(fraction)?;
    ahead.eat(b" ");
    *cursor = ahead;
    Some((!relative).then(|| seconds.saturating_mul(1_000_000).saturating_add(micros)))
}

/// `[Mon Jan  1 12:00:00 2024] `, `[Jan 1 12:00] `
pub(super) fn human(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    ahead.skip(1);
    let mut month = ahead;
    let is_month = MONTHS.contains(&month.take_while(|byte| byte.is_ascii_alphabetic()));
    if is_month {
        ahead = month;
    } else if !DAYS.contains(&ahead.word()) || !MONTHS.contains(&ahead.word()) {
        return false;
    }
    ahead.take_while(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b':' | b'.' | b'<' | b'>'));
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
    // dmesg has a comma before the fraction, and no host behind the time.
    let is_dmesg = line_between(cursor, &ahead).contains(&b',');
    *cursor = ahead;
    if !zone.is_empty() && !is_dmesg {
        host_and_program(cursor, head);
    }
    true
}

fn line_between<'t>(from: &Cursor<'t>, to: &Cursor<'t>) -> &'t [u8] {
    from.rest().get(..to.position().saturating_sub(from.position())).unwrap_or_default()
}

/// `Tue 2024-01-23 09:11:20 CET host kernel: `
pub(super) fn full(cursor: &mut Cursor<'_>, head: &mut Head) -> bool {
    let mut ahead = *cursor;
    if !DAYS.contains(&ahead.word()) || !date(&mut ahead) || !ahead.eat(b" ") || !clock(&mut ahead) {
        return false;
    }
    ahead.word();
    *cursor = ahead;
    host_and_program(cursor, head);
    true
}

/// `2024-01-23`
fn date(cursor: &mut Cursor<'_>) -> bool {
    let mut digits = |count: usize| cursor.take_while(|byte| byte.is_ascii_digit()).len() == count;
    digits(4)
        && cursor.eat(b"-")
        && cursor.decimal().is_some()
        && cursor.eat(b"-")
        && cursor.decimal().is_some()
}

/// `1 2024-01-01T12:00:00.123456+00:00 host kernel - - - `, behind a level
pub(super) fn rfc5424(cursor: &mut Cursor<'_>, head: &mut Head) -> bool {
    let mut ahead = *cursor;
    if !ahead.eat(b"1 ") || !date(&mut ahead) || !ahead.eat(b"T") || !clock(&mut ahead) {
        return false;
    }
    ahead.word();
    ahead.word();
    let program = ahead.word();
    ahead.word();
    ahead.word();
    if ahead.eat(b"[") {
        // A bracket within a value is behind a backslash.
        while ahead.take_while(|byte| byte != b']').ends_with(b"\\") {
            ahead.skip(1);
        }
        ahead.skip(1);
    } else if !ahead.eat(b"-") {
        return false;
    }
    ahead.eat(b" ");
    ahead.eat(b"\xef\xbb\xbf");
    head.foreign = !is_kernel(program);
    if !head.foreign {
        *cursor = ahead;
    }
    !head.foreign
}

/// `1700000000.123456 `, as `journalctl -o short-unix` has it
pub(super) fn epoch(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    let mut digits = |count: usize| ahead.take_while(|byte| byte.is_ascii_digit()).len() == count;
    let known = digits(10) && ahead.eat(b".") && ahead.decimal().is_some() && ahead.eat(b" ");
    if known {
        *cursor = ahead;
    }
    known
}

/// `12:00:00.123456 ` of test labs
pub(super) fn clock_alone(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    let known = clock(&mut ahead) && ahead.blanks() > 0;
    if known {
        *cursor = ahead;
    }
    known
}

/// `[12:00:00.123] `, `[2024-01-01 12:00:00.123] ` of terminal programs
pub(super) fn bracketed(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    ahead.skip(1);
    let mut dated = ahead;
    if date(&mut dated) {
        dated.skip(1);
        ahead = dated;
    }
    let known = clock(&mut ahead) && ahead.eat(b"]");
    if known {
        ahead.eat(b" ");
        *cursor = ahead;
    }
    known
}

/// `host kernel: `, `kernel: `
pub(super) fn host_of_kernel(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    if !ahead.eat(b"kernel: ") {
        ahead.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        if !ahead.eat(b" kernel: ") {
            return false;
        }
    }
    *cursor = ahead;
    true
}

fn is_kernel(program: &[u8]) -> bool {
    matches!(program, b"kernel" | b"klogd" | b"vmunix")
}

/// `Jan 23 09:11:20 host kernel: `
pub(super) fn rfc3164(cursor: &mut Cursor<'_>, head: &mut Head) -> bool {
    let mut ahead = *cursor;
    if !MONTHS.contains(&ahead.word()) || ahead.decimal().is_none() || ahead.blanks() == 0 {
        return false;
    }
    // Some have the year.
    let mut year = ahead;
    if year.take_while(|byte| byte.is_ascii_digit()).len() == 4 && year.blanks() > 0 {
        ahead = year;
    }
    if !clock(&mut ahead) {
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
pub(super) fn host_and_program(cursor: &mut Cursor<'_>, head: &mut Head) {
    // Words of the kernel that look like a host and a program.
    const OWN: [&[u8]; 4] = [b"Call Trace:", b"Call trace:", b"Hardware name:", b"Code: Bad"];
    let rest = cursor.rest();
    if OWN.iter().any(|own| rest.starts_with(own)) {
        return;
    }
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
        head.foreign = !is_kernel(name);
        if !head.foreign {
            ahead.eat(b" ");
            *cursor = ahead;
        }
        return;
    }
}
