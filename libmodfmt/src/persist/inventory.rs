// SPDX-License-Identifier: MIT OR Apache-2.0
//! The persistent sections and variables of a module file.

use super::variables::Candidates;
use super::{AmbiguousName, Header, PersistError, PersistentSection, Variable, VariableDebugInfo};
use crate::elf::Object;

/// The persistent data of a module file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inventory {
    /// What a keeper will carry.
    pub header: Header,
    /// Index of each persistent section in the file, in the order of the header.
    pub indexes: Vec<(PersistentSection, usize)>,
    /// Names that several variables of one file share; such a file is refused.
    pub ambiguous: Vec<AmbiguousName>,
}

impl Inventory {
    /// Lists what `object`, the module `owner`, marks as persistent; `None` where it marks nothing.
    ///
    /// `facts` come from debug information and may be empty: they name functions and types.
    ///
    /// # Errors
    /// Two sections of one name, or a variable that ends behind its section.
    pub fn of(
        object: &Object<'_>,
        owner: &str,
        build_id: Option<&[u8]>,
        facts: &[VariableDebugInfo],
    ) -> Result<Option<Self>, PersistError> {
        let indexes = persistent_sections(object)?;
        if indexes.is_empty() {
            return Ok(None);
        }
        let mut candidates = Candidates::of(object, &indexes)?;
        candidates.add_facts(facts);
        let named = candidates.are_complete(object, &indexes);
        // Without names it binds by its build id.
        let ambiguous = if named { candidates.ambiguous() } else { Vec::new() };
        let sections = candidates.into_sections(object, &indexes);
        let build_id = build_id.unwrap_or_default().to_vec();
        let header = Header { owner: owner.to_owned(), build_id, named, sections };
        Ok(Some(Self { header, indexes, ambiguous }))
    }

    /// The role of section `index`, if it is one of the persistent sections.
    #[must_use]
    pub fn role_of(&self, index: usize) -> Option<PersistentSection> {
        self.indexes.iter().find(|(_, own)| *own == index).map(|(role, _)| *role)
    }

    /// The variable that covers `offset` of a section, with the distance from its start in bytes.
    #[must_use]
    pub fn variable_at(&self, role: PersistentSection, offset: u64) -> Option<(&Variable, u64)> {
        let section = self.header.section(role)?;
        let before = section.variables.iter().rev().find(|variable| variable.offset <= offset)?;
        let inside = offset.checked_sub(before.offset)?;
        (inside < before.size).then_some((before, inside))
    }
}

fn persistent_sections(object: &Object<'_>) -> Result<Vec<(PersistentSection, usize)>, PersistError> {
    let mut indexes = Vec::new();
    for role in PersistentSection::ALL {
        let mut named = object.sections.iter().enumerate().filter(|(_, section)| {
            // An empty one is what remains of the section in an owner image.
            PersistentSection::from_name(&section.name) == Some(role) && section.size > 0
        });
        if let Some((first, _)) = named.next() {
            if let Some((second, _)) = named.next() {
                return Err(PersistError::TwoSections { name: role.section_name(), first, second });
            }
            indexes.push((role, first));
        }
    }
    Ok(indexes)
}
