// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can go wrong when the kernel is asked something.

use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

/// A question to the kernel that got no answer, or none that can be understood.
///
/// The module system calls themselves report a plain [`Errno`]: that is all a kernel says about them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SysError {
    /// A file or directory could not be opened. The words are kmod's.
    #[error("could not open '{}': {}", path.display(), errno_text(*errno))]
    Open {
        /// What was to be opened.
        path: PathBuf,
        /// Why it was not.
        errno: Errno,
    },
    /// An open file or directory could not be read. The words are kmod's.
    #[error("could not read from '{}': {}", path.display(), errno_text(*errno))]
    Read {
        /// What was to be read.
        path: PathBuf,
        /// Why it was not.
        errno: Errno,
    },
    /// A kernel file holds a word that this crate does not know. The words are kmod's.
    #[error("unknown {}: '{content}'", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// What it holds, without the newline.
        content: String,
    },
    /// A binary file breaks its own format.
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

    /// Whether the kernel refused to say (permissions, lockdown), rather than having nothing to say.
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

/// The error number of an I/O error; `EIO` for those that Rust's library makes itself (a read that ends
/// early).
#[must_use]
pub fn io_errno(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

/// The C library's words for an error number, as `strerror` gives them.
///
/// `nix` has descriptions of its own, which differ in places; messages of the commands must match those of
/// kmod, which are the C library's.
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
