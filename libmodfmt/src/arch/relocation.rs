// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a relocation type does: the one table of this workspace, for every machine that it knows.
//!
//! The table has the types that data sections of modules have (debug information, export tables,
//! version tables), and for processors for which images are made (x86-64, arm64, riscv64, ppc64le, s390x)
//! also those of code. Numbers and names are those of each processor's ELF ABI supplement, as
//! `arch/*/include/asm/elf.h` of the kernel and `<elf.h>` have them.
//!
//! ```
//! use libmodfmt::arch::{Operation, relocation_type};
//! use libmodfmt::elf::Machine;
//!
//! let prel32 = relocation_type(Machine::AARCH64, 261).ok_or("not known")?;
//! assert_eq!((prel32.name, prel32.size, prel32.pc_relative), ("R_AARCH64_PREL32", 4, true));
//! assert_eq!(prel32.operation, Operation::Store);
//! # Ok::<(), &str>(())
//! ```

use crate::elf::Machine;

/// How a relocation changes the bytes at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Stores nothing that depends on the symbol.
    None,
    /// Stores the value, in all bytes of its size.
    Store,
    /// Adds the value to the number that is there (riscv, loongarch).
    Add,
    /// Subtracts the value from the number that is there (riscv, loongarch).
    Subtract,
    /// Stores some bits of the value, in the fields of an instruction.
    Instruction,
    /// Stores something other than symbol plus addend, such as where a GOT or PLT entry is, or reaches
    /// only near places.
    Indirect,
}

/// A relocation type of a processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RelocationType {
    /// Its number.
    pub number: u32,
    /// Its name in the processor's ABI.
    pub name: &'static str,
    /// Bytes that it changes.
    pub size: u64,
    /// The place itself is subtracted from the value (`S + A - P`).
    pub pc_relative: bool,
    /// What is done with the value.
    pub operation: Operation,
}

impl RelocationType {
    /// Whether it stores the address of its symbol plus the addend (`S + A`), in 32 or 64 bits.
    #[must_use]
    pub fn is_absolute(&self) -> bool {
        self.is_plain_store() && !self.pc_relative
    }

    /// Whether what is stored depends on the sum of symbol and addend only, and reaches any place in
    /// the memory of modules, or is refused by the loader: then "variable" may be written as "base of its
    /// section + offset".
    #[must_use]
    pub fn may_be_rebased(&self) -> bool {
        // A word in which addresses are added and subtracted has a distance in the end.
        let is_sum = matches!(self.operation, Operation::Add | Operation::Subtract) && self.size >= 4;
        self.is_plain_store() || is_sum || self.operation == Operation::Instruction
    }

    /// Whether it stores the value itself, in 32 or 64 bits.
    #[must_use]
    pub fn is_plain_store(&self) -> bool {
        self.operation == Operation::Store && self.size >= 4
    }
}

/// The relocation type of that number on `machine`; `None` for one that is not in the table.
#[must_use]
pub fn relocation_type(machine: Machine, number: u32) -> Option<&'static RelocationType> {
    table(machine).iter().find(|known| known.number == number)
}

const fn entry(number: u32, name: &'static str, size: u64, operation: Operation) -> RelocationType {
    RelocationType { number, name, size, pc_relative: false, operation }
}

const fn none(number: u32, name: &'static str) -> RelocationType {
    entry(number, name, 0, Operation::None)
}

const fn store(number: u32, name: &'static str, size: u64) -> RelocationType {
    entry(number, name, size, Operation::Store)
}

const fn distance(number: u32, name: &'static str, size: u64) -> RelocationType {
    RelocationType { pc_relative: true, ..store(number, name, size) }
}

/// Bits of an address, or of the distance between two pages.
const fn instruction(number: u32, name: &'static str) -> RelocationType {
    entry(number, name, 4, Operation::Instruction)
}

const fn add(number: u32, name: &'static str, size: u64) -> RelocationType {
    entry(number, name, size, Operation::Add)
}

const fn subtract(number: u32, name: &'static str, size: u64) -> RelocationType {
    entry(number, name, size, Operation::Subtract)
}

