// SPDX-License-Identifier: MIT OR Apache-2.0
//! `/proc/name_tokens`: the tokens that modules have left in the kernel under names.
//!
//! `token NAME WORD WORD WORD WORD MODULE TYPE`, where more fields may follow. Lines that begin with another
//! word are passed over.

use super::ProcError;
use super::fields::{Fields, Lines};

const FILE: &str = "/proc/name_tokens";

/// A name has 16 bytes, a module's 64, a type's 64, and each may be escaped.
const LINE: usize = 4096;

/// A longer piece of memory is none that a module leaves: its words mean something else.
const MAX_LENGTH: u64 = 1 << 40;

/// A token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct NameToken {
    /// Its name.
    pub name: String,
    /// What the modules have stored: by convention an address and a length. All 0 if the token is not set, or
    /// if the reader may not see addresses.
    pub words: [u64; 4],
    /// The module that has told the type.
    pub module: Option<String>,
    /// The C type of what is at the address: `struct foo`.
    pub type_name: Option<String>,
}

impl NameToken {
    /// A token without a type.
    #[must_use]
    pub fn new(name: &str, words: [u64; 4]) -> Self {
        Self { name: name.to_owned(), words, module: None, type_name: None }
    }

    /// Adds the type and the module that has told it.
    #[must_use]
    pub fn with_type(mut self, module: &str, type_name: &str) -> Self {
        (self.module, self.type_name) = (Some(module.to_owned()), Some(type_name.to_owned()));
        self
    }

    /// Whether it is set: not all of its words are 0.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.words != [0; 4]
    }

    /// The address in it; `None` if there is 0.
    #[must_use]
    pub fn address(&self) -> Option<u64> {
        let [address, ..] = self.words;
        Some(address).filter(|address| *address != 0)
    }

    /// The length of what is at the address, in bytes; `None` if the word there can be none.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        let [address, length, ..] = self.words;
        let is_length = (1..=MAX_LENGTH).contains(&length) && address.checked_add(length).is_some();
        is_length.then_some(length)
    }

    /// The offset of an address in what the token leads to. Without a length, only its first byte is known.
    #[must_use]
    pub fn offset_of(&self, address: u64) -> Option<u64> {
        let offset = address.checked_sub(self.address()?)?;
        Some(offset).filter(|offset| *offset < self.length().unwrap_or(1))
    }
}

/// The tokens that a text lists. A wrong line gives an error, and the next line follows.
///
/// # Errors
///
/// [`ProcError`] from the iterator, with the number of the line and the name of the field.
pub fn name_tokens(text: &[u8]) -> impl Iterator<Item = Result<NameToken, ProcError>> {
    let mut lines = Lines::new(FILE, text, LINE);
    std::iter::from_fn(move || {
        loop {
            match lines.next()?.and_then(token) {
                Ok(None) => {}
                Ok(Some(token)) => return Some(Ok(token)),
                Err(error) => return Some(Err(error)),
            }
        }
    })
}

fn token(mut line: Fields<'_>) -> Result<Option<NameToken>, ProcError> {
    if line.word("kind")? != b"token" {
        return Ok(None);
    }
    let name = line.word("name")?;
    let name = unescape(name).ok_or_else(|| line.wrong("name", name))?;
    let mut words = [0; 4];
    for word in &mut words {
        *word = line.number("word", 16)?;
    }
    let mut told = |field: &'static str| -> Result<Option<String>, ProcError> {
        let text = line.word(field)?;
        if text == b"-" {
            return Ok(None);
        }
        unescape(text).map(Some).ok_or_else(|| line.wrong(field, text))
    };
    let (module, type_name) = (told("module")?, told("type")?);
    Ok(Some(NameToken { name, words, module, type_name }))
}

/// Undoes the kernel's octal escapes. Bytes that are no UTF-8 are replaced.
fn unescape(word: &[u8]) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = word;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first == b'\\' {
            let digits = std::str::from_utf8(rest.get(..3)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 8).ok()?);
            rest = rest.get(3..)?;
        } else {
            bytes.push(*first);
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"token a\\040b ffff888000001000 28 0 0 foo_token struct\\040foo more\n\
                          later 1 2\n\
                          token empty 0 0 0 0 - -\n";

    #[test]
    fn names_words_and_types() {
        let tokens = name_tokens(TEXT).collect::<Result<Vec<_>, _>>().unwrap();
        let first = NameToken::new("a b", [0xffff_8880_0000_1000, 0x28, 0, 0]);
        assert_eq!(
            tokens,
            [first.with_type("foo_token", "struct foo"), NameToken::new("empty", [0, 0, 0, 0])]
        );
        assert_eq!(tokens[0].offset_of(0xffff_8880_0000_1027), Some(0x27));
        assert_eq!(tokens[0].offset_of(0xffff_8880_0000_1028), None);
        assert_eq!(tokens[0].offset_of(0xffff_8880_0000_0fff), None);
        assert!(tokens[0].is_set() && !tokens[1].is_set());
        assert_eq!(tokens[1].offset_of(0), None);
    }

    #[test]
    fn without_a_length_only_the_address_itself_is_known() {
        for length in [0, u64::MAX, MAX_LENGTH + 1] {
            let token = NameToken::new("x", [0xffff_8880_0000_1000, length, 0, 0]);
            assert_eq!(token.offset_of(0xffff_8880_0000_1000), Some(0), "{length:#x}");
            assert_eq!(token.offset_of(0xffff_8880_0000_1001), None, "{length:#x}");
        }
    }

    #[test]
    fn a_wrong_line_is_an_error_and_the_next_one_follows() {
        let text = b"token x 1 2 3\ntoken \\08 1 2 3 4 - -\ntoken y 1 2 3 x - -\ntoken z 1 2 3 4 - -\n";
        let tokens: Vec<_> = name_tokens(text).collect();
        assert_eq!(tokens.iter().filter(|token| token.is_err()).count(), 3);
        assert_eq!(tokens[3].as_ref().unwrap().name, "z");
    }
}
