// SPDX-License-Identifier: MIT OR Apache-2.0
//! From an offset in an object to the field there.

use std::fmt::Write;

use crate::types::{Type, TypeId, Types, size_of};

/// How deeply types may nest; what is deeper is said as a distance.
const MAX_DEPTH: u32 = 64;
/// Most members of one structure that are looked at.
const MAX_MEMBERS: usize = 1 << 12;

/// The field at an offset.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PathAt {
    /// As C writes it behind the name of the variable: `.room[3]`. Empty for the object itself.
    pub path: String,
    /// Bytes from the start of that field.
    pub rest: u64,
}

/// The innermost structure field or array element that has the byte at `offset`. A place that is the start of
/// the object is the object. Of a union, the first member that has the byte is named.
#[must_use]
pub fn path_at(types: &dyn Types, id: TypeId, offset: u64) -> PathAt {
    let mut at = PathAt { path: String::new(), rest: offset };
    let mut id = id;
    for _ in 0..MAX_DEPTH {
        // The start of a structure is the structure.
        if at.rest == 0 {
            break;
        }
        let ty = types.get(id);
        match &*ty {
            Type::Record { members, .. } => {
                let has = |start: u64, size: u64| at.rest >= start && at.rest - start < size;
                let found =
                    members.iter().take(MAX_MEMBERS).filter(|member| member.bits == 0).find_map(|member| {
                        let start = member.bit_offset / 8;
                        let size = size_of(types, member.type_id).filter(|size| has(start, *size));
                        size.map(|_| (start, member))
                    });
                let Some((start, member)) = found else { break };
                if !member.name.is_empty() {
                    // Writing to a String does not fail.
                    let _ = write!(at.path, ".{}", member.name);
                }
                at.rest = at.rest.saturating_sub(start);
                id = member.type_id;
            }
            Type::Array { element, counts } => {
                let mut stride = size_of(types, *element).unwrap_or(0);
                let mut strides = Vec::new();
                for count in counts.iter().rev() {
                    strides.push(stride);
                    stride = stride.saturating_mul(count.unwrap_or(0));
                }
                if strides.contains(&0) {
                    break;
                }
                for stride in strides.iter().rev() {
                    let index = at.rest.checked_div(*stride).unwrap_or(0);
                    let _ = write!(at.path, "[{index}]");
                    at.rest = at.rest.saturating_sub(index.saturating_mul(*stride));
                }
                id = *element;
            }
            _ => break,
        }
    }
    at
}