/// The distance from the place to a GOT or PLT entry.
const fn indirect(number: u32, name: &'static str, size: u64) -> RelocationType {
    RelocationType { pc_relative: true, ..entry(number, name, size, Operation::Indirect) }
}

const fn table(machine: Machine) -> &'static [RelocationType] {
    match machine.0 {
        2 | 18 => SPARC,
        3 => I386,
        8 => MIPS,
        15 => PARISC,
        20 => POWERPC,
        21 => POWERPC64,
        22 => S390,
        40 => ARM,
        43 => SPARC64,
        62 => X86_64,
        183 => AARCH64,
        243 => RISCV,
        258 => LOONGARCH,
        _ => &[],
    }
}

/// `EM_SPARC`, `EM_SPARC32PLUS`
const SPARC: &[RelocationType] = &[
    none(0, "R_SPARC_NONE"),
    store(3, "R_SPARC_32", 4),
    distance(6, "R_SPARC_DISP32", 4),
    store(23, "R_SPARC_UA32", 4),
];

/// `EM_386`. The kernel applies the first three and `PLT32`, which it takes for `PC32`
/// (arch/x86/kernel/module.c, 4.19 to 7.3); the others are there so that a refusal can name them.
const I386: &[RelocationType] = &[
    none(0, "R_386_NONE"),
    store(1, "R_386_32", 4),
    distance(2, "R_386_PC32", 4),
    indirect(3, "R_386_GOT32", 4),
    indirect(4, "R_386_PLT32", 4),
    indirect(9, "R_386_GOTOFF", 4),
    indirect(10, "R_386_GOTPC", 4),
    store(20, "R_386_16", 2),
    distance(21, "R_386_PC16", 2),
    store(22, "R_386_8", 1),
    distance(23, "R_386_PC8", 1),
    indirect(43, "R_386_GOT32X", 4),
];

/// `EM_MIPS`, 32 and 64 bit. The kernel, which is compiled without a GOT, applies those of addresses; jumps
/// lead to code (arch/mips/kernel/module.c, 4.19 to 7.3).
const MIPS: &[RelocationType] = &[
    none(0, "R_MIPS_NONE"),
    indirect(1, "R_MIPS_16", 4),
    store(2, "R_MIPS_32", 4),
    indirect(3, "R_MIPS_REL32", 4),
    indirect(4, "R_MIPS_26", 4),
    instruction(5, "R_MIPS_HI16"),
    instruction(6, "R_MIPS_LO16"),
    indirect(7, "R_MIPS_GPREL16", 4),
    indirect(9, "R_MIPS_GOT16", 4),
    indirect(10, "R_MIPS_PC16", 4),
    indirect(11, "R_MIPS_CALL16", 4),
    indirect(12, "R_MIPS_GPREL32", 4),
    store(18, "R_MIPS_64", 8),
    instruction(28, "R_MIPS_HIGHER"),
    instruction(29, "R_MIPS_HIGHEST"),
    none(37, "R_MIPS_JALR"),
    indirect(60, "R_MIPS_PC21_S2", 4),
    indirect(61, "R_MIPS_PC26_S2", 4),
    distance(248, "R_MIPS_PC32", 4),
];

/// `EM_PARISC`, 32 and 64 bit
const PARISC: &[RelocationType] = &[
    none(0, "R_PARISC_NONE"),
    store(1, "R_PARISC_DIR32", 4),
    distance(9, "R_PARISC_PCREL32", 4),
    store(80, "R_PARISC_DIR64", 8),
];

/// `EM_PPC`
const POWERPC: &[RelocationType] =
    &[none(0, "R_PPC_NONE"), store(1, "R_PPC_ADDR32", 4), distance(26, "R_PPC_REL32", 4)];

