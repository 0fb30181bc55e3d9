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
    /// riscv, 32 bits, with compressed instructions.
    Riscv32,
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
    /// mips, 32 bits, big endian.
    Mips,
    /// mips, 32 bits, little endian.
    MipsLe,
    /// microMIPS, 32 bits, big endian.
    MicroMips,
    /// mips, 64 bits, big endian.
    Mips64,
    /// mips, 64 bits, little endian.
    Mips64Le,
    /// sparc, 64 bits.
    Sparc64,
    /// loongarch, 64 bits.
    LoongArch64,
}

impl Architecture {
    /// Size of an address, 32 or 64.
    #[must_use]
    pub fn bits(self) -> u32 {
        match self {
            Self::X86
            | Self::Arm
            | Self::Thumb
            | Self::Riscv32
            | Self::PowerPc
            | Self::Mips
            | Self::MipsLe
            | Self::MicroMips => 32,
            _ => 64,
        }
    }

    /// Size of the shortest instruction, in bytes; instructions are aligned to it.
    #[must_use]
    pub fn least_bytes(self) -> usize {
        match self {
            Self::X86_64 | Self::X86 => 1,
            Self::Thumb | Self::Riscv32 | Self::Riscv64 | Self::S390x | Self::MicroMips => 2,
            _ => 4,
        }
    }

    /// Size of the longest instruction, in bytes.
    #[cfg(feature = "capstone")]
    pub(super) fn most_bytes(self) -> usize {
        match self {
            Self::X86_64 | Self::X86 => 15,
            Self::S390x => 6,
            _ => 4,
        }
    }

    /// Size of the instruction at the start of the bytes, where the first ones tell it; not on x86.
    #[cfg(feature = "capstone")]
    pub(super) fn length(self, bytes: &[u8]) -> Option<usize> {
        let half = |order: fn([u8; 2]) -> u16| Some(order(bytes.get(..2)?.try_into().ok()?));
        match self {
            Self::X86_64 | Self::X86 => None,
            Self::Thumb => Some(if half(u16::from_le_bytes)? >> 11 >= 0x1d { 4 } else { 2 }),
            Self::Riscv32 | Self::Riscv64 => Some(if half(u16::from_le_bytes)? & 3 == 3 { 4 } else { 2 }),
            Self::S390x => match half(u16::from_be_bytes)? >> 14 {
                0 => Some(2),
                3 => Some(6),
                _ => Some(4),
            },
            // The major opcodes of 16 bits are those of which the low three bits are 1, 2 or 3.
            Self::MicroMips => {
                Some(if matches!((half(u16::from_be_bytes)? >> 10) & 7, 1..=3) { 2 } else { 4 })
            }
            _ => Some(4),
        }
    }

    /// The bytes of an instruction as objdump prints them: one by one where instructions are byte strings,
    /// else as numbers.
    pub(super) fn encoding(self, bytes: &[u8]) -> String {
        let unit = match self {
            Self::X86_64 | Self::X86 | Self::S390x => 1,
            Self::Thumb | Self::MicroMips => 2,
            _ => bytes.len().max(1),
        };
        let is_little = matches!(
            self,
            Self::Arm
                | Self::Thumb
                | Self::Arm64
                | Self::Riscv32
                | Self::Riscv64
                | Self::PowerPc64Le
                | Self::MipsLe
                | Self::Mips64Le
                | Self::LoongArch64
        );
        let number = |bytes: &[u8]| -> String {
            let digits = |byte: &u8| format!("{byte:02x}");
            if is_little {
                bytes.iter().rev().map(digits).collect()
            } else {
                bytes.iter().map(digits).collect()
            }
        };
        bytes.chunks(unit).map(number).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X86_64 => "x86-64",
            Self::X86 => "x86",
            Self::Arm64 => "arm64",
            Self::Arm => "arm",
            Self::Thumb => "thumb",
            Self::Riscv32 => "riscv32",
            Self::Riscv64 => "riscv64",
            Self::PowerPc64 => "ppc64",
            Self::PowerPc64Le => "ppc64le",
            Self::PowerPc => "ppc",
            Self::S390x => "s390x",
            Self::Mips => "mips",
            Self::MipsLe => "mipsle",
            Self::MicroMips => "micromips",
            Self::Mips64 => "mips64",
            Self::Mips64Le => "mips64le",
            Self::Sparc64 => "sparc64",
            Self::LoongArch64 => "loongarch64",
        })
    }
}
