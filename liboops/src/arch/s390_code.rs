// SPDX-License-Identifier: MIT OR Apache-2.0
//! `Krnl Code:` of s390, which the kernel disassembles itself: addresses, bytes and instructions, in several
//! rows. `>` is in front of the row at the PSW, `#` or `*` in front of the one before it.
//!
//! ```text
//! Krnl Code: 000003ff7fd020da: c0e5ffffff93    brasl    %r14,000003ff7fd02000
//!           #000003ff7fd020e0: af000000        mc    0,0
//!           >000003ff7fd020e4: e340f0a00004    lg    %r4,160(%r15)
//! ```
//!
//! Early kernels 2.6 have no disassembler, and print 20 bytes from the PSW on: `Krnl Code: e3 40 f0 a0 ...`.

use crate::cursor::{Cursor, is_blank, text};
use crate::message::Message;
use crate::report::Code;

/// Reads a row, and whether it is the first one, which has the label. `None` for any other message.
pub(super) fn read(message: &Message<'_>, may_be_row: bool) -> Option<(Code, bool)> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    let start = cursor.position();
    let labels: [&[u8]; 3] = [b"Krnl Code:", b"Kernel Code:", b"Krnl code:"];
    let is_first = labels.iter().any(|label| cursor.eat(label));
    if !is_first && !may_be_row {
        return None;
    }
    let body_at = cursor.position();
    let end = message.text.trim_ascii_end().len();
    let mut code = Code { span: message.span(start..end), word_bytes: 2, ..Code::default() };
    if let Some((bytes, marked)) = row(cursor) {
        code.marker = marked.then_some(0);
        code.bytes = bytes;
        return Some((code, is_first));
    }
    if let Some(bytes) = single_bytes(Cursor::at(message.text, body_at)).filter(|_| is_first) {
        (code.bytes, code.word_bytes, code.marker) = (bytes, 1, Some(0));
        return Some((code, true));
    }
    let rest = message.text.get(body_at..).unwrap_or_default().trim_ascii();
    code.unreadable = Some(text(rest)).filter(|words| !words.is_empty());
    is_first.then_some((code, true))
}

/// The bytes of a row, and whether it is the one at the PSW.
fn row(mut cursor: Cursor<'_>) -> Option<(Vec<u8>, bool)> {
    cursor.blanks();
    let marks = cursor.take_while(|byte| matches!(byte, b'>' | b'#' | b'*'));
    let (_, 8 | 16) = cursor.hex()? else { return None };
    if !cursor.eat(b":") {
        return None;
    }
    cursor.blanks();
    let digits = cursor.take_while(|byte| byte.is_ascii_hexdigit());
    let is_instruction = matches!(digits.len(), 4 | 8 | 12);
    if !is_instruction || cursor.peek().is_some_and(|byte| !is_blank(byte)) {
        return None;
    }
    let bytes = digits.chunks(2).filter_map(|pair| u8::try_from(crate::cursor::hex(pair)?).ok()).collect();
    Some((bytes, marks.contains(&b'>')))
}

/// Bytes with blanks between them, up to the end of the line, or up to the first that could not be read.
fn single_bytes(mut cursor: Cursor<'_>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    cursor.blanks();
    while cursor.peek().is_some() && !cursor.rest().starts_with(b"Bad PSW.") {
        let (byte, 2) = cursor.hex()? else { return None };
        bytes.push(u8::try_from(byte).ok()?);
        cursor.blanks();
    }
    (!bytes.is_empty()).then_some(bytes)
}
