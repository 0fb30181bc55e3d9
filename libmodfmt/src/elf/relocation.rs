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
        Ok(self.each_relocation(index)?.collect())
    }

    /// The relocations of [`Object::relocations`], one after the other: a table may have very many.
    ///
    /// # Errors
    /// Those of [`Object::relocations`].
    pub fn each_relocation(
        &self,
        index: usize,
    ) -> Result<impl ExactSizeIterator<Item = Relocation> + '_, ElfError> {
        let section = self.sections.get(index).filter(|section| section.is_relocation());
        let is_rela = section.is_some_and(|section| section.kind == SectionKind::RELA);
        let data = section.map_or(&[][..], |section| &section.data);
        let name = || format!("section {index} ({})", self.section_name(index));
        let size = usize::try_from(encoder(self.ident).rel_size(is_rela)).unwrap_or(1);
        if !data.len().is_multiple_of(size) {
            return Err(ElfError::Field {
                place: name(),
                field: "sh_size",
                value: data.len() as u64,
                why: "not a whole number of relocations",
            });
        }
        let all = || data.chunks_exact(size).map(move |raw| decode(self.ident, is_rela, raw));
        match all().position(|relocation| relocation.symbol >= self.symbols.len()) {
            Some(bad) => Err(ElfError::Relocation {
                section: name(),
                index: bad,
                field: "symbol",
                value: all().nth(bad).map_or(0, |relocation| relocation.symbol as u64),
                why: "no such symbol",
            }),
            None => Ok(all()),
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

/// A relocation from its bytes, of which there are as many as its form has.
#[inline]
fn decode(ident: Ident, is_rela: bool, raw: &[u8]) -> Relocation {
    let decoded = match (ident.class, is_rela) {
        (Class::Elf32, true) => rela::<FileHeader32<Endianness>>(ident, raw),
        (Class::Elf64, true) => rela::<FileHeader64<Endianness>>(ident, raw),
        (Class::Elf32, false) => rel::<FileHeader32<Endianness>>(ident, raw),
        (Class::Elf64, false) => rel::<FileHeader64<Endianness>>(ident, raw),
    };
    decoded.unwrap_or(Relocation { offset: 0, symbol: 0, kind: 0, addend: 0 })
}

fn rela<H: FileHeader<Endian = Endianness>>(ident: Ident, raw: &[u8]) -> Option<Relocation> {
    let (endian, mips) = (ident.order.endianness(), encoder(ident).is_mips64el());
    let (raw, _) = pod::from_bytes::<H::Rela>(raw).ok()?;
    Some(Relocation {
        offset: raw.r_offset(endian).into(),
        symbol: raw.r_sym(endian, mips) as usize,
        kind: raw.r_type(endian, mips).0,
        addend: raw.r_addend(endian).into(),
    })
}

fn rel<H: FileHeader<Endian = Endianness>>(ident: Ident, raw: &[u8]) -> Option<Relocation> {
    let endian = ident.order.endianness();
    let (raw, _) = pod::from_bytes::<H::Rel>(raw).ok()?;
    Some(Relocation {
        offset: raw.r_offset(endian).into(),
        symbol: raw.r_sym(endian) as usize,
        kind: raw.r_type(endian).0,
        addend: 0,
    })
}

fn encode(ident: Ident, form: RelocationForm, relocations: &[Relocation]) -> Result<Vec<u8>, ElfError> {
    let encoder = encoder(ident);
    let is_rela = form == RelocationForm::Rela;
    let size = usize::try_from(encoder.rel_size(is_rela)).unwrap_or_default();
    let mut data = Vec::with_capacity(relocations.len().saturating_mul(size));
    for relocation in relocations {
        let raw = RawRelocation {
            r_offset: relocation.offset,
            r_sym: narrow(relocation.symbol, "a symbol index")?,
            r_type: elf::RelocationType(relocation.kind),
            r_addend: relocation.addend,
        };
        encoder.relocation(&mut data, is_rela, &raw);
    }
    Ok(data)
}
