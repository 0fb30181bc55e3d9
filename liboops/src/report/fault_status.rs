// SPDX-License-Identifier: MIT OR Apache-2.0
//! Registers that say why a processor stopped.

use super::{Hex, Span};

/// A register that says why a processor stopped, or the number that `die()` prints, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct FaultStatus {
    /// Its name: `ESR`, `FSR`, `DSISR`, `TRAP`, `TEID`, `program check`, `cause`, `Cause`, `ESTAT`.
    pub register: &'static str,
    /// Its value.
    pub value: Hex,
    /// Where the value is written.
    pub span: Span,
    /// What it means, in words for a reader.
    pub meaning: String,
}
