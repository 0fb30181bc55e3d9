// SPDX-License-Identifier: MIT OR Apache-2.0
//! Types without typedefs and qualifiers, and their sizes.

use super::info::{DebugInfo, Die, Entry, MAX_DEPTH, Value, number};

impl<'a> DebugInfo<'a> {
    /// The type of a variable, member, pointer, ...; `None` for `void` too.
    pub(super) fn type_of(&self, unit: usize, entry: &Entry<'a>) -> Option<Die> {
        self.linked(unit, entry, gimli::DW_AT_type)
    }

    /// The type, with typedefs and qualifiers stripped. `None` if it is `void` or cannot be read.
    pub(super) fn resolve(&self, die: Die) -> Option<(Die, Entry<'a>)> {
        let mut die = die;
        for _ in 0..MAX_DEPTH {
            let entry = self.entry(die)?;
            if !is_alias(entry.tag()) {
                return Some((die, entry));
            }
            die = self.type_of(die.unit, &entry)?;
        }
        None
    }

    /// Size of a type in bytes.
    pub(super) fn size_of(&self, die: Die) -> Option<u64> {
        let mut elements: u64 = 1;
        let mut die = die;
        for _ in 0..MAX_DEPTH {
            let (at, entry) = self.resolve(die)?;
            let one = match entry.tag() {
                gimli::DW_TAG_array_type => {
                    for count in self.dimensions(at)? {
                        elements = elements.checked_mul(count.unwrap_or(0))?;
                    }
                    die = self.type_of(at.unit, &entry)?;
                    continue;
                }
                gimli::DW_TAG_pointer_type => number(&entry, gimli::DW_AT_byte_size)
                    .or_else(|| Some(self.units.get(at.unit)?.encoding().address_size.into())),
                _ => number(&entry, gimli::DW_AT_byte_size),
            };
            return elements.checked_mul(one?);
        }
        None
    }

    /// The alignment that the source demands for a type, in bytes; of its typedefs too.
    pub(super) fn alignment_of(&self, die: Die) -> Option<u64> {
        let mut die = die;
        for _ in 0..MAX_DEPTH {
            let entry = self.entry(die)?;
            if let Some(alignment) = number(&entry, gimli::DW_AT_alignment) {
                return Some(alignment);
            }
            if !is_alias(entry.tag()) && entry.tag() != gimli::DW_TAG_array_type {
                return None;
            }
            die = self.type_of(die.unit, &entry)?;
        }
        None
    }

    /// The number of elements in each dimension of an array; `None` for one left open (`[]`). `None` in all
    /// if it is not known.
    pub(super) fn dimensions(&self, array: Die) -> Option<Vec<Option<u64>>> {
        let children = self.children(array)?;
        let ranges = children.iter().filter(|child| child.tag() == gimli::DW_TAG_subrange_type);
        let counts = ranges
            .map(|range| {
                number(range, gimli::DW_AT_count).or_else(|| {
                    let last = range.attr_value(gimli::DW_AT_upper_bound)?;
                    if is_minus_one(&last) { Some(0) } else { last.udata_value()?.checked_add(1) }
                })
            })
            .collect();
        Some(counts)
    }
}

/// How gcc writes the upper bound of an array without elements. In one or two bytes it is the bound of an
/// array of 256 or 65536 elements; as many as four bytes of ones say would not fit into memory.
fn is_minus_one(value: &Value<'_>) -> bool {
    match value {
        gimli::AttributeValue::Sdata(value) => *value == -1,
        gimli::AttributeValue::Data4(value) => *value == u32::MAX,
        gimli::AttributeValue::Data8(value) | gimli::AttributeValue::Udata(value) => *value == u64::MAX,
        _ => false,
    }
}

/// Another name for a type, or the type with a qualifier.
pub(super) fn is_alias(tag: gimli::DwTag) -> bool {
    matches!(
        tag,
        gimli::DW_TAG_typedef
            | gimli::DW_TAG_const_type
            | gimli::DW_TAG_volatile_type
            | gimli::DW_TAG_restrict_type
            | gimli::DW_TAG_atomic_type
    )
}

/// A structure or union.
pub(super) fn has_members(tag: gimli::DwTag) -> bool {
    matches!(tag, gimli::DW_TAG_structure_type | gimli::DW_TAG_union_type | gimli::DW_TAG_class_type)
}
