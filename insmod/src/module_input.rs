// SPDX-License-Identifier: MIT OR Apache-2.0
//! The module file: opened once, and no more of it read than needed.
//!
//! For a plain load that is six bytes and the section table; the kernel reads the rest through the
//! descriptor.
//!
//! ```
//! use insmod::ModuleInput;
//! use libmodsys::Errno;
//!
//! let refused = ModuleInput::open("null.ko".as_ref(), "/dev/null".into());
//! assert_eq!(refused.unwrap_err(), Errno::EINVAL);
//! ```

use std::cell::{Cell, OnceCell};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io::{self, Seek};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileExt, FileTypeExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use libmodfmt::compress::{self, Format};
use libmodfmt::elf::{self, SectionEntry};
use libmodfmt::file::{self, FileError, ModuleFile};
use libmodfmt::module::Module;
use libmodfmt::signature::MAGIC;
use libmodsys::Errno;

use crate::InputError;

/// Largest module that is read or decompressed, in bytes: more than any module with all its debug
/// information, yet no more than a small machine can bear.
pub const MAX_IMAGE_BYTES: u64 = 512 << 20;

/// The smallest file of which debug information is left out, in bytes. Of a smaller one, to find what can be
/// left out takes as long as to read it.
const MIN_EXCERPT_BYTES: u64 = 1 << 20;

/// The longest magic number of a format, in bytes. No module is shorter.
const MAGIC_BYTES: usize = 6;

/// An open module file.
#[derive(Debug)]
pub struct ModuleInput {
    argument: OsString,
    path: PathBuf,
    file: File,
    compression: Option<Format>,
    bytes_read: Cell<u64>,
    whole: OnceCell<ModuleFile>,
    /// Of the file, from before it was read whole.
    metadata: OnceCell<Metadata>,
    sections: OnceCell<Option<Vec<SectionEntry>>>,
}

