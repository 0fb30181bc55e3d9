// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why bytes were not decoded.

use thiserror::Error;

use super::architecture::Architecture;

/// Why bytes were not decoded.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodeError {
    /// There is no disassembler for this instruction set, or the feature for it is off.
    #[error("no disassembler for {architecture} is built in")]
    Architecture {
        /// The instruction set.
        architecture: Architecture,
    },
    /// There are no bytes.
    #[error("no code bytes")]
    Empty,
    /// The marker is past the end of the bytes.
    #[error("marked byte {marker} is outside the {size} code bytes")]
    Marker {
        /// Index of the marked byte.
        marker: usize,
        /// Number of bytes.
        size: usize,
    },
}
