// SPDX-License-Identifier: MIT OR Apache-2.0
//! The header of a unit.

use super::DwarfError;
use super::sections::{Sections, Slice};
use gimli::{DebugAbbrevOffset, Encoding, Format, Reader};

/// A unit's header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    /// Where the unit starts in `.debug_info`.
    pub(super) offset: u64,
    /// Size of the unit, this header included.
    pub(super) size: u64,
    /// Size of this header.
    pub(super) own: usize,
    pub(super) encoding: Encoding,
    pub(super) abbrevs: DebugAbbrevOffset,
    /// Does the unit describe code? Units of types only do not.
    pub(super) is_code: bool,
}

/// Bytes that any header fits in.
pub(super) const LARGEST: u64 = 40;

impl Header {
    pub(super) fn read(sections: &Sections, offset: u64) -> Result<Self, DwarfError> {
        const SECTION: &str = ".debug_info";
        let bytes = sections.read(SECTION, offset, LARGEST)?;
        let parsed = Self::parse(sections.slice(&bytes), offset);
        let header = parsed.map_err(|source| DwarfError::Section { section: SECTION, offset, source })?;
        let room = sections.size(SECTION)?.saturating_sub(offset);
        let field = |field, value| DwarfError::Field { section: SECTION, offset, field, value };
        if header.size > room || header.size < header.own as u64 {
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
        let (abbrevs, address_size);
        if version == 5 {
            kind = gimli::DwUt(input.read_u8()?);
            address_size = input.read_u8()?;
            abbrevs = input.read_offset(format)?;
        } else {
            abbrevs = input.read_offset(format)?;
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
            own: all.saturating_sub(input.len()),
            encoding: Encoding { address_size, format, version },
            abbrevs: DebugAbbrevOffset(abbrevs),
            is_code: matches!(kind, gimli::DW_UT_compile | gimli::DW_UT_skeleton),
        })
    }

    /// Bytes of an offset into a section.
    pub(super) fn word(&self) -> u64 {
        if self.encoding.format == Format::Dwarf64 { 8 } else { 4 }
    }
}
