// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which unit an address is in.
//!
//! gcc writes `.debug_aranges`: some hundred kilobytes for a whole kernel. clang does not, unless
//! asked, and then the first entry of each unit must be read.

use super::DwarfError;
use super::header::Header;
use super::root::Root;
use super::sections::Sections;
use gimli::DebugAranges;
use std::collections::HashSet;

/// Largest `.debug_aranges`.
const ARANGES: u64 = 64 << 20;

/// Units by the addresses that they cover.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Start, end, offset of the unit; sorted.
    ranges: Vec<(u64, u64, u64)>,
    /// Size of the largest range that another one starts in.
    reach: u64,
    /// Units that this index knows.
    known: HashSet<u64>,
}

impl Index {
    /// From `.debug_aranges`. What of it is damaged is left out: its units are found otherwise.
    pub(super) fn from_aranges(sections: &Sections) -> Result<Self, DwarfError> {
        let bytes = sections.read(".debug_aranges", 0, ARANGES)?;
        let mut this = Self::default();
        let table = DebugAranges::from(sections.slice(&bytes));
        let mut headers = table.headers();
        while let Ok(Some(header)) = headers.next() {
            let unit = header.debug_info_offset().0 as u64;
            let mut entries = header.entries();
            let mut whole = true;
            loop {
                match entries.next() {
                    Ok(None) => break,
                    Ok(Some(entry)) => {
                        let range = entry.range();
                        this.add(range.begin, range.end, unit);
                    }
                    Err(_) => {
                        whole = false;
                        break;
                    }
                }
            }
            if whole {
                this.known.insert(unit);
            }
        }
        this.sort();
        Ok(this)
    }

    /// From the first entry of each unit that `other` does not know.
    pub(super) fn from_units(sections: &Sections, other: &Self) -> Result<Self, DwarfError> {
        let mut this = Self::default();
        let size = sections.size(".debug_info")?;
        let mut offset = 0;
        while offset < size {
            // Without a length there is no next unit.
            let header = Header::read(sections, offset)?;
            if header.is_code && !other.known.contains(&offset) {
                // One damaged unit does not hide the others.
                let ranges = unit_ranges(sections, header).unwrap_or_default();
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
            if start < last {
                self.reach = self.reach.max(last.saturating_sub(start));
            }
            last = last.max(end);
        }
    }

    /// The units that cover an address; more than one only where ranges overlap.
    pub(super) fn units(&self, address: u64) -> impl Iterator<Item = u64> {
        let past = self.ranges.partition_point(|&(start, ..)| start <= address);
        let before = self.ranges.get(..past).unwrap_or_default();
        let take = if self.reach == 0 { 1 } else { 64 };
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

fn unit_ranges(sections: &Sections, header: Header) -> Result<Vec<std::ops::Range<u64>>, DwarfError> {
    let abbrevs = Root::abbrevs(sections, &header)?;
    let root =
        sections.window(".debug_info", header.offset, 512, |bytes| Root::parse(header, bytes, &abbrevs))?;
    root.ranges(sections, root.low, root.high, root.ranges)
}
