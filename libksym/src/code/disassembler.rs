// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a disassembler of one instruction set provides.

use super::access::Access;
use super::input::Context;
use super::listing::Trap;

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    /// Its size in bytes, at least 1.
    pub(super) length: usize,
    pub(super) text: String,
    pub(super) valid: bool,
    /// Branch target, or address relative to the program counter.
    pub(super) target: Option<u64>,
    pub(super) trap: Option<Trap>,
}

/// Decodes one instruction set.
pub(super) trait Disassembler {
    /// Decodes the instruction at the start of the bytes, which are not empty.
    fn decode(&self, bytes: &[u8], address: u64) -> Decoded;

    /// Returns the memory that it accesses.
    fn accesses(&self, bytes: &[u8], address: u64, context: &Context<'_>) -> Vec<Access>;

    /// Instructions start at multiples of this many bytes, counted from the marker.
    fn alignment(&self) -> usize;
}
