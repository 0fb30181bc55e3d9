// SPDX-License-Identifier: MIT OR Apache-2.0
//! The layout hash: 64-bit FNV-1a over a unit's size, alignment and the place of each variable. And the CRC
//! of its base symbol.
//!
//! Types, functions and files are left out of the hash on purpose: one source built with and without debug
//! information, or stripped of it, must agree. They are compared where both sides know them.
//! docs/note-format.md has the exact order of the bytes, for tools in other languages.

use super::{Header, Unit, Variable};
use crate::fnv::Hash;

impl Header {
    /// The layout hashes of all units as one number, for display.
    #[must_use]
    pub fn layout_hash(&self) -> u64 {
        let mut hash = Hash::new();
        for unit in &self.units {
            hash.number(unit.layout_hash());
        }
        hash.finish()
    }
}

impl Unit {
    /// The layout hash of the unit.
    #[must_use]
    pub fn layout_hash(&self) -> u64 {
        let mut hash = Hash::new();
        hash.text(&self.section);
        hash.number(self.size);
        hash.number(self.align);
        for variable in &self.variables {
            variable.add_to(&mut hash);
        }
        hash.finish()
    }

    /// The CRC of the unit's base symbol: a hash over room, alignment and whether it may be written to, its
    /// halves folded. It changes neither with the variables nor with the bytes in use, as later versions of
    /// the owner may differ in both.
    #[must_use]
    pub fn crc(&self) -> u32 {
        let mut hash = Hash::new();
        hash.number(self.room);
        hash.number(self.align);
        hash.number(u64::from(self.writable));
        folded(hash.finish())
    }

    /// The CRC in a keeper of note version 1: the layout hash, its halves folded.
    #[must_use]
    pub fn crc_version_1(&self) -> u32 {
        folded(self.layout_hash())
    }
}

/// Both halves, exclusive-or.
const fn folded(hash: u64) -> u32 {
    let [a, b, c, d, e, f, g, h] = hash.to_le_bytes();
    u32::from_le_bytes([a, b, c, d]) ^ u32::from_le_bytes([e, f, g, h])
}

impl Variable {
    fn add_to(&self, hash: &mut Hash) {
        hash.text(&self.name);
        hash.number(self.offset);
        hash.number(self.size);
        hash.number(self.align);
    }
}
