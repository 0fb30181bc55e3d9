// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory that an instruction accesses.

/// A memory operand of the marked instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The operand, such as `0x10(%rax,%rcx,8)`.
    pub operand: String,
    /// What is done to it.
    pub kind: AccessKind,
    /// Its size in bytes; 0 if unknown. Of one element, if it is `repeated`.
    pub size: usize,
    /// A `rep` prefix: it goes on from there, element by element.
    pub repeated: bool,
    /// The registers in it with their values, where the report has them.
    pub registers: Vec<(String, Option<u64>)>,
    /// Its address, if the values of all registers are known.
    pub address: Option<u64>,
    /// Did this access fail, by the fault address? `None` if that cannot be told.
    pub is_fault: Option<bool>,
}

/// What is done to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccessKind {
    /// Read.
    Read,
    /// Written.
    Write,
    /// Read, then written.
    ReadWrite,
}
