// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an author says about renamed variables, fields and files, so that nothing is lost in silence.
//!
//! The macro `PERSISTENT_RENAMED("OLD", "NEW")` of persistent.h leaves entries in `.modinfo`:
//!
//! ```text
//! persistent_renamed=meter.c:hits=meter.c:count
//! persistent_renamed=old.c:=new.c:
//! persistent_renamed=struct meter.hits=struct meter.count
//! persistent_renamed=enum mode.SLOW=enum mode.QUIET
//! ```
//!
//! A field is given with its structure, or with the variable if the structure has no tag.
//!
//! ```
//! use libmodfmt::hints::Renames;
//! use libmodfmt::modinfo::Modinfo;
//!
//! let info = Modinfo::parse(b"persistent_renamed=struct meter.hits=struct meter.count\0")?;
//! let renames = Renames::of(&info)?;
//! assert_eq!(renames.field("struct meter", "stats", "hits"), Some("count"));
//! assert_eq!(renames.field("struct other", "stats", "hits"), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod parse;
#[cfg(test)]
mod tests;

pub use parse::HintError;

/// The key of the entries in `.modinfo`.
pub const MODINFO_KEY: &str = "persistent_renamed";

/// A variable that has a new name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenamedVariable {
    /// The source file that has the variable now; `None` if the hint does not say it.
    pub file: Option<String>,
    /// The source file that had it before, if the hint says that it was another.
    pub old_file: Option<String>,
    /// Its name before.
    pub old: String,
    /// Its name now.
    pub new: String,
}

/// A field or an enumerator that has a new name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenamedField {
    /// `struct TAG`, `union TAG` or `enum TAG`; or the name of the variable, for a type without a tag.
    pub of: String,
    /// Its name before.
    pub old: String,
    /// Its name now.
    pub new: String,
}

/// All hints of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Renames {
    /// Of variables.
    pub variables: Vec<RenamedVariable>,
    /// Of fields.
    pub fields: Vec<RenamedField>,
    /// Of source files: base names, before and now.
    pub files: Vec<(String, String)>,
}

impl Renames {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.variables.is_empty() && self.fields.is_empty() && self.files.is_empty()
    }

    /// The hints about fields, from the new name to the old one.
    pub(crate) fn reversed(&self) -> Self {
        let reverse = |hint: &RenamedField| RenamedField {
            of: hint.of.clone(),
            old: hint.new.clone(),
            new: hint.old.clone(),
        };
        Self { fields: self.fields.iter().map(reverse).collect(), ..Self::default() }
    }

    /// The new name of the field `old` of a type, given as `struct TAG`, in a variable.
    #[must_use]
    pub fn field(&self, of: &str, variable: &str, old: &str) -> Option<&str> {
        let hint = self.fields.iter().find(|hint| hint.old == old && (hint.of == of || hint.of == variable));
        hint.map(|hint| &*hint.new)
    }

    /// The new name of a variable that was called `old` and is in `file` now.
    #[must_use]
    pub fn variable(&self, file: Option<&str>, old: &str) -> Option<&str> {
        let hint = self.variables.iter().find(|hint| {
            hint.old == old
                && hint.file.as_deref().zip(file).is_none_or(|(hint, file)| is_same_file(hint, file))
        });
        hint.map(|hint| &*hint.new)
    }

    /// The new name of a source file.
    #[must_use]
    pub fn file(&self, old: &str) -> Option<&str> {
        self.files.iter().find(|(before, _)| is_same_file(before, old)).map(|(_, now)| &**now)
    }
}

/// Whether two names mean one source file. Kbuild's `KBUILD_BASENAME` has no `.c`, and `_` for `-`.
#[must_use]
pub fn is_same_file(one: &str, other: &str) -> bool {
    fn plain(name: &str) -> impl Iterator<Item = char> {
        let base = name.rsplit('/').next().unwrap_or(name);
        let base = base.rsplit_once('.').map_or(base, |(base, _)| base);
        base.chars().map(|letter| if matches!(letter, '-' | ',') { '_' } else { letter })
    }
    plain(one).eq(plain(other))
}
