// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading a text from left to right: `cursor.eat(b"[<")`, then `cursor.hex()`.

/// A position in a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Cursor<'t> {
    pub fn new(text: &'t [u8]) -> Self {
        Self { text, at: 0 }
    }

    pub fn at(text: &'t [u8], at: usize) -> Self {
        Self { text, at: at.min(text.len()) }
    }

    /// How many bytes have been read.
    pub fn position(&self) -> usize {
        self.at
    }

    pub fn rest(&self) -> &'t [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub fn is_at_end(&self) -> bool {
        self.rest().is_empty()
    }

    pub fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    pub fn skip(&mut self, count: usize) {
        self.at = self.at.saturating_add(count).min(self.text.len());
    }

    /// Reads these bytes if they come next.
    pub fn eat(&mut self, expected: &[u8]) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.skip(expected.len());
        }
        found
    }

    /// Reads bytes while a condition holds.
    pub fn take_while(&mut self, condition: impl Fn(u8) -> bool) -> &'t [u8] {
        let rest = self.rest();
        let length = rest.iter().position(|&byte| !condition(byte)).unwrap_or(rest.len());
        self.skip(length);
        rest.get(..length).unwrap_or_default()
    }

    pub fn blanks(&mut self) -> usize {
        self.take_while(is_blank).len()
    }

    /// The next word, without the blanks around it.
    pub fn word(&mut self) -> &'t [u8] {
        self.blanks();
        let word = self.take_while(|byte| !is_blank(byte));
        self.blanks();
        word
    }

    /// A decimal number of at least one digit.
    pub fn decimal(&mut self) -> Option<u64> {
        let mut ahead = *self;
        let number = decimal(ahead.take_while(|byte| byte.is_ascii_digit()))?;
        *self = ahead;
        Some(number)
    }

    /// A hexadecimal number of at least one digit, and how many digits it has.
    pub fn hex(&mut self) -> Option<(u64, usize)> {
        let mut ahead = *self;
        let digits = ahead.take_while(|byte| byte.is_ascii_hexdigit());
        let number = hex(digits)?;
        *self = ahead;
        Some((number, digits.len()))
    }
}

pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The value of decimal digits and nothing else.
pub(crate) fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, &digit| {
        digit.is_ascii_digit().then(|| sum.wrapping_mul(10).wrapping_add(u64::from(digit.wrapping_sub(b'0'))))
    })
}

/// The value of 1 to 16 hexadecimal digits and nothing else.
pub(crate) fn hex(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, &digit| {
        char::from(digit).to_digit(16).map(|value| sum << 4 | u64::from(value))
    })
}

/// Where a short text first occurs in a line. `memmem` takes longer to prepare the search than this does for
/// all of it, if the text begins with a byte that is rare in lines.
pub(crate) fn find(line: &[u8], wanted: &[u8]) -> Option<usize> {
    let (&first, rest) = wanted.split_first()?;
    memchr::memchr_iter(first, line)
        .find(|at| line.get(at.saturating_add(1)..).is_some_and(|after| after.starts_with(rest)))
}

/// The decimal number after the first occurrence of a mark such as `CPU#`.
pub(crate) fn number_after(text: &[u8], mark: &[u8]) -> Option<u64> {
    let at = memchr::memmem::find(text, mark)?;
    let rest = text.get(at.saturating_add(mark.len())..)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    decimal(rest.get(..digits)?)
}

/// Bytes of the log as a string. Invalid UTF-8 is replaced.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
