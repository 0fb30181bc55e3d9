// SPDX-License-Identifier: MIT OR Apache-2.0
//! Addresses in running text and in rows of stack words.

use super::span::Hex;
use super::state::{Word, WordRole};
use crate::cursor::hex;
use crate::message::Message;

/// More words than any row has.
const MAX_WORDS: usize = 64;

/// Reads the 64-bit numbers in a message. If it has nothing else, they are words of the stack. `false` if
/// there are none.
pub(super) fn read(message: &Message<'_>, words: &mut Vec<Word>) -> bool {
    let mut row = true;
    let mut found: Vec<Word> = Vec::new();
    let mut at = 0;
    while let Some(rest) = message.text.get(at..).filter(|rest| !rest.is_empty()) {
        let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if length == 0 {
            row &= rest.first().is_some_and(|&byte| byte == b' ' || byte == b'\t');
            at = at.saturating_add(1);
            continue;
        }
        let word = rest.get(..length).unwrap_or_default();
        let digits = word.strip_prefix(b"0x").unwrap_or(word);
        let value = (digits.len() == 16).then(|| hex(digits)).flatten();
        row &= value.is_some() && digits.len() == word.len();
        if let Some(value) = value
            && found.len() < MAX_WORDS
        {
            let start = at.saturating_add(length.saturating_sub(digits.len()));
            let span = message.span(start..at.saturating_add(length));
            found.push(Word { value: Hex(value), span, role: WordRole::Mention });
        }
        at = at.saturating_add(length);
    }
    let stack = row && !found.is_empty();
    for word in &mut found {
        if stack {
            word.role = WordRole::Stack;
        }
    }
    // In running text, small numbers are not addresses.
    found.retain(|word| stack || word.value.0 >> 47 != 0);
    let known = !found.is_empty();
    words.append(&mut found);
    known
}
