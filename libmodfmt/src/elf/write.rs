// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writing: [`Object`] to bytes.

use std::collections::HashMap;

use object::elf;
use object::write::elf::{FileHeader, FileHeaderLayout, SectionHeader, Sym};

use super::bytes::position;
use super::relocation::{encoder, narrow};
use super::{Binding, Class, ElfError, Object, Place, Section, SectionKind, Symbol};

/// Section indexes from here on are stored in a table of their own.
const SHN_LORESERVE: usize = 0xff00;

/// Room for the header of a section and the padding before it, in bytes. Few sections need more.
const HEADER_ROOM_BYTES: usize = 96;

/// A larger string table is not written. Names of a file may overlap, so that those of a small file would
/// take gigabytes; the symbols of the largest modules take a few megabytes.
const MAX_STRINGS_BYTES: usize = 64 << 20;

impl Object<'_> {
    /// The file's bytes. Symbol and string tables are rebuilt from [`Object::symbols`]; all other
    /// sections keep their bytes. A symbol table is added if there are symbols and no table.
    ///
    /// # Errors
    /// A number does not fit the class, a local symbol follows a global one, there are more than 65,279
    /// sections, or the names of symbols take more than 64 MiB (no kernel module comes near).
    pub fn write(&self) -> Result<Vec<u8>, ElfError> {
        // The bytes of sections are copied once only, into the file.
        let sections = self.sections.iter().map(Section::reborrow).collect();
        let mut object = Object { sections, symbols: Vec::new(), ..*self };
        object.refresh_tables(&self.symbols)?;
        object.lay_out()
    }

    /// The file's bytes, as [`Object::write`] has them. What has been changed is freed as it is written.
    ///
    /// # Errors
    /// Those of [`Object::write`].
    pub fn into_bytes(mut self) -> Result<Vec<u8>, ElfError> {
        let symbols = std::mem::take(&mut self.symbols);
        self.refresh_tables(&symbols)?;
        drop(symbols);
        self.lay_out()
    }

    /// Index of the symbol table. It is added, with its string table, if the file has none.
    ///
    /// # Errors
    /// There are more sections than 32 bits can count.
    pub fn symtab(&mut self) -> Result<usize, ElfError> {
        if let Some(index) = self.sections.iter().position(|section| section.kind == SectionKind::SYMTAB) {
            return Ok(index);
        }
        self.sections.push(Section::with_data(".strtab", SectionKind::STRTAB, 0, 1, vec![0]));
        let strings = self.sections.len().saturating_sub(1);
        let mut table = Section::with_data(
            ".symtab",
            SectionKind::SYMTAB,
            0,
            self.ident.class.word_size() as u64,
            Vec::new(),
        );
        table.entry_size = encoder(self.ident).sym_size();
        table.link = narrow(strings, "a section index")?;
        self.sections.push(table);
        Ok(self.sections.len().saturating_sub(1))
    }

    fn refresh_tables(&mut self, symbols: &[Symbol<'_>]) -> Result<(), ElfError> {
        if self.sections.len() >= SHN_LORESERVE {
            return Err(ElfError::Write {
                what: format!("{} sections are more than the format's 65,279", self.sections.len()),
            });
        }
        let symtab = self.symtab()?;
        self.separate_strings(symtab)?;
        let link = self.sections.get(symtab).map_or(0, |table| table.link as usize);
        // Nearly all names are where they were: most of a module's symbols are never touched.
        let there = self.sections.get_mut(link).map(|section| std::mem::take(&mut section.data));
        let there = there.unwrap_or_default();
        let mut strings = Strings::beside(&there);
        let encoder = encoder(self.ident);
        let size = usize::try_from(encoder.sym_size()).unwrap_or_default();
        let mut data = Vec::with_capacity(symbols.len().saturating_mul(size));
        let mut locals = None;
        for (index, symbol) in symbols.iter().enumerate() {
            match (symbol.binding == Binding::Local, locals) {
                (false, None) => locals = Some(index),
                (true, Some(_)) => {
                    return Err(ElfError::Write {
                        what: format!("local symbol {index} comes after a global one"),
                    });
                }
                _ => {}
            }
            let (section, st_shndx) = match symbol.place {
                Place::Undefined => (None, elf::SHN_UNDEF),
                Place::Absolute => (None, elf::SHN_ABS),
                Place::Common => (None, elf::SHN_COMMON),
                Place::Section(index) => (Some(narrow(index, "a section index")?), elf::SHN_UNDEF),
                Place::Reserved(index) => (None, elf::SymbolSection(index)),
            };
            self.check_width(symbol.value, "a symbol value")?;
            let raw = Sym {
                section,
                st_name: strings.add(&symbol.name)?,
                st_info: elf::SymbolInfo((symbol.binding.bits() << 4) | (symbol.kind.0 & 0xf)),
                st_other: elf::SymbolOther(symbol.other),
                st_shndx,
                st_value: symbol.value,
                st_size: symbol.size,
            };
            encoder.symbol(&mut data, &raw);
        }
        let locals = narrow(locals.unwrap_or(symbols.len()), "the number of local symbols")?;
        let mut link = 0;
        if let Some(table) = self.sections.get_mut(symtab) {
            table.set_data(data);
            table.info = locals;
            link = table.link;
        }
        if let Some(table) = self.sections.get_mut(link as usize) {
            table.set_data(strings.data);
        }
        Ok(())
    }

    /// Adds a string table for the symbols if they share the one of the section names.
    fn separate_strings(&mut self, symtab: usize) -> Result<(), ElfError> {
        let link = self.sections.get(symtab).map_or(0, |table| table.link as usize);
        let shared = self.sections.get(link).is_some_and(|strings| &*strings.name == b".shstrtab");
        if shared {
            self.sections.push(Section::with_data(".strtab", SectionKind::STRTAB, 0, 1, vec![0]));
            let strings = narrow(self.sections.len().saturating_sub(1), "a section index")?;
            if let Some(table) = self.sections.get_mut(symtab) {
                table.link = strings;
            }
        }
        Ok(())
    }

    /// Lays headers and sections out one after the other and writes them.
    fn lay_out(&mut self) -> Result<Vec<u8>, ElfError> {
        let encoder = encoder(self.ident);
        let (names_index, offsets_of_names) = self.name_table()?;
        let sections = std::mem::take(&mut self.sections);
        let count = sections.len();

        let header = usize::try_from(encoder.file_header_size()).unwrap_or(64);
        let room = |section: &Section<'_>| section.data.len().saturating_add(HEADER_ROOM_BYTES);
        let mut out = Vec::with_capacity(sections.iter().map(room).fold(header, usize::saturating_add));
        out.resize(header, 0);
        let mut headers = Vec::new();
        for (section, name) in sections.into_iter().zip(&offsets_of_names) {
            if section.kind != SectionKind::NULL {
                pad(&mut out, section.align.clamp(1, 4096));
            }
            let offset = if section.kind == SectionKind::NULL { 0 } else { out.len() as u64 };
            out.extend_from_slice(&section.data);
            self.check_width(section.size, "a section size")?;
            headers.push(SectionHeader {
                sh_name: *name,
                sh_type: elf::SectionType(section.kind.0),
                sh_flags: elf::SectionFlags(section.flags),
                sh_addr: 0,
                sh_offset: offset,
                sh_size: section.size,
                sh_link: section.link,
                sh_info: section.info,
                sh_addralign: section.align,
                sh_entsize: section.entry_size,
            });
        }
        pad(&mut out, self.ident.class.word_size() as u64);
        let table = out.len() as u64;
        self.check_width(table, "the offset of the section table")?;
        for header in &headers {
            encoder.section_header(&mut out, header);
        }

        let mut start = Vec::new();
        let header = FileHeader {
            os_abi: elf::ELFOSABI_NONE,
            abi_version: 0,
            e_type: elf::ET_REL,
            e_machine: elf::Machine(self.ident.machine.0),
            e_entry: 0,
            e_flags: elf::FileFlags(self.flags),
        };
        let layout = FileHeaderLayout {
            e_phoff: 0,
            segment_num: 0,
            e_shoff: table,
            section_num: narrow(count, "the number of sections")?,
            shstrtab_index: narrow(names_index, "a section index")?,
        };
        encoder
            .file_header(&mut start, &header, &layout)
            .map_err(|error| ElfError::Write { what: error.to_string() })?;
        for (to, from) in out.iter_mut().zip(start) {
            *to = from;
        }
        Ok(out)
    }

    /// Fills the section name table (a new one if the file has none that serves only that) and
    /// returns its index with the offset of each section's name.
    fn name_table(&mut self) -> Result<(usize, Vec<u32>), ElfError> {
        let own =
            |section: &Section<'_>| section.kind == SectionKind::STRTAB && &*section.name == b".shstrtab";
        let index = match self.sections.iter().position(own) {
            Some(index) => index,
            None => {
                self.sections.push(Section::with_data(".shstrtab", SectionKind::STRTAB, 0, 1, vec![0]));
                self.sections.len().saturating_sub(1)
            }
        };
        let mut names = Strings::new();
        let offsets =
            self.sections.iter().map(|section| names.add(&section.name)).collect::<Result<_, _>>()?;
        let data = names.data;
        if let Some(section) = self.sections.get_mut(index) {
            section.set_data(data);
        }
        Ok((index, offsets))
    }

    fn check_width(&self, value: u64, what: &str) -> Result<(), ElfError> {
        if self.ident.class == Class::Elf32 && u32::try_from(value).is_err() {
            return Err(ElfError::Write { what: format!("{what} of {value:#x} does not fit a 32-bit file") });
        }
        Ok(())
    }
}

