// SPDX-License-Identifier: MIT OR Apache-2.0
//! The processors, by the names that binutils has for them.

use libksym::code::Architecture;

/// A processor that an oops may be from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Name of the object format, as for `objdump --target`.
    pub name: &'static str,
    /// Name of the architecture, as for `objdump --architecture`.
    pub architecture: &'static str,
    /// What the program counter is called: `EIP`, `PC`, ...
    pub label: &'static str,
    /// Addresses have this many digits.
    pub digits: usize,
    /// Addresses have this many bits.
    pub address_bits: u32,
    /// Its instructions, if they can be disassembled.
    pub instructions: Option<Architecture>,
    /// Words are stored with their first byte last.
    pub little_endian: bool,
}

const fn target(name: &'static str, architecture: &'static str, label: &'static str, bits: u32) -> Target {
    let digits = if bits == 64 { 16 } else { 8 };
    Target { name, architecture, label, digits, address_bits: bits, instructions: None, little_endian: false }
}

impl Target {
    const fn little(self) -> Self {
        Self { little_endian: true, ..self }
    }

    const fn code(self, architecture: Architecture) -> Self {
        Self { instructions: Some(architecture), ..self }
    }

    /// The target of that object format, or else of that architecture.
    #[must_use]
    pub fn find(name: Option<&str>, architecture: Option<&str>) -> Option<Self> {
        let by_name = TARGETS.iter().find(|target| Some(target.name) == name);
        let by_architecture = || TARGETS.iter().find(|target| Some(target.architecture) == architecture);
        by_name.or_else(by_architecture).copied()
    }

    /// The target of a machine that `uname -m` names so.
    #[must_use]
    pub fn of_machine(machine: &str) -> Option<Self> {
        let name = match machine {
            "i386" => "elf32-i386",
            "x86_64" => "elf64-x86-64",
            "aarch64" => "elf64-littleaarch64",
            "arm" => "elf32-littlearm",
            "alpha" => "elf64-alpha",
            "cris" => "elf32-cris",
            "ia64" => "elf64-ia64-little",
            "loongarch64" => "elf64-loongarch",
            "m68k" => "elf32-m68k",
            "mips" => "elf32-tradbigmips",
            "mips64" => "elf64-tradbigmips",
            "ppc" => "elf32-powerpc",
            "ppc64" => "elf64-powerpc",
            "ppc64le" => "elf64-powerpcle",
            "riscv64" => "elf64-littleriscv",
            "s390" => "elf32-s390",
            "s390x" => "elf64-s390",
            "sparc" => "elf32-sparc",
            "sparc64" => "elf64-sparc",
            _ => return None,
        };
        Self::find(Some(name), None)
    }
}

/// Every target.
pub const TARGETS: [Target; 20] = [
    target("elf32-i386", "i386", "EIP", 32).little().code(Architecture::X86),
    target("elf64-x86-64", "i386:x86-64", "RIP", 64).little().code(Architecture::X86_64),
    target("elf64-alpha", "alpha", "PC", 64).little(),
    target("elf32-littlearm", "arm", "PC", 32).little().code(Architecture::Arm),
    target("elf64-littleaarch64", "aarch64", "PC", 64).little().code(Architecture::Arm64),
    target("elf32-cris", "cris", "PC", 32).little(),
    target("elf32-i370", "i370", "PSW", 31),
    target("elf64-ia64-little", "ia64-elf64", "IP", 64).little(),
    target("elf64-loongarch", "Loongarch64", "PC", 64).little().code(Architecture::LoongArch64),
    target("elf32-m68k", "m68k", "PC", 32),
    target("elf32-tradbigmips", "mips:3000", "PC", 32).code(Architecture::Mips64),
    target("elf64-tradbigmips", "mips:4000", "PC", 64).code(Architecture::Mips64),
    target("elf32-powerpc", "powerpc:common", "NIP", 32).code(Architecture::PowerPc),
    target("elf64-powerpc", "powerpc:common64", "NIP", 64).code(Architecture::PowerPc64),
    target("elf64-powerpcle", "powerpc:common64", "NIP", 64).little().code(Architecture::PowerPc64Le),
    target("elf64-littleriscv", "riscv:rv64", "PC", 64).little().code(Architecture::Riscv64),
    target("elf32-s390", "s390:31-bit", "PSW", 31),
    target("elf64-s390", "s390:64-bit", "PSW", 64).code(Architecture::S390x),
    target("elf32-sparc", "sparc", "PC", 32),
    target("elf64-sparc", "sparc:v9a", "TPC", 64).code(Architecture::Sparc64),
];
