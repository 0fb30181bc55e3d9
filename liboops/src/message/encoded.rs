// SPDX-License-Identifier: MIT OR Apache-2.0
//! Encodings of a message's bytes: those of mails, terminals and the kernel's console.
//!
//! Each function looks for an escape sequence at the beginning of a text, such as `=3D`, which stands for
//! `=`.

use crate::cursor::hex;

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

/// `\x0a` of the kernel's console and `/dev/kmsg`, for bytes that are not printable and for the backslash.
pub(super) fn console(text: &[u8]) -> Escape {
    let value = byte(text.strip_prefix(b"\\x")?)?;
    (value == b'\\' || !(0x20..0x7f).contains(&value)).then_some((4, Some(value)))
}

/// Two hexadecimal digits.
fn byte(text: &[u8]) -> Option<u8> {
    u8::try_from(hex(text.get(..2)?)?).ok()
}
