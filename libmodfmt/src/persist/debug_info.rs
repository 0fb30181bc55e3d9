// SPDX-License-Identifier: MIT OR Apache-2.0
//! What debug information adds to the symbol table.

use crate::elf::Object;

/// What debug information tells about one persistent variable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VariableDebugInfo {
    /// Index of the section that holds it.
    pub section: usize,
    /// Its offset in the section, in bytes.
    pub offset: u64,
    /// The function around it, for a static in a function.
    pub function: Option<String>,
    /// Its type as C text.
    pub type_name: Option<String>,
    /// Hash over the structure of its type.
    pub type_hash: Option<u64>,
}

impl VariableDebugInfo {
    /// The variable at `offset` bytes in a section, of which nothing is known yet.
    #[must_use]
    pub fn new(section: usize, offset: u64) -> Self {
        Self { section, offset, function: None, type_name: None, type_hash: None }
    }

    /// What the debug information of `object` tells about its persistent variables. It only refines
    /// the symbol table, so the list is empty if there is none that can be read, or if this crate
    /// was built without the feature `dwarf`.
    #[must_use]
    pub fn all(object: &Object<'_>) -> Vec<Self> {
        all(object)
    }
}

#[cfg(not(feature = "dwarf"))]
fn all(_object: &Object<'_>) -> Vec<VariableDebugInfo> {
    Vec::new()
}

#[cfg(feature = "dwarf")]
fn all(object: &Object<'_>) -> Vec<VariableDebugInfo> {
    use super::PersistentSection;
    use crate::dwarf::{self, DebugSections};

    let Ok(sections) = DebugSections::of(object) else { return Vec::new() };
    let persistent = |index: usize| {
        object
            .sections
            .get(index)
            .is_some_and(|section| PersistentSection::from_name(&section.name).is_some())
    };
    let variables = dwarf::variables(&sections).unwrap_or_default();
    let kept = variables.into_iter().filter(|variable| persistent(variable.section));
    kept.map(|variable| VariableDebugInfo {
        section: variable.section,
        offset: variable.offset,
        function: variable.function,
        type_name: variable.type_name,
        type_hash: variable.type_hash,
    })
    .collect()
}
