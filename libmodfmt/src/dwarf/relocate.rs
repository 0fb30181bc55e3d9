// SPDX-License-Identifier: MIT OR Apache-2.0
//! Relocations, applied while gimli reads.

use gimli::{EndianSlice, RelocateReader, RunTimeEndian};

/// A place in a debug section that a relocation changes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fixup {
    /// The place, in bytes from the start of the section.
    pub(super) offset: u64,
    /// Index of a section and offset in it; `None` for an undefined symbol, or a relocation type
    /// that is not understood.
    pub(super) target: Option<(usize, u64)>,
}

/// The relocations of one section.
#[derive(Clone, Copy, Debug)]
pub(super) struct Relocator<'a> {
    pub(super) fixups: &'a [Fixup],
    /// Number of the first one among those of all sections.
    pub(super) first: usize,
}

/// Reads a section with its relocations applied.
pub(super) type Reader<'a> = RelocateReader<EndianSlice<'a, RunTimeEndian>, Relocator<'a>>;

impl Relocator<'_> {
    fn find(&self, offset: usize) -> Option<(usize, &Fixup)> {
        let offset = offset as u64;
        let index = self.fixups.partition_point(|fixup| fixup.offset < offset);
        self.fixups.get(index).filter(|fixup| fixup.offset == offset).map(|fixup| (index, fixup))
    }
}

impl gimli::Relocate for Relocator<'_> {
    /// No section has an address yet, so addresses are numbers of fixups, counted from 1; see
    /// [`DebugSections::place`](super::DebugSections::place).
    fn relocate_address(&self, offset: usize, _value: u64) -> gimli::Result<u64> {
        let number = self.find(offset).map(|(index, _)| self.first.saturating_add(index).saturating_add(1));
        Ok(number.map_or(0, |number| number as u64))
    }

    /// Offsets refer to other debug sections.
    fn relocate_offset(&self, offset: usize, value: usize) -> gimli::Result<usize> {
        match self.find(offset) {
            None => Ok(value),
            Some((_, fixup)) => fixup
                .target
                .and_then(|(_, offset)| usize::try_from(offset).ok())
                .ok_or(gimli::Error::UnsupportedOffset),
        }
    }
}
