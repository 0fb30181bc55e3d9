// SPDX-License-Identifier: MIT OR Apache-2.0
//! An ELF file of which only the parts are read that are asked for.
//!
//! The kernel's file has hundreds of megabytes, half of them relocations that are applied already;
//! one report needs two or three. So a file is not mapped (that takes `unsafe`) and not read, but
//! asked for ranges ([`Image::read`]). In a module's file (`ET_REL`) nothing has an address yet and
//! debug information is not relocated: [`layout`] gives each section a place of its own, and
//! [`relocate`] applies the relocations of just the bytes that are read.

mod compressed;
mod cursor;
mod error;
mod header;
mod identity;
mod layout;
mod relocate;
mod relocation_kind;
mod section;
mod store;
mod symbols;

pub(crate) use cursor::Cursor;
pub(crate) use error::ImageError;
pub(crate) use section::Section;
pub(crate) use symbols::RawSymbols;

use gimli::RunTimeEndian;
use relocate::Relocations;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use store::Store;

/// Width and order of numbers, and the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ident {
    pub(crate) is_64: bool,
    pub(crate) endian: RunTimeEndian,
    pub(crate) machine: u16,
    /// `ET_REL`: an object that is not linked, as modules are.
    pub(crate) relocatable: bool,
}

/// An open ELF file.
#[derive(Debug)]
pub(crate) struct Image {
    path: PathBuf,
    store: Store,
    pub(crate) ident: Ident,
    pub(crate) sections: Vec<Section>,
    /// Decompressed sections.
    inflated: RefCell<HashMap<usize, Rc<[u8]>>>,
    relocations: RefCell<HashMap<usize, Rc<Relocations>>>,
    symbols: OnceCell<RawSymbols>,
}

impl Image {
    /// Opens a file, decompressing it if it is a compressed module.
    pub(crate) fn open(path: &Path) -> Result<Self, ImageError> {
        let store = Store::open(path)?;
        let (ident, mut sections) = header::read(path, &store)?;
        if ident.relocatable {
            layout::place(&mut sections);
        }
        Ok(Self {
            path: path.to_owned(),
            store,
            ident,
            sections,
            inflated: RefCell::default(),
            relocations: RefCell::default(),
            symbols: OnceCell::new(),
        })
    }

    /// The file's name.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Index of the first section of that name.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.sections.iter().position(|section| section.name == name)
    }

    /// Size of a section's content; 0 where the file does not have the content.
    pub(crate) fn size(&self, index: usize) -> Result<u64, ImageError> {
        match self.sections.get(index) {
            Some(section) if section.is_compressed() => Ok(self.inflate(index, section)?.len() as u64),
            Some(section) => Ok(section.file_size()),
            None => Ok(0),
        }
    }

    /// At most `size` bytes of a section from `offset` on, fewer at its end, not relocated.
    pub(crate) fn read_raw(&self, index: usize, offset: u64, size: u64) -> Result<Vec<u8>, ImageError> {
        let Some(section) = self.sections.get(index) else { return Ok(Vec::new()) };
        if section.is_compressed() {
            let all = self.inflate(index, section)?;
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(all.len());
            let end = usize::try_from(offset.saturating_add(size)).unwrap_or(usize::MAX).min(all.len());
            return Ok(all.get(start..end).unwrap_or_default().to_vec());
        }
        let size = size.min(section.file_size().saturating_sub(offset));
        if size == 0 {
            return Ok(Vec::new());
        }
        let from = section.offset.checked_add(offset);
        from.and_then(|from| self.store.read(from, size)).ok_or_else(|| ImageError::Section {
            file: self.path.clone(),
            section: section.name.clone(),
            offset: section.offset,
            size: section.size,
        })
    }

    /// As [`Self::read_raw`], relocated if the file is not linked.
    pub(crate) fn read(&self, index: usize, offset: u64, size: u64) -> Result<Vec<u8>, ImageError> {
        let mut bytes = self.read_raw(index, offset, size)?;
        if self.ident.relocatable && !bytes.is_empty() {
            let known = self.relocations.borrow().get(&index).cloned();
            let relocations = match known {
                Some(relocations) => relocations,
                None => {
                    let made = Rc::new(Relocations::of(self, index)?);
                    self.relocations.borrow_mut().insert(index, Rc::clone(&made));
                    made
                }
            };
            relocations.apply(self, offset, &mut bytes)?;
        }
        Ok(bytes)
    }

    /// The symbol table, empty if there is none.
    pub(crate) fn symbols(&self) -> Result<&RawSymbols, ImageError> {
        if let Some(symbols) = self.symbols.get() {
            return Ok(symbols);
        }
        let symbols = RawSymbols::read(self)?;
        Ok(self.symbols.get_or_init(|| symbols))
    }

    /// Does it hold debug information?
    pub(crate) fn has_dwarf(&self) -> bool {
        let has = |name| self.find(name).and_then(|index| self.sections.get(index));
        has(".debug_info").is_some_and(|section| section.file_size() > 0)
    }

    fn inflate(&self, index: usize, section: &Section) -> Result<Rc<[u8]>, ImageError> {
        if let Some(bytes) = self.inflated.borrow().get(&index) {
            return Ok(Rc::clone(bytes));
        }
        let bytes: Rc<[u8]> = compressed::inflate(self, section)?.into();
        self.inflated.borrow_mut().insert(index, Rc::clone(&bytes));
        Ok(bytes)
    }
}
