// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the images need to know about a processor.

use super::{RelocationType, relocation_type};
use crate::elf::{Machine, RelocationForm};

/// What the images need to know about a processor.
#[derive(Debug)]
pub struct Arch {
    /// `REL` or `RELA`.
    pub form: RelocationForm,
    /// The relocation that stores a full address (`S + A`).
    pub absolute_word: u32,
    /// The relocation that stores a 32-bit distance from its own place (`S + A - P`).
    pub relative_32: u32,
    /// Sections that the kernel demands of every module of this processor, code or not.
    pub mandatory_sections: &'static [&'static str],
    /// How code reaches a variable through an entry of the GOT, if the kernel makes such entries.
    pub got_entry: Option<GotEntry>,
    pub(super) machine: Machine,
}

/// A way to reach a variable through an entry of the GOT, which the loader makes for the symbol and which has
/// the symbol's address. The addend is of the place where the entry is, and not of the variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GotEntry {
    /// The relocation that stores the distance to the entry.
    pub relocation: u32,
    /// The addend that stands for the entry itself: from the start of the instruction to the place.
    pub addend: i64,
    /// The relocation that stores the distance to the variable in the same place.
    pub direct: u32,
}

impl Arch {
    /// The relocation type of that number, if this crate knows it.
    #[must_use]
    pub fn relocation(&self, number: u32) -> Option<&'static RelocationType> {
        relocation_type(self.machine, number)
    }

    /// The name of a relocation type, or its number if it is not known.
    #[must_use]
    pub fn relocation_name(&self, number: u32) -> String {
        self.relocation(number)
            .map_or_else(|| format!("relocation type {number}"), |known| known.name.to_owned())
    }
}
