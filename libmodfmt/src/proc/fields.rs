// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines and the fields in them.

use super::ProcError;

/// The lines of a text, with their numbers.
pub(super) struct Lines<'t> {
    file: &'static str,
    rest: &'t [u8],
    line: u64,
    limit: usize,
}

/// The fields of one line, taken from the left.
pub(super) struct Fields<'t> {
    file: &'static str,
    line: u64,
    rest: &'t [u8],
}

impl<'t> Lines<'t> {
    pub(super) fn new(file: &'static str, text: &'t [u8], limit: usize) -> Self {
        Self { file, rest: text, line: 0, limit }
    }

    /// The next line that is not empty.
    pub(super) fn next(&mut self) -> Option<Result<Fields<'t>, ProcError>> {
        while !self.rest.is_empty() {
            let end = self.rest.iter().position(|&byte| byte == b'\n').unwrap_or(self.rest.len());
            let (text, tail) = self.rest.split_at_checked(end)?;
            self.rest = tail.get(1..).unwrap_or_default();
            self.line = self.line.saturating_add(1);
            let (file, line, limit) = (self.file, self.line, self.limit);
            if text.len() > limit {
                return Some(Err(ProcError::TooLong { file, line, length: text.len(), limit }));
            }
            let text = text.strip_suffix(b"\r").unwrap_or(text).trim_ascii();
            if !text.is_empty() {
                return Some(Ok(Fields { file, line, rest: text }));
            }
        }
        None
    }
}

impl<'t> Fields<'t> {
    /// The next word.
    pub(super) fn word(&mut self, field: &'static str) -> Result<&'t [u8], ProcError> {
        self.optional().ok_or(ProcError::Missing { file: self.file, line: self.line, field })
    }

    /// The next word, if there is one.
    pub(super) fn optional(&mut self) -> Option<&'t [u8]> {
        let text = self.rest.trim_ascii_start();
        let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
        let (word, rest) = text.split_at_checked(end)?;
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// The next word as a number.
    pub(super) fn number(&mut self, field: &'static str, radix: u32) -> Result<u64, ProcError> {
        let word = self.word(field)?;
        let digits = word.strip_prefix(b"0x").filter(|_| radix == 16).unwrap_or(word);
        std::str::from_utf8(digits)
            .ok()
            // from_str_radix would take a sign.
            .filter(|digits| !digits.starts_with('+'))
            .and_then(|digits| u64::from_str_radix(digits, radix).ok())
            .ok_or_else(|| self.wrong(field, word))
    }

    /// The error for a word that is none of those allowed.
    pub(super) fn wrong(&self, field: &'static str, value: &[u8]) -> ProcError {
        let value = String::from_utf8_lossy(value.get(..64).unwrap_or(value)).into_owned();
        ProcError::Field { file: self.file, line: self.line, field, value }
    }
}
