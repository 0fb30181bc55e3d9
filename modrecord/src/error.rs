// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can go wrong with a file of saved parameters.

use std::io;
use std::path::{Path, PathBuf};

use libmodsys::{Errno, SysError, errno_text};

/// Why saved parameters cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
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
    /// No name follows from that of the module file.
    #[error("{} is not below {}: name the file of saved parameters", module.display(), modules.display())]
    NoName {
        /// The module file.
        module: PathBuf,
        /// Where modules are installed.
        modules: PathBuf,
    },
    /// The kernel did not say.
    #[error(transparent)]
    Sys(#[from] SysError),
}

impl StateError {
    pub(crate) fn file(what: &'static str, path: &Path, error: &io::Error) -> Self {
        let errno = error.raw_os_error().map_or(Errno::EIO, Errno::from_raw);
        Self::File { what, path: path.to_owned(), errno }
    }
}
