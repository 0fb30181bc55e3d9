// SPDX-License-Identifier: MIT OR Apache-2.0
//! A token in a line of JSON, and what identifies the tokens of a line.

use serde::{Deserialize, Serialize};

use super::hex::{number, parse_number};
use crate::fnv::Hash;
use crate::proc::NameToken;

#[derive(Serialize, Deserialize)]
pub(super) struct TokenLine {
    name: String,
    words: [String; 4],
    #[serde(default, skip_serializing_if = "Option::is_none")]
    module: Option<String>,
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    type_name: Option<String>,
}

impl TokenLine {
    pub fn of(token: &NameToken) -> Self {
        Self {
            name: token.name.clone(),
            words: token.words.map(number),
            module: token.module.clone(),
            type_name: token.type_name.clone(),
        }
    }

    /// `None` if a word is no number.
    pub fn token(self) -> Option<NameToken> {
        let mut token = NameToken::new(&self.name, [0; 4]);
        for (word, text) in token.words.iter_mut().zip(&self.words) {
            *word = parse_number(text)?;
        }
        (token.module, token.type_name) = (self.module, self.type_name);
        Some(token)
    }
}

/// A hash of all tokens: a writer need not write them again if it is the same.
pub(super) fn tokens_id(tokens: &[NameToken]) -> u64 {
    let mut hash = Hash::new();
    for token in tokens {
        for text in [Some(&token.name), token.module.as_ref(), token.type_name.as_ref()] {
            hash.bytes(text.map(String::as_bytes).unwrap_or_default());
            // No text has this byte.
            hash.bytes(&[0xff]);
        }
        for word in token.words {
            hash.bytes(&word.to_le_bytes());
        }
    }
    hash.finish()
}
