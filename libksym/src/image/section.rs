// SPDX-License-Identifier: MIT OR Apache-2.0
//! One entry of the section table.

use object::elf;

/// A section's header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) kind: u32,
    pub(crate) flags: u64,
    /// Address at link time; in a file that is not linked, the place that `layout` chose.
    pub(crate) address: u64,
    pub(crate) offset: u64,
    pub(crate) size: u64,
    pub(crate) link: u32,
    pub(crate) info: u32,
    pub(crate) align: u64,
}

impl Section {
    /// Bytes of it in the file.
    pub(crate) fn file_size(&self) -> u64 {
        if self.kind == elf::SHT_NOBITS.0 || self.kind == elf::SHT_NULL.0 { 0 } else { self.size }
    }

    /// Is it in memory when the code runs?
    pub(crate) fn is_loaded(&self) -> bool {
        self.flags & elf::SHF_ALLOC.0 != 0
    }

    /// Does it hold instructions?
    pub(crate) fn is_code(&self) -> bool {
        self.is_loaded() && self.flags & elf::SHF_EXECINSTR.0 != 0
    }

    pub(crate) fn is_compressed(&self) -> bool {
        self.flags & elf::SHF_COMPRESSED.0 != 0 && self.kind != elf::SHT_NOBITS.0
    }

    /// Is the address within it?
    pub(crate) fn holds(&self, address: u64) -> bool {
        self.is_loaded() && address.checked_sub(self.address).is_some_and(|offset| offset < self.size)
    }
}
