// SPDX-License-Identifier: MIT OR Apache-2.0
//! riscv64.

use super::Arch;
use crate::elf::{Machine, RelocationForm};

/// Code reaches a variable by the distance to its page (`PCREL_HI20`), and the rest of the distance by
/// `PCREL_LO12_I` or `_S`, which name the place of the first (arch/riscv/kernel/module.c, 5.10 to 7.3). So
/// only the first changes. The sections for calls that reach too far are demanded if the kernel was
/// configured with them (`CONFIG_MODULE_SECTIONS`); then the owner has them.
pub(super) static ARCH: Arch = Arch {
    form: RelocationForm::Rela,
    absolute_word: 2,
    relative_32: 57,
    mandatory_sections: &[".plt", ".got", ".got.plt"],
    got_entry: None,
    machine: Machine::RISCV,
};
