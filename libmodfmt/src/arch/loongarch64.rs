// SPDX-License-Identifier: MIT OR Apache-2.0
//! 64-bit loongarch.

use super::Arch;
use crate::elf::{Machine, RelocationForm};

/// Code reaches a variable by the distance to its page and its place there, or likewise through an entry of the
/// GOT that the loader makes for the sum of symbol and addend. The loader refuses a module without the sections
/// for entries and for calls that reach too far (arch/loongarch/kernel/module-sections.c, 5.19 to 7.3).
pub(super) static ARCH: Arch = Arch {
    form: RelocationForm::Rela,
    absolute_word: 2,
    relative_32: 99,
    mandatory_sections: &[".got", ".plt", ".plt.idx"],
    got_entry: None,
    machine: Machine::LOONGARCH,
};
