// SPDX-License-Identifier: MIT OR Apache-2.0
//! From an offset in a variable to the path of the field there.

use std::fmt::Write;

use super::DebugVariable;
use super::info::{DebugInfo, Die, MAX_DEPTH};
use super::members::Member;
use super::types::has_members;

/// The innermost field at an offset.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DwarfFieldPath {
    /// The field, with the variable's name in front: `stats.hits[1]`.
    pub path: String,
    /// Bytes from the start of the field to the offset: within a number, or in padding.
    pub rest: u64,
}

impl DebugInfo<'_> {
    /// The innermost field at `offset` bytes in a variable, as [`DebugInfo::field_at`] finds it.
    #[must_use]
    pub fn field_path(&self, variable: &DebugVariable, offset: u64) -> Option<String> {
        self.field_at(variable, offset).map(|found| found.path)
    }

    /// The innermost field at `offset` bytes in a variable, with its name in front:
    /// `dev.queue.next`, `stats.hits[1]`, just `dev` for the variable itself or its padding.
    ///
    /// In a union it is the first member that reaches there. In a byte that several bit-fields
    /// share it is the structure. `None` past the end of the variable, or where its type is not
    /// understood. `variable` must come from this [`DebugInfo`].
    #[must_use]
    pub fn field_at(&self, variable: &DebugVariable, offset: u64) -> Option<DwarfFieldPath> {
        self.begin();
        let mut die = variable.ty?;
        if offset >= self.size_of(die)? {
            return None;
        }
        let mut path = variable.name.clone();
        let mut rest = offset;
        for _ in 0..MAX_DEPTH {
            let (at, entry) = self.resolve(die)?;
            if entry.tag() == gimli::DW_TAG_array_type {
                die = self.type_of(at.unit, &entry)?;
                rest = self.index(at, self.size_of(die)?, rest, &mut path)?;
            } else if has_members(entry.tag()) {
                let Some((member, distance)) = self.member_at(at, rest)? else {
                    return Some(DwarfFieldPath { path, rest });
                };
                if let Some(name) = &member.name {
                    path.push('.');
                    path.push_str(name);
                }
                (die, rest) = (member.ty, distance);
            } else {
                return Some(DwarfFieldPath { path, rest });
            }
        }
        None
    }

    /// Appends the indexes of the element at `offset`, and returns the offset in that element.
    fn index(&self, array: Die, element: u64, offset: u64, path: &mut String) -> Option<u64> {
        let dimensions = self.dimensions(array)?;
        let mut size = dimensions.iter().try_fold(element, |size, count| size.checked_mul((*count)?))?;
        let mut rest = offset;
        for count in dimensions {
            size = size.checked_div(count?)?;
            // Writing to a String does not fail.
            let _ = write!(path, "[{}]", rest.checked_div(size)?);
            rest = rest.checked_rem(size)?;
        }
        Some(rest)
    }

    /// The member that the byte at `offset` belongs to, and how far into it that byte is: one or
    /// none, or `None` where that is not understood.
    fn member_at(&self, die: Die, offset: u64) -> Option<Option<(Member, u64)>> {
        let mut bit_field = None;
        for member in self.members(die)? {
            let start = member.bit_offset / 8;
            let end = match member.bits {
                Some(bits) => member.bit_offset.checked_add(bits)?.div_ceil(8),
                None => start.checked_add(self.size_of(member.ty)?)?,
            };
            if !(start..end).contains(&offset) {
                continue;
            }
            let distance = offset.saturating_sub(start);
            match (member.bits, &bit_field) {
                (None, None) => return Some(Some((member, distance))),
                (None, Some(_)) => break,
                (Some(_), None) => bit_field = Some((member, distance)),
                (Some(_), Some(_)) => return Some(None),
            }
        }
        Some(bit_field)
    }
}