fn pad(out: &mut Vec<u8>, align: u64) {
    let align = usize::try_from(align).unwrap_or(1).max(1);
    out.resize(out.len().next_multiple_of(align), 0);
}

/// A string table that holds each string once.
struct Strings<'s> {
    /// The table that was there before; names in it stay where they are.
    there: &'s [u8],
    data: Vec<u8>,
    known: HashMap<&'s [u8], u32>,
}

impl<'s> Strings<'s> {
    fn new() -> Self {
        Self { there: &[], data: vec![0], known: HashMap::new() }
    }

    /// With all that is in `there`, if that is a string table.
    fn beside(there: &'s [u8]) -> Self {
        match there {
            [0, .., 0] => Self { there, data: there.to_vec(), known: HashMap::new() },
            _ => Self::new(),
        }
    }

    fn add(&mut self, text: &'s [u8]) -> Result<u32, ElfError> {
        if text.is_empty() {
            return Ok(0);
        }
        if let Some((start, end)) = position(self.there, text)
            && self.there.get(end) == Some(&0)
        {
            return narrow(start, "a string table");
        }
        if let Some(offset) = self.known.get(text) {
            return Ok(*offset);
        }
        let offset = narrow(self.data.len(), "a string table")?;
        if self.data.len().saturating_add(text.len()) >= MAX_STRINGS_BYTES {
            return Err(ElfError::Write {
                what: format!("names of sections or symbols take more than {MAX_STRINGS_BYTES} bytes"),
            });
        }
        self.data.extend_from_slice(text);
        self.data.push(0);
        self.known.insert(text, offset);
        Ok(offset)
    }
}
