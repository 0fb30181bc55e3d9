// SPDX-License-Identifier: MIT OR Apache-2.0
//! The compilation units, and the way from one debugging entry to another.

use std::cell::Cell;

use gimli::{AttributeValue, DwAt, Reader as _, UnitOffset};

use super::relocate::Reader;
use super::unit_tables::UnitTables;
use super::{DebugSections, DwarfError};
use crate::elf::MAX_DEBUG_TEXT_BYTES;

/// How many debugging entries may be passed on the way through nested types. C code stays far
/// below; a cycle in damaged data does not.
pub(super) const MAX_DEPTH: u32 = 64;

/// Most debugging entries that are looked at as parts of others for one question. Many variables may be of
/// one type with very many parts, and in damaged data an entry may begin at any byte, with all that follows
/// as its children.
const MAX_PARTS: usize = 1 << 21;

/// A debugging entry.
pub(super) type Entry<'a> = gimli::DebuggingInformationEntry<Reader<'a>>;

/// The value of an attribute.
pub(super) type Value<'a> = AttributeValue<Reader<'a>>;

/// Where a debugging entry is: number of the unit, offset in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Die {
    pub(super) unit: usize,
    pub(super) offset: usize,
}

/// The debug information of a file, ready for queries.
#[derive(Debug)]
pub struct DebugInfo<'a> {
    pub(super) sections: &'a DebugSections<'a>,
    pub(super) dwarf: gimli::Dwarf<Reader<'a>>,
    /// In the order of the section.
    pub(super) units: Vec<gimli::Unit<Reader<'a>>>,
    /// Of [`MAX_PARTS`].
    parts_left: Cell<usize>,
}

impl<'a> DebugInfo<'a> {
    /// Reads the headers of all units.
    ///
    /// A unit whose abbreviations or line table cannot be read is skipped.
    ///
    /// # Errors
    ///
    /// [`DwarfError::Unit`] if a header is broken: then it is unknown where the next unit starts.
    pub fn read(sections: &'a DebugSections<'a>) -> Result<Self, DwarfError> {
        let load = |id: gimli::SectionId| Ok::<_, DwarfError>(sections.reader(id.name()));
        let dwarf = gimli::Dwarf::load(load)?;
        let (mut tables, mut units) = (UnitTables::new(&dwarf), Vec::new());
        let mut headers = dwarf.units();
        let mut index: usize = 0;
        loop {
            match headers.next() {
                Ok(Some(header)) => units.extend(tables.unit(header)),
                Ok(None) => break,
                Err(error) => return Err(DwarfError::Unit { index, reason: error.to_string() }),
            }
            index = index.saturating_add(1);
        }
        Ok(Self { sections, dwarf, units, parts_left: Cell::new(MAX_PARTS) })
    }

    pub(super) fn entry(&self, die: Die) -> Option<Entry<'a>> {
        self.units.get(die.unit)?.entry(UnitOffset(die.offset)).ok()
    }

    /// A question begins, which may look at so many parts again.
    pub(super) fn begin(&self) {
        self.parts_left.set(MAX_PARTS);
    }

    /// The children of an entry, one level deep; `None` if too many entries were looked at by now.
    pub(super) fn children(&self, die: Die) -> Option<Vec<Entry<'a>>> {
        let mut children = Vec::new();
        let unit = self.units.get(die.unit)?;
        let mut cursor = unit.entries_at_offset(UnitOffset(die.offset)).ok()?;
        let parent = cursor.next_dfs().ok()??;
        if !parent.has_children() {
            return Some(children);
        }
        let depth = parent.depth().saturating_add(1);
        while let Ok(Some(entry)) = cursor.next_dfs() {
            self.parts_left.set(self.parts_left.get().checked_sub(1)?);
            if entry.depth() < depth {
                break;
            }
            if entry.depth() == depth {
                children.push(entry.clone());
            }
        }
        Some(children)
    }

    /// The entry that a value refers to, in any unit.
    pub(super) fn reference(&self, unit: usize, value: &Value<'a>) -> Option<Die> {
        match value {
            AttributeValue::UnitRef(offset) => Some(Die { unit, offset: offset.0 }),
            AttributeValue::DebugInfoRef(offset) => {
                let after = self.units.partition_point(|unit| {
                    unit.header.debug_info_offset().is_none_or(|start| start.0 <= offset.0)
                });
                let unit = after.checked_sub(1)?;
                let offset = offset.to_unit_offset(&self.units.get(unit)?.header)?;
                Some(Die { unit, offset: offset.0 })
            }
            _ => None,
        }
    }

    /// The entry that an attribute of `entry` refers to.
    pub(super) fn linked(&self, unit: usize, entry: &Entry<'a>, name: DwAt) -> Option<Die> {
        self.reference(unit, &entry.attr_value(name)?)
    }

    /// An attribute of an entry, or of the declaration or abstract instance that it completes; with
    /// the unit that it was found in.
    pub(super) fn inherited(&self, unit: usize, entry: &Entry<'a>, name: DwAt) -> Option<(usize, Value<'a>)> {
        let mut current = (unit, entry.clone());
        for _ in 0..MAX_DEPTH {
            let (unit, entry) = &current;
            if let Some(value) = entry.attr_value(name) {
                return Some((*unit, value));
            }
            let origin = self
                .linked(*unit, entry, gimli::DW_AT_specification)
                .or_else(|| self.linked(*unit, entry, gimli::DW_AT_abstract_origin))?;
            current = (origin.unit, self.entry(origin)?);
        }
        None
    }

    /// The value of a string attribute.
    pub(super) fn text(&self, unit: usize, value: Value<'a>) -> Option<String> {
        let mut text = self.dwarf.attr_string(self.units.get(unit)?, value).ok()?;
        // Strings may overlap, so that a small file could have gigabytes of them.
        text.truncate(text.len().min(MAX_DEBUG_TEXT_BYTES)).ok()?;
        Some(text.to_string_lossy().ok()?.into_owned())
    }

    /// The name of an entry itself; not empty.
    pub(super) fn name(&self, unit: usize, entry: &Entry<'a>) -> Option<String> {
        self.text(unit, entry.attr_value(gimli::DW_AT_name)?).filter(|name| !name.is_empty())
    }
}

/// The value of an attribute that counts something.
pub(super) fn number(entry: &Entry<'_>, name: DwAt) -> Option<u64> {
    entry.attr_value(name)?.udata_value()
}
