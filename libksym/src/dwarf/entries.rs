// SPDX-License-Identifier: MIT OR Apache-2.0
//! The entries (DIEs) of one unit, and a cursor over them.

use gimli::{Abbreviation, Abbreviations, AttributeValue, EntriesRaw, UnitOffset};

use super::debug_sections::{DebugSections, Slice};
use super::entry_shapes::Skipped;
use super::error::DwarfError;
use super::unit_header::UnitHeader;
use super::unit_root::UnitRoot;

/// The bytes of a unit, with what it takes to read them.
#[derive(Debug)]
pub(super) struct UnitEntries {
    pub(super) root: UnitRoot,
    pub(super) bytes: Vec<u8>,
    abbreviations: Abbreviations,
}

impl UnitEntries {
    pub(super) fn read(sections: &DebugSections, offset: u64) -> Result<Self, DwarfError> {
        let header = UnitHeader::read(sections, offset)?;
        let bytes = sections.read(".debug_info", offset, header.size)?;
        let (abbreviations, _) = UnitRoot::abbreviations(sections, &header)?;
        let root = UnitRoot::parse(header, sections.slice(&bytes), &abbreviations);
        let root = root.map_err(|source| DwarfError::Section { section: ".debug_info", offset, source })?;
        Ok(Self { root, bytes, abbreviations })
    }

    /// A cursor over the entries from an offset in the unit on.
    pub(super) fn cursor_at(&self, sections: &DebugSections, offset: usize) -> EntriesRaw<'_, Slice<'_>> {
        let rest = self.bytes.get(offset..).unwrap_or_default();
        let encoding = self.root.header.encoding;
        EntriesRaw::new(sections.slice(rest), encoding, &self.abbreviations, UnitOffset(offset))
    }

    /// What [`EntryShapes`](super::entry_shapes::EntryShapes) needs to skip entries between functions.
    pub(super) fn skipped(&self, sections: &DebugSections) -> Skipped<'_> {
        Skipped {
            header: self.root.header,
            abbreviations: &self.abbreviations,
            bytes: sections.slice(&self.bytes),
            siblings: !self.root.nests_functions,
        }
    }

    /// Adds the unit's offset to an error.
    pub(super) fn error(&self, source: gimli::Error) -> DwarfError {
        DwarfError::Section { section: ".debug_info", offset: self.root.header.offset, source }
    }
}

/// Reads the attributes of the entry at `entry`, whose abbreviation was read last, up to where it says which
/// offset in the unit has the next entry on the same level. `None` if it has no children, or does not say so:
/// then all attributes are skipped.
pub(super) fn sibling(
    entries: &mut EntriesRaw<'_, Slice<'_>>,
    abbreviation: &Abbreviation,
    entry: usize,
) -> gimli::Result<Option<usize>> {
    let specs = abbreviation.attributes();
    let is_sibling = |spec: &gimli::AttributeSpecification| spec.name() == gimli::DW_AT_sibling;
    let sibling = abbreviation.has_children().then(|| specs.iter().position(is_sibling)).flatten();
    let Some((before, [spec, after @ ..])) = sibling.and_then(|at| specs.split_at_checked(at)) else {
        entries.skip_attributes(specs)?;
        return Ok(None);
    };
    entries.skip_attributes(before)?;
    match entries.read_attribute(*spec)?.value() {
        // One that does not come after its entry would be a loop.
        AttributeValue::UnitRef(offset) if offset.0 > entry => return Ok(Some(offset.0)),
        _ => entries.skip_attributes(after)?,
    }
    Ok(None)
}
