// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why the journal was not written.

use libmodsys::{PrivateFileError, SysError};
use thiserror::Error;

/// Why nothing was written.
#[derive(Debug, Error)]
pub(super) enum JournalError {
    /// The kernel could not be asked.
    #[error(transparent)]
    Sys(#[from] SysError),
    /// The file could not be read or written, or is not safe to write to.
    #[error(transparent)]
    File(#[from] PrivateFileError),
}
