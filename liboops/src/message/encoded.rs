// SPDX-License-Identifier: MIT OR Apache-2.0
//! Encodings of a message's bytes: those of mails, web pages, terminals and the kernel's console.
//!
//! Each function looks for an escape sequence at the beginning of a text, such as `=3D`, which stands for
//! `=`.

use crate::cursor::{decimal, hex};

/// Reads an escape sequence at the beginning of a text.
pub(super) type Unescape = fn(&[u8]) -> Escape;

/// The length of an escape sequence and the byte that it stands for, if any. `None` if there is no escape
/// sequence.
pub(super) type Escape = Option<(usize, Option<u8>)>;

/// `=3D` of a mail.
pub(super) fn quoted_printable(text: &[u8]) -> Escape {
    Some((3, Some(byte(text.strip_prefix(b"=")?)?)))
}

/// A terminal's escape sequence, such as a colour, or a NUL byte. Both stand for nothing.
pub(super) fn terminal(text: &[u8]) -> Escape {
    if text.first() == Some(&0) {
        return Some((1, None));
    }
    let rest = text.strip_prefix(b"\x1b[")?;
    let length = rest.iter().position(|byte| (0x40..=0x7e).contains(byte))?;
    Some((length.saturating_add(3), None))
}

/// `&lt;` of a web page.
pub(super) fn html(text: &[u8]) -> Escape {
    const NAMES: [(&[u8], u8); 6] = [
        (b"&lt;", b'<'),
        (b"&gt;", b'>'),
        (b"&amp;", b'&'),
        (b"&quot;", b'"'),
        (b"&apos;", b'\''),
        (b"&nbsp;", b' '),
    ];
    if let Some((name, byte)) = NAMES.iter().find(|(name, _)| text.starts_with(name)) {
        return Some((name.len(), Some(*byte)));
    }
    // `&#39;`, `&#x27;`
    let rest = text.strip_prefix(b"&#")?;
    let length = rest.iter().take(8).position(|&byte| byte == b';')?;
    let digits = rest.get(..length)?;
    let value = match digits.strip_prefix(b"x") {
        Some(digits) => hex(digits)?,
        None => decimal(digits)?,
    };
    let byte = u8::try_from(value).ok().filter(|byte| (0x20..0x7f).contains(byte))?;
    Some((length.saturating_add(3), Some(byte)))
}

/// `\x0a` of the kernel's console and `/dev/kmsg`, for bytes that are not printable and for the backslash.
pub(super) fn console(text: &[u8]) -> Escape {
    let value = byte(text.strip_prefix(b"\\x")?)?;
    (value == b'\\' || !(0x20..0x7f).contains(&value)).then_some((4, Some(value)))
}

/// Whether a text has blanks that [`wide_blank`] or [`latin1_blank`] reads.
pub(crate) fn has_wide_blanks(text: &[u8]) -> bool {
    memchr::memchr3_iter(0xc2, 0xe2, 0xe3, text)
        .any(|at| text.get(at..).is_some_and(|rest| wide_blank(rest).is_some()))
        || has_latin1_blanks(text)
}

/// Whether a text has blanks that [`latin1_blank`] reads: it is not UTF-8, where the same byte is a part of
/// letters.
pub(super) fn has_latin1_blanks(text: &[u8]) -> bool {
    memchr::memchr(LATIN1_BLANK, text).is_some() && std::str::from_utf8(text).is_err()
}

/// A blank of Unicode's, such as the one that web pages have in place of several in a row: U+00A0, U+2000 to
/// U+200A, U+202F, U+205F and U+3000. The one without width, U+200B, stands for nothing.
pub(super) fn wide_blank(text: &[u8]) -> Escape {
    match text {
        [0xc2, 0xa0, ..] => Some((2, Some(b' '))),
        [0xe2, 0x80, 0x80..=0x8a | 0xaf, ..] | [0xe2, 0x81, 0x9f, ..] | [0xe3, 0x80, 0x80, ..] => {
            Some((3, Some(b' ')))
        }
        [0xe2, 0x80, 0x8b, ..] => Some((3, None)),
        _ => None,
    }
}

/// U+00A0 in Latin-1.
const LATIN1_BLANK: u8 = 0xa0;

/// The blank of Latin-1 that forbids a line break.
pub(super) fn latin1_blank(text: &[u8]) -> Escape {
    (text.first() == Some(&LATIN1_BLANK)).then_some((1, Some(b' ')))
}

/// Two hexadecimal digits.
fn byte(text: &[u8]) -> Option<u8> {
    u8::try_from(hex(text.get(..2)?)?).ok()
}
