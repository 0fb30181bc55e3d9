// SPDX-License-Identifier: MIT OR Apache-2.0
//! A parameter as the kernel's parser reads it (`next_arg` in lib/cmdline.c, 4.19 to 7.3).
//!
//! The parser ends a word at a blank that is not between double quotes. A quote anywhere in the word opens or
//! closes, and nothing escapes one; only a quote at the start of the value is taken off, and then one at its
//! end as well. Blanks are those of the kernel's `isspace`, which has 0xa0 among them, a byte of many UTF-8
//! characters, such as `à`.

/// What ends a word, by `_ctype` in lib/ctype.c.
const BLANKS: [u8; 7] = [b'\t', b'\n', 0x0b, 0x0c, b'\r', b' ', 0xa0];

/// Why a parameter cannot be passed to the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Inexpressible {
    /// The name has a blank, a quote, an equals sign or a control character, or is empty.
    #[error("it has a name that the kernel cannot read")]
    Name,
    /// The value holds a NUL.
    #[error("its value holds a NUL byte")]
    Nul,
    /// The value has an odd number of quotes, or blanks both inside and outside of its quotes.
    #[error("the kernel's syntax cannot express a value with such quotes")]
    Quotes,
}

/// `name=value` for the kernel: it reads exactly this value from it, and no other parameter.
///
/// ```
/// use modrecord::parameters::word_for_kernel;
///
/// assert_eq!(word_for_kernel("word", b"a b").unwrap(), b"word=\"a b\"");
/// assert!(word_for_kernel("word", b"\"").is_err());
/// ```
///
/// # Errors
/// There is no way to express it.
pub fn word_for_kernel(name: &str, value: &[u8]) -> Result<Vec<u8>, Inexpressible> {
    let cannot_be_in_name =
        |byte: u8| BLANKS.contains(&byte) || byte.is_ascii_control() || b"\"=#".contains(&byte);
    if name.is_empty() || name.bytes().any(cannot_be_in_name) {
        return Err(Inexpressible::Name);
    }
    if value.contains(&0) {
        return Err(Inexpressible::Nul);
    }
    let quotes_before = |at: usize| value.iter().take(at).filter(|byte| **byte == b'"').count();
    let blanks = || value.iter().enumerate().filter(|(_, byte)| BLANKS.contains(byte)).map(|(at, _)| at);
    let is_paired = quotes_before(value.len()) % 2 == 0;
    let as_it_is = !value.starts_with(b"\"") && blanks().all(|at| quotes_before(at) % 2 == 1);
    // The quotes around the value invert what is inside and outside of its own.
    let quoted = blanks().all(|at| quotes_before(at) % 2 == 0);
    match (is_paired, as_it_is, quoted) {
        (true, true, _) => Ok([name.as_bytes(), b"=", value].concat()),
        (true, false, true) => Ok([name.as_bytes(), b"=\"", value, b"\""].concat()),
        _ => Err(Inexpressible::Quotes),
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// What the kernel makes of a parameter string: names with their values.
    fn kernel_reads(text: &[u8]) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        let is_blank = |byte: u8| byte == 0x20 || (0x09..=0x0d).contains(&byte) || byte == 0xa0;
        let mut rest: &[u8] = text.split(|byte| *byte == 0).next().unwrap();
        let mut found = Vec::new();
        loop {
            while rest.first().copied().is_some_and(is_blank) {
                rest = &rest[1..];
            }
            if rest.is_empty() {
                return found;
            }
            let whole_is_quoted = rest[0] == b'"';
            let mut in_quotes = whole_is_quoted;
            if whole_is_quoted {
                rest = &rest[1..];
            }
            let (mut end, mut equals) = (0, None);
            while end < rest.len() && (in_quotes || !is_blank(rest[end])) {
                if rest[end] == b'=' && equals.is_none() && end > 0 {
                    equals = Some(end);
                }
                in_quotes ^= rest[end] == b'"';
                end += 1;
            }
            let word = &rest[..end];
            let without_last = |word: &[u8]| word.strip_suffix(b"\"").unwrap_or(word).to_vec();
            found.push(match equals {
                None => (if whole_is_quoted { without_last(word) } else { word.to_vec() }, None),
                Some(at) => {
                    let value = &word[at + 1..];
                    let value = match value.strip_prefix(b"\"") {
                        Some(value) => without_last(value),
                        None if whole_is_quoted => without_last(value),
                        None => value.to_vec(),
                    };
                    (word[..at].to_vec(), Some(value))
                }
            });
            rest = &rest[end..];
        }
    }

    /// Expressed between two other parameters, a value arrives as it is; or it is refused.
    fn arrives_or_is_refused(value: &[u8]) -> bool {
        let Ok(word) = word_for_kernel("word", value) else { return false };
        let text = [b"before=1 ", &*word, b" after=2"].concat();
        let parameter = |name: &[u8], value: &[u8]| (name.to_vec(), Some(value.to_vec()));
        let wanted = [parameter(b"before", b"1"), parameter(b"word", value), parameter(b"after", b"2")];
        assert_eq!(kernel_reads(&text), wanted, "{}", value.escape_ascii());
        true
    }

    #[test]
    fn every_byte_and_every_pair_of_bytes() {
        assert!(arrives_or_is_refused(b""));
        for first in 0..=255_u8 {
            assert_eq!(arrives_or_is_refused(&[first]), first != 0 && first != b'"', "{first:#x}");
            for second in 0..=255_u8 {
                let expected = match (first, second) {
                    (0, _) | (_, 0) => false,
                    (b'"', b'"') => true,
                    (b'"', _) | (_, b'"') => false,
                    _ => true,
                };
                assert_eq!(arrives_or_is_refused(&[first, second]), expected, "{first:#x} {second:#x}");
            }
        }
    }

    #[test]
    fn values_that_went_wrong() {
        assert_eq!(word_for_kernel("w", "à num=9".as_bytes()).unwrap(), "w=\"à num=9\"".as_bytes());
        assert_eq!(word_for_kernel("w", b"1,2").unwrap(), b"w=1,2");
        assert_eq!(word_for_kernel("w", b"a\"b\"").unwrap(), b"w=a\"b\"");
        assert_eq!(word_for_kernel("w", b"a\"b c\"").unwrap(), b"w=a\"b c\"");
        assert_eq!(word_for_kernel("w", b"\"a\" ").unwrap(), b"w=\"\"a\" \"");
        for lost in [&b"\""[..], b"a\"b", b"a \"b c\"", b"\" \""] {
            assert_eq!(word_for_kernel("w", lost), Err(Inexpressible::Quotes));
        }
        assert_eq!(word_for_kernel("w", b"a\0"), Err(Inexpressible::Nul));
        for name in ["", "a b", "a=b", "a\"b", "#a", "\u{e0}", "a\n"] {
            assert_eq!(word_for_kernel(name, b"1"), Err(Inexpressible::Name));
        }
    }

    proptest! {
        #[test]
        fn random_values(value in vec(any::<u8>(), 0..40)) {
            arrives_or_is_refused(&value);
        }

        #[test]
        fn values_of_what_is_special(value in vec(prop::sample::select(&b"\" \xa0\n=a'\\,"[..]), 0..12)) {
            let arrived = arrives_or_is_refused(&value);
            // Nothing is refused that could be expressed in one of the two ways.
            for word in [[b"w=", &*value].concat(), [b"w=\"", &*value, b"\""].concat()] {
                let text = [&*word, b" after=2"].concat();
                let wanted = [(b"w".to_vec(), Some(value.clone())), (b"after".to_vec(), Some(b"2".to_vec()))];
                prop_assert!(arrived || kernel_reads(&text) != wanted, "{}", value.escape_ascii());
            }
        }
    }
}
