// SPDX-License-Identifier: MIT OR Apache-2.0
//! Relocations: decoded from and encoded to the data of a relocation section.

use object::Endianness;
use object::elf::{self, Rel32, Rel64, Rela32, Rela64};
use object::pod::{self, Pod};
use object::read::elf::{Rel, Rela};
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
        let table = Table::of(self.ident, is_rela, data).ok_or_else(|| ElfError::Field {
            place: name(),
            field: "sh_size",
            value: data.len() as u64,
            why: "not a whole number of relocations",
        })?;
        match table.symbol_from(self.symbols.len()) {
            Some((bad, symbol)) => Err(ElfError::Relocation {
                section: name(),
                index: bad,
                field: "symbol",
                value: symbol as u64,
                why: "no such symbol",
            }),
            None => Ok((0..table.len()).map(move |index| table.get(index))),
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

    /// Replaces single relocations of section `index`, each given with its number in the table. Numbers past
    /// the table's end change nothing.
    ///
    /// # Errors
    /// A symbol index does not fit in 32 bits.
    pub fn replace_relocations(
        &mut self,
        index: usize,
        replaced: &[(usize, Relocation)],
    ) -> Result<(), ElfError> {
        let ident = self.ident;
        let Some(section) = self.sections.get_mut(index).filter(|section| section.is_relocation()) else {
            return Ok(());
        };
        let is_rela = section.kind == SectionKind::RELA;
        let form = if is_rela { RelocationForm::Rela } else { RelocationForm::Rel };
        let size = usize::try_from(encoder(ident).rel_size(is_rela)).unwrap_or(1);
        let mut new = Vec::with_capacity(replaced.len());
        for (number, relocation) in replaced {
            new.push((*number, encode(ident, form, std::slice::from_ref(relocation))?));
        }
        section.data.edit(|data| {
            for (number, bytes) in new {
                if let Some(place) = data.chunks_exact_mut(size).nth(number) {
                    place.copy_from_slice(&bytes);
                }
            }
        });
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

/// A table as it is in the file. Large modules have hundreds of thousands of relocations, which are looked at
/// several times: the form is decided once for all of them.
#[derive(Clone, Copy)]
struct Table<'d> {
    endian: Endianness,
    /// Little-endian 64-bit MIPS has the type's bytes in another order.
    is_mips64el: bool,
    entries: Entries<'d>,
}

#[derive(Clone, Copy)]
enum Entries<'d> {
    Rel32(&'d [Rel32<Endianness>]),
    Rela32(&'d [Rela32<Endianness>]),
    Rel64(&'d [Rel64<Endianness>]),
    Rela64(&'d [Rela64<Endianness>]),
}

impl<'d> Table<'d> {
    /// `None` if it is not a whole number of relocations.
    fn of(ident: Ident, is_rela: bool, data: &'d [u8]) -> Option<Self> {
        let entries = match (ident.class, is_rela) {
            (Class::Elf32, false) => Entries::Rel32(whole(data)?),
            (Class::Elf32, true) => Entries::Rela32(whole(data)?),
            (Class::Elf64, false) => Entries::Rel64(whole(data)?),
            (Class::Elf64, true) => Entries::Rela64(whole(data)?),
        };
        let (endian, is_mips64el) = (ident.order.endianness(), encoder(ident).is_mips64el());
        Some(Self { endian, is_mips64el, entries })
    }

    const fn len(self) -> usize {
        match self.entries {
            Entries::Rel32(entries) => entries.len(),
            Entries::Rela32(entries) => entries.len(),
            Entries::Rel64(entries) => entries.len(),
            Entries::Rela64(entries) => entries.len(),
        }
    }

    /// A relocation by its number; an empty one past the end.
    #[inline]
    fn get(self, index: usize) -> Relocation {
        let found = match self.entries {
            Entries::Rel32(entries) => entries.get(index).map(|entry| self.rel(entry)),
            Entries::Rela32(entries) => entries.get(index).map(|entry| self.rela(entry)),
            Entries::Rel64(entries) => entries.get(index).map(|entry| self.rel(entry)),
            Entries::Rela64(entries) => entries.get(index).map(|entry| self.rela(entry)),
        };
        found.unwrap_or(Relocation { offset: 0, symbol: 0, kind: 0, addend: 0 })
    }

    /// The first relocation that names symbol `limit` or one behind it: its number, and the symbol.
    fn symbol_from(self, limit: usize) -> Option<(usize, usize)> {
        let (endian, mips) = (self.endian, self.is_mips64el);
        let found = match self.entries {
            Entries::Rel32(entries) => entries.iter().position(|entry| entry.r_sym(endian) as usize >= limit),
            Entries::Rela32(entries) => {
                entries.iter().position(|entry| Rela::r_sym(entry, endian, mips) as usize >= limit)
            }
            Entries::Rel64(entries) => {
                entries.iter().position(|entry| Rel::r_sym(entry, endian) as usize >= limit)
            }
            Entries::Rela64(entries) => {
                entries.iter().position(|entry| Rela::r_sym(entry, endian, mips) as usize >= limit)
            }
        };
        found.map(|index| (index, self.get(index).symbol))
    }

    #[inline]
    fn rela<R: Rela<Endian = Endianness>>(self, raw: &R) -> Relocation {
        Relocation {
            offset: raw.r_offset(self.endian).into(),
            symbol: raw.r_sym(self.endian, self.is_mips64el) as usize,
            kind: raw.r_type(self.endian, self.is_mips64el).0,
            addend: raw.r_addend(self.endian).into(),
        }
    }

    #[inline]
    fn rel<R: Rel<Endian = Endianness>>(self, raw: &R) -> Relocation {
        Relocation {
            offset: raw.r_offset(self.endian).into(),
            symbol: raw.r_sym(self.endian) as usize,
            kind: raw.r_type(self.endian).0,
            addend: 0,
        }
    }
}

/// All of the bytes as entries of one kind.
fn whole<T: Pod>(data: &[u8]) -> Option<&[T]> {
    let count = data.len().checked_div(size_of::<T>())?;
    match pod::slice_from_bytes(data, count) {
        Ok((entries, [])) => Some(entries),
        _ => None,
    }
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
