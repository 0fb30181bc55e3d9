// SPDX-License-Identifier: MIT OR Apache-2.0
//! A unit's first entry, which has what the other entries refer to.

use gimli::{Abbreviations, DebugAbbrev, DebugAbbrevOffset, EndianSlice, EntriesRaw, Reader, UnitOffset};

use super::attributes::{Address, Attributes, HighPc, RangeListRef};
use super::debug_sections::{DebugSections, Slice};
use super::error::DwarfError;
use super::string_ref::StringRef;
use super::unit_header::{TableBases, UnitHeader};

/// Enough for most tables of abbreviations; larger ones are read in a second attempt.
const FIRST_ABBREVIATION_BYTES: u64 = 6 << 10;

/// Most attributes of an entry. Compilers write some twenty; values may take no room in the file, so that
/// each entry of one byte could have any number.
const MAX_ATTRIBUTES: u64 = 64;

/// What the first entry says.
#[derive(Clone, Debug)]
pub(super) struct UnitRoot {
    pub(super) header: UnitHeader,
    pub(super) name: Option<StringRef>,
    pub(super) comp_dir: Option<StringRef>,
    /// Offset in `.debug_line`.
    pub(super) lines: Option<u64>,
    pub(super) low: Option<Address>,
    pub(super) high: Option<HighPc>,
    pub(super) ranges: Option<RangeListRef>,
    pub(super) bases: TableBases,
    /// Can functions be nested in types and namespaces?
    pub(super) nests_functions: bool,
}

impl UnitRoot {
    /// Parses the start of the unit's bytes, of which a few hundred suffice.
    pub(super) fn parse(
        header: UnitHeader,
        bytes: Slice<'_>,
        abbreviations: &Abbreviations,
    ) -> gimli::Result<Self> {
        let rest = bytes.slice().get(header.header_size..).unwrap_or_default();
        let rest = EndianSlice::new(rest, bytes.endian());
        let first = UnitOffset(header.header_size);
        let mut entries = EntriesRaw::new(rest, header.encoding, abbreviations, first);
        let attributes = match entries.read_abbreviation()? {
            Some(abbreviation) => Attributes::read(&mut entries, abbreviation)?,
            None => Attributes::default(),
        };
        let default = TableBases::of_first_tables(header.encoding);
        Ok(Self {
            header,
            name: attributes.name,
            comp_dir: attributes.comp_dir,
            lines: attributes.lines,
            low: attributes.low,
            high: attributes.high,
            ranges: attributes.ranges,
            bases: TableBases {
                strings: attributes.strings_base.unwrap_or(default.strings),
                addresses: attributes.address_base.unwrap_or(default.addresses),
                range_lists: attributes.ranges_base.unwrap_or(default.range_lists),
                location_lists: attributes.locations_base.unwrap_or(default.location_lists),
                ..default
            },
            nests_functions: !attributes.language.is_some_and(is_flat),
        })
    }

    /// The unit's abbreviations, and how many bytes they take.
    pub(super) fn abbreviations(
        sections: &DebugSections,
        header: &UnitHeader,
    ) -> Result<(Abbreviations, u64), DwarfError> {
        let (section, offset) = (".debug_abbrev", header.abbreviations.0 as u64);
        let parse = |bytes: Slice<'_>| {
            let size = TableSize::of(bytes)?;
            // Reading them would be in vain.
            let table = match size.attributes <= MAX_ATTRIBUTES {
                true => DebugAbbrev::from(bytes).abbreviations(DebugAbbrevOffset(0))?,
                false => Abbreviations::default(),
            };
            Ok((table, size))
        };
        let (table, size) = sections.parse_at(section, offset, FIRST_ABBREVIATION_BYTES, parse)?;
        if size.attributes > MAX_ATTRIBUTES {
            let (field, value) = ("number of attributes", size.attributes);
            return Err(DwarfError::Field { section, offset, field, value });
        }
        Ok((table, size.bytes))
    }
}

/// How large a table of abbreviations is.
struct TableSize {
    bytes: u64,
    /// The most of one abbreviation.
    attributes: u64,
}

impl TableSize {
    fn of(mut input: Slice<'_>) -> gimli::Result<Self> {
        let (before, mut most) = (input.len(), 0);
        while number(&mut input)? != 0 {
            input.skip_leb128()?;
            input.read_u8()?;
            let mut attributes: u64 = 0;
            loop {
                let (name, form) = (number(&mut input)?, number(&mut input)?);
                if (name, form) == (0, 0) {
                    break;
                }
                if form == u64::from(gimli::DW_FORM_implicit_const.0) {
                    input.skip_leb128()?;
                }
                attributes = attributes.saturating_add(1);
            }
            most = attributes.max(most);
        }
        Ok(Self { bytes: before.saturating_sub(input.len()) as u64, attributes: most })
    }
}

/// One LEB128 number. Nearly all of them take one byte.
fn number(input: &mut Slice<'_>) -> gimli::Result<u64> {
    match input.slice().first() {
        Some(&byte) if byte < 0x80 => {
            input.skip(1)?;
            Ok(byte.into())
        }
        _ => input.read_uleb128(),
    }
}

/// Languages without functions in types or namespaces: every edition of C, and assembler.
fn is_flat(language: u64) -> bool {
    let flat = [
        gimli::DW_LANG_C89,
        gimli::DW_LANG_C,
        gimli::DW_LANG_C99,
        gimli::DW_LANG_C11,
        gimli::DW_LANG_C17,
        gimli::DW_LANG_Mips_Assembler,
    ];
    // 0x31 is assembler in DWARF 6, 0x3e is C23.
    flat.iter().any(|known| u64::from(known.0) == language) || matches!(language, 0x31 | 0x3e)
}
