// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the kernel itself puts before a message: level, time since boot, caller. `<4>[   12.345678][  T321] `
//!
//! Nearly every line of a kernel log has these, so they are read by hand. A regular expression with groups
//! for time and caller took five times as long: 116 ns a line instead of 25.

use std::ops::RangeInclusive;

use crate::cursor::{Cursor, decimal};
use crate::report::Caller;

/// A time in brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    /// `[   12.345678] `: microseconds since boot.
    SinceBoot(u64),
    /// `[  +0.000012] `: since the line before.
    SinceLast,
}

impl Time {
    /// Microseconds since boot.
    pub fn since_boot(self) -> Option<u64> {
        match self {
            Self::SinceBoot(micros) => Some(micros),
            Self::SinceLast => None,
        }
    }
}

/// `[   12.345678] `, `[  +0.000012] `, `[   12.345678 <    0.000010>] `, `[   12.34] `, `[   12,345678] `;
/// `[   12.] `, by somebody who has cut the fractions off.
pub(super) fn time(cursor: &mut Cursor<'_>) -> Option<Time> {
    any_time(cursor, 0..=9)
}

/// The same, with microseconds as the kernel prints them.
pub(super) fn exact_time(cursor: &mut Cursor<'_>) -> Option<Time> {
    any_time(cursor, 6..=6)
}

/// A time with a fraction of so many digits.
fn any_time(cursor: &mut Cursor<'_>, digits: RangeInclusive<usize>) -> Option<Time> {
    let mut ahead = *cursor;
    if !ahead.eat(b"[") {
        return None;
    }
    ahead.blanks();
    let relative = ahead.eat(b"+");
    let seconds = ahead.decimal()?;
    // A program that wrote the number anew in the form of its country: `[   12,345678] `.
    let comma = !ahead.eat(b".");
    if comma && !ahead.eat(b",") {
        return None;
    }
    let fraction = ahead.take_while(|byte| byte.is_ascii_digit());
    if !digits.contains(&fraction.len()) || comma && fraction.len() != 6 {
        return None;
    }
    let mut names_processor = false;
    if ahead.peek() != Some(b']') {
        since_last(&mut ahead);
        names_processor = ahead.peek() == Some(b'@');
        if ahead.peek() != Some(b']') {
            vendor_suffix(&mut ahead);
        }
    }
    if !ahead.eat(b"]") {
        return None;
    }
    // Amlogic's 4.9 says here whether interrupts are off: `[   12.345678@2]- `.
    if names_processor {
        ahead.eat(b"-");
    }
    let micros = match fraction.len() {
        6 => decimal(fraction)?,
        0 => 0,
        length => {
            let scale = |power: usize| 10_u64.checked_pow(u32::try_from(power).ok()?);
            let value = decimal(fraction)?;
            match 6_usize.checked_sub(length) {
                Some(missing) => value.checked_mul(scale(missing)?)?,
                None => value.checked_div(scale(length.saturating_sub(6))?)?,
            }
        }
    };
    ahead.eat(b" ");
    *cursor = ahead;
    let since_boot = seconds.saturating_mul(1_000_000).saturating_add(micros);
    Some(if relative { Time::SinceLast } else { Time::SinceBoot(since_boot) })
}

/// `  12.345678] `: a serial line lost the bracket, and maybe more.
pub(super) fn cut_time(cursor: &mut Cursor<'_>) -> Option<Time> {
    let mut ahead = *cursor;
    ahead.blanks();
    let seconds = ahead.decimal()?;
    let fraction =
        if ahead.eat(b".") { ahead.take_while(|byte| byte.is_ascii_digit()) } else { return None };
    let known = fraction.len() == 6 && ahead.eat(b"]") && (ahead.eat(b" ") || ahead.peek() == Some(b'['));
    let micros = decimal(fraction).filter(|_| known)?;
    *cursor = ahead;
    Some(Time::SinceBoot(seconds.saturating_mul(1_000_000).saturating_add(micros)))
}

/// The time since the line before: `[   12.345678 <    0.000010>]`
fn since_last(cursor: &mut Cursor<'_>) {
    let mut since = *cursor;
    since.blanks();
    if since.eat(b"<") {
        since.take_while(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'.' | b'+'));
        if since.eat(b">") {
            since.blanks();
            *cursor = since;
        }
    }
}

/// What vendors put behind the seconds: `[   12.345678s]`, `[   12.345678@2]`, `[   12.345678,3]`,
/// `[   12.345678 / 01-23 09:11:20.123]`
fn vendor_suffix(cursor: &mut Cursor<'_>) {
    let mut ahead = *cursor;
    if ahead.eat(b"s") {
        *cursor = ahead;
        return;
    }
    ahead.blanks();
    if ahead.eat(b"@") || ahead.eat(b",") || ahead.eat(b"/") || ahead.eat(b"-") {
        ahead.take_while(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b':' | b'.'));
        *cursor = ahead;
    }
}

/// `[  T123] `, `[    C1] `, with `CONFIG_PRINTK_CALLER`
pub(super) fn caller(cursor: &mut Cursor<'_>) -> Option<Caller> {
    let mut ahead = *cursor;
    if !ahead.eat(b"[") {
        return None;
    }
    ahead.blanks();
    let caller = caller_id(&mut ahead)?;
    if !ahead.eat(b"]") {
        return None;
    }
    ahead.eat(b" ");
    *cursor = ahead;
    Some(caller)
}

/// `T123`, `C1`
pub(super) fn caller_id(cursor: &mut Cursor<'_>) -> Option<Caller> {
    let letter = cursor.peek();
    cursor.skip(1);
    let number = u32::try_from(cursor.decimal()?).ok()?;
    match letter {
        Some(b'T') => Some(Caller::Task(number)),
        Some(b'C') => Some(Caller::Cpu(number)),
        _ => None,
    }
}

/// `<4>`
pub(super) fn level(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    ahead.skip(1);
    let known = ahead.decimal().is_some_and(|number| number < 1024) && ahead.eat(b">");
    if known {
        *cursor = ahead;
    }
    known
}
