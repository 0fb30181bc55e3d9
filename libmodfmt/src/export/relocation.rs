// SPDX-License-Identifier: MIT OR Apache-2.0
//! Relocation types that export tables have.

use crate::arch::{Operation, relocation_type};
use crate::elf::Ident;

/// Is this the relocation of a 32-bit distance (`true`) or of a machine word (`false`)? `None` for
/// types that no export table has.
pub(super) fn is_relative(ident: Ident, kind: u32) -> Option<bool> {
    let known = relocation_type(ident.machine, kind)?;
    if known.operation != Operation::Store {
        return None;
    }
    match (known.pc_relative, known.size) {
        (true, 4) => Some(true),
        (false, size) if size == ident.class.word_size() as u64 => Some(false),
        _ => None,
    }
}
