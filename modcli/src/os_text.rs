// SPDX-License-Identifier: MIT OR Apache-2.0
//! File names and arguments that are not UTF-8, carried through text without loss.
//!
//! A name on a command line may hold any bytes, but messages here are `String`s. So [`os_text`] replaces each
//! byte that is not UTF-8 with one of 128 private-use characters at the end of Unicode. [`os_bytes`] turns it
//! back into the byte where the name is used, and [`escape`](crate::escape) shows it as `\xff`.
//!
//! ```
//! use std::ffi::OsStr;
//! use std::os::unix::ffi::OsStrExt;
//!
//! use modcli::{escape, os_bytes, os_text};
//!
//! assert_eq!(os_text("foo.ko"), "foo.ko");
//! let text = format!("could not open {}", os_text(OsStr::from_bytes(b"\xff.ko")));
//! assert_eq!(os_bytes(&text).as_ref(), b"could not open \xff.ko");
//! assert_eq!(escape::line(&text), "could not open \\xff.ko");
//! ```

use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Byte 0x80 becomes this plus 0x80, and so on.
const PLACEHOLDERS: u32 = 0x10_ff00;

/// The character that stands for a byte that is not UTF-8.
pub(crate) fn placeholder(byte: u8) -> char {
    char::from_u32(PLACEHOLDERS + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The byte that a character stands for, if it stands for one.
pub(crate) fn byte_of(letter: char) -> Option<u8> {
    let byte = u32::from(letter).checked_sub(PLACEHOLDERS).and_then(|byte| u8::try_from(byte).ok());
    byte.filter(|byte| !byte.is_ascii())
}

/// Text for a message; [`os_bytes`] turns it back into exactly the bytes of `name`.
#[must_use]
pub fn os_text(name: impl AsRef<OsStr>) -> String {
    let mut text = String::new();
    for chunk in name.as_ref().as_bytes().utf8_chunks() {
        for letter in chunk.valid().chars() {
            // One of the private-use characters in the name itself: it must not be taken for a byte.
            if byte_of(letter).is_some() {
                text.extend(letter.encode_utf8(&mut [0; 4]).bytes().map(placeholder));
            } else {
                text.push(letter);
            }
        }
        text.extend(chunk.invalid().iter().map(|byte| placeholder(*byte)));
    }
    text
}

/// The bytes of a text that may contain names from [`os_text`]: what was given to it.
#[must_use]
pub fn os_bytes(text: &str) -> Cow<'_, [u8]> {
    if text.chars().all(|letter| byte_of(letter).is_none()) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut out = Vec::with_capacity(text.len());
    for letter in text.chars() {
        match byte_of(letter) {
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
        for name in
            [&all[..], b"", b"a-b", "é\u{2028}\u{ffff}\u{10ff80}".as_bytes(), b"\xc3\xff\xc3\xa9\xe2\x82"]
        {
            assert_eq!(os_bytes(&os_text(OsStr::from_bytes(name))).as_ref(), name);
        }
    }
}
