// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why the journal was not written.

use std::io;

use libmodsys::SysError;
use thiserror::Error;

/// Why nothing was written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The kernel could not be asked.
    #[error(transparent)]
    Sys(#[from] SysError),
    /// The file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        source: io::Error,
    },
}
