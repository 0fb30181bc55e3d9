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
    /// An instruction starts at the first byte: the kernel disassembled the code itself, as on s390.
    pub begins_with_instruction: bool,
    /// The line that `BUG()` is in, by the log. On 32-bit x86 before Linux 2.6.20 it is behind the `ud2` at
    /// the marker, in two bytes, with a pointer to the file's name (`include/asm-i386/bug.h`): these are
    /// data.
    pub bug_line: Option<u16>,
}

impl CodeBytes {
    /// Bytes of which the one with index `marker` is at the program counter.
    #[must_use]
    pub fn new(bytes: Vec<u8>, marker: Option<usize>) -> Self {
        Self { bytes, marker, begins_with_instruction: false, bug_line: None }
    }
}

/// A function, and where the marked byte is in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Function<'a> {
    /// Its symbol.
    pub name: &'a str,
    /// Its module.
    pub module: Option<&'a str>,
    /// Distance of the marked byte from its start.
    pub offset: u64,
    /// Its size, if it is known.
    pub size: Option<u64>,
    /// Its code as in the file of the kernel or module.
    pub in_file: Option<FileCode<'a>>,
}

impl<'a> Function<'a> {
    /// A function of which the name and an offset are known.
    #[must_use]
    pub fn new(name: &'a str, offset: u64) -> Self {
        Self { name, offset, ..Self::default() }
    }

    /// `name+0x1f [module]`: the place at this distance from the marked byte. Before the function's start the
    /// offset is negative.
    pub(super) fn place(&self, distance: i64) -> String {
        let offset = self.offset.wrapping_add_signed(distance).cast_signed();
        let sign = if offset < 0 { '-' } else { '+' };
        let module = self.module.map(|module| format!(" [{module}]")).unwrap_or_default();
        format!("{}{sign}{:#x}{module}", self.name, offset.unsigned_abs())
    }
}

/// A function's code in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileCode<'a> {
    /// The code, from the start of the function on.
    pub bytes: &'a [u8],
    /// Whether the file is linked. If not, numbers in the code depend on where the module was loaded.
    pub is_linked: bool,
}

/// What the report says besides the bytes. All addresses are run-time addresses.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Context<'a> {
    /// Address of the marked byte. Without it addresses are counted from 0 at the marker, and branch
    /// targets have no symbols.
    pub pc: Option<u64>,
    /// The function that the marked byte is in.
    pub function: Option<Function<'a>>,
    /// Returns a register's value by its lower-case name in assembler: only full registers (`rax`, `r10`,
    /// `rip`; `eax` on 32-bit x86; `x0`, `r0`, `a0`, `v0`), segment bases (`fs_base`, `gs_base`) and flags
    /// (`rflags`, `eflags`).
    pub register: &'a dyn Fn(&str) -> Option<u64>,
    /// The address whose access failed (CR2, FAR, ...).
    pub fault_address: Option<u64>,
    /// Names an address, as `symbol+0x1/0x2 [module]`.
    pub symbolize: &'a dyn Fn(u64) -> Option<String>,
}

impl Default for Context<'_> {
    /// Nothing is known.
    fn default() -> Self {
        Self { pc: None, function: None, register: &|_| None, fault_address: None, symbolize: &|_| None }
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("pc", &self.pc)
            .field("function", &self.function)
            .field("fault_address", &self.fault_address)
            .finish_non_exhaustive()
    }
}
