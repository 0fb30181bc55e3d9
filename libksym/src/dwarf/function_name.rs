// SPDX-License-Identifier: MIT OR Apache-2.0
//! The name of a function: its own, or that of the entry that it is an instance of, maybe in another
//! unit.

use super::attributes::{Attributes, Reference};
use super::error::DwarfError;
use super::unit::Unit;
use super::unit_cache::UnitCache;
use super::unit_header::UnitHeader;

/// A longer chain of references is a loop.
const MAX_REFERENCES: usize = 16;

/// Name of the function that an entry of the unit is, or is an instance of.
pub(super) fn of_entry(
    units: &UnitCache,
    unit: &Unit,
    entry: Reference,
) -> Result<Option<String>, DwarfError> {
    follow(units, unit, entry, 0)
}

fn follow(
    units: &UnitCache,
    unit: &Unit,
    entry: Reference,
    depth: usize,
) -> Result<Option<String>, DwarfError> {
    if depth > MAX_REFERENCES {
        return Ok(None);
    }
    let root = &unit.entries.root;
    let entry = match entry {
        Reference::Unit(entry) => entry,
        Reference::Info(offset) => {
            match offset.checked_sub(root.header.offset).filter(|&entry| entry < root.header.size) {
                Some(entry) => usize::try_from(entry).unwrap_or(usize::MAX),
                None => return in_other_unit(units, offset, depth),
            }
        }
    };
    let error = |source| unit.entries.error(source);
    let mut entries = unit.entries.cursor_at(&units.sections, entry);
    let Some(abbreviation) = entries.read_abbreviation().map_err(error)? else { return Ok(None) };
    let attributes = Attributes::read(&mut entries, abbreviation).map_err(error)?;
    match (attributes.linkage_name.or(attributes.name), attributes.origin) {
        (Some(name), _) => name.read(&units.sections, &root.bases).map(Some),
        (None, Some(origin)) => follow(units, unit, origin, depth.saturating_add(1)),
        (None, None) => Ok(None),
    }
}

/// `entry` is an offset in `.debug_info`, outside of the unit that refers to it (link-time optimisation).
fn in_other_unit(units: &UnitCache, entry: u64, depth: usize) -> Result<Option<String>, DwarfError> {
    let size = units.sections.size(".debug_info")?;
    let mut offset = 0;
    while offset < size && offset <= entry {
        let header = UnitHeader::read(&units.sections, offset)?;
        let end = offset.saturating_add(header.size);
        if entry < end {
            let unit = units.unit(offset)?;
            return follow(units, &unit, Reference::Info(entry), depth.saturating_add(1));
        }
        offset = end;
    }
    Ok(None)
}
