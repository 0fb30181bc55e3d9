// SPDX-License-Identifier: MIT OR Apache-2.0
//! The header of a unit.

use gimli::{DebugAbbrevOffset, Encoding, Format, Reader};

use super::debug_sections::{DebugSections, Slice};
use super::error::DwarfError;

/// A unit's header.
#[derive(Clone, Copy, Debug)]
pub(super) struct UnitHeader {
    /// Offset of the unit in `.debug_info`.
    pub(super) offset: u64,
    /// Size of the unit in bytes, this header included.
    pub(super) size: u64,
    /// Size of this header in bytes.
    pub(super) header_size: usize,
    pub(super) encoding: Encoding,
    pub(super) abbreviations: DebugAbbrevOffset,
    /// Does the unit describe code? Type units do not.
    pub(super) is_code: bool,
}

/// No header is larger.
const MAX_HEADER_BYTES: u64 = 40;

impl UnitHeader {
    pub(super) fn read(sections: &DebugSections, offset: u64) -> Result<Self, DwarfError> {
        const SECTION: &str = ".debug_info";
        let bytes = sections.read(SECTION, offset, MAX_HEADER_BYTES)?;
        let parsed = Self::parse(sections.slice(&bytes), offset);
        let header = parsed.map_err(|source| DwarfError::Section { section: SECTION, offset, source })?;
        let room = sections.size(SECTION)?.saturating_sub(offset);
        let field = |field, value| DwarfError::Field { section: SECTION, offset, field, value };
        if header.size > room || header.size < header.header_size as u64 {
            return Err(field("unit length", header.size));
        }
        if !matches!(header.encoding.address_size, 4 | 8) {
            return Err(field("address size", header.encoding.address_size.into()));
        }
        Ok(header)
    }

    fn parse(mut input: Slice<'_>, offset: u64) -> gimli::Result<Self> {
        let all = input.len();
        let (length, format) = input.read_initial_length()?;
        let start = all.saturating_sub(input.len());
        let version = input.read_u16()?;
        if !(2..=5).contains(&version) {
            return Err(gimli::Error::UnknownVersion(version.into()));
        }
        let mut kind = gimli::DW_UT_compile;
        let (abbreviations, address_size);
        if version == 5 {
            kind = gimli::DwUt(input.read_u8()?);
            address_size = input.read_u8()?;
            abbreviations = input.read_offset(format)?;
        } else {
            abbreviations = input.read_offset(format)?;
            address_size = input.read_u8()?;
        }
        match kind {
            gimli::DW_UT_skeleton | gimli::DW_UT_split_compile => input.skip(8)?,
            gimli::DW_UT_type | gimli::DW_UT_split_type => {
                input.skip(8)?;
                input.read_offset(format)?;
            }
            _ => {}
        }
        Ok(Self {
            offset,
            size: (length as u64).saturating_add(start as u64),
            header_size: all.saturating_sub(input.len()),
            encoding: Encoding { address_size, format, version },
            abbreviations: DebugAbbrevOffset(abbreviations),
            is_code: matches!(kind, gimli::DW_UT_compile | gimli::DW_UT_skeleton),
        })
    }
}

/// Where a unit's tables start in their sections.
#[derive(Clone, Copy, Debug)]
pub(super) struct TableBases {
    /// Width of offsets.
    pub(super) format: Format,
    /// In `.debug_str_offsets`.
    pub(super) strings: u64,
    /// In `.debug_addr`.
    pub(super) addresses: u64,
    /// In `.debug_rnglists`.
    pub(super) range_lists: u64,
    /// In `.debug_loclists`.
    pub(super) location_lists: u64,
}

impl TableBases {
    /// The first table of each section, which is what a unit without bases refers to. Since DWARF 5
    /// tables have headers.
    pub(super) fn of_first_tables(encoding: Encoding) -> Self {
        let none =
            Self { format: encoding.format, strings: 0, addresses: 0, range_lists: 0, location_lists: 0 };
        match (encoding.version < 5, encoding.format) {
            (true, _) => none,
            (false, Format::Dwarf32) => {
                Self { strings: 8, addresses: 8, range_lists: 12, location_lists: 12, ..none }
            }
            (false, Format::Dwarf64) => {
                Self { strings: 20, addresses: 20, range_lists: 24, location_lists: 24, ..none }
            }
        }
    }

    /// Bytes of an offset into a section.
    pub(super) fn offset_size(self) -> u64 {
        self.format.word_size().into()
    }
}