/// `EM_PPC64`. The distances from the TOC and those in halves of 16 bits do not reach into another module,
/// whose memory may be anywhere in a large area; those of 32 and 34 bits are checked by the loader
/// (arch/powerpc/kernel/module_64.c, 4.19 to 7.3).
const POWERPC64: &[RelocationType] = &[
    none(0, "R_PPC64_NONE"),
    store(1, "R_PPC64_ADDR32", 4),
    indirect(3, "R_PPC64_ADDR16", 2),
    indirect(4, "R_PPC64_ADDR16_LO", 2),
    indirect(5, "R_PPC64_ADDR16_HI", 2),
    indirect(6, "R_PPC64_ADDR16_HA", 2),
    indirect(10, "R_PPC64_REL24", 4),
    distance(26, "R_PPC64_REL32", 4),
    store(38, "R_PPC64_ADDR64", 8),
    indirect(39, "R_PPC64_ADDR16_HIGHER", 2),
    indirect(40, "R_PPC64_ADDR16_HIGHERA", 2),
    indirect(41, "R_PPC64_ADDR16_HIGHEST", 2),
    indirect(42, "R_PPC64_ADDR16_HIGHESTA", 2),
    distance(44, "R_PPC64_REL64", 8),
    indirect(47, "R_PPC64_TOC16", 2),
    indirect(48, "R_PPC64_TOC16_LO", 2),
    indirect(49, "R_PPC64_TOC16_HI", 2),
    indirect(50, "R_PPC64_TOC16_HA", 2),
    indirect(51, "R_PPC64_TOC", 8),
    indirect(56, "R_PPC64_ADDR16_DS", 2),
    indirect(57, "R_PPC64_ADDR16_LO_DS", 2),
    indirect(63, "R_PPC64_TOC16_DS", 2),
    indirect(64, "R_PPC64_TOC16_LO_DS", 2),
    none(109, "R_PPC64_TOCSAVE"),
    indirect(116, "R_PPC64_REL24_NOTOC", 4),
    none(118, "R_PPC64_ENTRY"),
    entry(132, "R_PPC64_PCREL34", 8, Operation::Instruction),
    indirect(133, "R_PPC64_GOT_PCREL34", 8),
    indirect(249, "R_PPC64_REL16", 2),
    indirect(250, "R_PPC64_REL16_LO", 2),
    indirect(251, "R_PPC64_REL16_HI", 2),
    indirect(252, "R_PPC64_REL16_HA", 2),
];

/// `EM_S390`, 31 and 64 bit. Those of the GOT belong to a symbol, of which the loader makes an entry: the
/// addend is not the variable's. Others reach only near places, or lead to code (arch/s390/kernel/module.c,
/// 4.19 to 7.3).
const S390: &[RelocationType] = &[
    none(0, "R_390_NONE"),
    store(1, "R_390_8", 1),
    indirect(2, "R_390_12", 2),
    store(3, "R_390_16", 2),
    store(4, "R_390_32", 4),
    distance(5, "R_390_PC32", 4),
    indirect(6, "R_390_GOT12", 2),
    indirect(7, "R_390_GOT32", 4),
    indirect(8, "R_390_PLT32", 4),
    indirect(13, "R_390_GOTOFF32", 4),
    indirect(14, "R_390_GOTPC", 8),
    indirect(15, "R_390_GOT16", 2),
    distance(16, "R_390_PC16", 2),
    indirect(17, "R_390_PC16DBL", 2),
    indirect(18, "R_390_PLT16DBL", 2),
    instruction(19, "R_390_PC32DBL"),
    indirect(20, "R_390_PLT32DBL", 4),
    indirect(21, "R_390_GOTPCDBL", 4),
    store(22, "R_390_64", 8),
    distance(23, "R_390_PC64", 8),
    indirect(24, "R_390_GOT64", 8),
    indirect(25, "R_390_PLT64", 8),
    indirect(26, "R_390_GOTENT", 4),
    indirect(27, "R_390_GOTOFF16", 2),
    indirect(28, "R_390_GOTOFF64", 8),
    indirect(29, "R_390_GOTPLT12", 2),
    indirect(30, "R_390_GOTPLT16", 2),
    indirect(31, "R_390_GOTPLT32", 4),
    indirect(32, "R_390_GOTPLT64", 8),
    indirect(33, "R_390_GOTPLTENT", 4),
    indirect(34, "R_390_PLTOFF16", 2),
    indirect(35, "R_390_PLTOFF32", 4),
    indirect(36, "R_390_PLTOFF64", 8),
    indirect(57, "R_390_20", 4),
    indirect(58, "R_390_GOT20", 4),
    indirect(59, "R_390_GOTPLT20", 4),
];

