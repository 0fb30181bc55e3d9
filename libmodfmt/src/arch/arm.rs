// SPDX-License-Identifier: MIT OR Apache-2.0
//! 32-bit arm, little-endian.

use super::Arch;
use crate::elf::{Machine, RelocationForm};

/// Code reaches a variable by two instructions with half of its address each, whose addends have 16 bits, or by
/// a word beside the code (arch/arm/kernel/module.c, 4.19 to 7.3). The sections for calls that reach too far
/// are demanded if the kernel was configured with them (`CONFIG_ARM_MODULE_PLTS`); then the owner has them.
pub(super) static ARCH: Arch = Arch {
    form: RelocationForm::Rel,
    absolute_word: 2,
    relative_32: 3,
    mandatory_sections: &[".plt", ".init.plt"],
    got_entry: None,
    machine: Machine::ARM,
};
