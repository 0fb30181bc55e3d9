// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sections.

use object::elf;

use super::Bytes;

/// The `sh_flags` bits that matter for modules.
pub mod flags {
    /// `SHF_WRITE`
    pub const WRITE: u64 = 1;
    /// `SHF_ALLOC`: part of the loaded module.
    pub const ALLOC: u64 = 2;
    /// `SHF_EXECINSTR`
    pub const EXEC: u64 = 4;
    /// `SHF_MERGE`
    pub const MERGE: u64 = 0x10;
    /// `SHF_STRINGS`
    pub const STRINGS: u64 = 0x20;
    /// `SHF_INFO_LINK`: `sh_info` is a section index.
    pub const INFO_LINK: u64 = 0x40;
    /// `SHF_COMPRESSED`: the data begin with a header that says how (zlib, zstd).
    pub const COMPRESSED: u64 = 0x800;
    /// `SHF_GNU_RETAIN`: the linker does not drop the section. The module loader does not look at it.
    pub const RETAIN: u64 = 0x0020_0000;
    /// `SHF_RELA_LIVEPATCH`: applied by the livepatch core (include/uapi/linux/elf.h).
    pub const RELA_LIVEPATCH: u64 = 0x0010_0000;
}

/// The `sh_type` of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SectionKind(pub u32);

impl SectionKind {
    /// `SHT_NULL`
    pub const NULL: Self = Self(elf::SHT_NULL.0);
    /// `SHT_PROGBITS`
    pub const PROGBITS: Self = Self(elf::SHT_PROGBITS.0);
    /// `SHT_SYMTAB`
    pub const SYMTAB: Self = Self(elf::SHT_SYMTAB.0);
    /// `SHT_STRTAB`
    pub const STRTAB: Self = Self(elf::SHT_STRTAB.0);
    /// `SHT_RELA`
    pub const RELA: Self = Self(elf::SHT_RELA.0);
    /// `SHT_NOTE`
    pub const NOTE: Self = Self(elf::SHT_NOTE.0);
    /// `SHT_NOBITS`: takes memory, has no bytes in the file.
    pub const NOBITS: Self = Self(elf::SHT_NOBITS.0);
    /// `SHT_REL`
    pub const REL: Self = Self(elf::SHT_REL.0);
    /// `SHT_SYMTAB_SHNDX`
    pub const SYMTAB_SHNDX: Self = Self(elf::SHT_SYMTAB_SHNDX.0);
}

/// One section: its header and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section<'d> {
    /// The name, without its NUL.
    pub name: Bytes<'d>,
    /// `sh_type`
    pub kind: SectionKind,
    /// `sh_flags`, see [`flags`].
    pub flags: u64,
    /// `sh_addralign` in bytes; 0 and 1 both mean none.
    pub align: u64,
    /// `sh_entsize` in bytes.
    pub entry_size: u64,
    /// `sh_link`
    pub link: u32,
    /// `sh_info`
    pub info: u32,
    /// Size in memory, in bytes. Equals the length of `data` except for [`SectionKind::NOBITS`].
    pub size: u64,
    /// The bytes in the file; empty for [`SectionKind::NOBITS`].
    pub data: Bytes<'d>,
    /// Offset of the data in the file that was read, in bytes; for messages.
    pub offset: u64,
}

impl<'d> Section<'d> {
    /// The null section, index 0 of every file.
    #[must_use]
    pub const fn null() -> Self {
        Self {
            name: Bytes::EMPTY,
            kind: SectionKind::NULL,
            flags: 0,
            align: 0,
            entry_size: 0,
            link: 0,
            info: 0,
            size: 0,
            data: Bytes::EMPTY,
            offset: 0,
        }
    }

    /// A new section with these bytes.
    #[must_use]
    pub fn with_data(name: &str, kind: SectionKind, flags: u64, align: u64, data: Vec<u8>) -> Self {
        Self {
            name: name.as_bytes().to_vec().into(),
            kind,
            flags,
            align,
            size: data.len() as u64,
            data: data.into(),
            ..Self::null()
        }
    }

    /// The same section, with its name and bytes borrowed from here.
    pub(super) fn reborrow(&self) -> Section<'_> {
        Section { name: self.name.reborrow(), data: self.data.reborrow(), ..*self }
    }

    /// The name as text; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn name_text(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }

    /// Whether it is part of the module in memory.
    #[must_use]
    pub const fn is_alloc(&self) -> bool {
        self.flags & flags::ALLOC != 0
    }

    /// Whether it is a table of relocations, in either form.
    #[must_use]
    pub fn is_relocation(&self) -> bool {
        self.kind == SectionKind::REL || self.kind == SectionKind::RELA
    }

    /// Replaces the bytes and the size.
    pub fn set_data(&mut self, data: Vec<u8>) {
        self.size = data.len() as u64;
        self.data = data.into();
    }

    /// Takes the section out of the file but keeps its index, so that no number that refers to a
    /// section has to change. Every kernel version skips such a section.
    pub fn clear(&mut self) {
        *self = Self { name: std::mem::take(&mut self.name), offset: self.offset, ..Self::null() };
    }
}