/// `EM_ARM`. Branches and tables of unwinding lead to code, and the distances in parts of an instruction do
/// not reach into another module (arch/arm/kernel/module.c, 4.19 to 7.3).
const ARM: &[RelocationType] = &[
    none(0, "R_ARM_NONE"),
    indirect(1, "R_ARM_PC24", 4),
    store(2, "R_ARM_ABS32", 4),
    distance(3, "R_ARM_REL32", 4),
    store(5, "R_ARM_ABS16", 2),
    store(8, "R_ARM_ABS8", 1),
    indirect(10, "R_ARM_THM_CALL", 4),
    indirect(28, "R_ARM_CALL", 4),
    indirect(29, "R_ARM_JUMP24", 4),
    indirect(30, "R_ARM_THM_JUMP24", 4),
    store(38, "R_ARM_TARGET1", 4),
    none(40, "R_ARM_V4BX"),
    indirect(42, "R_ARM_PREL31", 4),
    instruction(43, "R_ARM_MOVW_ABS_NC"),
    instruction(44, "R_ARM_MOVT_ABS"),
    instruction(45, "R_ARM_MOVW_PREL_NC"),
    instruction(46, "R_ARM_MOVT_PREL"),
    instruction(47, "R_ARM_THM_MOVW_ABS_NC"),
    instruction(48, "R_ARM_THM_MOVT_ABS"),
    instruction(49, "R_ARM_THM_MOVW_PREL_NC"),
    instruction(50, "R_ARM_THM_MOVT_PREL"),
    indirect(57, "R_ARM_ALU_PC_G0_NC", 4),
    indirect(59, "R_ARM_ALU_PC_G1_NC", 4),
    indirect(63, "R_ARM_LDR_PC_G2", 4),
];

/// `EM_SPARCV9`
const SPARC64: &[RelocationType] = &[
    none(0, "R_SPARC_NONE"),
    store(3, "R_SPARC_32", 4),
    distance(6, "R_SPARC_DISP32", 4),
    store(23, "R_SPARC_UA32", 4),
    store(32, "R_SPARC_64", 8),
    store(54, "R_SPARC_UA64", 8),
];

/// `EM_X86_64`. The kernel applies all that are not marked as indirect, and `PLT32` as `PC32`
/// (arch/x86/kernel/module.c, 4.19 to 7.3); the others are there so that a refusal can name them.
const X86_64: &[RelocationType] = &[
    none(0, "R_X86_64_NONE"),
    store(1, "R_X86_64_64", 8),
    distance(2, "R_X86_64_PC32", 4),
    entry(3, "R_X86_64_GOT32", 4, Operation::Indirect),
    indirect(4, "R_X86_64_PLT32", 4),
    indirect(9, "R_X86_64_GOTPCREL", 4),
    store(10, "R_X86_64_32", 4),
    store(11, "R_X86_64_32S", 4),
    store(12, "R_X86_64_16", 2),
    store(14, "R_X86_64_8", 1),
    distance(24, "R_X86_64_PC64", 8),
    indirect(41, "R_X86_64_GOTPCRELX", 4),
    indirect(42, "R_X86_64_REX_GOTPCRELX", 4),
];

