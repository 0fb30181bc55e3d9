// SPDX-License-Identifier: MIT OR Apache-2.0
//! Base symbols: what keepers export.

use crate::persist::{
    Header, NOTE_SECTION, Unit, base_symbol, base_symbol_version_1, base_symbol_with_identity,
};

/// The exported symbol that stands for the start of one unit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Base {
    /// The symbol's name.
    pub symbol: String,
    /// The symbol's version, see [`Unit::crc`].
    pub crc: u32,
}

impl Base {
    /// The base symbol of the unit with this ordinal in a keeper that has this header.
    #[must_use]
    pub fn of(header: &Header, ordinal: u32, unit: &Unit) -> Self {
        if header.note_version == 1 {
            let symbol = base_symbol_version_1(&header.owner, unit.mark());
            return Self { symbol, crc: unit.crc_version_1() };
        }
        let (owner, generation) = (&header.owner, header.generation);
        let symbol = match header.identity {
            0 => base_symbol(owner, generation, ordinal),
            identity => base_symbol_with_identity(owner, identity, generation, ordinal),
        };
        Self { symbol, crc: unit.crc() }
    }

    /// The base symbols of all units of a keeper, by ordinal. A keeper without units has one, for its note:
    /// it only says what variables have grown to, and owners import the symbol so that it stays.
    #[must_use]
    pub fn all(header: &Header) -> Vec<Self> {
        if header.units.is_empty() {
            return vec![Self::of(header, 0, &Unit::new(NOTE_SECTION, 0, 1))];
        }
        header.ordinals().map(|(ordinal, unit)| Self::of(header, ordinal, unit)).collect()
    }
}
