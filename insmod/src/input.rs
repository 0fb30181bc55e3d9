// SPDX-License-Identifier: MIT OR Apache-2.0
//! The module file: opened once, read no more than needed.

use std::cell::OnceCell;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Seek};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileExt, FileTypeExt};
use std::path::{Path, PathBuf};

use libmodfmt::compress::{self, CompressError, Format};
use libmodsys::Errno;

/// Largest image that is decompressed, in bytes: above any module with all its debug information,
/// and no more than a small machine can bear.
pub const IMAGE_LIMIT: u64 = 512 << 20;

/// As many bytes as the longest magic number; no module is shorter.
const MAGIC_SIZE: usize = 6;

/// Why the image in a file is not to be had.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The file cannot be read.
    #[error("could not read '{}': {}", modcli::os_text(path), modcli::strerror(*errno))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        errno: Errno,
    },
    /// The file cannot be decompressed.
    #[error("{}: {text}", modcli::os_text(path))]
    Decompress {
        /// The file.
        path: PathBuf,
        /// The decoder's words.
        text: String,
        /// kmod's, for the damage that its decoders tell apart.
        kmods: Option<&'static str>,
        /// What kmod would return: invalid, or too large.
        errno: Errno,
    },
}

impl ImageError {
    /// kmod's line for it, where it has one: scripts and people know it.
    #[must_use]
    pub fn kmods_words(&self) -> Option<&'static str> {
        match self {
            Self::Read { .. } => None,
            Self::Decompress { kmods, .. } => *kmods,
        }
    }

    /// The error number that stands for it in kmod's messages.
    #[must_use]
    pub fn errno(&self) -> Errno {
        match self {
            Self::Read { errno, .. } | Self::Decompress { errno, .. } => *errno,
        }
    }
}

/// An open module file.
#[derive(Debug)]
pub struct ModuleInput {
    argument: OsString,
    path: PathBuf,
    file: File,
    compression: Option<Format>,
    content: OnceCell<Vec<u8>>,
    image: OnceCell<Result<Vec<u8>, ImageError>>,
}

impl ModuleInput {
    /// Opens a file and looks at its first bytes.
    ///
    /// # Errors
    /// `ESPIPE` for what cannot be read twice, `EINVAL` for a file too short for any format, else the system's.
    pub fn open(argument: &OsStr, path: PathBuf) -> Result<Self, Errno> {
        // Before opening: that would wait for a writer.
        if fs::metadata(&path).is_ok_and(|found| found.file_type().is_fifo()) {
            return Err(Errno::ESPIPE);
        }
        let mut file = File::open(&path).map_err(|error| errno(&error))?;
        file.stream_position().map_err(|error| errno(&error))?;
        let mut magic = [0; MAGIC_SIZE];
        file.read_exact_at(&mut magic, 0).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Errno::EINVAL,
            _ => errno(&error),
        })?;
        Ok(Self {
            argument: argument.to_owned(),
            path,
            file,
            compression: compress::detect(&magic),
            content: OnceCell::new(),
            image: OnceCell::new(),
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

    /// The compression, by the first bytes.
    #[must_use]
    pub fn compression(&self) -> Option<Format> {
        self.compression
    }

    /// The file, for the kernel.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// The open file, to read parts of it (`read_at`): a look at the section table must not cost reading all of a plain file.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// All bytes of the file. Read once.
    ///
    /// # Errors
    /// [`ImageError::Read`]
    pub fn content(&self) -> Result<&[u8], ImageError> {
        if let Some(content) = self.content.get() {
            return Ok(content);
        }
        let content = read_all(&self.file)
            .map_err(|error| ImageError::Read { path: self.path.clone(), errno: errno(&error) })?;
        Ok(self.content.get_or_init(|| content))
    }

    /// The module itself: the content, decompressed where it is compressed. Done once. The signature trailer stays.
    ///
    /// # Errors
    /// [`ImageError`]
    pub fn image(&self) -> Result<&[u8], ImageError> {
        let content = self.content()?;
        if self.compression.is_none() {
            return Ok(content);
        }
        // An error is kept as well: a bomb is to go off once.
        let image = self.image.get_or_init(|| {
            compress::decompress_as_kmod(content, IMAGE_LIMIT).map_err(|error| self.decompress_error(&error))
        });
        image.as_deref().map_err(Clone::clone)
    }

    fn decompress_error(&self, error: &CompressError) -> ImageError {
        let errno = match error {
            CompressError::TooBig { .. } => Errno::EFBIG,
            CompressError::Memory { .. } | CompressError::Window { .. } => Errno::ENOMEM,
            _ => Errno::EINVAL,
        };
        ImageError::Decompress {
            path: self.path.clone(),
            text: error.to_string(),
            kmods: kmods_words(error),
            errno,
        }
    }
}

/// What liblzma and libzstd, which kmod uses, say of damaged data.
fn kmods_words(error: &CompressError) -> Option<&'static str> {
    match error {
        CompressError::Truncated { format: Format::Xz, .. }
        | CompressError::Trailing { format: Format::Xz, .. } => Some("xz: Unexpected end of input"),
        CompressError::Corrupt { format: Format::Xz, .. } => Some("xz: File is corrupt"),
        CompressError::Truncated { format: Format::Zstd, .. }
        | CompressError::Trailing { format: Format::Zstd, .. } => Some("zstd: Src size is incorrect"),
        CompressError::Corrupt { format: Format::Zstd, .. } => Some("zstd: Data corruption detected"),
        _ => None,
    }
}

/// From the start, wherever the position of the file is.
fn read_all(file: &File) -> io::Result<Vec<u8>> {
    const PIECE: usize = 64 << 10;
    let size = file.metadata().map_or(0, |found| found.len());
    let mut content = Vec::with_capacity(usize::try_from(size.min(IMAGE_LIMIT)).unwrap_or(0));
    let mut piece = vec![0; PIECE];
    loop {
        match file.read_at(&mut piece, content.len() as u64) {
            Ok(0) => return Ok(content),
            Ok(count) => content.extend_from_slice(piece.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The error number of an I/O error.
pub(crate) fn errno(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}
