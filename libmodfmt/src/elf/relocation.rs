// SPDX-License-Identifier: MIT OR Apache-2.0
//! Relocations: decoded from and encoded to the data of a relocation section.

use object::Endianness;
use object::elf::{self, FileHeader32, FileHeader64};
use object::pod;
use object::read::elf::{FileHeader, Rel, Rela};
use object::write::elf::{Encoder, Rel as RawRelocation};

use super::{Class, ElfError, Ident, Object, Section, SectionKind};

/// Where the addend of a relocation is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RelocationForm {
    /// `SHT_REL`: in the bytes that are relocated (i386, arm, 32-bit mips).
    Rel,
    /// `SHT_RELA`: in the relocation (all others).
    Rela,
}

/// One relocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Relocation {
    /// The place that it changes: an offset in the section, in bytes.
    pub offset: u64,
    /// Index of the symbol.
    pub symbol: usize,
    /// The processor's relocation type.
    pub kind: u32,
    /// What is added to the symbol's address; 0 for [`RelocationForm::Rel`].
    pub addend: i64,
}

impl Object<'_> {
    /// The relocations of section `index`, which must be a relocation section.
    ///
    /// # Errors
    /// The table is not a whole number of relocations, or names a symbol that does not exist.
    pub fn relocations(&self, index: usize) -> Result<Vec<Relocation>, ElfError> {
        let Some(section) = self.sections.get(index).filter(|section| section.is_relocation()) else {
            return Ok(Vec::new());
        };
        let relocations = match self.ident.class {
            Class::Elf32 => decode::<FileHeader32<Endianness>>(self.ident, section),
            Class::Elf64 => decode::<FileHeader64<Endianness>>(self.ident, section),
        };
        let name = || format!("section {index} ({})", section.name_text());
        let relocations = relocations.ok_or_else(|| ElfError::Field {
            place: name(),
            field: "sh_size",
            value: section.size,
            why: "not a whole number of relocations",
        })?;
        match relocations.iter().position(|relocation| relocation.symbol >= self.symbols.len()) {
            Some(bad) => Err(ElfError::Relocation {
                section: name(),
                index: bad,
                field: "symbol",
                value: relocations.get(bad).map_or(0, |relocation| relocation.symbol as u64),
                why: "no such symbol",
            }),
            None => Ok(relocations),
        }
    }

    /// Every relocation that applies to section `target`, from all tables that name it.
    ///
    /// # Errors
    /// See [`Object::relocations`].
    pub fn relocations_of(&self, target: usize) -> Result<Vec<Relocation>, ElfError> {
        let tables: Vec<usize> = self.relocation_sections_of(target).map(|(index, _)| index).collect();
        let mut all = Vec::new();
        for table in tables {
            all.extend(self.relocations(table)?);
        }
        Ok(all)
    }

    /// Replaces the relocations of section `index`, in the form that the section has.
    ///
    /// # Errors
    /// A symbol index does not fit in 32 bits.
    pub fn set_relocations(&mut self, index: usize, relocations: &[Relocation]) -> Result<(), ElfError> {
        let ident = self.ident;
        if let Some(section) = self.sections.get_mut(index).filter(|section| section.is_relocation()) {
            let form =
                if section.kind == SectionKind::RELA { RelocationForm::Rela } else { RelocationForm::Rel };
            let data = encode(ident, form, relocations)?;
            section.set_data(data);
        }
        Ok(())
    }

    /// Adds a relocation section for section `target`, in the form of the machine.
    ///
    /// # Errors
    /// A symbol or section index does not fit in 32 bits.
    pub fn add_relocations(
        &mut self,
        target: usize,
        symtab: usize,
        form: RelocationForm,
        relocations: &[Relocation],
    ) -> Result<usize, ElfError> {
        let (prefix, kind, is_rela) = match form {
            RelocationForm::Rel => (".rel", SectionKind::REL, false),
            RelocationForm::Rela => (".rela", SectionKind::RELA, true),
        };
        let name = format!("{prefix}{}", self.section_name(target));
        let data = encode(self.ident, form, relocations)?;
        let mut section = Section::with_data(
            &name,
            kind,
            super::flags::INFO_LINK,
            self.ident.class.word_size() as u64,
            data,
        );
        section.entry_size = encoder(self.ident).rel_size(is_rela);
        section.link = narrow(symtab, "a section index")?;
        section.info = narrow(target, "a section index")?;
        self.sections.push(section);
        Ok(self.sections.len().saturating_sub(1))
    }
}

pub(super) fn narrow(value: usize, what: &str) -> Result<u32, ElfError> {
    u32::try_from(value)
        .map_err(|_| ElfError::Write { what: format!("{what} of {value} does not fit 32 bits") })
}

pub(super) fn encoder(ident: Ident) -> Encoder<Endianness> {
    Encoder::new(ident.order.endianness(), ident.class == Class::Elf64, elf::Machine(ident.machine.0))
}

fn decode<H: FileHeader<Endian = Endianness>>(
    ident: Ident,
    section: &Section<'_>,
) -> Option<Vec<Relocation>> {
    let endian = ident.order.endianness();
    let data = &*section.data;
    if section.kind == SectionKind::RELA {
        let mips = encoder(ident).is_mips64el();
        let count = whole(data.len(), size_of::<H::Rela>())?;
        let (raw, _) = pod::slice_from_bytes::<H::Rela>(data, count).ok()?;
        let read = |raw: &H::Rela| Relocation {
            offset: raw.r_offset(endian).into(),
            symbol: raw.r_sym(endian, mips) as usize,
            kind: raw.r_type(endian, mips).0,
            addend: raw.r_addend(endian).into(),
        };
        Some(raw.iter().map(read).collect())
    } else {
        let count = whole(data.len(), size_of::<H::Rel>())?;
        let (raw, _) = pod::slice_from_bytes::<H::Rel>(data, count).ok()?;
        let read = |raw: &H::Rel| Relocation {
            offset: raw.r_offset(endian).into(),
            symbol: raw.r_sym(endian) as usize,
            kind: raw.r_type(endian).0,
            addend: 0,
        };
        Some(raw.iter().map(read).collect())
    }
}

fn whole(size: usize, entry: usize) -> Option<usize> {
    size.is_multiple_of(entry).then_some(size / entry)
}

fn encode(ident: Ident, form: RelocationForm, relocations: &[Relocation]) -> Result<Vec<u8>, ElfError> {
    let encoder = encoder(ident);
    let mut data = Vec::new();
    for relocation in relocations {
        let raw = RawRelocation {
            r_offset: relocation.offset,
            r_sym: narrow(relocation.symbol, "a symbol index")?,
            r_type: elf::RelocationType(relocation.kind),
            r_addend: relocation.addend,
        };
        encoder.relocation(&mut data, form == RelocationForm::Rela, &raw);
    }
    Ok(data)
}
