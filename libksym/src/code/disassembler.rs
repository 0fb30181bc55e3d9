// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a disassembler of one processor must tell.

use super::{Access, Context, Trap};

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    /// Its bytes; 1 at least.
    pub(super) length: usize,
    pub(super) text: String,
    pub(super) valid: bool,
    /// Branch target, or address relative to the program counter.
    pub(super) target: Option<u64>,
    pub(super) trap: Option<Trap>,
}

/// Decodes the instructions of one processor.
pub(super) trait Disassembler {
    /// The instruction at the start of the bytes, which are not empty.
    fn decode(&self, bytes: &[u8], address: u64) -> Decoded;

    /// The memory that it accesses.
    fn accesses(&self, bytes: &[u8], address: u64, context: &Context<'_>) -> Vec<Access>;

    /// Instructions start at multiples of this many bytes, counted from the mark.
    fn alignment(&self) -> usize;
}
