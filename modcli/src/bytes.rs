// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bytes that are not UTF-8, on their way through text.
//!
//! Names on a command line may hold any bytes, and kmod's messages show them as they are. Messages here are text; so such a byte is carried by a
//! character that stands for nothing, out of the last 128 of Unicode, and becomes the byte again where the message is written.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// The character for byte 0x80 is this plus 0x80.
const CARRIER: u32 = 0x10_ff00;

/// The character that carries a byte.
pub(crate) fn carrier(byte: u8) -> char {
    char::from_u32(CARRIER + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Text for a message, from which [`bytes`] makes exactly these bytes.
///
/// ```
/// use modcli::{bytes, shown};
/// use std::ffi::OsStr;
/// use std::os::unix::ffi::OsStrExt;
/// assert_eq!(shown(OsStr::new("foo.ko")), "foo.ko");
/// assert_eq!(bytes(&shown(OsStr::from_bytes(b"\xff.ko"))).as_ref(), b"\xff.ko");
/// ```
#[must_use]
pub fn shown(name: impl AsRef<OsStr>) -> String {
    let mut text = String::new();
    for chunk in name.as_ref().as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| carrier(*byte)));
    }
    text
}

/// The bytes to be written for a text.
#[must_use]
pub fn bytes(text: &str) -> Cow<'_, [u8]> {
    let carried =
        |letter: char| u32::from(letter).checked_sub(CARRIER).and_then(|byte| u8::try_from(byte).ok());
    if text.chars().all(|letter| carried(letter).is_none()) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut out = Vec::with_capacity(text.len());
    for letter in text.chars() {
        match carried(letter) {
            Some(byte) => out.push(byte),
            None => out.extend(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_comes_out_as_it_went_in() {
        let all: Vec<u8> = (0..=255).collect();
        for name in [&all[..], b"", b"a-b", "é\u{2028}\u{ffff}".as_bytes(), b"\xc3\xff\xc3\xa9\xe2\x82"] {
            assert_eq!(bytes(&shown(OsStr::from_bytes(name))).as_ref(), name);
        }
    }
}
