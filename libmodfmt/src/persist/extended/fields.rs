// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fields of one line.

use super::ExtendedListError;

/// A line being taken apart.
pub(super) struct Fields<'a> {
    number: usize,
    rest: std::str::Split<'a, char>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(number: usize, line: &'a str) -> Self {
        Self { number, rest: line.split(' ') }
    }

    pub(super) fn error(&self, field: &'static str, why: &'static str) -> ExtendedListError {
        ExtendedListError { line: self.number, field, why }
    }

    /// Whether the line has no more fields.
    pub(super) fn is_at_end(&self) -> bool {
        self.rest.clone().next().is_none()
    }

    pub(super) fn word(&mut self, field: &'static str) -> Result<&'a str, ExtendedListError> {
        self.rest.next().filter(|word| !word.is_empty()).ok_or_else(|| self.error(field, "is missing"))
    }

    /// A name with its escapes undone; `None` for `-`.
    pub(super) fn name(&mut self, field: &'static str) -> Result<Option<String>, ExtendedListError> {
        let word = self.word(field)?;
        if word == "-" {
            return Ok(None);
        }
        unescape(word).map(Some).ok_or_else(|| self.error(field, "has a broken escape"))
    }

    pub(super) fn decimal(&mut self, field: &'static str) -> Result<u64, ExtendedListError> {
        self.word(field)?.parse().map_err(|_| self.error(field, "is no decimal number"))
    }

    pub(super) fn hexadecimal(&mut self, field: &'static str) -> Result<u64, ExtendedListError> {
        let word = self.word(field)?;
        u64::from_str_radix(word.trim_start_matches("0x"), 16)
            .map_err(|_| self.error(field, "is no hexadecimal number"))
    }

    /// Bytes as pairs of digits; none for `-`.
    pub(super) fn bytes(&mut self, field: &'static str) -> Result<Vec<u8>, ExtendedListError> {
        let word = self.word(field)?;
        if word == "-" {
            return Ok(Vec::new());
        }
        let wrong = self.error(field, "is no row of hexadecimal digits");
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let mut bytes = Vec::new();
        for pair in word.as_bytes().chunks(2) {
            let [high, low] = pair else { return Err(wrong) };
            let (Some(high), Some(low)) = (digit(high), digit(low)) else { return Err(wrong) };
            bytes.push(high << 4 | low);
        }
        Ok(bytes)
    }
}

/// Undoes the kernel's octal escapes.
fn unescape(word: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = word.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        let digits = std::str::from_utf8(rest.get(..3)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 8).ok()?);
        rest = rest.get(3..)?;
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
