// SPDX-License-Identifier: MIT OR Apache-2.0
//! Makes text of a log harmless on a terminal: whoever can write to the log must not be able to control the
//! terminal.

use std::io::{self, Write};

/// Writes text with control characters shown as `^X` or `\xNN`, except for line ends and tabs.
pub(super) fn write(text: &[u8], out: &mut dyn Write) -> io::Result<()> {
    let mut rest = text;
    while !rest.is_empty() {
        let harmless = rest.iter().position(|&byte| is_control(byte)).unwrap_or(rest.len());
        let (before, from) = rest.split_at_checked(harmless).unwrap_or((rest, &[]));
        printable(before, out)?;
        let Some((&byte, after)) = from.split_first() else { break };
        rest = after;
        // DOS line end.
        if byte == b'\r' && after.first() == Some(&b'\n') {
            out.write_all(b"\r")?;
        } else if byte == 0x7f {
            out.write_all(b"^?")?;
        } else {
            out.write_all(&[b'^', byte | 0x40])?;
        }
    }
    Ok(())
}

/// Returns a message of our own, which may quote the log, on one line and with control characters shown.
pub(crate) fn sanitized(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    // Writing to memory cannot fail.
    let _ = write(text.as_bytes(), &mut out);
    String::from_utf8_lossy(&out).replace('\n', "^J")
}

/// Returns whether a terminal may do more with a character above 0x7e than show it.
pub(super) fn is_hazardous(letter: char) -> bool {
    ('\u{7f}'..'\u{a0}').contains(&letter) || is_bidi(letter)
}

fn is_control(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\n' | b'\t') || byte == 0x7f
}

/// Writes valid UTF-8 as it is, except for C1 control characters; those and everything else in hexadecimal.
fn printable(text: &[u8], out: &mut dyn Write) -> io::Result<()> {
    for chunk in text.utf8_chunks() {
        let mut rest = chunk.valid();
        while let Some(at) = rest.find(is_hazardous) {
            let (before, from) = rest.split_at(at);
            out.write_all(before.as_bytes())?;
            let mut letters = from.chars();
            if let Some(letter) = letters.next() {
                write!(out, "\\u{{{:x}}}", u32::from(letter))?;
            }
            rest = letters.as_str();
        }
        out.write_all(rest.as_bytes())?;
        for byte in chunk.invalid() {
            write!(out, "\\x{byte:02x}")?;
        }
    }
    Ok(())
}

/// Characters that change the direction of writing, so that a line reads as something that it is not.
fn is_bidi(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &[u8]) -> String {
        let mut out = Vec::new();
        write(text, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(written(b"a\x1b[31mb\x07\r\n\tc\x7f"), "a^[[31mb^G\r\n\tc^?");
        assert_eq!(written(b"\x9b31m \xc2\x9b1m"), "\\x9b31m \\u{9b}1m");
        assert_eq!(written("ä\u{202e}x".as_bytes()), "ä\\u{202e}x");
        assert_eq!(written(b"over\rwritten"), "over^Mwritten");
    }
}
