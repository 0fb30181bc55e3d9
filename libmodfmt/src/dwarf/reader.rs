// SPDX-License-Identifier: MIT OR Apache-2.0
//! Debug sections as gimli reads them.

use gimli::{EndianSlice, RelocateReader, RunTimeEndian};

use super::DebugSections;
use super::relocate::{Reader, Relocator};
use crate::elf::ByteOrder;

impl DebugSections<'_> {
    /// A reader of the section of that name; an empty one if it is missing.
    pub(super) fn reader(&self, name: &str) -> Reader<'_> {
        let endian = match self.order {
            ByteOrder::Little => RunTimeEndian::Little,
            ByteOrder::Big => RunTimeEndian::Big,
        };
        let (data, range): (&[u8], _) = match self.sections.get(name) {
            Some(section) => (&section.data, section.fixups.clone()),
            None => (&[], 0..0),
        };
        let fixups = self.fixups.get(range.clone()).unwrap_or_default();
        let relocator = Relocator { fixups, first: range.start };
        RelocateReader::new(EndianSlice::new(data, endian), relocator)
    }

    /// Section and offset of what gimli takes for an address.
    pub(super) fn place(&self, address: u64) -> Option<(usize, u64)> {
        let index = usize::try_from(address.checked_sub(1)?).ok()?;
        self.fixups.get(index)?.target
    }
}
