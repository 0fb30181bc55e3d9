// SPDX-License-Identifier: MIT OR Apache-2.0
//! mips, 32 and 64 bit, of both byte orders.

use super::Arch;
use crate::elf::{Machine, RelocationForm};

/// Code reaches a variable by instructions with 16 bits of its address each, which with addends in the
/// instructions come in pairs: the upper half depends on the sign of the lower one
/// (arch/mips/kernel/module.c, 4.19 to 7.3).
pub(super) static ARCH_32: Arch = Arch {
    form: RelocationForm::Rel,
    absolute_word: 2,
    relative_32: 248,
    mandatory_sections: &[],
    got_entry: None,
    machine: Machine::MIPS,
};

pub(super) static ARCH_64: Arch = Arch { form: RelocationForm::Rela, absolute_word: 18, ..ARCH_32 };
