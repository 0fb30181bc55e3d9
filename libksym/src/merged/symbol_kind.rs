// SPDX-License-Identifier: MIT OR Apache-2.0
//! The type letter of a symbol of an ELF file.

use object::elf;

use crate::image::{ElfSymbol, Section};

/// The letter that `nm` prints for a symbol in a section.
pub(super) fn kind(section: &Section, symbol: &ElfSymbol) -> u8 {
    let letter = if section.is_code() {
        b't'
    } else if section.kind == elf::SHT_NOBITS {
        b'b'
    } else if section.flags.contains(elf::SHF_WRITE) {
        b'd'
    } else {
        b'r'
    };
    if symbol.is_weak {
        b'W'
    } else if symbol.is_global {
        letter.to_ascii_uppercase()
    } else {
        letter
    }
}
