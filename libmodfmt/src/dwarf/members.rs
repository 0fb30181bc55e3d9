// SPDX-License-Identifier: MIT OR Apache-2.0
//! Members of structures and unions.

use super::info::{DebugInfo, Die, Entry, number};
use crate::elf::ByteOrder;

/// A member.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// `None` for an anonymous structure or union.
    pub(super) name: Option<String>,
    pub(super) ty: Die,
    /// From the start of the structure, in bits.
    pub(super) bit_offset: u64,
    /// Size in bits, of a bit-field.
    pub(super) bits: Option<u64>,
}

impl<'a> DebugInfo<'a> {
    /// The members of a structure or union; `None` if one of them cannot be understood, or if only
    /// a declaration is known.
    pub(super) fn members(&self, die: Die) -> Option<Vec<Member>> {
        if self.entry(die)?.attr_value(gimli::DW_AT_declaration).is_some() {
            return None;
        }
        let children = self.children(die)?;
        let members = children.iter().filter(|child| child.tag() == gimli::DW_TAG_member);
        members.map(|member| self.member(die.unit, member)).collect()
    }

    pub(super) fn member(&self, unit: usize, entry: &Entry<'a>) -> Option<Member> {
        let ty = self.type_of(unit, entry)?;
        let start = match entry.attr_value(gimli::DW_AT_data_member_location) {
            Some(value) => value.udata_value()?.checked_mul(8)?,
            None => 0,
        };
        let bits = number(entry, gimli::DW_AT_bit_size);
        let bit_offset = match bits {
            None => start,
            Some(bits) => self.bit_offset(entry, ty, start, bits)?,
        };
        Some(Member { name: self.name(unit, entry), ty, bit_offset, bits })
    }

    /// Where a bit-field starts, as the processor counts bits. DWARF 5 has that number, DWARF 4
    /// counts from the most significant bit of a storage unit.
    fn bit_offset(&self, entry: &Entry<'a>, ty: Die, start: u64, bits: u64) -> Option<u64> {
        if let Some(offset) = number(entry, gimli::DW_AT_data_bit_offset) {
            return Some(offset);
        }
        // clang's are negative in packed structures, where a field crosses the end of its storage unit.
        let from_top = match entry.attr_value(gimli::DW_AT_bit_offset) {
            Some(value) => value.sdata_value().or_else(|| Some(value.udata_value()?.cast_signed()))?,
            None => return Some(start),
        };
        match self.sections.order {
            ByteOrder::Big => start.checked_add_signed(from_top),
            ByteOrder::Little => {
                let storage = number(entry, gimli::DW_AT_byte_size).or_else(|| self.size_of(ty))?;
                let end = start.checked_add(storage.checked_mul(8)?)?;
                end.checked_sub(bits)?.checked_add_signed(from_top.checked_neg()?)
            }
        }
    }
}
