// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory that an instruction accesses.

/// A memory operand of the marked instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Access {
    /// The operand, such as `0x10(%rax,%rcx,8)`.
    pub operand: String,
    /// What is done to it.
    pub kind: AccessKind,
    /// Its size in bytes; 0 if unknown; the size of one element if it is `repeated`.
    pub size: usize,
    /// It has a `rep` prefix and continues element by element.
    pub repeated: bool,
    /// The registers in it, with their values if the report has them.
    pub registers: Vec<(String, Option<u64>)>,
    /// Its run-time address, if the values of all registers are known.
    pub address: Option<u64>,
    /// Is this the access that failed, judging by the fault address? `None` if that is not known.
    pub is_fault: Option<bool>,
}

/// The bits of an address that identify the page.
const PAGE_MASK: u64 = !0xfff;

/// Does an access continue into the next page, and is the fault there? Some processors tell the page only.
pub(super) fn reaches(address: u64, size: u64, fault: u64) -> bool {
    let last = address.wrapping_add(size.saturating_sub(1));
    address & PAGE_MASK != last & PAGE_MASK && fault & PAGE_MASK == last & PAGE_MASK
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
