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
    /// Lists what `object`, the module `owner`, marks as persistent; `None` if it marks nothing.
    ///
    /// `debug_info` names functions and types. It may be empty.
    ///
    /// # Errors
    /// Two sections have one name, or a variable ends past its section.
    pub fn of(
        object: &Object<'_>,
        owner: &str,
        build_id: Option<&[u8]>,
        debug_info: &[VariableDebugInfo],
    ) -> Result<Option<Self>, PersistError> {
        let indexes = persistent_sections(object)?;
        if indexes.is_empty() {
            return Ok(None);
        }
        let mut candidates = Candidates::of(object, &indexes)?;
        candidates.add_debug_info(debug_info);
        let named = candidates.are_complete(object, &indexes);
        // A file without names binds by its build id, so that ambiguous ones do no harm.
        let ambiguous = if named { candidates.ambiguous() } else { Vec::new() };
        let sections = candidates.into_sections(object, &indexes);
        let build_id = build_id.unwrap_or_default().to_vec();
        let header = Header { owner: owner.to_owned(), build_id, named, sections };
        Ok(Some(Self { header, indexes, ambiguous }))
    }

    /// Which persistent section the section at `index` is, if it is one.
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
            // An owner image has empty ones.
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
