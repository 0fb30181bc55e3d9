// SPDX-License-Identifier: MIT OR Apache-2.0
//! The `Code:` bytes of a report as instructions.
//!
//! [`decode`] finds where an instruction must start for one to start at the marked byte, marks that
//! one, and works out from the registers what it accessed. It knows no symbols: the caller's
//! function in [`Context`] names addresses.

mod listing;

pub use listing::{Access, AccessKind, Architecture, CodeBytes, Context, Instruction, Listing, Trap};

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

/// Disassembles the bytes of a `Code:` line.
///
/// # Errors
///
/// [`CodeError`], if there is nothing to decode or nothing to decode it with.
pub fn decode(
    architecture: Architecture,
    code: &CodeBytes,
    context: &Context<'_>,
) -> Result<Listing, CodeError> {
    let _ = (code, context);
    Err(CodeError::Architecture { architecture })
}
