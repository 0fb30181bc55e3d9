// SPDX-License-Identifier: MIT OR Apache-2.0
//! Strings that are read when they are needed.

use gimli::{AttributeValue, Reader};

use super::debug_sections::{DebugSections, Slice};
use super::error::DwarfError;
use super::unit_header::TableBases;

/// Enough for most names; longer ones are read in a second attempt.
const FIRST_BYTES: u64 = 128;

/// Where a string is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StringRef {
    Inline(String),
    /// Offset in `.debug_str`.
    Str(u64),
    /// Offset in `.debug_line_str`.
    LineStr(u64),
    /// Number in the unit's table in `.debug_str_offsets`.
    Index(u64),
}

impl StringRef {
    /// `None` if the value is not a string.
    pub(super) fn of(value: &AttributeValue<Slice<'_>>) -> Option<Self> {
        match value {
            AttributeValue::String(text) => Some(Self::Inline(text.to_string_lossy().into_owned())),
            AttributeValue::DebugStrRef(offset) => Some(Self::Str(offset.0 as u64)),
            AttributeValue::DebugLineStrRef(offset) => Some(Self::LineStr(offset.0 as u64)),
            AttributeValue::DebugStrOffsetsIndex(index) => Some(Self::Index(index.0 as u64)),
            _ => None,
        }
    }

    /// Reads the string. The bases are those of the unit that refers to it.
    pub(super) fn read(&self, sections: &DebugSections, bases: &TableBases) -> Result<String, DwarfError> {
        let (section, offset) = match self {
            Self::Inline(text) => return Ok(text.clone()),
            Self::Str(offset) => (".debug_str", *offset),
            Self::LineStr(offset) => (".debug_line_str", *offset),
            Self::Index(index) => {
                let size = bases.offset_size();
                let at = index.checked_mul(size).and_then(|at| at.checked_add(bases.strings));
                let at = at.unwrap_or(u64::MAX);
                let read = |mut bytes: Slice<'_>| bytes.read_offset(bases.format);
                (".debug_str", sections.parse_at(".debug_str_offsets", at, size, read)? as u64)
            }
        };
        sections.parse_at(section, offset, FIRST_BYTES, |mut bytes| {
            let text = bytes.read_null_terminated_slice()?;
            Ok(text.to_string_lossy().into_owned())
        })
    }
}
