// SPDX-License-Identifier: MIT OR Apache-2.0
//! x86-64. The kernel applies the types below (arch/x86/kernel/module.c, 4.19 to 7.3); the GOT types
//! are listed so that a refusal can name them.

use super::{Arch, RelocationType};
use crate::elf::RelocationForm;

const fn rebases(number: u32, name: &'static str, width: u64) -> RelocationType {
    RelocationType { number, name, width, rebases: true }
}

const fn fixed(number: u32, name: &'static str, width: u64) -> RelocationType {
    RelocationType { number, name, width, rebases: false }
}

pub(super) static ARCH: Arch = Arch {
    form: RelocationForm::Rela,
    absolute_word: 1,
    relative_32: 2,
    mandatory_sections: &[],
    types: &[
        fixed(0, "R_X86_64_NONE", 0),
        rebases(1, "R_X86_64_64", 8),
        rebases(2, "R_X86_64_PC32", 4),
        fixed(3, "R_X86_64_GOT32", 4),
        fixed(4, "R_X86_64_PLT32", 4),
        fixed(9, "R_X86_64_GOTPCREL", 4),
        rebases(10, "R_X86_64_32", 4),
        rebases(11, "R_X86_64_32S", 4),
        fixed(12, "R_X86_64_16", 2),
        fixed(14, "R_X86_64_8", 1),
        rebases(24, "R_X86_64_PC64", 8),
        fixed(41, "R_X86_64_GOTPCRELX", 4),
        fixed(42, "R_X86_64_REX_GOTPCRELX", 4),
    ],
};
