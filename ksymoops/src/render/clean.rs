// SPDX-License-Identifier: MIT OR Apache-2.0
//! Text of a log on a terminal: whoever could write to the log must not be able to steer the terminal.

use std::io::{self, Write};

/// Writes text with every control character shown as `^X` or `\xNN`, but line ends and tabs.
pub(super) fn write(text: &[u8], out: &mut dyn Write) -> io::Result<()> {
    let mut rest = text;
    while !rest.is_empty() {
        let harmless = rest.iter().position(|&byte| is_control(byte)).unwrap_or(rest.len());
        let (before, from) = rest.split_at_checked(harmless).unwrap_or((rest, &[]));
        plain(before, out)?;
        let Some((&byte, after)) = from.split_first() else { break };
        rest = after;
        // The line end of DOS.
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

/// The same of a text of our own that may have words of the log in it.
pub(crate) fn cleaned(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    // Writing to memory cannot fail.
    let _ = write(text.as_bytes(), &mut out);
    String::from_utf8_lossy(&out).replace('\n', "^J")
}

/// Whether a terminal may take a character for more than a character to show; line ends and tabs are none.
pub(super) fn steers(letter: char) -> bool {
    ('\u{7f}'..'\u{a0}').contains(&letter) || is_bidi(letter)
}

fn is_control(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\n' | b'\t') || byte == 0x7f
}

/// Valid UTF-8 without the second set of control characters; everything else in hexadecimal.
fn plain(text: &[u8], out: &mut dyn Write) -> io::Result<()> {
    for chunk in text.utf8_chunks() {
        let mut rest = chunk.valid();
        while let Some(at) = rest.find(steers) {
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

/// Characters that turn the direction of writing, so that a line reads as something that it is not.
fn is_bidi(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &[u8]) -> String {
        let mut out = Vec::new();
        write(text, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(cleaned(b"a\x1b[31mb\x07\r\n\tc\x7f"), "a^[[31mb^G\r\n\tc^?");
        assert_eq!(cleaned(b"\x9b31m \xc2\x9b1m"), "\\x9b31m \\u{9b}1m");
        assert_eq!(cleaned("ä\u{202e}x".as_bytes()), "ä\\u{202e}x");
        assert_eq!(cleaned(b"over\rwritten"), "over^Mwritten");
    }
}
