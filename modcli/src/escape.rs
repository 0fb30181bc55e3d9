// SPDX-License-Identifier: MIT OR Apache-2.0
//! Makes text from outside harmless: names of files, symbols, types, processes, mount points.
//!
//! Whoever chooses such a name must not be able to control the terminal of whoever reads it, nor to forge a
//! line of output. All output of the commands goes through this module; ordinary text stays as it is.
//!
//! | in the text | is written as |
//! |---|---|
//! | tab, newline, carriage return | `\t`, `\n`, `\r` |
//! | another control character below U+0080 | `\x1b` |
//! | a byte that is not UTF-8, from [`os_text`](crate::os_text) | `\xff` |
//! | a control character from U+0080 on, or an invisible one that changes how text is shown | `\u{202e}` |
//!
//! ```
//! use modcli::escape;
//!
//! assert_eq!(escape::line("caf\u{e9} \x1b]0;title\x07\n"), "caf\u{e9} \\x1b]0;title\\x07\\n");
//! assert_eq!(escape::lines("one\ntwo\r\n"), "one\ntwo\\r\n");
//! assert_eq!(escape::json("{\"name\":\"\u{9b}\"}".to_owned()), "{\"name\":\"\\u009b\"}");
//! ```

use std::borrow::Cow;
use std::fmt::{Display, Write as _};
use std::io::{self, Write};

use crate::os_text::byte_of;

/// Escapes text that belongs on one line.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false)
}

/// Escapes text of several lines: newlines stay.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |letter| letter == '\n')
}

/// Escapes what a JSON text has in its strings: serializers escape only what is below U+0020, and leave
/// DEL, C1 controls and format characters as they are.
#[must_use]
pub fn json(text: String) -> String {
    let in_string = |letter: char| letter >= '\u{7f}' && is_unsafe(letter);
    if !text.contains(in_string) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if in_string(letter) {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(letter);
        }
    }
    out
}

/// Writes one line of text, escaped, and ends it.
///
/// # Errors
/// Those of the writer.
pub fn write_line(out: &mut dyn Write, text: impl Display) -> io::Result<()> {
    let text = text.to_string();
    out.write_all(line(&text).as_bytes())?;
    out.write_all(b"\n")
}

/// Whether a character may do more than be shown: controls, and format characters that are invisible and
/// reorder, join or hide what is around them.
#[must_use]
pub fn is_unsafe(letter: char) -> bool {
    letter.is_control()
        || byte_of(letter).is_some()
        || matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn escaped(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    // Nearly all text is plain, and bytes are quicker to look at than letters.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    if !text.contains(|letter| is_unsafe(letter) && !stays(letter)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if stays(letter) || !is_unsafe(letter) {
            out.push(letter);
            continue;
        }
        // Writing to a string does not fail.
        let _ = match (letter, byte_of(letter)) {
            ('\t', _) => out.write_str("\\t"),
            ('\n', _) => out.write_str("\\n"),
            ('\r', _) => out.write_str("\\r"),
            (_, Some(byte)) => write!(out, "\\x{byte:02x}"),
            ('\0'..='\u{7f}', None) => write!(out, "\\x{:02x}", u32::from(letter)),
            (_, None) => write!(out, "\\u{{{:x}}}", u32::from(letter)),
        };
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;
    use crate::os_text;

    #[test]
    fn every_byte_comes_out_printable() {
        for first in 0..=255_u8 {
            for second in 0..=255_u8 {
                let name = [b'a', first, second, b'z'];
                let text = os_text(OsStr::from_bytes(&name));
                let out = line(&text).into_owned();
                assert!(!out.contains(char::is_control), "{name:?}: {out:?}");
                assert!(!lines(&text).contains(|letter: char| letter.is_control() && letter != '\n'));
            }
        }
    }

    #[test]
    fn characters_that_change_how_text_is_shown() {
        for letter in
            "\u{9b}\u{200b}\u{200e}\u{202a}\u{202e}\u{2066}\u{2069}\u{2028}\u{feff}\u{e0041}".chars()
        {
            assert_eq!(line(&format!("a{letter}b")), format!("a\\u{{{:x}}}b", u32::from(letter)));
        }
    }

    #[test]
    fn ordinary_text_stays() {
        for text in
            ["", "foo.ko: Invalid module format", "caf\u{e9} \u{65e5}\u{672c} \u{1f980} \\x1b", "a  b"]
        {
            assert!(matches!(line(text), Cow::Borrowed(same) if same == text));
            assert_eq!(json(text.to_owned()), text);
        }
    }

    #[test]
    fn json_stays_the_same_value() {
        let json = json("\"\u{7f}\u{85}\u{202e}\u{e0041}\u{10ff80}\"".to_owned());
        assert_eq!(json, "\"\\u007f\\u0085\\u202e\\udb40\\udc41\\udbff\\udf80\"");
    }
}
