// SPDX-License-Identifier: MIT OR Apache-2.0
//! Relocatable ELF files as an editable model.
//!
//! A kernel module is an ELF file of type `ET_REL`. [`Object::parse`] reads one into lists of
//! sections and symbols, which callers change freely; [`Object::write`] lays the file out again.
//! Class and byte order are decided once, in [`Ident`], and every offset and count that comes
//! from the file is checked before it is used.
//!
//! The on-disk structures come from the `object` crate. This module adds the editing model, and
//! errors that name the field, the section and the offset.
//!
//! ```
//! use libmodfmt::elf::{Object, ElfError};
//!
//! let error = Object::parse(b"not a module").unwrap_err();
//! assert!(matches!(error, ElfError::NotElf));
//! ```

mod bytes;
mod check;
mod debug_sections;
mod error;
mod ident;
mod read;
mod relocation;
mod relocation_tables;
mod section;
mod section_names;
mod strings;
mod symbol;
mod write;

pub use bytes::Bytes;
pub(crate) use debug_sections::{MAX_DEBUG_TEXT_BYTES, is_debug_name};
pub use error::ElfError;
pub use ident::{ByteOrder, Class, Ident, Machine};
pub use relocation::{Relocation, RelocationForm};
pub use relocation_tables::RelocationTables;
pub use section::{Section, SectionKind, flags};
pub use section_names::{SectionEntry, section_names, section_table};
pub use symbol::{Binding, Place, Symbol, SymbolKind};

/// A relocatable ELF file in memory: what [`Object::parse`] read, or what will be written.
#[derive(Debug, Clone)]
pub struct Object<'d> {
    /// Class, byte order and machine.
    pub ident: Ident,
    /// The processor-specific `e_flags` of the file header.
    pub flags: u32,
    /// Sections by index; index 0 is the null section.
    pub sections: Vec<Section<'d>>,
    /// Symbols by index; index 0 is the null symbol. Locals come before all others.
    pub symbols: Vec<Symbol<'d>>,
}

impl<'d> Object<'d> {
    /// An empty file with the null section and the null symbol.
    #[must_use]
    pub fn new(ident: Ident, flags: u32) -> Self {
        Self { ident, flags, sections: vec![Section::null()], symbols: vec![Symbol::null()] }
    }

    /// The section of that name with its index; the first one if there are several.
    #[must_use]
    pub fn section(&self, name: &str) -> Option<(usize, &Section<'d>)> {
        self.sections.iter().enumerate().skip(1).find(|(_, section)| &*section.name == name.as_bytes())
    }

    /// The name of the section at `index` as text, `"?"` if there is none.
    #[must_use]
    pub fn section_name(&self, index: usize) -> String {
        self.sections.get(index).map_or_else(|| String::from("?"), Section::name_text)
    }

    /// The relocation sections that apply to section `target`.
    pub fn relocation_sections_of(&self, target: usize) -> impl Iterator<Item = (usize, &Section<'d>)> {
        self.sections
            .iter()
            .enumerate()
            .filter(move |(_, section)| section.is_relocation() && section.info as usize == target)
    }

    /// The global or weak symbol of that name with its index.
    #[must_use]
    pub fn global(&self, name: &str) -> Option<(usize, &Symbol<'d>)> {
        self.symbols
            .iter()
            .enumerate()
            .skip(1)
            .find(|(_, symbol)| symbol.binding != Binding::Local && &*symbol.name == name.as_bytes())
    }
}
