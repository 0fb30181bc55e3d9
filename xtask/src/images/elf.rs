// SPDX-License-Identifier: MIT OR Apache-2.0
//! As much of a relocatable ELF file as the comparison of images takes, of either class and byte order (System V
//! ABI). It shares no code with libmodfmt, whose images are judged by it.

use anyhow::{Context, Result, ensure};

/// `SHF_ALLOC`
const ALLOC: u64 = 2;
/// `SHT_SYMTAB`, `SHT_RELA`, `SHT_NOBITS`, `SHT_REL`
const SYMTAB: u32 = 2;
const RELA: u32 = 4;
const NOBITS: u32 = 8;
const REL: u32 = 9;
const EM_MIPS: u16 = 8;

/// A file.
pub struct Elf {
    pub data: Vec<u8>,
    is_64: bool,
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
pub struct Relocation {
    pub offset: u64,
    pub kind: u32,
    pub symbol: usize,
    /// 0 where it is in the bytes that are relocated.
    pub addend: i64,
}

impl Section {
    pub fn is_loaded(&self) -> bool {
        self.flags & ALLOC != 0
    }

    pub fn has_bytes(&self) -> bool {
        self.kind != NOBITS
    }

    /// Whether it is a table of relocations without addends.
    pub fn is_rel(&self) -> bool {
        self.kind == REL
    }
}

impl Elf {
    pub fn parse(data: Vec<u8>) -> Result<Self> {
        ensure!(data.starts_with(b"\x7fELF"), "no ELF file");
        let mut elf = Self {
            is_64: data.get(4) == Some(&2),
            is_big: data.get(5) == Some(&2),
            data,
            machine: 0,
            sections: Vec::new(),
            symbols: Vec::new(),
            names: 0,
        };
        elf.machine = elf.u16(18)?;
        // e_shoff, e_shnum, e_shstrndx; the size of a section's header.
        let (start, count, names, size) = if elf.is_64 { (40, 60, 62, 64) } else { (32, 48, 50, 40) };
        elf.names = elf.u16(names)?.into();
        let table = elf.word(start)?;
        for index in 0..usize::from(elf.u16(count)?) {
            let header = table + index * size;
            let link = if elf.is_64 { header + 40 } else { header + 24 };
            elf.sections.push(Section {
                name: String::new(),
                kind: elf.u32(header + 4)?,
                flags: u64::try_from(elf.word(header + 8)?)?,
                offset: elf.word(elf.place_of_offset(header))?,
                size: elf.word(elf.place_of_size(header))?,
                link: elf.u32(link)? as usize,
                info: elf.u32(link + 4)? as usize,
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
        let (size, section, value) = if elf.is_64 { (24, 6, 8) } else { (16, 14, 4) };
        for at in (table.offset..table.offset + table.size).step_by(size) {
            let name = elf.text(names + elf.u32(at)? as usize)?;
            let value = u64::try_from(elf.word(at + value)?)?;
            elf.symbols.push(Symbol { name, section: elf.u16(at + section)?, value });
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
        let tables =
            self.sections.iter().enumerate().filter(|(_, section)| [RELA, REL].contains(&section.kind));
        tables.map(|(index, table)| (index, table.info)).filter(|(_, target)| is_loaded(*target)).collect()
    }

    /// How many bytes a relocation of a table has.
    pub fn relocation_bytes(&self, table: &Section) -> usize {
        let words = if table.is_rel() { 2 } else { 3 };
        words * if self.is_64 { 8 } else { 4 }
    }

    /// The relocations of a table.
    pub fn relocations(&self, table: usize) -> Result<Vec<Relocation>> {
        let table = self.section(table)?;
        let places = (table.offset..table.offset + table.size).step_by(self.relocation_bytes(table));
        let read = |at: usize| {
            let (kind, symbol) = self.kind_and_symbol(at)?;
            let addend = match (table.is_rel(), self.is_64) {
                (true, _) => 0,
                (false, true) => self.u64(at + 16)?.cast_signed(),
                (false, false) => self.u32(at + 8)?.cast_signed().into(),
            };
            Ok(Relocation { offset: u64::try_from(self.word(at)?)?, kind, symbol, addend })
        };
        places.map(read).collect()
    }

    fn kind_and_symbol(&self, at: usize) -> Result<(u32, usize)> {
        if !self.is_64 {
            let info = self.u32(at + 4)?;
            return Ok((info & 0xff, (info >> 8) as usize));
        }
        if self.machine == EM_MIPS {
            // A symbol, and up to three types of a byte each, the first one last.
            let [symbol @ .., second, third, fourth, kind] = self.array::<8>(at + 8)?;
            ensure!([second, third, fourth] == [0; 3], "several types at {at:#x}");
            return Ok((kind.into(), self.number(symbol) as usize));
        }
        let info = self.u64(at + 8)?;
        Ok(((info & 0xffff_ffff).try_into()?, (info >> 32).try_into()?))
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

    /// Changes where a section is, by its header.
    pub fn set_offset(&mut self, header: usize, offset: usize) -> Result<()> {
        self.set_word(self.place_of_offset(header), offset)
    }

    /// Changes the size of a section, by its header.
    pub fn set_size(&mut self, header: usize, size: usize) -> Result<()> {
        self.set_word(self.place_of_size(header), size)
    }

    fn set_word(&mut self, at: usize, value: usize) -> Result<()> {
        if !self.is_64 {
            return self.set_u32(at, u32::try_from(value)?);
        }
        let value = u64::try_from(value)?;
        let bytes = if self.is_big { value.to_be_bytes() } else { value.to_le_bytes() };
        self.set(at, &bytes)
    }

    fn place_of_offset(&self, header: usize) -> usize {
        header + if self.is_64 { 24 } else { 16 }
    }

    fn place_of_size(&self, header: usize) -> usize {
        header + if self.is_64 { 32 } else { 20 }
    }

    /// A 32-bit number among bytes of the file.
    pub fn number(&self, bytes: [u8; 4]) -> u32 {
        if self.is_big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }

    /// A number as wide as an address.
    fn word(&self, at: usize) -> Result<usize> {
        Ok(if self.is_64 { self.u64(at)?.try_into()? } else { self.u32(at)? as usize })
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
        Ok(self.number(self.array(at)?))
    }

    fn u64(&self, at: usize) -> Result<u64> {
        let bytes = self.array(at)?;
        Ok(if self.is_big { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    }
}
