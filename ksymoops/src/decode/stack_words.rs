// SPDX-License-Identifier: MIT OR Apache-2.0
//! The words of the stack that a log shows. Kernels for x86-64 up to 4.9 print the first ones from the stack
//! pointer on, in rows behind `Stack:`.

use std::ops::Range;

/// Bytes of a word, and its digits.
const WORD_BYTES: u64 = 8;
const WORD_DIGITS: usize = 16;

/// Words that are one behind the other in memory.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct StackWords {
    /// Where the first one is.
    start: u64,
    bytes: Vec<u8>,
}

impl StackWords {
    /// Those in the lines of a report, if the stack pointer was this one.
    pub fn of_x86_64(lines: &[String], stack_pointer: u64) -> Self {
        let mut rows = lines.iter().skip_while(|line| !line.starts_with("Stack:")).map(String::as_str);
        let first = rows.next().and_then(|line| line.strip_prefix("Stack:")).unwrap_or_default();
        let mut bytes = Vec::new();
        // With two such rows, it is not certain of which stack they are.
        if rows.clone().any(|line| line.starts_with("Stack:")) {
            return Self::default();
        }
        'rows: for (index, row) in std::iter::once(first).chain(rows).enumerate() {
            for word in row.split_whitespace() {
                match number(word) {
                    Some(number) => bytes.extend(number.to_le_bytes()),
                    // Another stack, ` <EOI> `, or another line.
                    None => break 'rows,
                }
            }
            if index > 0 && row.trim().is_empty() {
                break;
            }
        }
        Self { start: stack_pointer, bytes }
    }

    /// Whether the log shows none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The number of so many bytes at an address.
    pub fn number(&self, address: u64, size: u64) -> Option<u64> {
        let at = address.checked_sub(self.start)?;
        let range =
            Range { start: usize::try_from(at).ok()?, end: usize::try_from(at.checked_add(size)?).ok()? };
        let bytes = self.bytes.get(range).filter(|bytes| bytes.len() as u64 <= WORD_BYTES)?;
        Some(bytes.iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }
}

fn number(word: &str) -> Option<u64> {
    let is_word = word.len() == WORD_DIGITS && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_word.then(|| u64::from_str_radix(word, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> StackWords {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        StackWords::of_x86_64(&lines, 0xffff_8800_0000_1000)
    }

    #[test]
    fn rows_behind_the_stack_pointer() {
        for rows in [
            "RSP: 0018:ffff880000001000\nStack:\n 0000000000000001 ffff880000002000\n 8877665544332211\nCall Trace:\n",
            "Stack:  0000000000000001 ffff880000002000\n 8877665544332211 <EOI> 0000000000000009\n",
        ] {
            let words = words(rows);
            let at = |offset, size| words.number(0xffff_8800_0000_1000_u64.wrapping_add(offset), size);
            assert_eq!((at(0, 8), at(8, 8)), (Some(1), Some(0xffff_8800_0000_2000)), "{rows}");
            assert_eq!((at(16, 1), at(18, 2), at(20, 4)), (Some(0x11), Some(0x4433), Some(0x8877_6655)));
            assert_eq!((at(24, 1), at(20, 8), at(u64::MAX, 8)), (None, None, None), "{rows}");
        }
    }

    #[test]
    fn what_is_not_certain_is_none() {
        assert_eq!(words("Call Trace:\n").bytes, [0_u8; 0]);
        assert_eq!(words("Stack:\n 00000001 ffff8800\n").bytes, [0_u8; 0], "of a 32-bit kernel");
        let two = "Stack:\n 0000000000000001\nStack:\n 0000000000000002\n";
        assert_eq!(words(two), StackWords::default());
    }
}
