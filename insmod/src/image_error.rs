// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why the module in a file cannot be read, and what kmod prints and returns for it.

use std::path::PathBuf;

use libmodfmt::compress::{CompressError, Format};
use libmodsys::Errno;
use modcli::{os_text, strerror};

/// Why the module in a file cannot be read.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
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
}

impl ImageError {
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

    /// The error number that kmod's "could not insert module" is printed with.
    #[must_use]
    pub fn errno(&self) -> Errno {
        match self {
            Self::Read { errno, .. } => *errno,
            Self::Decompress { source, .. } => match source {
                CompressError::TooBig { .. } => Errno::EFBIG,
                CompressError::Memory { .. } | CompressError::Window { .. } => Errno::ENOMEM,
                _ => Errno::EINVAL,
            },
        }
    }
}
