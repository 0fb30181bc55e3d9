// SPDX-License-Identifier: MIT OR Apache-2.0
//! The attributes of an entry that matter here.

use gimli::{Abbreviation, AttributeValue, EntriesRaw};

use super::debug_sections::Slice;
use super::string_ref::StringRef;

/// A reference to another entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    /// Offset from the start of the unit.
    Unit(usize),
    /// Offset in `.debug_info`.
    Info(u64),
}

/// An address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address {
    Value(u64),
    /// Number in `.debug_addr`.
    Index(u64),
}

/// The end of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HighPc {
    Address(Address),
    Size(u64),
}

/// Where a list of ranges is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RangeListRef {
    /// Offset in `.debug_rnglists` or `.debug_ranges`.
    Offset(u64),
    /// Number in the unit's table in `.debug_rnglists`.
    Index(u64),
}

/// The attributes of an entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Attributes {
    pub(super) sibling: Option<usize>,
    pub(super) name: Option<StringRef>,
    pub(super) linkage_name: Option<StringRef>,
    pub(super) origin: Option<Reference>,
    pub(super) low: Option<Address>,
    pub(super) high: Option<HighPc>,
    pub(super) ranges: Option<RangeListRef>,
    pub(super) call_file: Option<u64>,
    pub(super) call_line: Option<u64>,
    pub(super) call_column: Option<u64>,
    pub(super) comp_dir: Option<StringRef>,
    pub(super) lines: Option<u64>,
    pub(super) language: Option<u64>,
    pub(super) strings_base: Option<u64>,
    pub(super) address_base: Option<u64>,
    pub(super) ranges_base: Option<u64>,
    pub(super) locations_base: Option<u64>,
}

impl Attributes {
    /// Reads all attributes of the entry whose abbreviation was read last.
    pub(super) fn read(entries: &mut EntriesRaw<'_, Slice<'_>>, of: &Abbreviation) -> gimli::Result<Self> {
        let mut attributes = Self::default();
        for &spec in of.attributes() {
            let attribute = entries.read_attribute(spec)?;
            attributes.set(spec.name(), attribute.value());
        }
        Ok(attributes)
    }

    pub(super) fn set(&mut self, name: gimli::DwAt, value: AttributeValue<Slice<'_>>) {
        match name {
            gimli::DW_AT_sibling => {
                self.sibling = match value {
                    AttributeValue::UnitRef(offset) => Some(offset.0),
                    _ => None,
                }
            }
            gimli::DW_AT_name => self.name = StringRef::of(&value),
            gimli::DW_AT_linkage_name | gimli::DW_AT_MIPS_linkage_name => {
                self.linkage_name = StringRef::of(&value)
            }
            gimli::DW_AT_comp_dir => self.comp_dir = StringRef::of(&value),
            gimli::DW_AT_abstract_origin | gimli::DW_AT_specification => {
                self.origin = match value {
                    AttributeValue::UnitRef(offset) => Some(Reference::Unit(offset.0)),
                    AttributeValue::DebugInfoRef(offset) => Some(Reference::Info(offset.0 as u64)),
                    _ => self.origin,
                }
            }
            gimli::DW_AT_low_pc => self.low = address(&value),
            gimli::DW_AT_high_pc => {
                let high = address(&value).map(HighPc::Address);
                self.high = high.or_else(|| value.udata_value().map(HighPc::Size));
            }
            gimli::DW_AT_ranges => {
                self.ranges = match value {
                    AttributeValue::RangeListsRef(offset) => Some(RangeListRef::Offset(offset.0 as u64)),
                    AttributeValue::DebugRngListsIndex(index) => Some(RangeListRef::Index(index.0 as u64)),
                    _ => None,
                }
            }
            gimli::DW_AT_call_file => {
                self.call_file = match value {
                    AttributeValue::FileIndex(index) => Some(index),
                    other => other.udata_value(),
                }
            }
            gimli::DW_AT_call_line => self.call_line = value.udata_value(),
            gimli::DW_AT_call_column => self.call_column = value.udata_value(),
            gimli::DW_AT_language => {
                self.language = match value {
                    AttributeValue::Language(language) => Some(language.0.into()),
                    _ => None,
                }
            }
            gimli::DW_AT_stmt_list => self.lines = offset(&value),
            gimli::DW_AT_str_offsets_base => self.strings_base = offset(&value),
            gimli::DW_AT_addr_base | gimli::DW_AT_GNU_addr_base => self.address_base = offset(&value),
            gimli::DW_AT_loclists_base => self.locations_base = offset(&value),
            gimli::DW_AT_rnglists_base | gimli::DW_AT_GNU_ranges_base => self.ranges_base = offset(&value),
            _ => {}
        }
    }
}

fn address(value: &AttributeValue<Slice<'_>>) -> Option<Address> {
    match value {
        AttributeValue::Addr(address) => Some(Address::Value(*address)),
        AttributeValue::DebugAddrIndex(index) => Some(Address::Index(index.0 as u64)),
        _ => None,
    }
}

fn offset(value: &AttributeValue<Slice<'_>>) -> Option<u64> {
    match value {
        AttributeValue::DebugLineRef(offset) => Some(offset.0 as u64),
        AttributeValue::DebugStrOffsetsBase(base) => Some(base.0 as u64),
        AttributeValue::DebugAddrBase(base) => Some(base.0 as u64),
        AttributeValue::DebugRngListsBase(base) => Some(base.0 as u64),
        AttributeValue::SecOffset(offset) => Some(*offset as u64),
        _ => None,
    }
}
