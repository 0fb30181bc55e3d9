// SPDX-License-Identifier: MIT OR Apache-2.0
//! arm64.

use super::Arch;
use crate::elf::{Machine, RelocationForm};

/// The loader refuses a module without the sections for calls that reach too far, even if it has no code
/// (arch/arm64/kernel/module-plts.c): the first two always, the third if the kernel was configured with
/// dynamic ftrace, the last one likewise since 6.12.
pub(super) static ARCH: Arch = Arch {
    form: RelocationForm::Rela,
    absolute_word: 257,
    relative_32: 261,
    mandatory_sections: &[".plt", ".init.plt", ".text.ftrace_trampoline", ".init.text.ftrace_trampoline"],
    got_entry: None,
    machine: Machine::AARCH64,
};
