// SPDX-License-Identifier: MIT OR Apache-2.0
//! 64-bit powerpc, little-endian.

use super::Arch;
use crate::elf::{Machine, RelocationForm};

/// Code reaches a variable by a word in the module's own `.toc` that has its address, and kernels for newer
/// processors by a distance of 34 bits. The loader refuses a module without the sections for calls that reach
/// too far (arch/powerpc/kernel/module_64.c): `.stubs` always, `.mygot` in those kernels.
pub(super) static ARCH: Arch = Arch {
    form: RelocationForm::Rela,
    absolute_word: 38,
    relative_32: 26,
    mandatory_sections: &[".stubs", ".mygot"],
    got_entry: None,
    machine: Machine::PPC64,
};
