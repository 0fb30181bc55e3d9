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
    /// No file that is at hand has the code.
    #[error("no file has the code of {symbol}")]
    NoFile {
        /// The function.
        symbol: String,
    },
    /// The place is not in the code that the file has for its function.
    #[error("offset {offset:#x} is outside the {size} bytes of {symbol} in the file")]
    Outside {
        /// The function.
        symbol: String,
        /// Offset of the place in it, in bytes.
        offset: u64,
        /// The code that the file has for it, in bytes.
        size: usize,
    },
    /// The file is for a processor that has no disassembler.
    #[error("no disassembler for the processor of the file (ELF machine {machine})")]
    Machine {
        /// `e_machine` of the file.
        machine: u16,
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
