// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether objects in other memory, which an old version of the module made, can be read as the new version
//! describes them.
//!
//! Unlike [`crate::types::compare`] this goes on where nothing about the bytes changed (a field renamed by a
//! hint, an enumerator or a member of a union more), and does not follow functions: no kept data is found
//! through them.

use std::collections::HashSet;

use super::shape::{self, Matching};
use super::values::is_same_number;
use crate::hints::Renames;
use crate::types::{Step, TagKind, Type, TypeDifference, TypeId, Types, whole_layout_hash};

/// Most pairs of types in one comparison.
const MAX_PAIRS: usize = 1 << 18;

/// A pair that was met, and how.
struct Pair {
    old: TypeId,
    new: TypeId,
    from: Option<usize>,
    step: Step,
}

/// Compares what pointers to these two types lead to.
#[derive(Debug)]
pub(super) struct Behind<'t> {
    pub(super) old: &'t dyn Types,
    pub(super) new: &'t dyn Types,
    pub(super) renames: &'t Renames,
    pub(super) variable: &'t str,
    /// Pairs that were found alike before.
    pub(super) proven: HashSet<(TypeId, TypeId)>,
}

impl Behind<'_> {
    /// The first difference, as a text with its path; `None` if there is none.
    pub(super) fn difference(&mut self, old: TypeId, new: TypeId) -> Option<String> {
        let mut seen = HashSet::from([(old, new)]);
        let mut pairs = vec![Pair { old, new, from: None, step: Step::Target }];
        let mut next = 0;
        while let Some(pair) = pairs.get(next) {
            let found = self.parts(pair.old, pair.new);
            let parts = match found {
                Ok(parts) => parts,
                Err(what) => {
                    let name = self.name(&pairs, next);
                    return Some(format!("{name}: {what}"));
                }
            };
            for (old, new, step) in parts {
                if pairs.len() >= MAX_PAIRS {
                    return Some("it leads to too many types to be compared".to_owned());
                }
                if !self.proven.contains(&(old, new)) && seen.insert((old, new)) {
                    pairs.push(Pair { old, new, from: Some(next), step });
                }
            }
            next = next.saturating_add(1);
        }
        self.proven.extend(seen);
        None
    }

    /// The way to a pair, from the last tagged type on it.
    fn name(&self, pairs: &[Pair], last: usize) -> String {
        let (mut steps, mut at) = (Vec::new(), last);
        while let Some(pair) = pairs.get(at) {
            let tagged = self.old.get(pair.old).tag().is_some_and(|(_, tag)| !tag.is_empty());
            if tagged || pair.from.is_none() {
                break;
            }
            steps.push(pair.step.clone());
            at = pair.from.unwrap_or(0);
        }
        steps.reverse();
        let root = pairs.get(at).map(|pair| self.old.get(pair.old));
        let root = root.as_deref().and_then(Type::tag).filter(|(_, tag)| !tag.is_empty());
        let root = root.map_or_else(|| "*".to_owned(), |(kind, tag)| format!("{} {tag}", kind.keyword()));
        TypeDifference::path_of(&steps, &root)
    }

    /// What two types refer to, or how they differ themselves.
    fn parts(&self, old_id: TypeId, new_id: TypeId) -> Result<Vec<(TypeId, TypeId, Step)>, String> {
        let (old, new) = (self.old.get(old_id), self.new.get(new_id));
        let none = Ok(Vec::new());
        let other = || Err("another kind of type".to_owned());
        match (&*old, &*new) {
            (Type::Unknown, _) | (_, Type::Unknown) | (Type::Void, Type::Void) => none,
            (Type::Function { .. }, Type::Function { .. }) => none,
            (Type::Number { .. }, Type::Number { .. }) if is_same_number(&old, &new) => none,
            (Type::Number { .. }, Type::Number { .. }) => Err("another kind of number".to_owned()),
            (Type::Pointer { size, target }, Type::Pointer { size: new_size, target: new_target })
                if size == new_size =>
            {
                Ok(vec![(*target, *new_target, Step::Target)])
            }
            (Type::Array { element, counts }, Type::Array { element: new_element, counts: new_counts }) => {
                let same = counts.len() == new_counts.len()
                    && counts.iter().zip(new_counts).all(|(old, new)| old.unwrap_or(0) == new.unwrap_or(0));
                match same {
                    true => Ok(vec![(*element, *new_element, Step::Element)]),
                    false => Err("its dimensions changed".to_owned()),
                }
            }
            (
                Type::Enumeration { size, values, .. },
                Type::Enumeration { size: new_size, values: new_values, .. },
            ) => {
                let tag = type_name(&old);
                if size != new_size {
                    return Err("its size changed".to_owned());
                }
                let renamed =
                    |name: &str| self.renames.field(&tag, self.variable, name).unwrap_or(name).to_owned();
                let new: HashSet<(&str, u64)> = new_values.iter().map(|(n, v)| (&**n, *v)).collect();
                let lost = values.iter().find(|(name, value)| {
                    !new.contains(&(&**name, *value)) && !new.contains(&(&*renamed(name), *value))
                });
                lost.map_or(none, |(name, _)| Err(format!("enumerator {name} changed or is gone")))
            }
            (Type::Record { .. }, Type::Record { .. }) => self.records(&old, &new),
            (Type::Declared { .. }, _)
            | (_, Type::Declared { .. })
            | (Type::Kernel { .. }, _)
            | (_, Type::Kernel { .. }) => {
                let (Some((kind, _)), Some((new_kind, _))) = (old.tag(), new.tag()) else {
                    return other();
                };
                if kind != new_kind {
                    return other();
                }
                if is_other_tag(&old, &new, self.renames) {
                    return Err(other_tag(&old, &new));
                }
                let hash = |ty: &Type, types: &dyn Types, id| match ty {
                    Type::Kernel { hash, .. } => Some(*hash),
                    // The kernel's hash is over its own definitions, and it may have more of them.
                    Type::Record { .. } | Type::Enumeration { .. } => whole_layout_hash(types, id),
                    _ => None,
                };
                match (hash(&old, self.old, old_id), hash(&new, self.new, new_id)) {
                    (Some(old), Some(new)) if old != new => Err("its layout changed".to_owned()),
                    _ => none,
                }
            }
            _ => other(),
        }
    }

    fn records(&self, old: &Type, new: &Type) -> Result<Vec<(TypeId, TypeId, Step)>, String> {
        let (
            Type::Record { kind, size, members, .. },
            Type::Record { kind: new_kind, size: new_size, members: new_members, .. },
        ) = (old, new)
        else {
            return Err("another kind of type".to_owned());
        };
        if kind != new_kind {
            return Err("another kind of type".to_owned());
        }
        if is_other_tag(old, new, self.renames) {
            return Err(other_tag(old, new));
        }
        let identical = members.len() == new_members.len()
            && size == new_size
            && members.iter().zip(new_members).all(|(old, new)| {
                (&old.name, old.bit_offset, old.bits, &old.selected_by)
                    == (&new.name, new.bit_offset, new.bits, &new.selected_by)
            });
        if identical {
            let pairs = members.iter().zip(new_members);
            return Ok(pairs.map(|(o, n)| (o.type_id, n.type_id, Step::Member(o.name.clone()))).collect());
        }
        let old_fields = shape::fields(self.old, members, *size)?;
        let new_fields = shape::fields(self.new, new_members, *new_size)?;
        let tag = type_name(old);
        let renamed = |name: &str| self.renames.field(&tag, self.variable, name);
        let matching = Matching::of(&old_fields, &new_fields, &renamed);
        if let Some(field) = matching.removed.first() {
            return Err(format!("member {} is gone", field.label()));
        }
        if let Some(field) = matching.added.first().filter(|_| *kind == TagKind::Struct) {
            return Err(format!("member {} is new", field.label()));
        }
        if size != new_size {
            return Err(format!("its size changed from {size} to {new_size}"));
        }
        let mut parts = Vec::new();
        for (old, new) in matching.pairs {
            if (old.bit_offset, old.bits) != (new.bit_offset, new.bits) {
                return Err(format!("member {} moved", old.label()));
            }
            parts.push((old.type_id, new.type_id, Step::Member(old.name.clone())));
        }
        Ok(parts)
    }
}