/// `EM_AARCH64`. Those of branches lead to code, and those of short distances reach only into the module
/// itself, so neither may be rebased; both are there so that a refusal can name them
/// (arch/arm64/kernel/module.c, 5.10 to 7.3, which knows no GOT).
const AARCH64: &[RelocationType] = &[
    none(0, "R_AARCH64_NONE"),
    store(257, "R_AARCH64_ABS64", 8),
    store(258, "R_AARCH64_ABS32", 4),
    store(259, "R_AARCH64_ABS16", 2),
    distance(260, "R_AARCH64_PREL64", 8),
    distance(261, "R_AARCH64_PREL32", 4),
    distance(262, "R_AARCH64_PREL16", 2),
    instruction(263, "R_AARCH64_MOVW_UABS_G0"),
    instruction(264, "R_AARCH64_MOVW_UABS_G0_NC"),
    instruction(265, "R_AARCH64_MOVW_UABS_G1"),
    instruction(266, "R_AARCH64_MOVW_UABS_G1_NC"),
    instruction(267, "R_AARCH64_MOVW_UABS_G2"),
    instruction(268, "R_AARCH64_MOVW_UABS_G2_NC"),
    instruction(269, "R_AARCH64_MOVW_UABS_G3"),
    indirect(273, "R_AARCH64_LD_PREL_LO19", 4),
    indirect(274, "R_AARCH64_ADR_PREL_LO21", 4),
    instruction(275, "R_AARCH64_ADR_PREL_PG_HI21"),
    instruction(276, "R_AARCH64_ADR_PREL_PG_HI21_NC"),
    instruction(277, "R_AARCH64_ADD_ABS_LO12_NC"),
    instruction(278, "R_AARCH64_LDST8_ABS_LO12_NC"),
    indirect(279, "R_AARCH64_TSTBR14", 4),
    indirect(280, "R_AARCH64_CONDBR19", 4),
    indirect(282, "R_AARCH64_JUMP26", 4),
    indirect(283, "R_AARCH64_CALL26", 4),
    instruction(284, "R_AARCH64_LDST16_ABS_LO12_NC"),
    instruction(285, "R_AARCH64_LDST32_ABS_LO12_NC"),
    instruction(286, "R_AARCH64_LDST64_ABS_LO12_NC"),
    instruction(299, "R_AARCH64_LDST128_ABS_LO12_NC"),
    indirect(311, "R_AARCH64_ADR_GOT_PAGE", 4),
    indirect(312, "R_AARCH64_LD64_GOT_LO12_NC", 4),
];

/// `EM_RISCV`, 32 and 64 bit. `PCREL_LO12` names the place of a `PCREL_HI20`, never a variable. Those of
/// absolute addresses and of the GOT are refused by kernels of a distribution, and branches lead to code
/// (arch/riscv/kernel/module.c, 5.10 to 7.3).
const RISCV: &[RelocationType] = &[
    none(0, "R_RISCV_NONE"),
    store(1, "R_RISCV_32", 4),
    store(2, "R_RISCV_64", 8),
    indirect(16, "R_RISCV_BRANCH", 4),
    indirect(17, "R_RISCV_JAL", 4),
    indirect(18, "R_RISCV_CALL", 8),
    indirect(19, "R_RISCV_CALL_PLT", 8),
    indirect(20, "R_RISCV_GOT_HI20", 4),
    instruction(23, "R_RISCV_PCREL_HI20"),
    indirect(24, "R_RISCV_PCREL_LO12_I", 4),
    indirect(25, "R_RISCV_PCREL_LO12_S", 4),
    indirect(26, "R_RISCV_HI20", 4),
    indirect(27, "R_RISCV_LO12_I", 4),
    indirect(28, "R_RISCV_LO12_S", 4),
    add(33, "R_RISCV_ADD8", 1),
    add(34, "R_RISCV_ADD16", 2),
    add(35, "R_RISCV_ADD32", 4),
    add(36, "R_RISCV_ADD64", 8),
    subtract(37, "R_RISCV_SUB8", 1),
    subtract(38, "R_RISCV_SUB16", 2),
    subtract(39, "R_RISCV_SUB32", 4),
    subtract(40, "R_RISCV_SUB64", 8),
    indirect(41, "R_RISCV_GOT32_PCREL", 4),
    indirect(44, "R_RISCV_RVC_BRANCH", 2),
    indirect(45, "R_RISCV_RVC_JUMP", 2),
    none(51, "R_RISCV_RELAX"),
    distance(57, "R_RISCV_32_PCREL", 4),
];

