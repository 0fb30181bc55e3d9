// SPDX-License-Identifier: MIT OR Apache-2.0
//! The bytes that a relocation overwrites.

use crate::elf::{Ident, Machine};

/// The x86-64 loader refuses to relocate bytes that are not zero (arch/x86/kernel/module.c, 4.15 and
/// later). Elsewhere the instruction itself may be there.
pub(super) fn places_must_be_zero(ident: Ident) -> bool {
    ident.machine == Machine::X86_64
}

/// Whether the `size` bytes at `offset` are there and zero.
pub(super) fn is_zero(data: &[u8], offset: u64, size: u64) -> bool {
    let range = || {
        let start = usize::try_from(offset).ok()?;
        data.get(start..start.checked_add(usize::try_from(size).ok()?)?)
    };
    range().is_some_and(|bytes| bytes.iter().all(|byte| *byte == 0))
}
