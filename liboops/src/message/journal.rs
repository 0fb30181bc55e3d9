// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages in the system journal's JSON: `{"MESSAGE":"BUG: ...","_SOURCE_MONOTONIC_TIMESTAMP":"12500000"}`.

use std::ops::Range;

use memchr::memmem;

use super::encoded::{Escape, Unescape};
use crate::cursor::{Cursor, decimal, hex, is_blank};

/// `\n`, `\"`, `\u001b` of JSON.
fn json(text: &[u8]) -> Escape {
    let rest = text.strip_prefix(b"\\")?;
    let plain = match rest.first()? {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 8,
        b'f' => 12,
        b'u' => {
            let value = hex(rest.get(1..5)?)?;
            return Some((6, Some(u8::try_from(value).unwrap_or(b'?'))));
        }
        &other => other,
    };
    Some((2, Some(plain)))
}

/// `66,85,71` of a message that is not UTF-8.
fn numbers(text: &[u8]) -> Escape {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let Some(value) = text.get(..digits).and_then(decimal) else { return Some((1, None)) };
    Some((digits, u8::try_from(value).ok()))
}

/// Names of the message in the logs of containers, and of programs that collect logs.
const OTHER_KEYS: [&[u8]; 3] = [b"\"log\"", b"\"message\"", b"\"msg\""];

/// The message in a line of `journalctl -o json`, or in a line of one of its fields.
#[derive(Debug)]
pub(super) struct Field {
    /// Where in the line it is.
    pub range: Range<usize>,
    /// Its encoding.
    pub unescape: Unescape,
    /// Microseconds since boot.
    pub time_us: Option<u64>,
}

/// Looks for the message in a line, starting at byte `from`.
pub(super) fn message(line: &[u8], from: usize) -> Option<Field> {
    let blanks = line.get(from..)?.iter().take_while(|&&byte| is_blank(byte)).count();
    let from = from.saturating_add(blanks);
    let rest = line.get(from..)?;
    if !rest.starts_with(b"{") && !rest.starts_with(b"\"MESSAGE\"") {
        return None;
    }
    let (start, list) = value(line, from, b"\"MESSAGE\"").or_else(|| {
        // Others write anything under these names; the kernel's messages have a time or a level.
        let found = OTHER_KEYS.iter().find_map(|key| value(line, from, key))?;
        matches!(line.get(found.0), Some(b'[' | b'<')).then_some(found)
    })?;
    let text = line.get(start..)?;
    let mut length = 0;
    if list {
        length = memchr::memchr(b']', text)?;
    } else {
        while *text.get(length)? != b'"' {
            let escaped = text.get(length) == Some(&b'\\');
            length = length.saturating_add(if escaped { 2 } else { 1 });
        }
    }
    let time_us = value(line, from, b"\"_SOURCE_MONOTONIC_TIMESTAMP\"")
        .and_then(|(at, _)| Cursor::at(line, at).decimal());
    Some(Field {
        range: start..start.saturating_add(length),
        unescape: if list { numbers } else { json },
        time_us,
    })
}

/// Where the value of a field begins, and whether it is a list.
fn value(line: &[u8], from: usize, key: &[u8]) -> Option<(usize, bool)> {
    let at = memmem::find(line.get(from..)?, key)?;
    let mut cursor = Cursor::at(line, from.saturating_add(at).saturating_add(key.len()));
    cursor.blanks();
    if !cursor.eat(b":") {
        return None;
    }
    cursor.blanks();
    let list = cursor.eat(b"[");
    if !list && !cursor.eat(b"\"") {
        return None;
    }
    Some((cursor.position(), list))
}

/// Whether a line is a field of the system journal other than the message: `_PID=1`, `"_PID" : "1",`
pub(super) fn is_field(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    let (name, quoted) = match line.strip_prefix(b"\"") {
        Some(rest) => (rest, true),
        None => (line, false),
    };
    let length = name
        .iter()
        .take_while(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'0'..=b'9'))
        .count();
    let (name, rest) = name.split_at_checked(length).unwrap_or_default();
    const NAMES: [&[u8]; 6] =
        [b"PRIORITY", b"SYSLOG_FACILITY", b"SYSLOG_IDENTIFIER", b"SYSLOG_TIMESTAMP", b"SYSLOG_PID", b"TID"];
    let known = name.starts_with(b"_") && length > 3 || NAMES.contains(&name);
    let blanks = rest.iter().skip(1).take_while(|&&byte| is_blank(byte)).count();
    known
        && if quoted {
            rest.starts_with(b"\"") && rest.get(blanks.saturating_add(1)) == Some(&b':')
        } else {
            rest.starts_with(b"=")
        }
}
