// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is said about the code of a panic screen.

use liboops::panic_code::FoundCode;

/// What there is to say about a code of a panic screen in a log, and whether that is only a note.
pub(crate) fn code_words(name: &str, code: &FoundCode) -> (bool, String) {
    let says = [code.arch.clone(), code.release.as_ref().map(|release| format!("release {release}"))];
    let says: Vec<String> = says.into_iter().flatten().collect();
    let says = if says.is_empty() { String::new() } else { format!(" ({})", says.join(", ")) };
    let is_empty = code.span.start == code.span.end;
    let extent = match (is_empty, code.extent.is_whole()) {
        (true, true) => " is empty".to_owned(),
        (true, false) => format!(" cannot be read: {}", code.extent),
        (false, true) => String::new(),
        (false, false) => format!(": {}", code.extent),
    };
    (!is_empty, format!("{name}: the QR code of a panic screen{says}{extent}"))
}
