// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an ELF file is made for: class, byte order, machine.

use std::fmt;

use object::Endianness;

/// Width of addresses in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// `ELFCLASS32`
    Elf32,
    /// `ELFCLASS64`
    Elf64,
}

impl Class {
    /// This program's, which is the running kernel's: programs of 32 bits on kernels of 64 are not supported.
    pub const NATIVE: Self = if cfg!(target_pointer_width = "32") { Self::Elf32 } else { Self::Elf64 };

    /// Size of a machine word (`unsigned long`, pointer) in bytes.
    #[must_use]
    pub const fn word_size(self) -> usize {
        match self {
            Self::Elf32 => 4,
            Self::Elf64 => 8,
        }
    }
}

/// Byte order of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// `ELFDATA2LSB`
    Little,
    /// `ELFDATA2MSB`
    Big,
}

impl ByteOrder {
    /// This program's, which is the running kernel's.
    pub const NATIVE: Self = if cfg!(target_endian = "big") { Self::Big } else { Self::Little };

    /// A 16-bit number from its bytes.
    #[must_use]
    pub const fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    /// A 32-bit number from its bytes.
    #[must_use]
    pub const fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    /// A 64-bit number from its bytes.
    #[must_use]
    pub const fn u64(self, bytes: [u8; 8]) -> u64 {
        match self {
            Self::Little => u64::from_le_bytes(bytes),
            Self::Big => u64::from_be_bytes(bytes),
        }
    }

    /// The bytes of a 16-bit number.
    #[must_use]
    pub const fn bytes16(self, value: u16) -> [u8; 2] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    /// The bytes of a 32-bit number.
    #[must_use]
    pub const fn bytes32(self, value: u32) -> [u8; 4] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    /// The bytes of a 64-bit number.
    #[must_use]
    pub const fn bytes64(self, value: u64) -> [u8; 8] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    pub(crate) const fn endianness(self) -> Endianness {
        match self {
            Self::Little => Endianness::Little,
            Self::Big => Endianness::Big,
        }
    }
}

/// The `e_machine` number of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Machine(pub u16);

impl Machine {
    /// `EM_386`
    pub const I386: Self = Self(3);
    /// `EM_MIPS`
    pub const MIPS: Self = Self(8);
    /// `EM_PPC64`
    pub const PPC64: Self = Self(21);
    /// `EM_S390`
    pub const S390: Self = Self(22);
    /// `EM_ARM`
    pub const ARM: Self = Self(40);
    /// `EM_X86_64`
    pub const X86_64: Self = Self(62);
    /// `EM_AARCH64`
    pub const AARCH64: Self = Self(183);
    /// `EM_RISCV`
    pub const RISCV: Self = Self(243);
    /// `EM_LOONGARCH`
    pub const LOONGARCH: Self = Self(258);
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            2 | 18 | 43 => "sparc",
            3 => "i386",
            4 => "m68k",
            8 => "mips",
            15 => "parisc",
            20 => "powerpc",
            21 => "powerpc64",
            22 => "s390",
            40 => "arm",
            62 => "x86-64",
            183 => "arm64",
            243 => "riscv",
            258 => "loongarch",
            other => return write!(f, "machine {other}"),
        };
        f.write_str(name)
    }
}

/// Class, byte order and machine of a file, decided once when its header is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ident {
    /// 32 or 64 bit.
    pub class: Class,
    /// Little or big endian.
    pub order: ByteOrder,
    /// The processor.
    pub machine: Machine,
}

impl Ident {
    /// x86-64 as Linux uses it.
    pub const X86_64: Self = Self { class: Class::Elf64, order: ByteOrder::Little, machine: Machine::X86_64 };
}
