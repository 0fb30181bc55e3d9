// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether two versions describe the same memory in the same way, to any depth.

use std::collections::HashSet;

use super::types::{Id, Type, Types};

/// Whether both types have the same fields at the same places, and lead to such types. What is only declared
/// agrees with anything, and so does void.
pub fn agree(old: (&Types, Id), new: (&Types, Id)) -> bool {
    Pairs { old: old.0, new: new.0, seen: HashSet::new() }.agree(old.1, new.1)
}

struct Pairs<'a> {
    old: &'a Types,
    new: &'a Types,
    /// Pairs that agree, or whose comparison has begun.
    seen: HashSet<(Id, Id)>,
}

impl Pairs<'_> {
    fn agree(&mut self, old: Id, new: Id) -> bool {
        if !self.seen.insert((old, new)) {
            return true;
        }
        match (self.old.get(old), self.new.get(new)) {
            (Type::Nothing, _) | (_, Type::Nothing) => true,
            (Type::Compound { size: None, .. }, Type::Compound { .. })
            | (Type::Compound { .. }, Type::Compound { size: None, .. }) => true,
            (Type::Pointer(from), Type::Pointer(to)) => self.agree(*from, *to),
            (Type::Array(from, before), Type::Array(to, after)) => before == after && self.agree(*from, *to),
            (Type::Enumeration { values: before, .. }, Type::Enumeration { values: after, .. }) => {
                // New enumerators change nothing of what is there.
                before.iter().all(|(name, value)| after.get(name).is_none_or(|after| after == value))
            }
            (
                Type::Compound { size: before, union: was_union, members: from, .. },
                Type::Compound { size: after, union, members: to, .. },
            ) => {
                before == after
                    && was_union == union
                    && from.len() == to.len()
                    && from.iter().zip(to).all(|(from, to)| {
                        (&from.name, from.offset, from.bits) == (&to.name, to.offset, to.bits)
                            && self.agree(from.kind, to.kind)
                    })
            }
            (old, new) => old == new,
        }
    }
}