/// `EM_LOONGARCH`, 32 and 64 bit. Of the GOT the loader makes an entry for the sum of symbol and addend.
/// Branches lead to code; those of the first compilers, which compute on a stack, and those of absolute
/// addresses are not for modules of today (arch/loongarch/kernel/module.c, 5.19 to 7.3).
const LOONGARCH: &[RelocationType] = &[
    none(0, "R_LARCH_NONE"),
    store(1, "R_LARCH_32", 4),
    store(2, "R_LARCH_64", 8),
    none(20, "R_LARCH_MARK_LA"),
    none(21, "R_LARCH_MARK_PCREL"),
    indirect(22, "R_LARCH_SOP_PUSH_PCREL", 4),
    indirect(23, "R_LARCH_SOP_PUSH_ABSOLUTE", 4),
    indirect(29, "R_LARCH_SOP_PUSH_PLT_PCREL", 4),
    add(47, "R_LARCH_ADD8", 1),
    add(48, "R_LARCH_ADD16", 2),
    add(50, "R_LARCH_ADD32", 4),
    add(51, "R_LARCH_ADD64", 8),
    subtract(52, "R_LARCH_SUB8", 1),
    subtract(53, "R_LARCH_SUB16", 2),
    subtract(55, "R_LARCH_SUB32", 4),
    subtract(56, "R_LARCH_SUB64", 8),
    indirect(64, "R_LARCH_B16", 4),
    indirect(65, "R_LARCH_B21", 4),
    indirect(66, "R_LARCH_B26", 4),
    indirect(67, "R_LARCH_ABS_HI20", 4),
    indirect(68, "R_LARCH_ABS_LO12", 4),
    indirect(69, "R_LARCH_ABS64_LO20", 4),
    indirect(70, "R_LARCH_ABS64_HI12", 4),
    instruction(71, "R_LARCH_PCALA_HI20"),
    instruction(72, "R_LARCH_PCALA_LO12"),
    instruction(73, "R_LARCH_PCALA64_LO20"),
    instruction(74, "R_LARCH_PCALA64_HI12"),
    instruction(75, "R_LARCH_GOT_PC_HI20"),
    instruction(76, "R_LARCH_GOT_PC_LO12"),
    distance(99, "R_LARCH_32_PCREL", 4),
    none(100, "R_LARCH_RELAX"),
    none(102, "R_LARCH_ALIGN"),
    indirect(103, "R_LARCH_PCREL20_S2", 4),
    distance(109, "R_LARCH_64_PCREL", 8),
    indirect(110, "R_LARCH_CALL36", 8),
];

#[cfg(test)]
mod tests {
    use object::elf;

    use super::*;

    const MACHINES: [u16; 14] = [2, 18, 3, 8, 15, 20, 21, 22, 40, 43, 62, 183, 243, 258];

    #[test]
    fn numbers_are_in_order_and_sizes_are_those_of_numbers() {
        for machine in MACHINES {
            let types = table(Machine(machine));
            assert!(types.is_sorted_by_key(|known| known.number), "machine {machine}");
            for known in types {
                assert_eq!(relocation_type(Machine(machine), known.number), Some(known));
                assert_eq!(known.size == 0, known.operation == Operation::None, "{}", known.name);
                assert!(matches!(known.size, 0 | 1 | 2 | 4 | 8), "{}", known.name);
            }
        }
        assert_eq!(relocation_type(Machine(4), 1), None, "m68k is not known");
        assert_eq!(relocation_type(Machine::X86_64, 5), None);
    }

