// SPDX-License-Identifier: MIT OR Apache-2.0
//! Hints as text: entries of `.modinfo`, and the argument of `--renamed`.

use thiserror::Error;

use super::{MODINFO_KEY, RenamedField, RenamedVariable, Renames};
use crate::modinfo::Modinfo;

/// Most hints of a file. A name is looked up among all of them.
const MAX_HINTS: usize = 4096;

/// Why a hint cannot be used.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HintError {
    /// Not one of the forms.
    #[error("'{text}' does not say what was renamed: {why}")]
    Form {
        /// The hint.
        text: String,
        /// What is wrong.
        why: &'static str,
    },
    /// Two hints for one old name.
    #[error("'{old}' was renamed twice: to '{first}' and to '{second}'")]
    Twice {
        /// The old name.
        old: String,
        /// The new name in the first hint.
        first: String,
        /// The new name in the second.
        second: String,
    },
    /// More hints than can be looked up quickly.
    #[error("more than 4096 hints about renamed variables and fields")]
    TooMany,
}

impl Renames {
    /// The hints in a module's `.modinfo`.
    ///
    /// # Errors
    /// An entry has another form, two contradict each other, or there are too many.
    pub fn of(info: &Modinfo<'_>) -> Result<Self, HintError> {
        let mut renames = Self::default();
        for (count, value) in info.all(MODINFO_KEY).enumerate() {
            if count >= MAX_HINTS {
                return Err(HintError::TooMany);
            }
            renames.add(&String::from_utf8_lossy(value))?;
        }
        Ok(renames)
    }

    /// Adds one hint, or what the user tries out with `--renamed`: `OLD=NEW`, where each is
    /// `[FILE.c:]VARIABLE`, `TYPE.FIELD` (with the variable's name for a type without a tag), `struct TAG`,
    /// or `FILE:`. The new name may be written without what stands before the old one.
    ///
    /// # Errors
    /// The text has another form, or contradicts a hint.
    pub fn add(&mut self, text: &str) -> Result<(), HintError> {
        let wrong = |why| HintError::Form { text: text.to_owned(), why };
        let (old, new) = text.split_once('=').ok_or_else(|| wrong("expected OLD=NEW"))?;
        let (old, new) = (old.trim(), new.trim());
        if old.is_empty() || new.is_empty() {
            return Err(wrong("a name is missing"));
        }
        // With PERSISTENT_FILE, a source has a name without an extension.
        let are_files = old.ends_with(':') && new.ends_with(':');
        if are_files || is_source(old) && is_source(new) {
            let (old, new) = (old.trim_end_matches(':'), new.trim_end_matches(':'));
            if old.is_empty() || new.is_empty() {
                return Err(wrong("a name is missing"));
            }
            return self.file_hint(old, new);
        }
        let ((old_file, old_name), (new_file, new_name)) = (in_file(old), in_file(new));
        if old_name.is_empty() || new_name.is_empty() {
            return Err(wrong("a name is missing"));
        }
        if old_file.is_none()
            && let Some((of, field)) = old_name.rsplit_once('.')
        {
            let new = new_name.rsplit_once('.').map_or(new_name, |(_, field)| field);
            return self.field_hint(of, field, new);
        }
        let file = new_file.or(old_file).map(str::to_owned);
        if let [old_kind, old_tag] = *old_name.split_whitespace().collect::<Vec<_>>() {
            let same_kind = match *new_name.split_whitespace().collect::<Vec<_>>() {
                [kind, tag] if kind == old_kind => Some(tag),
                [tag] => Some(tag),
                _ => None,
            };
            let is_kind = matches!(old_kind, "struct" | "union" | "enum");
            let tag = same_kind.filter(|_| is_kind && file.is_none());
            let tag = tag.ok_or_else(|| wrong("expected 'struct TAG' on both sides"))?;
            let (old, new) = (format!("{old_kind} {old_tag}"), format!("{old_kind} {tag}"));
            return self.variable_hint(None, None, &old, &new);
        }
        self.variable_hint(file, old_file.map(str::to_owned), old_name, new_name)
    }

    fn variable_hint(
        &mut self,
        file: Option<String>,
        old_file: Option<String>,
        old: &str,
        new: &str,
    ) -> Result<(), HintError> {
        let known = self.variables.iter().find(|hint| hint.old == old && hint.file == file);
        once(old, known.map(|hint| &*hint.new), new)?;
        let (old, new) = (old.to_owned(), new.to_owned());
        self.variables.push(RenamedVariable { file, old_file, old, new });
        Ok(())
    }

    fn field_hint(&mut self, of: &str, old: &str, new: &str) -> Result<(), HintError> {
        let of = of.split_whitespace().collect::<Vec<_>>().join(" ");
        let known = self.fields.iter().find(|hint| hint.old == old && hint.of == of);
        once(old, known.map(|hint| &*hint.new), new)?;
        self.fields.push(RenamedField { of, old: old.to_owned(), new: new.to_owned() });
        Ok(())
    }

    fn file_hint(&mut self, old: &str, new: &str) -> Result<(), HintError> {
        once(old, self.file(old), new)?;
        self.files.push((old.to_owned(), new.to_owned()));
        Ok(())
    }
}

fn once(old: &str, known: Option<&str>, new: &str) -> Result<(), HintError> {
    match known {
        Some(first) if first != new => {
            Err(HintError::Twice { old: old.to_owned(), first: first.to_owned(), second: new.to_owned() })
        }
        _ => Ok(()),
    }
}

/// `FILE.c:NAME` in its two parts.
fn in_file(text: &str) -> (Option<&str>, &str) {
    match text.split_once(':') {
        Some((file, name)) => (Some(file.trim()), name.trim()),
        None => (None, text),
    }
}

fn is_source(name: &str) -> bool {
    name.trim_end_matches(':')
        .rsplit_once('.')
        .is_some_and(|(_, extension)| matches!(extension, "c" | "h" | "S" | "rs"))
}
