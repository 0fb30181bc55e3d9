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
    /// The target is that of a jump or call.
    pub(super) branches: bool,
    pub(super) trap: Option<Trap>,
}

/// What is known of an instruction without its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outline {
    /// As [`Decoded::length`].
    pub(super) length: usize,
    pub(super) valid: bool,
    /// The target, if it is that of a jump or call.
    pub(super) branch_target: Option<u64>,
}

/// Decodes one instruction set.
pub(super) trait Disassembler {
    /// Decodes the instruction at the start of the bytes, which are not empty.
    fn decode(&self, bytes: &[u8], address: u64) -> Decoded;

    /// Returns the memory that it accesses.
    fn accesses(&self, bytes: &[u8], address: u64, context: &Context<'_>) -> Vec<Access>;

    /// The same without the text, which takes longer than everything else.
    fn outline(&self, bytes: &[u8], address: u64) -> Outline {
        let Decoded { length, valid, target, branches, .. } = self.decode(bytes, address);
        Outline { length, valid, branch_target: target.filter(|_| branches) }
    }

    /// The opcode of the valid instruction at the start of the bytes, and what is known against it wherever
    /// it is, in eighths of a bit.
    fn cost(&self, _bytes: &[u8], _address: u64, _: &Context<'_>) -> (usize, u32) {
        (0, 0)
    }

    /// What is known against an opcode behind another one.
    fn pair_cost(&self, _previous: Option<usize>, _opcode: usize) -> u32 {
        0
    }

    /// What is known against the bytes being the rest of an instruction that starts before them.
    fn rest_cost(&self, _bytes: &[u8]) -> (Option<usize>, u32) {
        (None, 0)
    }

    /// Whether [`Decoded::length`] is right even if the instruction is not known.
    fn knows_length(&self) -> bool {
        false
    }

    /// Whether the bytes at run time may come from this instruction of the file.
    fn same(&self, run_time: &[u8], file: &[u8], _is_linked: bool) -> bool {
        run_time == file
    }

    /// How long an instruction can be, in bytes.
    fn most_bytes(&self) -> usize;

    /// Instructions start at multiples of this many bytes, counted from the marker.
    fn alignment(&self) -> usize;
}
