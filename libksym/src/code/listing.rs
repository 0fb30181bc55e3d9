// SPDX-License-Identifier: MIT OR Apache-2.0
//! The result: instructions, the marked one, and what it accesses.

use std::fmt;

use super::access::Access;

/// The decoded bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listing {
    /// Bytes at the beginning that are the rest of an instruction which starts before them.
    pub skipped: usize,
    /// The instructions, in memory order.
    pub instructions: Vec<Instruction>,
    /// Index of the instruction at the marker.
    pub marked: Option<usize>,
    /// The kind of trap, if that instruction always traps.
    pub trap: Option<Trap>,
    /// The memory that the marked instruction accesses.
    pub access: Vec<Access>,
}

/// One instruction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Instruction {
    /// Distance from the marked byte, in bytes.
    pub offset: i64,
    /// Its run-time address: `pc + offset`, or `offset` modulo 2^64 without a program counter.
    pub address: u64,
    /// Its bytes, in memory order.
    pub bytes: Vec<u8>,
    /// The bytes as objdump prints them: `48 8b 07` on x86 and s390, elsewhere a number such as `f9400001`.
    pub encoding: String,
    /// The instruction in GNU assembler syntax; `(bad)` if it is not one, `(cut)` if the bytes end within
    /// it. Without a program counter, branch targets are counted from the instruction: `jne .+0x12`.
    pub text: String,
    /// False for `(bad)` and `(cut)`.
    pub valid: bool,
    /// It comes before the marked one, and where an instruction starts there is not certain.
    pub doubtful: bool,
    /// The file has something else there: the kernel patched its code, or somebody else did.
    pub patched: bool,
    /// The instruction that the file has there instead, if one starts there.
    pub in_file: Option<String>,
    /// Branch target, or address relative to the program counter.
    pub target: Option<u64>,
    /// The target's symbol. If nothing names it, a branch target is given by its distance from the start of
    /// the marked byte's function: `f+0x1f`, `f-0x20`.
    pub symbol: Option<String>,
}

/// Instructions that always trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trap {
    /// `ud2`: `BUG()` and `WARN()`.
    Bug,
    /// `ud1` with base `%eax`: a sanitizer's trap.
    Sanitizer,
    /// `ud1` with base `%edx`: `WARN()` of newer kernels.
    Warn,
    /// `ud0`: `WARN()` of some 4.x kernels.
    OldWarn,
    /// `int3`: a breakpoint, a kprobe, or padding that must not be reached.
    Breakpoint,
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bug => "ud2: BUG or WARN",
            Self::Sanitizer => "ud1: a sanitizer's trap",
            Self::Warn => "ud1: WARN",
            Self::OldWarn => "ud0: WARN",
            Self::Breakpoint => "int3: breakpoint or padding",
        })
    }
}
