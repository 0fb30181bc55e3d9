// SPDX-License-Identifier: MIT OR Apache-2.0
//! The layout hash: 64-bit FNV-1a over section size, alignment and the place of each variable.
//!
//! Types, functions and files are left out on purpose: one source built with and without debug
//! information, or stripped of it, must agree. They are compared where both sides know them.
//! docs/note-format.md has the exact order of the bytes, for tools in other languages.

use super::{Header, SectionHeader, Variable};
use crate::fnv::Hash;

impl Header {
    /// The layout hashes of all sections as one number, for display.
    #[must_use]
    pub fn layout_hash(&self) -> u64 {
        let mut hash = Hash::new();
        for section in &self.sections {
            hash.number(section.layout_hash());
        }
        hash.finish()
    }
}

impl SectionHeader {
    /// The layout hash of the section.
    #[must_use]
    pub fn layout_hash(&self) -> u64 {
        let mut hash = Hash::new();
        hash.text(self.role.section_name());
        hash.number(self.size);
        hash.number(self.align);
        for variable in &self.variables {
            variable.add_to(&mut hash);
        }
        hash.finish()
    }

    /// The CRC that stands for the layout where the kernel checks symbol versions: both halves of
    /// the layout hash, exclusive-or.
    #[must_use]
    pub fn crc(&self) -> u32 {
        let [a, b, c, d, e, f, g, h] = self.layout_hash().to_le_bytes();
        u32::from_le_bytes([a, b, c, d]) ^ u32::from_le_bytes([e, f, g, h])
    }
}

impl Variable {
    fn add_to(&self, hash: &mut Hash) {
        hash.text(&self.name);
        hash.number(self.offset);
        hash.number(self.size);
        hash.number(self.align);
    }
}
