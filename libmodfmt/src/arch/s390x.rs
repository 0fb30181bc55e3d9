// SPDX-License-Identifier: MIT OR Apache-2.0
//! s390x, which is big-endian.

use super::{Arch, GotEntry};
use crate::elf::{Machine, RelocationForm};

/// Code reaches a static variable by its distance in halfwords, and one that other files see through an entry
/// of the GOT that the loader makes for its symbol (arch/s390/kernel/module.c).
pub(super) static ARCH: Arch = Arch {
    form: RelocationForm::Rela,
    absolute_word: 22,
    relative_32: 5,
    mandatory_sections: &[],
    got_entry: Some(GotEntry { relocation: 26, addend: 2, direct: 19 }),
    machine: Machine::S390,
};
