// SPDX-License-Identifier: MIT OR Apache-2.0
//! The instruction sets of Linux's architectures.

use std::fmt;

/// An instruction set.
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
