// SPDX-License-Identifier: MIT OR Apache-2.0
//! As much of a relocatable 64-bit ELF file as the comparison of images takes, of either byte order (System V
//! ABI). It shares no code with libmodfmt, whose images are judged by it.

use anyhow::{Context, Result, ensure};

/// `SHF_ALLOC`
const ALLOC: u64 = 2;
/// `SHT_SYMTAB`, `SHT_RELA`, `SHT_NOBITS`
const SYMTAB: u32 = 2;
const RELA: u32 = 4;
const NOBITS: u32 = 8;
const HEADER_BYTES: usize = 64;
const SYMBOL_BYTES: usize = 24;
pub const RELA_BYTES: usize = 24;

/// A file.
pub struct Elf {
    pub data: Vec<u8>,
    is_big: bool,
    pub machine: u16,
    pub sections: Vec<Section>,
    pub symbols: Vec<Symbol>,
    /// Index of the section with the sections' names.
    pub names: usize,
}

/// A section, as its header describes it.
pub struct Section {
    pub name: String,
    pub kind: u32,
    pub flags: u64,
    pub offset: usize,
    pub size: usize,
    pub link: usize,
    pub info: usize,
    /// Where its header is in the file.
    pub header: usize,
}

pub struct Symbol {
    pub name: String,
    pub section: u16,
    pub value: u64,
}

/// A relocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rela {
    pub offset: u64,
    pub kind: u32,
    pub symbol: usize,
    pub addend: i64,
}

impl Section {
    pub fn is_loaded(&self) -> bool {
        self.flags & ALLOC != 0
    }

    pub fn has_bytes(&self) -> bool {
        self.kind != NOBITS
    }
}

impl Elf {
    pub fn parse(data: Vec<u8>) -> Result<Self> {
        ensure!(data.starts_with(b"\x7fELF\x02"), "no 64-bit ELF file");
        let mut elf = Self {
            is_big: data.get(5) == Some(&2),
            data,
            machine: 0,
            sections: Vec::new(),
            symbols: Vec::new(),
            names: 0,
        };
        elf.machine = elf.u16(18)?;
        elf.names = elf.u16(62)?.into();
        let table = usize::try_from(elf.u64(40)?)?;
        for index in 0..usize::from(elf.u16(60)?) {
            let header = table + index * HEADER_BYTES;
            let word = |at| Ok::<_, anyhow::Error>(elf.u32(header + at)? as usize);
            elf.sections.push(Section {
                name: String::new(),
                kind: elf.u32(header + 4)?,
                flags: elf.u64(header + 8)?,
                offset: elf.u64(header + 24)?.try_into()?,
                size: elf.u64(header + 32)?.try_into()?,
                link: word(40)?,
                info: word(44)?,
                header,
            });
        }
        for index in 0..elf.sections.len() {
            let (names, header) = (elf.section(elf.names)?.offset, elf.section(index)?.header);
            let name = elf.text(names + elf.u32(header)? as usize)?;
            elf.sections.get_mut(index).context("no such section")?.name = name;
        }
        let table = elf.sections.iter().find(|section| section.kind == SYMTAB).context("no symbols")?;
        let names = elf.section(table.link)?.offset;
        for at in (table.offset..table.offset + table.size).step_by(SYMBOL_BYTES) {
            let name = elf.text(names + elf.u32(at)? as usize)?;
            elf.symbols.push(Symbol { name, section: elf.u16(at + 6)?, value: elf.u64(at + 8)? });
        }
        Ok(elf)
    }

    pub fn section(&self, index: usize) -> Result<&Section> {
        self.sections.get(index).with_context(|| format!("no section {index}"))
    }

    pub fn named(&self, name: &str) -> Option<(usize, &Section)> {
        self.sections.iter().enumerate().find(|(_, section)| section.name == name)
    }

    /// The tables of relocations of loaded sections, each with the section that it changes.
    pub fn tables(&self) -> Vec<(usize, usize)> {
        let is_loaded = |target: usize| self.sections.get(target).is_some_and(Section::is_loaded);
        let tables = self.sections.iter().enumerate().filter(|(_, section)| section.kind == RELA);
        tables.map(|(index, table)| (index, table.info)).filter(|(_, target)| is_loaded(*target)).collect()
    }

    /// The relocations of a table.
    pub fn relocations(&self, table: usize) -> Result<Vec<Rela>> {
        let table = self.section(table)?;
        let places = (table.offset..table.offset + table.size).step_by(RELA_BYTES);
        let read = |at: usize| {
            let info = self.u64(at + 8)?;
            Ok(Rela {
                offset: self.u64(at)?,
                kind: (info & 0xffff_ffff).try_into()?,
                symbol: (info >> 32).try_into()?,
                addend: self.u64(at + 16)?.cast_signed(),
            })
        };
        places.map(read).collect()
    }

    pub fn bytes(&self, section: &Section) -> Result<&[u8]> {
        if !section.has_bytes() {
            return Ok(&[]);
        }
        let bytes = self.data.get(section.offset..section.offset + section.size);
        bytes.with_context(|| format!("{} is outside of the file", section.name))
    }

    /// The text at a place of the file, up to its NUL.
    pub fn text(&self, at: usize) -> Result<String> {
        let rest = self.data.get(at..).context("a name is outside of the file")?;
        let end = rest.iter().position(|byte| *byte == 0).context("a name has no end")?;
        Ok(String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned())
    }

    /// Writes a 32-bit number into the file.
    pub fn set_u32(&mut self, at: usize, value: u32) -> Result<()> {
        let bytes = if self.is_big { value.to_be_bytes() } else { value.to_le_bytes() };
        self.set(at, &bytes)
    }

    pub fn set_u64(&mut self, at: usize, value: u64) -> Result<()> {
        let bytes = if self.is_big { value.to_be_bytes() } else { value.to_le_bytes() };
        self.set(at, &bytes)
    }

    pub fn set(&mut self, at: usize, bytes: &[u8]) -> Result<()> {
        let place = self.data.get_mut(at..at + bytes.len()).context("outside of the file")?;
        place.copy_from_slice(bytes);
        Ok(())
    }

    fn array<const N: usize>(&self, at: usize) -> Result<[u8; N]> {
        let found = self.data.get(at..).and_then(|rest| rest.first_chunk());
        found.copied().with_context(|| format!("the file ends before {at:#x}"))
    }

    fn u16(&self, at: usize) -> Result<u16> {
        let bytes = self.array(at)?;
        Ok(if self.is_big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&self, at: usize) -> Result<u32> {
        let bytes = self.array(at)?;
        Ok(if self.is_big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn u64(&self, at: usize) -> Result<u64> {
        let bytes = self.array(at)?;
        Ok(if self.is_big { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    }
}
