// SPDX-License-Identifier: MIT OR Apache-2.0
//! An ELF file as the rest of the crate sees it: ranges of sections, relocated as far as they are read.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use libmodfmt::arch::relocation_type;
use libmodfmt::elf::{ByteOrder, Class, Machine};

use super::error::ImageError;
use super::relocation::Relocation;
use super::relocations::Relocations;
use super::section::Section;
use super::symbol_table::ElfSymbols;
use super::unrelocated::UnrelocatedImage;

/// An open ELF file.
#[derive(Debug)]
pub(crate) struct Image {
    pub(super) file: UnrelocatedImage,
    relocations: RefCell<HashMap<usize, Rc<Relocations>>>,
    symbols: OnceCell<ElfSymbols>,
}

/// A place in a section that is not linked, and the symbol that is to be filled in there.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    /// Offset in the section.
    pub(crate) offset: u64,
    /// The symbol, or the section whose symbol has no name.
    pub(crate) name: String,
    /// What is added to it.
    pub(crate) addend: i64,
    /// The place gets a distance from itself.
    pub(crate) is_relative: bool,
}

impl Image {
    /// Opens a file, decompressing it if it is a compressed module.
    pub(crate) fn open(path: &Path) -> Result<Self, ImageError> {
        let file = UnrelocatedImage::open(path)?;
        Ok(Self { file, relocations: RefCell::default(), symbols: OnceCell::new() })
    }

    /// The file's path.
    pub(crate) fn path(&self) -> &Path {
        &self.file.path
    }

    /// Is it an object that is not linked (`ET_REL`), as modules are?
    pub(crate) fn is_relocatable(&self) -> bool {
        self.file.is_relocatable
    }

    pub(crate) fn byte_order(&self) -> ByteOrder {
        self.file.ident.order
    }

    /// All sections, by index.
    pub(crate) fn sections(&self) -> &[Section] {
        &self.file.sections
    }

    /// Index of the first section of that name.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.file.find(name)
    }

    /// The first section of that name.
    pub(crate) fn section(&self, name: &str) -> Option<&Section> {
        self.sections().get(self.find(name)?)
    }

    /// The section that an address of the image is in.
    pub(crate) fn section_at(&self, address: u64) -> Option<&Section> {
        self.sections().iter().find(|section| section.contains(address))
    }

    /// Size of a section's content in bytes; 0 if the file does not have the content.
    pub(crate) fn size(&self, index: usize) -> Result<u64, ImageError> {
        self.file.size(index)
    }

    /// At most `size` bytes of a section from `offset` on, fewer at its end, not relocated.
    pub(crate) fn read_raw(&self, index: usize, offset: u64, size: u64) -> Result<Vec<u8>, ImageError> {
        self.file.read(index, offset, size)
    }

    /// As [`Self::read_raw`], relocated if the file is not linked.
    pub(crate) fn read(&self, index: usize, offset: u64, size: u64) -> Result<Vec<u8>, ImageError> {
        let mut bytes = self.file.read(index, offset, size)?;
        if self.is_relocatable() && !bytes.is_empty() {
            let relocations = self.relocations(index)?;
            if !relocations.is_empty() {
                relocations.apply(&self.file, self.symbols()?, offset, &mut bytes)?;
            }
        }
        Ok(bytes)
    }

    /// What the bytes of a section from `offset` on refer to, where the file is not linked.
    pub(crate) fn references(
        &self,
        index: usize,
        offset: u64,
        size: u64,
    ) -> Result<Vec<Reference>, ImageError> {
        if !self.is_relocatable() {
            return Ok(Vec::new());
        }
        let end = offset.saturating_add(size);
        let relocations = self.relocations(index)?;
        if relocations.is_empty() {
            return Ok(Vec::new());
        }
        let symbols = self.symbols()?;
        let machine = self.file.ident.machine;
        let inside = |entry: &Relocation| (offset..end).contains(&entry.offset);
        let entries = relocations.around(&self.file, offset, end)?.into_iter().filter(inside);
        Ok(entries
            .filter_map(|entry| {
                let symbol = symbols.get(entry.symbol as usize)?;
                let name = symbols.name(&symbol);
                let section = || Some(self.sections().get(symbol.section as usize)?.name.clone());
                let name = if name.is_empty() { section()? } else { name };
                let is_relative = relocation_type(machine, entry.kind).is_some_and(|known| known.pc_relative);
                Some(Reference { offset: entry.offset, name, addend: entry.addend, is_relative })
            })
            .collect())
    }

    /// The processor that the file is for.
    pub(crate) fn machine(&self) -> (Machine, Class, ByteOrder) {
        let ident = self.file.ident;
        (ident.machine, ident.class, ident.order)
    }

    fn relocations(&self, index: usize) -> Result<Rc<Relocations>, ImageError> {
        if let Some(known) = self.relocations.borrow().get(&index) {
            return Ok(Rc::clone(known));
        }
        let relocations = Rc::new(Relocations::of_section(&self.file, index)?);
        self.relocations.borrow_mut().insert(index, Rc::clone(&relocations));
        Ok(relocations)
    }

    /// The symbol table, empty if there is none.
    pub(crate) fn symbols(&self) -> Result<&ElfSymbols, ImageError> {
        if let Some(symbols) = self.symbols.get() {
            return Ok(symbols);
        }
        let symbols = ElfSymbols::read(&self.file)?;
        Ok(self.symbols.get_or_init(|| symbols))
    }

    /// Does it have debug information?
    pub(crate) fn has_dwarf(&self) -> bool {
        self.section(".debug_info").is_some_and(|section| section.file_size() > 0)
    }
}
