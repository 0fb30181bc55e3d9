// SPDX-License-Identifier: MIT OR Apache-2.0
//! The addresses that an entry covers.

use super::DwarfError;
use super::root::Root;
use super::sections::{Sections, Slice};
use super::value::{Address, High, List};
use gimli::{
    DebugAddr, DebugAddrBase, DebugRanges, DebugRngLists, EndianSlice, RangeLists, RangeListsOffset, Reader,
};
use std::ops::Range;

/// Largest table of addresses of a unit that is read at once.
const ADDRESSES: u64 = 16 << 20;

impl Root {
    /// The ranges of an entry with these attributes.
    pub(super) fn ranges(
        &self,
        sections: &Sections,
        low: Option<Address>,
        high: Option<High>,
        list: Option<List>,
    ) -> Result<Vec<Range<u64>>, DwarfError> {
        if let Some(list) = list {
            return self.list(sections, list);
        }
        let (Some(low), Some(high)) = (low, high) else { return Ok(Vec::new()) };
        let low = self.address(sections, low)?;
        let high = match high {
            High::Address(high) => self.address(sections, high)?,
            High::Size(size) => low.saturating_add(size),
        };
        // What was discarded at link time is left at 0 or at the other end.
        let gone = low == 0 || low >= u64::MAX - 1;
        Ok((!gone && low < high).then_some(low..high).into_iter().collect())
    }

    pub(super) fn address(&self, sections: &Sections, address: Address) -> Result<u64, DwarfError> {
        let size = self.header.encoding.address_size;
        match address {
            Address::Value(value) => Ok(value),
            Address::Index(index) => {
                let at = index.saturating_mul(size.into()).saturating_add(self.address_base);
                sections.window(".debug_addr", at, size.into(), |mut bytes| bytes.read_address(size))
            }
        }
    }

    fn list(&self, sections: &Sections, list: List) -> Result<Vec<Range<u64>>, DwarfError> {
        let encoding = self.header.encoding;
        let section = if encoding.version < 5 { ".debug_ranges" } else { ".debug_rnglists" };
        let offset = match list {
            List::Offset(offset) => offset,
            List::Index(index) => {
                let word = self.header.word();
                let at = index.saturating_mul(word).saturating_add(self.ranges_base);
                let read = |mut bytes: Slice<'_>| bytes.read_offset(encoding.format);
                (sections.window(section, at, word, read)? as u64).saturating_add(self.ranges_base)
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
        let plain = sections.window(section, offset, 256, |bytes| parse(bytes, none));
        if plain.is_ok() || sections.size(".debug_addr")? == 0 {
            return plain;
        }
        // The list refers to the table of addresses (clang).
        let table = sections.read(".debug_addr", self.address_base, ADDRESSES)?;
        sections.window(section, offset, 4096, |bytes| parse(bytes, sections.slice(&table)))
    }
}
