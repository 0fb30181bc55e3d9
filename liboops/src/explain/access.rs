// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory that the instruction at the fault accessed.

/// A memory operand of the instruction at the fault.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Access {
    /// The operand as text: `0x10(%rax,%rcx,8)`.
    pub operand: String,
    /// Its size in bytes; 0 if unknown.
    pub size: u64,
    /// The registers in it, with their values at the fault.
    pub registers: Vec<(String, Option<u64>)>,
    /// Its address, if the values of all registers are known.
    pub address: Option<u64>,
    /// Whether this is the access that failed, by the address that the log has.
    pub is_fault: Option<bool>,
}

impl Access {
    /// An operand.
    #[must_use]
    pub fn new(operand: impl Into<String>) -> Self {
        Self { operand: operand.into(), ..Self::default() }
    }

    /// The registers with their values, without the bases of segments.
    pub(super) fn pointers(&self) -> impl Iterator<Item = (&str, u64)> {
        let known = self.registers.iter().filter(|(name, _)| !is_segment(name));
        known.filter_map(|(name, value)| Some((name.as_str(), (*value)?)))
    }

    /// The only register of the operand, and its value.
    pub(super) fn only_pointer(&self) -> Option<(&str, u64)> {
        match self.registers.as_slice() {
            [(name, Some(value))] if !is_segment(name) => Some((name, *value)),
            _ => None,
        }
    }
}

/// The base of a segment, which is no pointer of the program's.
pub(super) fn is_segment(register: &str) -> bool {
    matches!(register, "fs_base" | "gs_base")
}
