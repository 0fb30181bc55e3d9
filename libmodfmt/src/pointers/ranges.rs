// SPDX-License-Identifier: MIT OR Apache-2.0
//! The addresses that are searched for.

use std::ops::Range;

/// Address ranges with labels: sections of a module that went, or variables that have to move.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressRanges {
    /// By start. None of them is empty.
    ranges: Vec<(Range<u64>, String)>,
    /// The highest end among this range and those before it.
    ends: Vec<u64>,
    /// From the first start to the last end: most words are outside.
    all: Range<u64>,
}

impl AddressRanges {
    /// Ranges in any order. An address in several belongs to the one that starts last.
    #[must_use]
    pub fn new(mut ranges: Vec<(Range<u64>, String)>) -> Self {
        ranges.retain(|(range, _)| !range.is_empty());
        ranges.sort_by_key(|(range, _)| range.start);
        let mut end = 0;
        let ends: Vec<u64> = ranges
            .iter()
            .map(|(range, _)| {
                end = end.max(range.end);
                end
            })
            .collect();
        let all = ranges.first().map_or(0, |(range, _)| range.start)..end;
        Self { ranges, ends, all }
    }

    /// The ranges of all of these.
    #[must_use]
    pub fn together(all: &[Self]) -> Self {
        Self::new(all.iter().flat_map(|one| one.ranges.iter().cloned()).collect())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The range that has the address, and the distance from its start in bytes.
    #[must_use]
    pub fn find(&self, address: u64) -> Option<(&str, u64)> {
        if !self.all.contains(&address) {
            return None;
        }
        let mut at = self.ranges.partition_point(|(range, _)| range.start <= address);
        // Ranges hardly ever overlap, so that this ends at once.
        while let Some(before) = at.checked_sub(1) {
            let (range, label) = self.ranges.get(before)?;
            if range.contains(&address) {
                return Some((label, address.saturating_sub(range.start)));
            }
            if self.ends.get(before).is_none_or(|end| *end <= address) {
                return None;
            }
            at = before;
        }
        None
    }
}
