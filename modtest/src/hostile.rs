// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names that somebody chose to control a terminal or to forge output, and the check that they cannot.

/// A name with an escape sequence, a forged line, C1 controls and characters that reorder text.
pub const NAME: &str = "evil\x1b]0;pwned\x07\x1b[2J\nmodpersist: all is well\r\t\x7f\u{9b}31m\u{202e}\u{2066}\u{200b}\u{feff}\x08";

/// The same, for a name on the command line or in the file system, and not UTF-8.
pub const FILE_NAME: &[u8] =
    b"evil\x1b]0;pwned\x07\x1b[2J\nmodpersist: all is well\r\t\x7f\x9b31m\xff\xe2\x80\xae.ko";

/// Fails unless a terminal shows all of this text and does nothing else: no control character but newlines,
/// none that reorders or hides text, nothing that is not UTF-8. A forged line would begin like one of a
/// command's own.
#[track_caller]
pub fn assert_harmless(output: &[u8]) {
    let text =
        std::str::from_utf8(output).unwrap_or_else(|error| panic!("{error}: {}", output.escape_ascii()));
    let is_bad = |letter: char| {
        letter != '\n' && letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    assert!(!text.contains(is_bad), "{}", text.escape_debug());
    assert!(!text.lines().any(|line| line.starts_with("modpersist: all is well")), "{text}");
}
