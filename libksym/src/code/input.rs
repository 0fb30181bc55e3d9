// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is decoded, and what else is known.

use std::fmt;

/// The bytes of a `Code:` line, in memory order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CodeBytes {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Index of the marked byte (`<48>`), which is at the program counter. Without a marker the first
    /// byte is at the program counter.
    pub marker: Option<usize>,
}

impl CodeBytes {
    /// Bytes of which the one with index `marker` is at the program counter.
    #[must_use]
    pub fn new(bytes: Vec<u8>, marker: Option<usize>) -> Self {
        Self { bytes, marker }
    }
}

/// What the report says besides the bytes. All addresses are run-time addresses.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Context<'a> {
    /// Address of the marked byte. Without it addresses are counted from 0 at the marker, and branch
    /// targets have no symbols.
    pub pc: Option<u64>,
    /// Distance of the marked byte from the start of its function.
    pub function_offset: Option<u64>,
    /// Size of that function.
    pub function_size: Option<u64>,
    /// Returns a register's value by its lower-case name: only full registers (`rax`, `r10`, `rip`; `eax`
    /// on 32-bit x86), segment bases (`fs_base`, `gs_base`) and flags (`rflags`, `eflags`).
    pub register: &'a dyn Fn(&str) -> Option<u64>,
    /// The address whose access failed (CR2, FAR, ...).
    pub fault_address: Option<u64>,
    /// Names an address, as `symbol+0x1/0x2 [module]`.
    pub symbolize: &'a dyn Fn(u64) -> Option<String>,
}

impl Default for Context<'_> {
    /// Nothing is known.
    fn default() -> Self {
        Self {
            pc: None,
            function_offset: None,
            function_size: None,
            register: &|_| None,
            fault_address: None,
            symbolize: &|_| None,
        }
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("pc", &self.pc)
            .field("fault_address", &self.fault_address)
            .finish_non_exhaustive()
    }
}
