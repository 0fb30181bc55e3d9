// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which unit an address is in.
//!
//! gcc writes `.debug_aranges`: some hundred kilobytes for a whole kernel. clang does not, unless
//! asked, and then the first entry of each unit must be read.

use std::collections::HashSet;
use std::ops::Range;

use gimli::{Abbreviations, DebugAranges};

use super::debug_sections::{DebugSections, Slice};
use super::error::DwarfError;
use super::unit_header::UnitHeader;
use super::unit_root::UnitRoot;

/// The rest of a larger `.debug_aranges` is not read.
const MAX_ARANGES_BYTES: u64 = 64 << 20;

/// Enough for most first entries of units; larger ones are read in a second attempt.
const FIRST_UNIT_BYTES: u64 = 512;

/// So many bytes of abbreviations are read at least, and eight times those that there are. Units have tables
/// of their own, or share some after dwz; in a damaged file each could begin a little further on in one.
const MIN_TABLE_BYTES: u64 = 8 << 20;

/// The most ranges that start before an address and are looked at, where ranges overlap.
const MAX_OVERLAPPING: usize = 64;

/// Units by the addresses that they cover.
#[derive(Debug, Default)]
pub(super) struct AddressIndex {
    /// Start, end, offset of the unit; sorted.
    ranges: Vec<(u64, u64, u64)>,
    /// Does any range start in another one?
    overlaps: bool,
    /// Offsets of the units whose ranges are all here.
    complete: HashSet<u64>,
}

impl AddressIndex {
    /// Reads `.debug_aranges`. Damaged parts are left out: [`Self::from_units`] finds their units.
    pub(super) fn from_aranges(sections: &DebugSections) -> Result<Self, DwarfError> {
        let bytes = sections.read(".debug_aranges", 0, MAX_ARANGES_BYTES)?;
        let mut this = Self::default();
        let table = DebugAranges::from(sections.slice(&bytes));
        let mut headers = table.headers();
        while let Ok(Some(header)) = headers.next() {
            let unit = header.debug_info_offset().0 as u64;
            let mut entries = header.entries();
            let mut is_complete = true;
            loop {
                match entries.next() {
                    Ok(None) => break,
                    Ok(Some(entry)) => {
                        let range = entry.range();
                        this.add(range.begin, range.end, unit);
                    }
                    Err(_) => {
                        is_complete = false;
                        break;
                    }
                }
            }
            if is_complete {
                this.complete.insert(unit);
            }
        }
        this.sort();
        Ok(this)
    }

    /// Reads the first entry of each unit that is not complete in `other`.
    pub(super) fn from_units(sections: &DebugSections, other: &Self) -> Result<Self, DwarfError> {
        let mut this = Self::default();
        let size = sections.size(".debug_info")?;
        let mut table_bytes_left =
            sections.size(".debug_abbrev")?.saturating_mul(8).saturating_add(MIN_TABLE_BYTES);
        let mut known = None;
        let mut offset = 0;
        while offset < size {
            // Without a length there is no next unit.
            let header = UnitHeader::read(sections, offset)?;
            if header.is_code && !other.complete.contains(&offset) {
                // One damaged unit does not hide the others.
                let tables = (&mut known, &mut table_bytes_left);
                let ranges = unit_ranges(sections, header, tables).unwrap_or_default();
                ranges.into_iter().for_each(|range| this.add(range.start, range.end, offset));
            }
            offset = offset.saturating_add(header.size.max(1));
        }
        this.sort();
        Ok(this)
    }

    fn add(&mut self, start: u64, end: u64, unit: u64) {
        if start != 0 && start < end {
            self.ranges.push((start, end, unit));
        }
    }

    fn sort(&mut self) {
        self.ranges.sort_unstable();
        let mut last = 0;
        for &(start, end, _) in &self.ranges {
            self.overlaps |= start < last;
            last = last.max(end);
        }
    }

    /// The units that cover an address; more than one only where ranges overlap.
    pub(super) fn units(&self, address: u64) -> impl Iterator<Item = u64> {
        let past = self.ranges.partition_point(|&(start, ..)| start <= address);
        let before = self.ranges.get(..past).unwrap_or_default();
        let take = if self.overlaps { MAX_OVERLAPPING } else { 1 };
        before
            .iter()
            .rev()
            .take(take)
            .filter(move |&&(_, end, _)| address < end)
            .map(|&(.., unit)| unit)
            .collect::<Vec<_>>()
            .into_iter()
    }
}

/// Abbreviations with their offset.
type KnownTable = Option<(usize, Abbreviations)>;

/// What a unit covers; nothing if too many tables of abbreviations were read.
fn unit_ranges(
    sections: &DebugSections,
    header: UnitHeader,
    (known, bytes_left): (&mut KnownTable, &mut u64),
) -> Result<Vec<Range<u64>>, DwarfError> {
    let at = header.abbreviations.0;
    if known.as_ref().is_none_or(|(offset, _)| *offset != at) {
        if *bytes_left == 0 {
            return Ok(Vec::new());
        }
        let (table, bytes) = UnitRoot::abbreviations(sections, &header)?;
        *bytes_left = bytes_left.saturating_sub(bytes);
        *known = Some((at, table));
    }
    let Some((_, abbreviations)) = known else { return Ok(Vec::new()) };
    let parse = |bytes: Slice<'_>| UnitRoot::parse(header, bytes, abbreviations);
    let root = sections.parse_at(".debug_info", header.offset, FIRST_UNIT_BYTES, parse)?;
    root.ranges(sections, root.low, root.high, root.ranges)
}
