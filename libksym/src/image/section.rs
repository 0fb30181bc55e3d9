// SPDX-License-Identifier: MIT OR Apache-2.0
//! One section header.

use object::elf::{self, SectionFlags, SectionType};

/// A section header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) kind: SectionType,
    pub(crate) flags: SectionFlags,
    /// Linked address; in a file that is not linked, the one that `layout` assigned.
    pub(crate) address: u64,
    /// Offset in the file.
    pub(crate) offset: u64,
    pub(crate) size: u64,
    pub(crate) link: u32,
    pub(crate) info: u32,
    pub(crate) align: u64,
}

impl Section {
    /// Bytes of it in the file.
    pub(crate) fn file_size(&self) -> u64 {
        if matches!(self.kind, elf::SHT_NOBITS | elf::SHT_NULL) { 0 } else { self.size }
    }

    /// Is it in memory at run time?
    pub(crate) fn is_loaded(&self) -> bool {
        self.flags.contains(elf::SHF_ALLOC)
    }

    /// Does it have instructions?
    pub(crate) fn is_code(&self) -> bool {
        self.is_loaded() && self.flags.contains(elf::SHF_EXECINSTR)
    }

    pub(crate) fn is_compressed(&self) -> bool {
        self.flags.contains(elf::SHF_COMPRESSED) && self.kind != elf::SHT_NOBITS
    }

    /// Is the address the first one behind it?
    pub(crate) fn ends_at(&self, address: u64) -> bool {
        self.is_loaded() && self.size > 0 && self.address.checked_add(self.size) == Some(address)
    }

    /// Is the address in it?
    pub(crate) fn contains(&self, address: u64) -> bool {
        self.is_loaded() && address.checked_sub(self.address).is_some_and(|offset| offset < self.size)
    }
}
