// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where structures have the nodes by which they are in lists and trees.

use crate::types::{Type, TypeId, Types};

/// How deeply structures are searched.
const MAX_DEPTH: u32 = 16;
/// Most members that are looked at.
const MAX_LOOKS: u32 = 1 << 14;

/// A member by which a structure is in a list or tree.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkMember {
    /// The way to it: `link`, `by_name.node`.
    pub path: String,
    /// Bytes from the start of the structure.
    pub offset: u64,
}

/// The members of type `struct TAG` in a structure, such as `list_head`; not those in its arrays.
#[must_use]
pub fn link_members(types: &dyn Types, id: TypeId, tag: &str) -> Vec<LinkMember> {
    let mut search = Search { types, tag, looks: MAX_LOOKS, path: Vec::new(), found: Vec::new() };
    search.record(id, 0, MAX_DEPTH);
    search.found
}

struct Search<'t> {
    types: &'t dyn Types,
    tag: &'t str,
    looks: u32,
    path: Vec<String>,
    found: Vec<LinkMember>,
}

impl Search<'_> {
    fn record(&mut self, id: TypeId, base: u64, depth: u32) {
        let ty = self.types.get(id);
        let (Type::Record { members, .. }, Some(depth)) = (&*ty, depth.checked_sub(1)) else { return };
        for member in members.iter().filter(|member| member.bits == 0) {
            let Some(left) = self.looks.checked_sub(1) else { return };
            self.looks = left;
            let Some(offset) = base.checked_add(member.bit_offset / 8) else { continue };
            let is_named = !member.name.is_empty();
            if is_named {
                self.path.push(member.name.clone());
            }
            if self.types.get(member.type_id).tag().is_some_and(|(_, tag)| tag == self.tag) {
                self.found.push(LinkMember { path: self.path.join("."), offset });
            } else {
                self.record(member.type_id, offset, depth);
            }
            if is_named {
                self.path.pop();
            }
        }
    }
}
