// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a module file cannot be read.

use thiserror::Error;

use crate::compress::CompressError;
use crate::module::ModuleError;
use crate::persist::PersistError;
use crate::signature::SignatureError;

/// Why a module file cannot be read: the step that failed. The texts are those of the steps.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file cannot be decompressed.
    #[error(transparent)]
    Decompress {
        /// Why.
        source: CompressError,
    },
    /// There is a signature trailer, and it is damaged. The kernel answers `EBADMSG` to such a file.
    #[error(transparent)]
    Signature {
        /// Why.
        source: SignatureError,
    },
    /// The decompressed file is not a module.
    #[error(transparent)]
    Module {
        /// Why.
        source: ModuleError,
    },
    /// The persistent data of the module is broken.
    #[error(transparent)]
    Persist {
        /// Why.
        source: PersistError,
    },
}
