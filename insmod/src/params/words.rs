// SPDX-License-Identifier: MIT OR Apache-2.0
//! A parameter line, word by word.

/// One parameter, as the kernel is given it.
///
/// ```
/// use insmod::ParameterWord;
///
/// let words = ParameterWord::all(b"a-b=1 label=\"x y\" -- c=2");
/// let names: Vec<_> = words.iter().map(|word| word.name.as_str()).collect();
/// assert_eq!(names, ["a_b", "label"], "the kernel reads no further than --");
/// assert_eq!(words[1].text, b"label=\"x y\"");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterWord {
    /// Its name, with `_` for `-`.
    pub name: String,
    /// All of it.
    pub text: Vec<u8>,
}

impl ParameterWord {
    /// A parameter from its text.
    #[must_use]
    pub fn new(text: Vec<u8>) -> Self {
        let name = text.split(|byte| *byte == b'=').next().unwrap_or_default();
        let name = String::from_utf8_lossy(name).trim_start_matches('"').replace('-', "_");
        Self { name, text }
    }

    /// Splits a parameter line as the kernel does: at blanks outside of double quotes.
    #[must_use]
    pub fn all(params: &[u8]) -> Vec<Self> {
        let words = split(params).into_iter().take_while(|word| word != b"--");
        words.map(Self::new).collect()
    }
}

fn split(params: &[u8]) -> Vec<Vec<u8>> {
    let mut words = vec![Vec::new()];
    let mut is_quoted = false;
    for byte in params {
        match byte {
            b' ' | b'\t' | b'\n' if !is_quoted => words.push(Vec::new()),
            _ => {
                is_quoted ^= *byte == b'"';
                if let Some(word) = words.last_mut() {
                    word.push(*byte);
                }
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(split(b"a=1 b=\"x y\"  c"), [&b"a=1"[..], b"b=\"x y\"", b"c"]);
    }
}
