// SPDX-License-Identifier: MIT OR Apache-2.0
//! From an offset in a variable to the path of the field there, as `dwarf` and `btf` find it.

use std::fmt::Write;

use super::{Member, Type, TypeId, Types, size_of};

/// How deeply types may nest. A circle in damaged data is deeper.
const MAX_DEPTH: u32 = 64;

/// The innermost field at an offset.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldPath {
    /// The field, with the variable's name in front: `stats.hits[1]`.
    pub path: String,
    /// Bytes from the start of the field to the offset: within a number, or in padding.
    pub rest: u64,
}

/// The innermost field at `offset` bytes in a variable of a type, with the variable's name in front:
/// `dev.queue.next`, `stats.hits[1]`, just `dev` for the variable itself or its padding.
///
/// In a union it is the first member that reaches there. In a byte that several bit-fields share it is the
/// structure. `None` past the end of the type, or where that is not known.
#[must_use]
pub fn field_at(types: &dyn Types, variable: &str, mut id: TypeId, offset: u64) -> Option<FieldPath> {
    if offset >= size_of(types, id)? {
        return None;
    }
    let (mut path, mut rest) = (variable.to_owned(), offset);
    for _ in 0..MAX_DEPTH {
        match &*types.get(id) {
            Type::Array { element, counts } => {
                id = *element;
                rest = index(size_of(types, id)?, counts, rest, &mut path)?;
            }
            Type::Record { members, .. } => {
                let Some((member, distance)) = member_at(types, members, rest)? else {
                    return Some(FieldPath { path, rest });
                };
                if !member.name.is_empty() {
                    path.push('.');
                    path.push_str(&member.name);
                }
                (id, rest) = (member.type_id, distance);
            }
            _ => return Some(FieldPath { path, rest }),
        }
    }
    None
}

/// Appends the indexes of the element at `offset`, and returns the offset in that element.
fn index(element: u64, counts: &[Option<u64>], offset: u64, path: &mut String) -> Option<u64> {
    let mut size = counts.iter().try_fold(element, |size, count| size.checked_mul((*count)?))?;
    let mut rest = offset;
    for count in counts {
        size = size.checked_div((*count)?)?;
        // Writing to a String does not fail.
        let _ = write!(path, "[{}]", rest.checked_div(size)?);
        rest = rest.checked_rem(size)?;
    }
    Some(rest)
}

/// The member that the byte at `offset` belongs to, and how far into it that byte is: one or none, or `None`
/// where that is not known. Which variant of a Rust enum is in use depends on its value, so those do not
/// count.
fn member_at<'m>(types: &dyn Types, members: &'m [Member], offset: u64) -> Option<Option<(&'m Member, u64)>> {
    let mut bit_field = None;
    for member in members.iter().filter(|member| member.selected_by.is_empty()) {
        let start = member.bit_offset / 8;
        let end = match member.bits {
            0 => start.checked_add(size_of(types, member.type_id)?)?,
            bits => member.bit_offset.checked_add(bits)?.div_ceil(8),
        };
        if !(start..end).contains(&offset) {
            continue;
        }
        let distance = offset.saturating_sub(start);
        match (member.bits, &bit_field) {
            (0, None) => return Some(Some((member, distance))),
            (0, Some(_)) => break,
            (_, None) => bit_field = Some((member, distance)),
            (_, Some(_)) => return Some(None),
        }
    }
    Some(bit_field)
}