    #[test]
    fn the_object_crate_has_the_same_numbers() {
        let same = [
            (3, elf::R_386_PC32, "R_386_PC32"),
            (3, elf::R_386_PLT32, "R_386_PLT32"),
            (3, elf::R_386_GOT32X, "R_386_GOT32X"),
            (8, elf::R_MIPS_HI16, "R_MIPS_HI16"),
            (8, elf::R_MIPS_HIGHEST, "R_MIPS_HIGHEST"),
            (40, elf::R_ARM_MOVW_ABS_NC, "R_ARM_MOVW_ABS_NC"),
            (40, elf::R_ARM_THM_MOVT_PREL, "R_ARM_THM_MOVT_PREL"),
            (40, elf::R_ARM_LDR_PC_G2, "R_ARM_LDR_PC_G2"),
            (258, elf::R_LARCH_PCALA_HI20, "R_LARCH_PCALA_HI20"),
            (258, elf::R_LARCH_GOT_PC_LO12, "R_LARCH_GOT_PC_LO12"),
            (258, elf::R_LARCH_64_PCREL, "R_LARCH_64_PCREL"),
            (8, elf::R_MIPS_64, "R_MIPS_64"),
            (15, elf::R_PARISC_DIR64, "R_PARISC_DIR64"),
            (20, elf::R_PPC_REL32, "R_PPC_REL32"),
            (21, elf::R_PPC64_ADDR64, "R_PPC64_ADDR64"),
            (21, elf::R_PPC64_REL64, "R_PPC64_REL64"),
            (21, elf::R_PPC64_TOC16_LO_DS, "R_PPC64_TOC16_LO_DS"),
            (21, elf::R_PPC64_REL16_HA, "R_PPC64_REL16_HA"),
            (22, elf::R_390_PC32, "R_390_PC32"),
            (22, elf::R_390_PC32DBL, "R_390_PC32DBL"),
            (22, elf::R_390_PC64, "R_390_PC64"),
            (22, elf::R_390_GOTENT, "R_390_GOTENT"),
            (22, elf::R_390_GOTPLT20, "R_390_GOTPLT20"),
            (40, elf::R_ARM_V4BX, "R_ARM_V4BX"),
            (43, elf::R_SPARC_UA64, "R_SPARC_UA64"),
            (62, elf::R_X86_64_PC64, "R_X86_64_PC64"),
            (183, elf::R_AARCH64_PREL32, "R_AARCH64_PREL32"),
            (183, elf::R_AARCH64_ADR_PREL_PG_HI21, "R_AARCH64_ADR_PREL_PG_HI21"),
            (183, elf::R_AARCH64_ADD_ABS_LO12_NC, "R_AARCH64_ADD_ABS_LO12_NC"),
            (183, elf::R_AARCH64_LDST128_ABS_LO12_NC, "R_AARCH64_LDST128_ABS_LO12_NC"),
            (183, elf::R_AARCH64_MOVW_UABS_G3, "R_AARCH64_MOVW_UABS_G3"),
            (183, elf::R_AARCH64_LD64_GOT_LO12_NC, "R_AARCH64_LD64_GOT_LO12_NC"),
            (243, elf::R_RISCV_PCREL_HI20, "R_RISCV_PCREL_HI20"),
            (243, elf::R_RISCV_RVC_JUMP, "R_RISCV_RVC_JUMP"),
            (243, elf::R_RISCV_SUB64, "R_RISCV_SUB64"),
            (243, elf::R_RISCV_32_PCREL, "R_RISCV_32_PCREL"),
            (258, elf::R_LARCH_SUB64, "R_LARCH_SUB64"),
            (258, elf::R_LARCH_ADD8, "R_LARCH_ADD8"),
        ];
        for (machine, number, name) in same {
            assert_eq!(relocation_type(Machine(machine), number.0).map(|known| known.name), Some(name));
        }
    }

    #[test]
    fn what_an_image_may_write_in_another_way() {
        let plain =
            |number| relocation_type(Machine::X86_64, number).is_some_and(RelocationType::is_plain_store);
        assert_eq!((0..64).filter(|number| plain(*number)).collect::<Vec<_>>(), [1, 2, 10, 11, 24]);
        let of_arm64: &[u32] =
            &[257, 258, 260, 261, 263, 264, 265, 266, 267, 268, 269, 275, 276, 277, 278, 284, 285, 286, 299];
        let rebased: [(Machine, &[u32]); 8] = [
            (Machine::AARCH64, of_arm64),
            (Machine::RISCV, &[1, 2, 23, 35, 36, 39, 40, 57]),
            (Machine::PPC64, &[1, 26, 38, 44, 132]),
            (Machine::S390, &[4, 5, 19, 22, 23]),
            (Machine::I386, &[1, 2]),
            (Machine::ARM, &[2, 3, 38, 43, 44, 45, 46, 47, 48, 49, 50]),
            (Machine::MIPS, &[2, 5, 6, 18, 28, 29, 248]),
            (Machine::LOONGARCH, &[1, 2, 50, 51, 55, 56, 71, 72, 73, 74, 75, 76, 99, 109]),
        ];
        for (machine, numbers) in rebased {
            let is_rebased =
                |number: &u32| relocation_type(machine, *number).is_some_and(RelocationType::may_be_rebased);
            assert_eq!((0..1024).filter(is_rebased).collect::<Vec<_>>(), numbers, "{machine}");
        }
        let absolute =
            |number| relocation_type(Machine::X86_64, number).is_some_and(RelocationType::is_absolute);
        assert_eq!((0..64).filter(|number| absolute(*number)).collect::<Vec<_>>(), [1, 10, 11]);
    }
}
