// SPDX-License-Identifier: MIT OR Apache-2.0
//! An open ELF file, its section headers, and ranges of its sections as they are in the file.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use libmodfmt::elf::Ident;

use super::error::ImageError;
use super::file_bytes::FileBytes;
use super::section::Section;
use super::{compressed_section, header, layout};

/// An open ELF file.
#[derive(Debug)]
pub(super) struct UnrelocatedImage {
    pub(super) path: PathBuf,
    pub(super) bytes: FileBytes,
    pub(super) ident: Ident,
    /// `ET_REL`: an object that is not linked, as modules are.
    pub(super) is_relocatable: bool,
    pub(super) sections: Vec<Section>,
    /// Decompressed sections, by index.
    decompressed: RefCell<HashMap<usize, Rc<[u8]>>>,
}

impl UnrelocatedImage {
    /// Opens a file, decompressing it if it is a compressed module.
    pub(super) fn open(path: &Path) -> Result<Self, ImageError> {
        let bytes = FileBytes::open(path)?;
        let mut header = header::read(&bytes)?;
        if header.is_relocatable {
            layout::assign_addresses(&mut header.sections);
        }
        Ok(Self {
            path: path.to_owned(),
            bytes,
            ident: header.ident,
            is_relocatable: header.is_relocatable,
            sections: header.sections,
            decompressed: RefCell::default(),
        })
    }

    /// Index of the first section of that name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.sections.iter().position(|section| section.name == name)
    }

    /// Size of a section's content in bytes; 0 if the file does not have the content.
    pub(super) fn size(&self, index: usize) -> Result<u64, ImageError> {
        match self.sections.get(index) {
            Some(section) if section.is_compressed() => Ok(self.decompress(index, section)?.len() as u64),
            Some(section) => Ok(section.file_size()),
            None => Ok(0),
        }
    }

    /// At most `size` bytes of a section from `offset` on, fewer at its end.
    pub(super) fn read(&self, index: usize, offset: u64, size: u64) -> Result<Vec<u8>, ImageError> {
        let Some(section) = self.sections.get(index) else { return Ok(Vec::new()) };
        if section.is_compressed() {
            let all = self.decompress(index, section)?;
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(all.len());
            let end = usize::try_from(offset.saturating_add(size)).unwrap_or(usize::MAX).min(all.len());
            return Ok(all.get(start..end).unwrap_or_default().to_vec());
        }
        let size = size.min(section.file_size().saturating_sub(offset));
        if size == 0 {
            return Ok(Vec::new());
        }
        let from = section.offset.checked_add(offset);
        from.and_then(|from| self.bytes.read(from, size)).ok_or_else(|| ImageError::Section {
            file: self.path.clone(),
            section: section.name.clone(),
            offset: section.offset,
            size: section.size,
        })
    }

    fn decompress(&self, index: usize, section: &Section) -> Result<Rc<[u8]>, ImageError> {
        if let Some(bytes) = self.decompressed.borrow().get(&index) {
            return Ok(Rc::clone(bytes));
        }
        let bytes: Rc<[u8]> = compressed_section::decompress(&self.bytes, section, self.ident)?.into();
        self.decompressed.borrow_mut().insert(index, Rc::clone(&bytes));
        Ok(bytes)
    }
}
