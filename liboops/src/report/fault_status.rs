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

impl FaultStatus {
    /// Whether it says that an access to memory failed, so that the register for addresses holds that of the
    /// access. After a breakpoint or an illegal instruction it holds something else.
    pub(super) fn is_of_access(&self) -> bool {
        let value = self.value.0;
        match self.register {
            // RISC-V: fetches, reads, writes.
            "cause" => matches!(value, 0 | 1 | 4..=7 | 12 | 13 | 15),
            // MIPS: translations and misaligned addresses, not bus errors.
            "Cause" => matches!((value >> 2) & 0x1f, 1..=5 | 19 | 20),
            "ESTAT" => matches!((value >> 16) & 0x3f, 1..=9),
            "TRAP" => matches!(value & !0xf, 0x300 | 0x380 | 0x600) || self.is_of_fetch(),
            _ => false,
        }
    }

    /// Whether it says that an instruction could not be fetched, and no register but the instruction pointer
    /// has the address (powerpc).
    pub(super) fn is_of_fetch(&self) -> bool {
        self.register == "TRAP" && matches!(self.value.0 & !0xf, 0x400 | 0x480)
    }
}
