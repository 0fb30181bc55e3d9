// SPDX-License-Identifier: MIT OR Apache-2.0
//! The `Code:` line of processors that have instructions of 16 or 32 bits: `d503233f f9400001 (f900081f)`.

use crate::cursor::{Cursor, text};
use crate::message::Message;
use crate::report::Code;

/// More words than any kernel prints.
const MAX_WORDS: usize = 64;

/// Which byte of a word is first in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByteOrder {
    /// The lowest.
    Little,
    /// The highest. Also where the log does not tell, as the words themselves are numbers.
    Big,
}

/// Reads the line that begins with a heading. `None` if the message does not.
pub(super) fn read(message: &Message<'_>, heading: &[u8], order: ByteOrder) -> Option<Code> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    let start = cursor.position();
    if !cursor.eat(heading) {
        return None;
    }
    let words = cursor.position();
    let mut code = body(cursor, order);
    code.span = message.span(start..message.text.len());
    if code.bytes.is_empty() {
        let rest = message.text.get(words..).unwrap_or_default().trim_ascii();
        code.unreadable = Some(text(rest)).filter(|words| !words.is_empty());
    }
    Some(code)
}

/// Reads a further row, which has only words.
pub(super) fn row(message: &Message<'_>, order: ByteOrder) -> Option<Code> {
    let body_text = message.text.trim_ascii();
    let is_word = |word: &[u8]| {
        let word = word.strip_prefix(b"<").and_then(|word| word.strip_suffix(b">")).unwrap_or(word);
        word.len() == 8
            && (word.iter().all(u8::is_ascii_hexdigit) || word.iter().all(|byte| b"X?".contains(byte)))
    };
    let mut words = body_text.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty());
    if body_text.is_empty() || !words.all(is_word) {
        return None;
    }
    let mut code = body(Cursor::new(message.text), order);
    code.span = message.whole();
    Some(code)
}

/// Reads words. Those that the kernel could not read are a gap; what is on the other side of it, seen from
/// the mark, is left out.
fn body(mut cursor: Cursor<'_>, order: ByteOrder) -> Code {
    let mut code = Code::default();
    for _ in 0..MAX_WORDS {
        cursor.take_while(|byte| byte.is_ascii_whitespace());
        let mut ahead = cursor;
        let marked = ahead.eat(b"<") || ahead.eat(b"(");
        let gap = ahead.take_while(|byte| matches!(byte, b'?' | b'X'));
        if gap.len() == 4 || gap.len() == 8 {
            if code.marker.is_some() {
                code.ends_at_gap = true;
                break;
            }
            code.bytes.clear();
            code.begins_at_gap = true;
            if marked {
                // The instruction itself cannot be read.
                code.ends_at_gap = true;
                break;
            }
            cursor = ahead;
            continue;
        }
        let Some((value, digits @ (4 | 8))) = ahead.hex() else { break };
        if marked {
            if !(ahead.eat(b">") || ahead.eat(b")")) || code.marker.is_some() {
                break;
            }
            code.marker = Some(code.bytes.len());
            code.is_parenthesised = cursor.peek() == Some(b'(');
        }
        let size = digits / 2;
        if code.bytes.is_empty() {
            code.word_bytes = u8::try_from(size).unwrap_or(1);
        }
        let bytes = u32::try_from(value).unwrap_or_default();
        let bytes = match order {
            ByteOrder::Little => bytes.to_le_bytes().get(..size).map(<[u8]>::to_vec),
            ByteOrder::Big => bytes.to_be_bytes().get(4_usize.saturating_sub(size)..).map(<[u8]>::to_vec),
        };
        code.bytes.extend(bytes.unwrap_or_default());
        cursor = ahead;
    }
    code
}