impl ModuleInput {
    /// Opens a file and looks at its first bytes.
    ///
    /// # Errors
    /// As kmod: `ESPIPE` for a file that cannot be read twice, `EINVAL` for one that is too short for any
    /// format, else the system's error number.
    pub fn open(argument: &OsStr, path: PathBuf) -> Result<Self, Errno> {
        // Before opening it, as that would wait for a writer.
        if fs::metadata(&path).is_ok_and(|found| found.file_type().is_fifo()) {
            return Err(Errno::ESPIPE);
        }
        let mut file = File::open(&path).map_err(|error| errno(&error))?;
        file.stream_position().map_err(|error| errno(&error))?;
        let mut magic = [0; MAGIC_BYTES];
        file.read_exact_at(&mut magic, 0).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Errno::EINVAL,
            _ => errno(&error),
        })?;
        Ok(Self {
            argument: argument.to_owned(),
            path,
            file,
            compression: compress::detect(&magic),
            bytes_read: Cell::new(MAGIC_BYTES as u64),
            whole: OnceCell::new(),
            metadata: OnceCell::new(),
            sections: OnceCell::new(),
        })
    }

    /// The file as the user typed it.
    #[must_use]
    pub fn argument(&self) -> &OsStr {
        &self.argument
    }

    /// The absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The compression format, from the first bytes.
    #[must_use]
    pub fn compression(&self) -> Option<Format> {
        self.compression
    }

    /// The descriptor, for the kernel.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// The open file.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Bytes that this process has read from the file so far.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.get()
    }

    /// The sections, read once from the section table. Of a plain file nothing else is read; a compressed one
    /// has to be decompressed. `None` if the table cannot be read.
    ///
    /// # Errors
    /// [`InputError::Read`], [`InputError::Decompress`]
    pub fn sections(&self) -> Result<Option<&[SectionEntry]>, InputError> {
        if let Some(known) = self.sections.get() {
            return Ok(known.as_deref());
        }
        let sections = if self.compression.is_none() {
            elf::section_table(|offset, size| self.read_part(offset, size))
        } else {
            self.whole()?.section_table().map_err(|error| self.error(error))?
        };
        Ok(self.sections.get_or_init(|| sections).as_deref())
    }

    /// Sizes of the sections that take room in memory, for the journal. Empty if they are not known.
    #[must_use]
    pub fn section_sizes(&self) -> Vec<(String, u64)> {
        let sections = self.sections().ok().flatten().unwrap_or_default().iter();
        let in_memory = sections.filter(|section| section.is_allocated && section.size > 0);
        in_memory.map(|one| (String::from_utf8_lossy(&one.name).into_owned(), one.size)).collect()
    }

    /// The whole file, read once. What is found out about it (decompressed content, signature, ELF tables) is
    /// found out once.
    ///
    /// Of a large file without a signature, debug information that no persistent variable leads to is left out
    /// where that can be told: see [`libmodfmt::file::excerpt`]. No load needs it.
    ///
    /// # Errors
    /// [`InputError::Read`]
    pub fn whole(&self) -> Result<&ModuleFile, InputError> {
        if let Some(whole) = self.whole.get() {
            return Ok(whole);
        }
        let failed = |error: io::Error| InputError::Read { path: self.path.clone(), errno: errno(&error) };
        let metadata = regular(&self.file).map_err(failed)?;
        let content = match self.excerpt(metadata.len()) {
            Some(excerpt) => excerpt,
            None => {
                let content = read_all(&self.file, metadata.len()).map_err(failed)?;
                self.count(content.len());
                content
            }
        };
        self.metadata.get_or_init(|| metadata);
        Ok(self.whole.get_or_init(|| ModuleFile::as_kmod(content, MAX_IMAGE_BYTES)))
    }

    /// What the system said about the file just before it was read whole. If it is written to meanwhile, it
    /// says otherwise now.
    ///
    /// # Errors
    /// [`InputError::Read`]
    pub fn metadata(&self) -> Result<&Metadata, InputError> {
        self.whole()?;
        let missing = || InputError::Read { path: self.path.clone(), errno: Errno::EIO };
        self.metadata.get().ok_or_else(missing)
    }

    /// The whole file, which can be decompressed: for callers whose own errors do not name it.
    ///
    /// # Errors
    /// [`InputError::Read`], [`InputError::Decompress`]
    pub fn decompressed(&self) -> Result<&ModuleFile, InputError> {
        self.image()?;
        self.whole()
    }

    /// The decompressed file, with its signature.
    ///
    /// # Errors
    /// [`InputError::Read`], [`InputError::Decompress`]
    pub fn image(&self) -> Result<&[u8], InputError> {
        self.whole()?.image().map_err(|error| self.error(error))
    }

    /// Whether there is a signature.
    ///
    /// # Errors
    /// [`InputError`]
    pub fn is_signed(&self) -> Result<bool, InputError> {
        let signature = self.whole()?.signature().map_err(|error| self.error(error))?;
        Ok(signature.is_some())
    }

    /// The module.
    ///
    /// # Errors
    /// [`InputError`]
    pub fn module(&self) -> Result<&Module<'static>, InputError> {
        self.whole()?.module().map_err(|error| self.error(error))
    }

    /// The name that the module has inside the file; `None` if it cannot be read.
    #[must_use]
    pub fn module_name(&self) -> Option<&str> {
        self.module().ok().map(|module| module.name.as_str())
    }

    /// The file of `size` bytes without debug information that is not needed. `None` if all of it has to be read.
    fn excerpt(&self, size: u64) -> Option<Vec<u8>> {
        if self.compression.is_some() || size < MIN_EXCERPT_BYTES {
            return None;
        }
        let signature = self.read_part(size.checked_sub(MAGIC.len() as u64)?, MAGIC.len())?;
        if signature == MAGIC {
            return None;
        }
        let (file, count) = (&self.file, AtomicUsize::new(0));
        let excerpt = file::excerpt(size, |offset, into| {
            file.read_exact_at(into, offset).ok()?;
            count.fetch_add(into.len(), Ordering::Relaxed);
            Some(())
        });
        self.count(count.into_inner());
        excerpt
    }

    /// Reads a part of the file as it is on disk. `None` if it ends before.
    fn read_part(&self, offset: u64, size: usize) -> Option<Vec<u8>> {
        // The size may come from a header: allocate no more than there is.
        let end = offset.checked_add(u64::try_from(size).ok()?)?;
        if end > self.file.metadata().ok()?.len() {
            return None;
        }
        let mut bytes = vec![0; size];
        self.file.read_exact_at(&mut bytes, offset).ok()?;
        self.count(size);
        Some(bytes)
    }

    fn error(&self, error: FileError) -> InputError {
        InputError::new(self.path.clone(), error)
    }

    fn count(&self, size: usize) {
        self.bytes_read.set(self.bytes_read.get().saturating_add(size as u64));
    }
}

/// What the system says about a file that can be read whole.
fn regular(file: &File) -> io::Result<Metadata> {
    let found = file.metadata()?;
    if !found.is_file() {
        // As the kernel says: a device may have no end.
        return Err(Errno::EINVAL.into());
    }
    if found.len() > MAX_IMAGE_BYTES {
        return Err(Errno::EFBIG.into());
    }
    Ok(found)
}

/// Reads a file of this size from its start, wherever its position is.
fn read_all(file: &File, size: u64) -> io::Result<Vec<u8>> {
    // Read at once into zeroed memory: no byte is copied a second time.
    let mut content = vec![0; usize::try_from(size).map_err(|_| Errno::EFBIG)?];
    let mut length = 0;
    while let Some(rest) = content.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, length as u64) {
            // It was cut meanwhile.
            Ok(0) => break,
            Ok(count) => length = length.saturating_add(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    content.truncate(length);
    Ok(content)
}

/// The error number of an I/O error.
pub(crate) fn errno(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn the_metadata_is_that_of_what_was_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("foo.ko");
        fs::write(&path, "what is read").unwrap();
        let input = ModuleInput::open(path.as_os_str(), path.clone()).unwrap();
        assert_eq!(input.whole().unwrap().content(), b"what is read");
        fs::write(&path, "what make has written meanwhile").unwrap();
        assert_eq!(input.metadata().unwrap().size(), 12);
        assert_eq!(input.whole().unwrap().content(), b"what is read");
    }
}
