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
    pub(super) machine: Machine,
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
