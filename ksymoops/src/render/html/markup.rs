// SPDX-License-Identifier: MIT OR Apache-2.0
//! Text in HTML. Whatever is not our own goes through here.

use std::io::{self, Write};

use modcli::escape;

use crate::render::sanitize;

/// Text on one line, with control characters shown and without markup.
pub(super) fn text(text: &str) -> String {
    encoded(&escape::line(text))
}

/// Bytes of a log, in the same way; line ends stay.
pub(super) fn log(bytes: &[u8]) -> io::Result<String> {
    let mut shown = Vec::new();
    sanitize::write(bytes, &mut shown)?;
    Ok(encoded(&String::from_utf8_lossy(&shown)))
}

fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
    }
    out
}

/// Begins what can be folded.
pub(super) fn fold(out: &mut dyn Write, title: &str, is_open: bool) -> io::Result<()> {
    let open = if is_open { " open" } else { "" };
    writeln!(out, "<details{open}><summary>{}</summary>", text(title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_markup() {
        assert_eq!(text("<a href=\"x\">&'\x1b"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;\\x1b");
        assert_eq!(log(b"<IRQ>\n\x1b[0m\xff").unwrap(), "&lt;IRQ&gt;\n^[[0m\\xff");
    }
}
