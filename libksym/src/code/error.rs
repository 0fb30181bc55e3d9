// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why bytes were not decoded.

use super::Architecture;
use thiserror::Error;

/// Why bytes were not decoded.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodeError {
    /// No disassembler for this processor is built in.
    #[error("no disassembler for {architecture} is built in")]
    Architecture {
        /// The processor.
        architecture: Architecture,
    },
    /// There are no bytes.
    #[error("no code bytes")]
    Empty,
    /// The mark is not within the bytes.
    #[error("marked byte {trap} is outside the {size} code bytes")]
    Mark {
        /// Index of the marked byte.
        trap: usize,
        /// Number of bytes.
        size: usize,
    },
}
