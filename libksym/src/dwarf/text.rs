// SPDX-License-Identifier: MIT OR Apache-2.0
//! Strings: where they are, and what they say.

use super::DwarfError;
use super::root::Root;
use super::sections::{Sections, Slice};
use gimli::{AttributeValue, Reader};

/// A string that is read when it is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Text {
    Inline(String),
    /// Offset in `.debug_str`.
    Str(u64),
    /// Offset in `.debug_line_str`.
    LineStr(u64),
    /// Number in the unit's table in `.debug_str_offsets`.
    Index(u64),
}

impl Text {
    pub(super) fn of(value: &AttributeValue<Slice<'_>>) -> Option<Self> {
        match value {
            AttributeValue::String(text) => Some(Self::Inline(text.to_string_lossy().into_owned())),
            AttributeValue::DebugStrRef(offset) => Some(Self::Str(offset.0 as u64)),
            AttributeValue::DebugLineStrRef(offset) => Some(Self::LineStr(offset.0 as u64)),
            AttributeValue::DebugStrOffsetsIndex(index) => Some(Self::Index(index.0 as u64)),
            _ => None,
        }
    }

    pub(super) fn read(&self, sections: &Sections, root: &Root) -> Result<String, DwarfError> {
        let (section, offset) = match self {
            Self::Inline(text) => return Ok(text.clone()),
            Self::Str(offset) => (".debug_str", *offset),
            Self::LineStr(offset) => (".debug_line_str", *offset),
            Self::Index(index) => {
                let word = root.header.word();
                let at = index.checked_mul(word).and_then(|at| at.checked_add(root.strings_base));
                let at = at.unwrap_or(u64::MAX);
                let format = root.header.encoding.format;
                let read = |mut bytes: Slice<'_>| bytes.read_offset(format);
                (".debug_str", sections.window(".debug_str_offsets", at, word, read)? as u64)
            }
        };
        sections.window(section, offset, 128, |mut bytes| {
            let text = bytes.read_null_terminated_slice()?;
            Ok(text.to_string_lossy().into_owned())
        })
    }
}
