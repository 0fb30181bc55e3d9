// SPDX-License-Identifier: MIT OR Apache-2.0
//! The addresses that an entry covers.

use std::ops::Range;

use gimli::{
    DebugAddr, DebugAddrBase, DebugRanges, DebugRngLists, EndianSlice, RangeLists, RangeListsOffset, Reader,
};

use super::attributes::{Address, HighPc, RangeListRef};
use super::debug_sections::{DebugSections, Slice};
use super::error::DwarfError;
use super::unit_root::UnitRoot;

/// The rest of a unit's larger table of addresses is not read.
const MAX_ADDRESS_TABLE_BYTES: u64 = 16 << 20;

/// Enough for most lists; larger ones are read in a second attempt.
const FIRST_LIST_BYTES: u64 = 256;

impl UnitRoot {
    /// The ranges of an entry with these attributes.
    pub(super) fn ranges(
        &self,
        sections: &DebugSections,
        low: Option<Address>,
        high: Option<HighPc>,
        list: Option<RangeListRef>,
    ) -> Result<Vec<Range<u64>>, DwarfError> {
        if let Some(list) = list {
            return self.range_list(sections, list);
        }
        let (Some(low), Some(high)) = (low, high) else { return Ok(Vec::new()) };
        let low = self.address(sections, low)?;
        let high = match high {
            HighPc::Address(high) => self.address(sections, high)?,
            HighPc::Size(size) => low.saturating_add(size),
        };
        // Linkers leave discarded code at 0 or at the very end.
        let is_discarded = low == 0 || low >= u64::MAX - 1;
        Ok((!is_discarded && low < high).then_some(low..high).into_iter().collect())
    }

    pub(super) fn address(&self, sections: &DebugSections, address: Address) -> Result<u64, DwarfError> {
        let size = self.header.encoding.address_size;
        match address {
            Address::Value(value) => Ok(value),
            Address::Index(index) => {
                let at = index.saturating_mul(size.into()).saturating_add(self.bases.addresses);
                sections.parse_at(".debug_addr", at, size.into(), |mut bytes| bytes.read_address(size))
            }
        }
    }

    fn range_list(
        &self,
        sections: &DebugSections,
        list: RangeListRef,
    ) -> Result<Vec<Range<u64>>, DwarfError> {
        let encoding = self.header.encoding;
        let section = if encoding.version < 5 { ".debug_ranges" } else { ".debug_rnglists" };
        let offset = match list {
            RangeListRef::Offset(offset) => offset,
            RangeListRef::Index(index) => {
                let size = self.bases.offset_size();
                let at = index.saturating_mul(size).saturating_add(self.bases.range_lists);
                let read = |mut bytes: Slice<'_>| bytes.read_offset(encoding.format);
                (sections.parse_at(section, at, size, read)? as u64).saturating_add(self.bases.range_lists)
            }
        };
        let base = self.low.map_or(Ok(0), |low| self.address(sections, low))?;
        let parse = |bytes: Slice<'_>, addresses: Slice<'_>| {
            let none = EndianSlice::new(&[], sections.endian());
            let lists = if encoding.version < 5 {
                RangeLists::new(DebugRanges::from(bytes), DebugRngLists::from(none))
            } else {
                RangeLists::new(DebugRanges::from(none), DebugRngLists::from(bytes))
            };
            let addresses = DebugAddr::from(addresses);
            let mut all = lists.ranges(RangeListsOffset(0), encoding, base, &addresses, DebugAddrBase(0))?;
            let mut ranges = Vec::new();
            while let Some(range) = all.next()? {
                if range.begin != 0 && range.begin < range.end {
                    ranges.push(range.begin..range.end);
                }
            }
            Ok(ranges)
        };
        let none = EndianSlice::new(&[], sections.endian());
        let plain = sections.parse_at(section, offset, FIRST_LIST_BYTES, |bytes| parse(bytes, none));
        if plain.is_ok() || sections.size(".debug_addr")? == 0 {
            return plain;
        }
        // The list refers to the table of addresses, as clang's lists do.
        let table = sections.read(".debug_addr", self.bases.addresses, MAX_ADDRESS_TABLE_BYTES)?;
        sections.parse_at(section, offset, FIRST_LIST_BYTES, |bytes| parse(bytes, sections.slice(&table)))
    }
}
