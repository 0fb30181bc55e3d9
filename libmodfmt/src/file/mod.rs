// SPDX-License-Identifier: MIT OR Apache-2.0
//! A module file as it lies on disk: perhaps compressed, perhaps signed.
//!
//! [`ModuleFile`] decompresses it, splits off the signature and parses it, each only when it is
//! asked for and only once. It takes bytes and opens no file.
//!
//! ```no_run
//! use libmodfmt::file::ModuleFile;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let file = ModuleFile::new(std::fs::read("counters.ko.xz")?, 512 << 20);
//! if let Some(persistent) = file.persistent()? {
//!     for (unit, variable) in persistent.variables() {
//!         println!("{} {:#x} {variable}", unit.section, variable.offset);
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod debug_lines;
mod debug_section;
mod debug_strings;
mod debug_units;
mod error;
mod excerpt;
mod persistent;
mod read_at;

use std::sync::{Arc, OnceLock};

pub use error::FileError;
pub use excerpt::excerpt;
pub use persistent::Persistent;
pub use read_at::ReadAt;

use crate::compress::{self, CompressError, Format};
use crate::elf::{self, Object, SectionEntry};
use crate::module::Module;
use crate::persist::{Inventory, KernelBtfReader, PersistError};
use crate::signature::{self, Signature};

/// The bytes of a module file, and what was found out about them.
#[derive(Debug)]
pub struct ModuleFile {
    content: Arc<Vec<u8>>,
    limit: u64,
    as_kmod: bool,
    decompressed: OnceLock<Result<Arc<Vec<u8>>, CompressError>>,
    module: OnceLock<Result<Module<'static>, FileError>>,
    inventory: OnceLock<Result<Option<Inventory>, PersistError>>,
}

impl ModuleFile {
    /// A file of these bytes. Nothing is looked at yet.
    ///
    /// `limit` is the largest decompressed size in bytes. Nor may it be more than
    /// [`compress::plausible_size`]: a small decompression bomb costs little.
    #[must_use]
    pub fn new(content: impl Into<Vec<u8>>, limit: u64) -> Self {
        Self {
            content: Arc::new(content.into()),
            limit,
            as_kmod: false,
            decompressed: OnceLock::new(),
            module: OnceLock::new(),
            inventory: OnceLock::new(),
        }
    }

    /// A file that is decompressed as kmod does it: bytes after the last gzip member are ignored
    /// and not an error (see [`compress::decompress_as_kmod`]).
    #[must_use]
    pub fn as_kmod(content: impl Into<Vec<u8>>, limit: u64) -> Self {
        Self { as_kmod: true, ..Self::new(content, limit) }
    }

    /// The bytes that the file was made from.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// The compression format; `None` for a plain file.
    #[must_use]
    pub fn compression(&self) -> Option<Format> {
        compress::detect(&self.content)
    }

    /// The decompressed file, its signature included. For a plain file these are its bytes.
    ///
    /// # Errors
    /// [`FileError::Decompress`]
    pub fn image(&self) -> Result<&[u8], FileError> {
        Ok(self.shared_image()?)
    }

    /// The decompressed file without its signature: what an ELF parser is given.
    ///
    /// # Errors
    /// [`FileError::Decompress`], [`FileError::Signature`]
    pub fn unsigned_image(&self) -> Result<&[u8], FileError> {
        Ok(self.split()?.0)
    }

    /// The signature, if the file has one.
    ///
    /// # Errors
    /// [`FileError::Decompress`], [`FileError::Signature`]
    pub fn signature(&self) -> Result<Option<Signature<'_>>, FileError> {
        Ok(self.split()?.1)
    }

    /// The sections by the section table alone. `None` if it cannot be read: then [`ModuleFile::module`] says
    /// what is wrong.
    ///
    /// For a plain file of which not all bytes are at hand, see [`elf::section_table`].
    ///
    /// # Errors
    /// [`FileError::Decompress`]
    pub fn section_table(&self) -> Result<Option<Vec<SectionEntry>>, FileError> {
        let image = self.image()?;
        Ok(elf::section_table(|offset, size| {
            let start = usize::try_from(offset).ok()?;
            image.get(start..start.checked_add(size)?).map(<[u8]>::to_vec)
        }))
    }

    /// The names of all sections; otherwise as [`ModuleFile::section_table`].
    ///
    /// # Errors
    /// [`FileError::Decompress`]
    pub fn section_names(&self) -> Result<Option<Vec<Vec<u8>>>, FileError> {
        let names = |table: Vec<SectionEntry>| table.into_iter().map(|section| section.name).collect();
        Ok(self.section_table()?.map(names))
    }

    /// The module. Its data is shared with this file, not copied.
    ///
    /// # Errors
    /// [`FileError::Decompress`], [`FileError::Signature`], [`FileError::Module`]
    pub fn module(&self) -> Result<&Module<'static>, FileError> {
        let parse = || {
            let size = self.unsigned_image()?.len();
            let object = Object::parse_shared(self.shared_image()?, size)
                .map_err(|source| FileError::Module { source: source.into() })?;
            Module::of(object).map_err(|source| FileError::Module { source })
        };
        self.module.get_or_init(parse).as_ref().map_err(Clone::clone)
    }

    /// The persistent data of the module; `None` if it has none.
    ///
    /// # Errors
    /// Those of [`ModuleFile::module`], and [`FileError::Persist`].
    pub fn persistent(&self) -> Result<Option<Persistent<'_>>, FileError> {
        self.persistent_with(None)
    }

    /// The persistent data of the module as [`ModuleFile::persistent`]. `kernel` reads the BTF of the kernel
    /// that the module is for; it is called only if the variables lead to very many types, to find those
    /// that the kernel has itself: see
    /// [`PersistentDebugInfo::read`](crate::persist::PersistentDebugInfo::read).
    ///
    /// # Errors
    /// Those of [`ModuleFile::persistent`].
    pub fn persistent_with(
        &self,
        kernel: Option<KernelBtfReader<'_>>,
    ) -> Result<Option<Persistent<'_>>, FileError> {
        let module = self.module()?;
        let inventory = self.inventory.get_or_init(|| persistent::inventory(module, kernel));
        match inventory {
            Ok(inventory) => Ok(inventory.as_ref().map(|inventory| Persistent::new(module, inventory))),
            Err(source) => Err(FileError::Persist { source: source.clone() }),
        }
    }

    fn shared_image(&self) -> Result<&Arc<Vec<u8>>, FileError> {
        if self.compression().is_none() {
            return Ok(&self.content);
        }
        // An error is kept as well: a bomb goes off once.
        let decompressed = self.decompressed.get_or_init(|| {
            let decompress = if self.as_kmod { compress::decompress_as_kmod } else { compress::decompress };
            let plausible = compress::plausible_size(self.content.len() as u64);
            decompress(&self.content, self.limit.min(plausible)).map(Arc::new)
        });
        decompressed.as_ref().map_err(|source| FileError::Decompress { source: source.clone() })
    }

    fn split(&self) -> Result<(&[u8], Option<Signature<'_>>), FileError> {
        signature::split(self.image()?).map_err(|source| FileError::Signature { source })
    }
}
