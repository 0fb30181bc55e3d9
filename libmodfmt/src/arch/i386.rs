// SPDX-License-Identifier: MIT OR Apache-2.0
//! 32-bit x86.

use super::Arch;
use crate::elf::{Machine, RelocationForm};

pub(super) static ARCH: Arch = Arch {
    form: RelocationForm::Rel,
    absolute_word: 1,
    relative_32: 2,
    mandatory_sections: &[],
    got_entry: None,
    machine: Machine::I386,
};
