// SPDX-License-Identifier: MIT OR Apache-2.0
//! From an offset in a variable to the path of the field there.

use std::fmt::Write;

use super::lookup::MAX_DEPTH;
use super::{Btf, BtfError, Kind, Member, TypeId};

/// The innermost field at an offset.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BtfFieldPath {
    /// What follows the variable's name, without a leading dot: `stats.hits[1]`.
    /// Empty if the variable itself is meant.
    pub path: String,
    /// Type of the field.
    pub type_id: TypeId,
    /// Bytes from the start of the field to the offset: within a number, or in padding.
    pub rest: u64,
}

impl Btf<'_> {
    /// The field at `offset` bytes in a value of type `id`; `None` past its end.
    ///
    /// In a union it is the first member that reaches there. In padding it is the structure that
    /// has the padding, and so it is in a byte that several bit-fields share.
    ///
    /// # Errors
    ///
    /// [`BtfError`] if a type on the way is damaged or has no size.
    pub fn path_at(&self, id: TypeId, offset: u64) -> Result<Option<BtfFieldPath>, BtfError> {
        if offset >= self.size_of(id)? {
            return Ok(None);
        }
        let mut place = BtfFieldPath { path: String::new(), type_id: id, rest: offset };
        for _ in 0..MAX_DEPTH {
            let ty = self.resolve(place.type_id)?;
            match ty.kind {
                Kind::Array => {
                    let (element, count) = self.array(&ty)?;
                    let size = self.size_of(element)?;
                    let Some(index) = place.rest.checked_div(size).filter(|&i| i < count.into()) else {
                        return Ok(Some(place));
                    };
                    // Writing to a String does not fail.
                    let _ = write!(place.path, "[{index}]");
                    place.type_id = element;
                    place.rest = place.rest.checked_rem(size).unwrap_or_default();
                }
                kind if kind.has_members() => {
                    let Some((member, distance)) = self.member_at(ty.id, place.rest)? else {
                        return Ok(Some(place));
                    };
                    if !member.name.is_empty() {
                        if !place.path.is_empty() {
                            place.path.push('.');
                        }
                        place.path.push_str(member.name);
                    }
                    place.type_id = member.type_id;
                    place.rest = distance;
                }
                _ => return Ok(Some(place)),
            }
        }
        Err(BtfError::Depth { id })
    }

    /// The member that the byte at `offset` belongs to, and how far into it that byte is.
    fn member_at(&self, id: TypeId, offset: u64) -> Result<Option<(Member<'_>, u64)>, BtfError> {
        let mut bit_field = None;
        for member in self.members(id)? {
            let member = member?;
            let start = member.bit_offset / 8;
            let end = if member.bits == 0 {
                start.saturating_add(self.size_of(member.type_id)?)
            } else {
                member.bit_offset.saturating_add(member.bits.into()).div_ceil(8)
            };
            if !(start..end).contains(&offset) {
                continue;
            }
            let found = (member, offset.saturating_sub(start));
            match (member.bits, bit_field) {
                (0, earlier) => return Ok(earlier.or(Some(found))),
                (_, None) => bit_field = Some(found),
                (_, Some(_)) => return Ok(None),
            }
        }
        Ok(bit_field)
    }
}
