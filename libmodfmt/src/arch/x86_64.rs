// SPDX-License-Identifier: MIT OR Apache-2.0
//! x86-64.

use super::Arch;
use crate::elf::{Machine, RelocationForm};

pub(super) static ARCH: Arch = Arch {
    form: RelocationForm::Rela,
    absolute_word: 1,
    relative_32: 2,
    mandatory_sections: &[],
    got_entry: None,
    machine: Machine::X86_64,
};
