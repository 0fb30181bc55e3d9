// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether two types look like one that changed: the tag may be another, and some fields may be. This is for
//! suspicion only. Whether data can be used is decided by `change.rs`.
//!
//! `struct owl *` and `struct vwifi *` are alike if more than half of the fields of each have the same name
//! in the other. `int` and `long` are not.

use std::collections::HashSet;

use crate::types::{Member, Type, TypeId, Types};

/// How deeply pointers, arrays and anonymous structures are followed.
const MAX_DEPTH: u32 = 16;

/// Compares types, with a limit on the work for one file.
pub(super) struct Alike {
    /// Names that may still be looked at.
    steps: usize,
}

impl Alike {
    pub(super) const fn new() -> Self {
        Self { steps: 1 << 22 }
    }

    /// Once the limit is reached everything is alike: nothing may be lost in silence.
    pub(super) fn types(&mut self, old: (&dyn Types, TypeId), new: (&dyn Types, TypeId)) -> bool {
        let (mut old_id, mut new_id) = (old.1, new.1);
        for _ in 0..MAX_DEPTH {
            let (one, two) = (old.0.get(old_id), new.0.get(new_id));
            match (&*one, &*two) {
                (Type::Pointer { target, .. }, Type::Pointer { target: new_target, .. }) => {
                    (old_id, new_id) = (*target, *new_target);
                }
                (Type::Array { element, .. }, Type::Array { element: new_element, .. }) => {
                    (old_id, new_id) = (*element, *new_element);
                }
                (one, two) => return self.tagged((old.0, one), (new.0, two)),
            }
        }
        false
    }

    fn tagged(
        &mut self,
        (old_types, old): (&dyn Types, &Type),
        (new_types, new): (&dyn Types, &Type),
    ) -> bool {
        let (Some((kind, tag)), Some((new_kind, new_tag))) = (old.tag(), new.tag()) else { return false };
        if kind != new_kind {
            return false;
        }
        if !tag.is_empty() && tag == new_tag {
            return true;
        }
        match (old, new) {
            (Type::Record { members, .. }, Type::Record { members: new_members, .. }) => {
                let (mut one, mut two) = (HashSet::new(), HashSet::new());
                let is_whole = self.names(old_types, members, &mut one, 0)
                    && self.names(new_types, new_members, &mut two, 0);
                !is_whole || is_most(&one, &two)
            }
            (Type::Enumeration { values, .. }, Type::Enumeration { values: new_values, .. }) => {
                let names = |list: &[(String, u64)]| list.iter().map(|(name, _)| name.clone()).collect();
                let Some(steps) = self.steps.checked_sub(values.len().saturating_add(new_values.len()))
                else {
                    return true;
                };
                self.steps = steps;
                is_most(&names(values), &names(new_values))
            }
            _ => false,
        }
    }

    /// The fields' names, those of anonymous structures included; `false` once the limit is reached.
    fn names(
        &mut self,
        types: &dyn Types,
        members: &[Member],
        found: &mut HashSet<String>,
        depth: u32,
    ) -> bool {
        for member in members {
            let Some(steps) = self.steps.checked_sub(1) else { return false };
            self.steps = steps;
            if !member.name.is_empty() {
                found.insert(member.name.clone());
            } else if let (Type::Record { members, .. }, true) =
                (&*types.get(member.type_id), depth < MAX_DEPTH)
                && !self.names(types, members, found, depth.saturating_add(1))
            {
                return false;
            }
        }
        true
    }
}

/// Whether most names of either are in the other.
fn is_most(one: &HashSet<String>, two: &HashSet<String>) -> bool {
    one.intersection(two).count().saturating_mul(2) > one.len().max(two.len())
}
