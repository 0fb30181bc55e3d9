// SPDX-License-Identifier: MIT OR Apache-2.0
//! The `Code:` line of 32-bit and 64-bit x86 kernels: bytes around the instruction pointer, with the byte
//! that it points to in `<>`.

use crate::cursor::{Cursor, text};
use crate::message::Message;
use crate::report::Code;

/// More code bytes than any kernel prints.
const MAX_CODE_BYTES: usize = 256;

/// Whether the line has bytes, or words that only these kernels print in place of them.
pub(super) fn is_own(line: &[u8]) -> bool {
    let mut cursor = Cursor::new(line.get(5..).unwrap_or_default());
    cursor.blanks();
    cursor.eat(b"<");
    let is_byte = matches!(cursor.hex(), Some((_, 2)));
    is_byte || cursor.is_at_end() || cursor.eat(b"Bad ") || cursor.eat(b"Unable to access opcode")
}

/// Reads `Code: 00 11 <22> 33`. Where no byte can be read, the text after `Code:` is kept.
pub(super) fn read(message: &Message<'_>) -> Code {
    let body = message.text;
    let mut cursor = Cursor::new(body);
    cursor.blanks();
    let start = cursor.position();
    cursor.eat(b"Code:");
    cursor.blanks();
    let words = cursor.position();
    let mut code = Code { span: message.span(start..body.len()), ..Code::default() };
    while !cursor.is_at_end() {
        let marked = cursor.eat(b"<");
        let Some((value, 2)) = cursor.hex() else { break };
        if marked {
            if !cursor.eat(b">") || code.marker.is_some() {
                break;
            }
            code.marker = Some(code.bytes.len());
        }
        code.bytes.push(u8::try_from(value).unwrap_or_default());
        if code.bytes.len() > MAX_CODE_BYTES
            || (cursor.blanks() == 0 && !cursor.is_at_end() && cursor.peek() != Some(b'<'))
        {
            break;
        }
    }
    if code.bytes.is_empty() {
        code.unreadable = body.get(words..).map(text).filter(|words| !words.is_empty());
    }
    code
}
