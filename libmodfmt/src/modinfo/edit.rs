// SPDX-License-Identifier: MIT OR Apache-2.0
//! Changing a `.modinfo` section and writing it back.

use std::borrow::Cow;

use super::{Entry, Modinfo, ModinfoError};

impl<'d> Modinfo<'d> {
    /// Removes every entry with one of these keys.
    #[must_use]
    pub fn without(mut self, keys: &[&str]) -> Self {
        self.entries.retain(|entry| !keys.iter().any(|key| entry.key() == key.as_bytes()));
        self
    }

    /// Sets `key` to one value, in place of its first entry or at the end. Further entries with that
    /// key are removed.
    ///
    /// # Errors
    ///
    /// See [`Modinfo::push`].
    pub fn with(mut self, key: &str, value: &str) -> Result<Self, ModinfoError> {
        let entry = new_entry(key, value)?;
        let place = self.entries.iter().position(|entry| entry.key() == key.as_bytes());
        self = self.without(&[key]);
        self.entries.insert(place.unwrap_or(self.entries.len()).min(self.entries.len()), entry);
        Ok(self)
    }

    /// Adds an entry at the end, even if there is one with that key.
    ///
    /// # Errors
    ///
    /// - [`ModinfoError::NoKey`] if the key is empty.
    /// - [`ModinfoError::Character`] if key or value holds a NUL, or the key a `=`.
    pub fn push(&mut self, key: &str, value: &str) -> Result<(), ModinfoError> {
        self.entries.push(new_entry(key, value)?);
        Ok(())
    }

    /// The bytes of the section. Unchanged entries keep their bytes and padding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut section = Vec::new();
        for entry in &self.entries {
            section.extend_from_slice(&entry.text);
            section.resize(section.len().saturating_add(entry.nuls), 0);
        }
        section
    }
}

fn new_entry(key: &str, value: &str) -> Result<Entry<'static>, ModinfoError> {
    if key.is_empty() {
        return Err(ModinfoError::NoKey);
    }
    for (what, text, character) in [("key", key, '='), ("key", key, '\0'), ("value", value, '\0')] {
        if text.contains(character) {
            return Err(ModinfoError::Character { what, text: text.to_owned(), character });
        }
    }
    Ok(Entry { text: Cow::Owned(format!("{key}={value}").into_bytes()), nuls: 1 })
}
