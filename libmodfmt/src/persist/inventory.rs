// SPDX-License-Identifier: MIT OR Apache-2.0
//! The persistent sections and variables of a module file.

use std::collections::BTreeSet;

use super::variables::Candidates;
use super::{AmbiguousName, Header, PersistError, PersistentSection, Unit, Variable, VariableDebugInfo};
use crate::elf::{Object, Section, SectionKind, flags};

/// The persistent data of a module file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inventory {
    /// What the file has, as one generation. What is kept already decides which of it a keeper will carry.
    pub header: Header,
    /// Index of each unit's section in the file, in the order of the header.
    pub indexes: Vec<usize>,
    /// Names that several variables of one file share; such a file is refused.
    pub ambiguous: Vec<AmbiguousName>,
    /// The types of the variables would have so many bytes, too many for a header, and are not in it.
    pub types_left_out: Option<usize>,
    /// The structures and unions that the module defines, as in
    /// [`PersistentDebugInfo::defined_tags`](super::PersistentDebugInfo::defined_tags).
    pub defined_tags: Option<BTreeSet<String>>,
    /// By section of the file: which unit it is. A table, since each relocation asks.
    by_section: Vec<Option<usize>>,
}

impl Inventory {
    /// Lists what `object`, the module `owner`, marks as persistent; `None` if it marks nothing.
    ///
    /// `debug_info` names functions and types. It may be empty.
    ///
    /// # Errors
    /// A variable ends past its section, or has an impossible name.
    pub fn of(
        object: &Object<'_>,
        owner: &str,
        build_id: Option<&[u8]>,
        debug_info: &[VariableDebugInfo],
    ) -> Result<Option<Self>, PersistError> {
        let indexes = persistent_sections(object);
        if indexes.is_empty() {
            return Ok(None);
        }
        let mut by_section = vec![None; object.sections.len()];
        for (unit, section) in indexes.iter().enumerate() {
            if let Some(place) = by_section.get_mut(*section) {
                *place = Some(unit);
            }
        }
        let mut units: Vec<Unit> = indexes.iter().filter_map(|index| unit(object, *index)).collect();
        let mut candidates = Candidates::of(object, &units, &by_section)?;
        candidates.add_debug_info(debug_info);
        let named = candidates.are_complete(object, &units);
        // A file without names binds by its build id, so that ambiguous ones do no harm.
        let ambiguous = if named { candidates.ambiguous() } else { Vec::new() };
        candidates.add_to(&mut units);
        let build_id = build_id.unwrap_or_default().to_vec();
        let header = Header { build_id, named, units, ..Header::new(owner) };
        Ok(Some(Self { header, indexes, ambiguous, types_left_out: None, defined_tags: None, by_section }))
    }

    /// Which unit the section at `index` is, if it is one.
    #[must_use]
    pub fn unit_of(&self, index: usize) -> Option<usize> {
        self.by_section.get(index).copied().flatten()
    }

    /// Every unit with the index of its section.
    pub fn units(&self) -> impl Iterator<Item = (&Unit, usize)> {
        self.header.units.iter().zip(self.indexes.iter().copied())
    }

    /// The variable that covers `offset` of a unit, with the distance from its start in bytes.
    #[must_use]
    pub fn variable_at(&self, unit: usize, offset: u64) -> Option<(&Variable, u64)> {
        let unit = self.header.units.get(unit)?;
        let before = unit.variables.iter().rev().find(|variable| variable.offset <= offset)?;
        let inside = offset.checked_sub(before.offset)?;
        (inside < before.size).then_some((before, inside))
    }
}

/// The sections that have bytes, those of `__persistent` first. An owner image has empty ones. A section of
/// type NULL is unused, whatever its header says.
fn persistent_sections(object: &Object<'_>) -> Vec<usize> {
    let in_use = |section: &Section<'_>| section.size > 0 && section.kind != SectionKind::NULL;
    let marks = object.sections.iter().enumerate().filter(|(_, section)| in_use(section));
    let mut found: Vec<(PersistentSection, usize)> = marks
        .filter_map(|(index, section)| Some((PersistentSection::from_name(&section.name)?, index)))
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, index)| index).collect()
}

fn unit(object: &Object<'_>, index: usize) -> Option<Unit> {
    let section = object.sections.get(index)?;
    let writable = section.flags & flags::WRITE != 0;
    Some(Unit { writable, ..Unit::new(&section.name_text(), section.size, section.align.max(1)) })
}
