// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why the kernel did not answer.

use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

/// The kernel gave no answer, or none that can be understood.
///
/// The module system calls return a plain [`Errno`]: that is all that a kernel says about them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SysError {
    /// A file or directory could not be opened. The message is kmod's.
    #[error("could not open '{}': {}", path.display(), errno_text(*errno))]
    Open {
        /// Its path.
        path: PathBuf,
        /// Why.
        errno: Errno,
    },
    /// An open file or directory could not be read. The message is kmod's.
    #[error("could not read from '{}': {}", path.display(), errno_text(*errno))]
    Read {
        /// Its path.
        path: PathBuf,
        /// Why.
        errno: Errno,
    },
    /// A kernel file holds a word that this crate does not know. The message is kmod's.
    #[error("unknown {}: '{content}'", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// What it holds, without the newline.
        content: String,
    },
    /// A binary file does not follow its format.
    #[error("{}: offset {offset:#x}: {what}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where in it.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// No segment of `/proc/kcore` covers the addresses asked for.
    #[error("kernel memory {address:#x} (+{length:#x}) is not in {}", path.display())]
    NotMapped {
        /// The core file.
        path: PathBuf,
        /// First address asked for.
        address: u64,
        /// Number of bytes asked for.
        length: usize,
    },
}

impl SysError {
    /// The error number behind this error, where there is one.
    #[must_use]
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::Open { errno, .. } | Self::Read { errno, .. } => Some(*errno),
            Self::Unknown { .. } | Self::Malformed { .. } | Self::NotMapped { .. } => None,
        }
    }

    /// Whether the kernel refused to answer: permissions, lockdown.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        matches!(self.errno(), Some(Errno::EACCES | Errno::EPERM))
    }

    /// Whether the thing asked for does not exist.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self.errno(), Some(Errno::ENOENT | Errno::ENOTDIR))
    }

    pub(crate) fn open(path: &Path, error: &io::Error) -> Self {
        Self::Open { path: path.to_owned(), errno: io_errno(error) }
    }

    pub(crate) fn read(path: &Path, error: &io::Error) -> Self {
        Self::Read { path: path.to_owned(), errno: io_errno(error) }
    }
}

/// The error number of an I/O error; `EIO` for one that comes from Rust's library and has none, such as a
/// file that is too short.
#[must_use]
pub fn io_errno(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

/// The C library's text for an error number, as `strerror` returns it.
///
/// `nix` has its own texts, some of which differ. The commands must print what kmod prints, which is the C
/// library's.
///
/// ```
/// use libmodsys::{Errno, errno_text};
/// assert_eq!(errno_text(Errno::EEXIST), "File exists");
/// ```
#[must_use]
pub fn errno_text(errno: Errno) -> String {
    let number = errno as i32;
    let text = io::Error::from_raw_os_error(number).to_string();
    // The standard library appends its own " (os error N)".
    match text.strip_suffix(&format!(" (os error {number})")) {
        Some(words) => words.to_owned(),
        None => text,
    }
}
