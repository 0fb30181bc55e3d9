// SPDX-License-Identifier: MIT OR Apache-2.0
//! The bytes of a `Code:` line.

use super::target::Target;

/// The rest of a longer line is ignored, as ksymoops 2.4 did: no kernel prints more.
pub(super) const MAX_BYTES: usize = 64;

/// What a `Code:` line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CodeLine {
    /// Bytes in memory order.
    Bytes(Vec<Chunk>),
    /// A message, such as `Bad EIP value.`
    Message(String),
}

/// A byte, or a word of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk {
    pub value: u64,
    /// Its size in bytes: 1, 2, 4 or 8.
    pub size: usize,
    /// It is at the program counter: `<89>`, `(e5933000)`.
    pub marked: bool,
}

impl CodeLine {
    /// Reads a line; `None` if it is no `Code:` line.
    pub fn find(message: &str) -> Option<Self> {
        let lower = message.to_ascii_lowercase();
        let rest = lower.strip_prefix("instruction dump").or_else(|| lower.strip_prefix("code"))?;
        let text = rest.trim_start_matches([':', ' ']);
        if text.is_empty() || !rest.trim_start().starts_with(':') {
            return None;
        }
        let mut chunks = Vec::new();
        for word in text.split_ascii_whitespace() {
            match chunk(word) {
                Some(chunk) => chunks.push(chunk),
                None => break,
            }
        }
        if chunks.is_empty() {
            let at = message.len().saturating_sub(text.len());
            return Some(Self::Message(message.get(at..).unwrap_or_default().trim_end().to_owned()));
        }
        Some(Self::Bytes(chunks))
    }
}

fn chunk(word: &str) -> Option<Chunk> {
    let digits = word.trim_start_matches(['<', '(']).trim_end_matches(['>', ')']);
    let size = digits.len().checked_div(2).filter(|&size| matches!(size, 1 | 2 | 4 | 8))?;
    let value = u64::from_str_radix(digits, 16).ok().filter(|_| digits.len().is_multiple_of(2))?;
    Some(Chunk { value, size, marked: digits.len() < word.len() })
}

/// The bytes in memory order, and how many of them are before the program counter.
pub(super) fn bytes(chunks: &[Chunk], target: Target, swap_endian: bool) -> (Vec<u8>, usize) {
    let mut bytes = Vec::with_capacity(MAX_BYTES);
    let mut before = 0;
    for chunk in chunks {
        if bytes.len().saturating_add(chunk.size) > MAX_BYTES {
            break;
        }
        if chunk.marked {
            before = bytes.len();
        }
        if target.little_endian != swap_endian {
            bytes.extend(chunk.value.to_le_bytes().into_iter().take(chunk.size));
        } else {
            bytes.extend(chunk.value.to_be_bytes().into_iter().skip(8_usize.saturating_sub(chunk.size)));
        }
    }
    (bytes, before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_stored_as_the_processor_does() {
        let Some(CodeLine::Bytes(chunks)) = CodeLine::find("Code: 24a5edc0  0c0062f7 <08005485> ae200000")
        else {
            panic!()
        };
        let mips = Target::of_machine("mips").unwrap();
        let (big, before) = bytes(&chunks, mips, false);
        assert_eq!((big.get(..4), before), (Some(&[0x24, 0xa5, 0xed, 0xc0][..]), 8));
        assert_eq!(bytes(&chunks, mips, true).0.get(..4), Some(&[0xc0, 0xed, 0xa5, 0x24][..]));
    }

    #[test]
    fn messages() {
        let message = |line: &str| match CodeLine::find(line) {
            Some(CodeLine::Message(text)) => text,
            other => format!("{other:?}"),
        };
        assert_eq!(message("Code: Bad EIP value."), "Bad EIP value.");
        assert_eq!(message("Code:  general protection"), "general protection");
        assert_eq!(CodeLine::find("Codec: 12 34"), None);
        assert_eq!(CodeLine::find("code 12 34"), None);
        assert!(matches!(CodeLine::find("Instruction DUMP: 12345678 <9de3bf98>"), Some(CodeLine::Bytes(_))));
    }
}
