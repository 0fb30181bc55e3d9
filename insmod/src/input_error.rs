// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why the module in a file cannot be read, and what kmod prints and returns for it.

use std::path::PathBuf;

use libmodfmt::compress::{CompressError, Format};
use libmodfmt::file::FileError;
use libmodsys::Errno;
use modcli::{os_text, strerror};

/// Why the module in a file cannot be read.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The file cannot be read.
    #[error("could not read '{}': {}", os_text(path), strerror(*errno))]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error number.
        errno: Errno,
    },
    /// The file cannot be decompressed.
    #[error("{}: {source}", os_text(path))]
    Decompress {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: CompressError,
    },
    /// The signature is damaged, or this is not a module.
    #[error(transparent)]
    Content {
        /// What is wrong with it.
        source: FileError,
    },
}

impl InputError {
    /// An error in what was read from `path`.
    pub(crate) fn new(path: PathBuf, error: FileError) -> Self {
        match error {
            FileError::Decompress { source } => Self::Decompress { path, source },
            source => Self::Content { source },
        }
    }

    /// kmod's message, if it has one. It comes from liblzma or libzstd, which kmod decompresses with.
    #[must_use]
    pub fn kmod_message(&self) -> Option<&'static str> {
        let Self::Decompress { source, .. } = self else { return None };
        match source {
            CompressError::Truncated { format: Format::Xz, .. }
            | CompressError::Trailing { format: Format::Xz, .. } => Some("xz: Unexpected end of input"),
            CompressError::Corrupt { format: Format::Xz, .. } => Some("xz: File is corrupt"),
            CompressError::Truncated { format: Format::Zstd, .. }
            | CompressError::Trailing { format: Format::Zstd, .. } => Some("zstd: Src size is incorrect"),
            CompressError::Corrupt { format: Format::Zstd, .. } => Some("zstd: Data corruption detected"),
            _ => None,
        }
    }

    /// The error number that kmod returns for it, or else the kernel.
    #[must_use]
    pub fn errno(&self) -> Errno {
        match self {
            Self::Read { errno, .. } => *errno,
            Self::Decompress { source, .. } => match source {
                CompressError::TooBig { .. } => Errno::EFBIG,
                CompressError::Memory { .. } | CompressError::Window { .. } => Errno::ENOMEM,
                _ => Errno::EINVAL,
            },
            Self::Content { source: FileError::Signature { .. } } => Errno::EBADMSG,
            Self::Content { .. } => Errno::ENOEXEC,
        }
    }
}
