// SPDX-License-Identifier: MIT OR Apache-2.0
//! The `.modinfo` section: what a module says about itself.
//!
//! The section is a list of `key=value` strings, each ended by a NUL byte. A keeper carries its
//! owner's list with a few keys changed, because license, vermagic and tags such as `retpoline`
//! decide how the kernel treats a module. All other entries keep their order and their bytes,
//! padding included.
//!
//! ```
//! use libmodfmt::modinfo::Modinfo;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let info = Modinfo::parse(b"license=GPL\0alias=pci:v1\0alias=pci:v2\0depends=a,b\0name=foo\0")?;
//! assert_eq!(info.license().as_deref(), Some("GPL"));
//! assert_eq!(info.all("alias").count(), 2);
//! assert_eq!(info.depends(), ["a", "b"]);
//!
//! let keeper = info.without(&["alias", "depends"]).with("name", "foo__persist")?;
//! assert_eq!(keeper.encode(), b"license=GPL\0name=foo__persist\0");
//! # Ok(())
//! # }
//! ```

mod edit;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use thiserror::Error;

/// What is wrong with a `.modinfo` section or an entry for it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModinfoError {
    /// The last string has no NUL: the kernel would read past the end of the section.
    #[error(".modinfo: entry at offset {offset:#x} is not ended by a NUL")]
    Unterminated {
        /// Offset of the entry in the section, in bytes.
        offset: u64,
    },
    /// A new entry would read as two, or with another key.
    #[error(".modinfo: {what} {text:?} for a new entry has a {character:?} in it")]
    Character {
        /// `key` or `value`.
        what: &'static str,
        /// The text that was to be written.
        text: String,
        /// The character that cannot be in it.
        character: char,
    },
    /// A new entry has no key.
    #[error(".modinfo: a new entry needs a key")]
    NoKey,
}

/// One string of the section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'d> {
    text: Cow<'d, [u8]>,
    /// NUL bytes after the text: one, or more if the compiler aligned the next string.
    nuls: usize,
}

impl Entry<'_> {
    /// The part before the first `=`; the whole string if there is none.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        self.text.split(|&byte| byte == b'=').next().unwrap_or_default()
    }

    /// The part after the first `=`; empty if there is none.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        let start = self.key().len().saturating_add(1);
        self.text.get(start..).unwrap_or_default()
    }

    /// The whole string, without its NUL.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }
}

/// A parsed section. Strings are bytes: authors' names come in any encoding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Modinfo<'d> {
    entries: Vec<Entry<'d>>,
}

impl<'d> Modinfo<'d> {
    /// Reads the bytes of a `.modinfo` section.
    ///
    /// Strings without `=` and empty strings are kept: the kernel skips them.
    ///
    /// # Errors
    ///
    /// [`ModinfoError::Unterminated`] if the last byte is not NUL.
    pub fn parse(section: &'d [u8]) -> Result<Self, ModinfoError> {
        let mut entries = Vec::new();
        let mut rest = section;
        while !rest.is_empty() {
            let Some(length) = rest.iter().position(|&byte| byte == 0) else {
                let offset = (section.len() as u64).saturating_sub(rest.len() as u64);
                return Err(ModinfoError::Unterminated { offset });
            };
            let (text, tail) = rest.split_at(length);
            let nuls = tail.iter().take_while(|&&byte| byte == 0).count();
            entries.push(Entry { text: Cow::Borrowed(text), nuls });
            rest = tail.get(nuls..).unwrap_or_default();
        }
        Ok(Self { entries })
    }

    /// The entries in the order of the section.
    pub fn iter(&self) -> impl Iterator<Item = &Entry<'d>> {
        self.entries.iter()
    }

    /// The value of the first entry with that key, which is the one that the kernel uses.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&[u8]> {
        self.all(key).next()
    }

    /// The values of all entries with that key: `alias`, `parm`, `import_ns`, ... may be repeated.
    pub fn all(&self, key: &str) -> impl Iterator<Item = &[u8]> {
        // The kernel compares up to the '=', so an entry without one has no key.
        self.entries
            .iter()
            .filter(move |entry| entry.key() == key.as_bytes() && entry.text.contains(&b'='))
            .map(Entry::value)
    }

    /// [`Modinfo::get`] as text; bytes that are not UTF-8 become U+FFFD.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<Cow<'_, str>> {
        self.get(key).map(String::from_utf8_lossy)
    }

    /// The module's name. Modules built before 4.13 do not have it: they are called like their file.
    #[must_use]
    pub fn name(&self) -> Option<Cow<'_, str>> {
        self.text("name")
    }

    /// Kernel release and options that the module was built for.
    #[must_use]
    pub fn vermagic(&self) -> Option<Cow<'_, str>> {
        self.text("vermagic")
    }

    /// License. Without one the kernel assumes a proprietary module.
    #[must_use]
    pub fn license(&self) -> Option<Cow<'_, str>> {
        self.text("license")
    }

    /// Names of the modules that this one needs, from a list separated by commas.
    #[must_use]
    pub fn depends(&self) -> Vec<Cow<'_, str>> {
        let list = self.get("depends").unwrap_or_default();
        let names = list.split(|&byte| byte == b',').filter(|name| !name.is_empty());
        names.map(String::from_utf8_lossy).collect()
    }
}
