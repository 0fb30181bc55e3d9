// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is decoded, with what knowledge, and the result.

use super::Access;
use std::fmt;

/// The processor of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Architecture {
    /// x86, 64 bits.
    X86_64,
    /// x86, 32 bits.
    X86,
    /// arm64.
    Arm64,
    /// 32-bit arm, ARM instructions.
    Arm,
    /// 32-bit arm, Thumb instructions.
    Thumb,
    /// riscv, 64 bits, with compressed instructions.
    Riscv64,
    /// powerpc, 64 bits, big endian.
    PowerPc64,
    /// powerpc, 64 bits, little endian.
    PowerPc64Le,
    /// powerpc, 32 bits.
    PowerPc,
    /// s390, 64 bits.
    S390x,
    /// mips, 64 bits, big endian.
    Mips64,
    /// mips, 64 bits, little endian.
    Mips64Le,
    /// sparc, 64 bits.
    Sparc64,
    /// loongarch, 64 bits.
    LoongArch64,
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X86_64 => "x86-64",
            Self::X86 => "x86",
            Self::Arm64 => "arm64",
            Self::Arm => "arm",
            Self::Thumb => "thumb",
            Self::Riscv64 => "riscv64",
            Self::PowerPc64 => "ppc64",
            Self::PowerPc64Le => "ppc64le",
            Self::PowerPc => "ppc",
            Self::S390x => "s390x",
            Self::Mips64 => "mips64",
            Self::Mips64Le => "mips64le",
            Self::Sparc64 => "sparc64",
            Self::LoongArch64 => "loongarch64",
        })
    }
}

/// The bytes of a `Code:` line, in memory order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeBytes {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Index of the marked byte, where the program counter points; `None` if the line has no mark,
    /// and then the first byte is at the program counter.
    pub trap: Option<usize>,
}

/// What the report tells besides the bytes.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Address of the marked byte. Without it addresses are counted from 0 at the mark, and branch
    /// targets have no symbols.
    pub pc: Option<u64>,
    /// A register's value by its lower case name: the full registers only (`rax`, `r10`, `rip`; `eax`
    /// on 32-bit x86), the bases of segments (`fs_base`, `gs_base`) and the flags (`rflags`, `eflags`).
    pub register: &'a dyn Fn(&str) -> Option<u64>,
    /// The address whose access failed (CR2, FAR, ...).
    pub fault_address: Option<u64>,
    /// Names an address, as `symbol+0x1/0x2 [module]`.
    pub symbolize: &'a dyn Fn(u64) -> Option<String>,
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("pc", &self.pc)
            .field("fault_address", &self.fault_address)
            .finish_non_exhaustive()
    }
}

/// The decoded bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Bytes at the beginning that are the rest of an instruction which starts before them.
    pub skipped: usize,
    /// The instructions, in memory order.
    pub instructions: Vec<Instruction>,
    /// Index of the instruction at the mark.
    pub trap: Option<usize>,
    /// What kind of trap that instruction is, if it is one by nature.
    pub kind: Option<Trap>,
    /// The memory that the marked instruction accesses.
    pub access: Vec<Access>,
}

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Distance from the marked byte.
    pub offset: i64,
    /// Its address: `pc + offset`, or `offset` modulo 2^64 without a program counter.
    pub address: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The instruction in the assembler's syntax; `(bad)` if the bytes are none, `(cut)` if they end
    /// within it.
    pub text: String,
    /// False for `(bad)`, and for one that the end of the bytes cuts.
    pub valid: bool,
    /// Branch target, or rip-relative address.
    pub target: Option<u64>,
    /// The target's symbol.
    pub symbol: Option<String>,
}

/// Instructions that trap by nature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trap {
    /// `ud2`: `BUG()` and `WARN()`.
    Bug,
    /// `ud1` with a base of `%eax`: a sanitizer's trap.
    Sanitizer,
    /// `ud1` with a base of `%edx`: newer kernels' `WARN()`.
    Warn,
    /// `ud0`: `WARN()` of some 4.x kernels.
    OldWarn,
    /// `int3`: a breakpoint, kprobe, or padding that should not run.
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
