// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why parameters cannot be saved or read back.

use std::io;
use std::path::{Path, PathBuf};

use libmodsys::{Errno, PrivateFileError, SysError, errno_text, io_errno};

/// Why parameters cannot be saved or read back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SavedParametersError {
    /// A file cannot be read or written.
    #[error("could not {what} {}: {}", path.display(), errno_text(*errno))]
    File {
        /// `read`, `write`, ...
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        errno: Errno,
    },
    /// It is a FIFO, a device or a socket.
    #[error("{} is not a regular file", path.display())]
    NotRegular {
        /// The file.
        path: PathBuf,
    },
    /// A line is not `name=value`.
    #[error("line {line}: {problem}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A line of a file is not `name=value`.
    #[error("{}: line {line}: {problem}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The name of the file is not absolute.
    #[error("the name of a file of saved parameters must be absolute, not '{}'", path.display())]
    Relative {
        /// The name.
        path: PathBuf,
    },
    /// The name of the module file does not yield one for the parameters.
    #[error("{} is not below {}: name the file of saved parameters", module.display(), modules.display())]
    NoName {
        /// The module file.
        module: PathBuf,
        /// Where modules are installed.
        modules: PathBuf,
    },
    /// The directory of the configuration, or one below it on the way to the file, is not safe to read from:
    /// somebody else may have put the file there.
    #[error(transparent)]
    Directory(#[from] PrivateFileError),
    /// The kernel could not be asked.
    #[error(transparent)]
    Sys(#[from] SysError),
}

impl SavedParametersError {
    pub(super) fn file(what: &'static str, path: &Path, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::InvalidInput && error.raw_os_error().is_none() {
            return Self::NotRegular { path: path.to_owned() };
        }
        Self::File { what, path: path.to_owned(), errno: io_errno(error) }
    }
}
