// SPDX-License-Identifier: MIT OR Apache-2.0
//! How the classic output is made.

use super::target::Target;

/// Options of the classic output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// One line for each instruction, not two (`-S`).
    pub long_lines: bool,
    /// Swap the bytes within each word of a `Code:` line (`-e`).
    pub swap_endian: bool,
    /// Offsets and sizes in decimal (`-x`).
    pub decimal: bool,
    /// Which bits of an address count (`-T`).
    pub address_mask: u64,
    /// The processor (`-t`, `-a`); otherwise the log tells.
    pub target: Option<Target>,
    /// Stop after the first oops (`-1`).
    pub one_shot: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            long_lines: false,
            swap_endian: false,
            decimal: false,
            address_mask: u64::MAX,
            target: None,
            one_shot: false,
        }
    }
}
