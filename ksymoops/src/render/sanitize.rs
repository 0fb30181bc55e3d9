// SPDX-License-Identifier: MIT OR Apache-2.0
//! Makes text of a log harmless on a terminal: whoever can write to the log must not be able to control the
//! terminal.

use std::io::{self, Write};

use modcli::escape;

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

fn is_control(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\n' | b'\t') || byte == 0x7f
}

/// Writes valid UTF-8 as it is, except for C1 controls and format characters; those and everything else in
/// hexadecimal.
fn printable(text: &[u8], out: &mut dyn Write) -> io::Result<()> {
    for chunk in text.utf8_chunks() {
        let mut rest = chunk.valid();
        while let Some(at) = rest.find(|letter| letter >= '\u{7f}' && escape::is_unsafe(letter)) {
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
