// SPDX-License-Identifier: MIT OR Apache-2.0
//! A unit's first entry, which holds what the others refer to.

use super::DwarfError;
use super::header::Header;
use super::sections::Sections;
use super::text::Text;
use super::value::{Address, High, List, Values};
use gimli::{Abbreviations, DebugAbbrev, DebugAbbrevOffset, EndianSlice, EntriesRaw, Reader, UnitOffset};

/// What the first entry says.
#[derive(Clone, Debug)]
pub(super) struct Root {
    pub(super) header: Header,
    pub(super) name: Option<Text>,
    pub(super) comp_dir: Option<Text>,
    /// Offset in `.debug_line`.
    pub(super) lines: Option<u64>,
    pub(super) low: Option<Address>,
    pub(super) high: Option<High>,
    pub(super) ranges: Option<List>,
    pub(super) strings_base: u64,
    pub(super) address_base: u64,
    pub(super) ranges_base: u64,
    /// Can functions be inside of types and namespaces?
    pub(super) nests: bool,
}

impl Root {
    /// From the unit's bytes, of which the first few hundred suffice.
    pub(super) fn parse(
        header: Header,
        bytes: super::sections::Slice<'_>,
        abbrevs: &Abbreviations,
    ) -> gimli::Result<Self> {
        let rest = bytes.slice().get(header.own..).unwrap_or_default();
        let rest = EndianSlice::new(rest, bytes.endian());
        let mut entries = EntriesRaw::new(rest, header.encoding, abbrevs, UnitOffset(header.own));
        let values = match entries.read_abbreviation()? {
            Some(abbrev) => Values::read(&mut entries, abbrev)?,
            None => Values::default(),
        };
        // Tables have headers, and units without a base mean the first table.
        let word = header.word();
        let table = word + if word == 8 { 12 } else { 4 };
        let old = header.encoding.version < 5;
        Ok(Self {
            header,
            name: values.name,
            comp_dir: values.comp_dir,
            lines: values.lines,
            low: values.low,
            high: values.high,
            ranges: values.ranges,
            strings_base: values.strings_base.unwrap_or(if old { 0 } else { table }),
            address_base: values.address_base.unwrap_or(if old { 0 } else { table }),
            ranges_base: values.ranges_base.unwrap_or(if old { 0 } else { table + 4 }),
            nests: !values.language.is_some_and(is_flat),
        })
    }

    /// The unit's abbreviations.
    pub(super) fn abbrevs(sections: &Sections, header: &Header) -> Result<Abbreviations, DwarfError> {
        sections.window(".debug_abbrev", header.abbrevs.0 as u64, 4096, |bytes| {
            DebugAbbrev::from(bytes).abbreviations(DebugAbbrevOffset(0))
        })
    }
}

/// Languages without functions in types or namespaces: C of every year, and assembler.
fn is_flat(language: u64) -> bool {
    matches!(language, 0x01 | 0x02 | 0x0c | 0x1d | 0x2c | 0x31 | 0x3e | 0x8001)
}