/// `struct TAG`; without a tag just the keyword.
pub(super) fn type_name(ty: &Type) -> String {
    ty.tag().map_or_else(String::new, |(kind, tag)| format!("{} {tag}", kind.keyword()).trim_end().to_owned())
}

/// Whether both have a tag, not the same, and no hint says that it was renamed. Fields of the same names do
/// not say so: a structure of one number looks like any other.
pub(super) fn is_other_tag(old: &Type, new: &Type, renames: &Renames) -> bool {
    let (Some((_, tag)), Some((_, new_tag))) = (old.tag(), new.tag()) else { return false };
    let differs = !tag.is_empty() && !new_tag.is_empty() && tag != new_tag;
    differs && renames.tag(&type_name(old)) != Some(&*type_name(new))
}

/// What is wrong with another tag, and the hint that it takes.
fn other_tag(old: &Type, new: &Type) -> String {
    let (old, new) = (type_name(old), type_name(new));
    format!("is {new} now; if it was renamed: PERSISTENT_RENAMED(\"{old}\", \"{new}\") in the source")
}

/// Whether a pointer to `new` plainly is a pointer to something else than one to `old`; if not, the types
/// may still have other members.
pub(super) fn is_other_target(
    types: (&dyn Types, TypeId),
    new_types: (&dyn Types, TypeId),
    renames: &Renames,
) -> bool {
    let (mut old_id, mut new_id) = (types.1, new_types.1);
    for _ in 0..shape::MAX_DEPTH {
        let (old, new) = (types.0.get(old_id), new_types.0.get(new_id));
        match (&*old, &*new) {
            (Type::Unknown, _) | (_, Type::Unknown) | (Type::Void, Type::Void) => return false,
            (Type::Pointer { target, .. }, Type::Pointer { target: new_target, .. }) => {
                (old_id, new_id) = (*target, *new_target);
            }
            (Type::Array { element, .. }, Type::Array { element: new_element, .. }) => {
                (old_id, new_id) = (*element, *new_element);
            }
            (Type::Number { .. }, Type::Number { .. }) => return !is_same_number(&old, &new),
            (Type::Function { .. }, Type::Function { .. }) => return false,
            _ => {
                return match (old.tag(), new.tag()) {
                    (Some((kind, _)), Some((new_kind, _))) => {
                        kind != new_kind || is_other_tag(&old, &new, renames)
                    }
                    _ => true,
                };
            }
        }
    }
    false
}
