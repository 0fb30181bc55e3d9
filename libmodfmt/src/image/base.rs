// SPDX-License-Identifier: MIT OR Apache-2.0
//! Base symbols: what keepers export.

use crate::persist::{Header, Unit, base_symbol, base_symbol_version_1};

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
        Self { symbol: base_symbol(&header.owner, header.generation, ordinal), crc: unit.crc() }
    }

    /// The base symbols of all units of a keeper, by ordinal.
    #[must_use]
    pub fn all(header: &Header) -> Vec<Self> {
        header.ordinals().map(|(ordinal, unit)| Self::of(header, ordinal, unit)).collect()
    }
}
