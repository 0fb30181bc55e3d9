// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the user, or a hint in the source, asks for.

use std::collections::BTreeSet;

use super::super::source_name::base_name;
use crate::hints::Renames;
use crate::persist::Variable;

/// What the user, or a hint in the source, asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Start everything afresh.
    pub fresh: bool,
    /// Variables to start afresh: `name`, `file.c:name` or `file.c:function:name`.
    pub fresh_variables: Vec<String>,
    /// Variables with another name now, old and new, in the same forms. `old.c:` and `new.c:` stand for all
    /// variables of a file.
    pub renamed: Vec<(String, String)>,
    /// Hints about fields with another name.
    pub fields: Renames,
    /// `--drop`: fields that may be lost in a conversion, and structures of which no object is in memory.
    pub drops: Vec<String>,
    /// The structures that the source defines, if that is known: `struct item`.
    pub defined_tags: Option<BTreeSet<String>>,
}

/// Whether a text stands for a variable.
pub(super) fn names(text: &str, variable: &Variable) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let in_file = |file: &str| variable.file.as_deref().is_some_and(|own| base_name(own) == base_name(file));
    match parts.as_slice() {
        [name] => *name == variable.plain_name(),
        [file, name] => in_file(file) && (name.is_empty() || *name == variable.plain_name()),
        [file, function, name] => {
            in_file(file)
                && variable.scope().is_some_and(|own| own == Some(*function))
                && *name == variable.plain_name()
        }
        _ => false,
    }
}

impl Wishes {
    /// What a kept variable is called in the file: file and name. `None` if no rename is asked for.
    pub(super) fn renamed(&self, kept: &Variable) -> Option<Variable> {
        let (_, new) = self.renamed.iter().find(|(old, _)| names(old, kept))?;
        let mut renamed = kept.clone();
        let mut parts: Vec<&str> = new.split(':').collect();
        let name = parts.pop().unwrap_or_default();
        if let Some(file) = parts.first() {
            renamed.file = Some((*file).to_owned());
        }
        if let [_, function] = parts.as_slice() {
            renamed.function = Some((*function).to_owned());
        }
        renamed.name = if name.is_empty() { kept.plain_name().to_owned() } else { name.to_owned() };
        Some(renamed)
    }
}
