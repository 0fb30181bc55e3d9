// SPDX-License-Identifier: MIT OR Apache-2.0
//! The values of a variable, before and after.

use std::collections::{HashMap, HashSet};

use super::agree::agree;
use super::initial::Content;
use super::types::{Id, Leaf, Type, Types};

/// A variable that is elsewhere than before.
#[derive(Clone, Copy, Debug)]
pub struct Moved {
    /// Its old address.
    pub from: u64,
    /// Its old size in bytes.
    pub size: u64,
    /// Its new address.
    pub to: u64,
}

/// What both versions know about a variable.
pub struct Comparison<'a> {
    /// The types of the version that had it last.
    pub before: &'a Types,
    /// The types of the version that has it now.
    pub after: &'a Types,
    /// What the new file has for it.
    pub file: Option<&'a Content>,
    /// The variables that are elsewhere now.
    pub moved: &'a [Moved],
}

impl Comparison<'_> {
    /// What reads otherwise than it should: field and reason. Each variable is given by type and content.
    pub fn variable(&self, (old_kind, old): (Id, &[u8]), (new_kind, now): (Id, &[u8])) -> Vec<String> {
        let before: HashMap<String, Leaf> =
            self.before.leaves(old_kind).into_iter().map(|leaf| (leaf.path.clone(), leaf)).collect();
        let after = self.after.leaves(new_kind);
        let mut misread = Vec::new();
        for leaf in &after {
            let problem = match before.get(&leaf.path) {
                Some(old_leaf) => self.leaf((old_leaf, old), (leaf, now)),
                None if self.file.is_some_and(|file| !file.agrees(leaf, now)) => {
                    Some("is new, but has not the file's value")
                }
                None => None,
            };
            misread.extend(problem.map(|problem| format!("{}: {problem}", leaf.path)));
        }
        let paths: HashSet<&str> = after.iter().map(|leaf| leaf.path.as_str()).collect();
        for (path, leaf) in &before {
            let has_value = leaf.of(old).iter().any(|byte| *byte != 0);
            if !paths.contains(path.as_str()) && has_value {
                misread.push(format!("{path}: its value is gone"));
            }
        }
        misread
    }

    /// What is wrong with a part that both versions have at this path.
    fn leaf(&self, (old_leaf, old): (&Leaf, &[u8]), (new_leaf, now): (&Leaf, &[u8])) -> Option<&'static str> {
        let (old, new) = (old_leaf.of(old), new_leaf.of(now));
        match (self.before.get(old_leaf.kind), self.after.get(new_leaf.kind)) {
            (Type::Pointer(from), Type::Pointer(to)) => {
                let (old, new) = (unsigned(&old), unsigned(&new));
                if old != new && !self.is_moved(old, new) {
                    return Some("the pointer differs");
                }
                let is_known = agree((self.before, *from), (self.after, *to))
                    // What moved was converted, and is compared by itself: only its kind is asked for here.
                    || (old != new && self.have_one_name(*from, *to));
                (old != 0 && !is_known).then_some("leads to what is described otherwise")
            }
            (Type::Enumeration { values: names, .. }, Type::Enumeration { values, .. }) => {
                let old = signed(&old);
                let name = names.iter().find(|(_, value)| i128::from(**value) == old).map(|(name, _)| name);
                let value = name.and_then(|name| values.get(name)).map_or(old, |value| i128::from(*value));
                (value != signed(&new)).then_some("another enumerator")
            }
            (was, is) => match (was.is_signed(), is.is_signed()) {
                (Some(was_signed), Some(is_signed)) => {
                    let number = |bytes: &[u8], is_signed| {
                        if is_signed { signed(bytes) } else { unsigned(bytes).cast_signed() }
                    };
                    // A bit field's number is not extended.
                    let is_same = if old_leaf.is_bits || new_leaf.is_bits {
                        unsigned(&old) == unsigned(&new)
                    } else {
                        number(&old, was_signed) == number(&new, is_signed)
                    };
                    (!is_same).then_some("another number")
                }
                _ if std::mem::discriminant(was) == std::mem::discriminant(is) => {
                    let is_same = agree((self.before, old_leaf.kind), (self.after, new_leaf.kind));
                    (old != new || !is_same).then_some("other bytes")
                }
                _ => self
                    .file
                    .is_some_and(|file| !file.agrees(new_leaf, now))
                    .then_some("has the bytes of another kind of value"),
            },
        }
    }

    /// Whether both are a structure, or both a union, of one tag.
    fn have_one_name(&self, from: Id, to: Id) -> bool {
        match (self.before.get(from), self.after.get(to)) {
            (Type::Compound { name: old, union: was, .. }, Type::Compound { name: new, union: is, .. }) => {
                old == new && was == is
            }
            _ => false,
        }
    }

    fn is_moved(&self, old: u128, new: u128) -> bool {
        self.moved.iter().any(|moved| {
            let offset = old.checked_sub(moved.from.into()).filter(|offset| *offset < moved.size.into());
            offset.is_some() && new >= moved.to.into()
        })
    }
}

impl Type {
    /// Whether a number is signed; `None` for what is no number.
    fn is_signed(&self) -> Option<bool> {
        match self {
            Self::Integer { signed, .. } => Some(*signed),
            Self::Enumeration { .. } => Some(false),
            _ => None,
        }
    }
}

/// Bytes from hexadecimal digits.
pub fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().collect();
    digits.chunks(2).filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

fn unsigned(bytes: &[u8]) -> u128 {
    bytes.iter().take(16).rev().fold(0, |value, byte| value << 8 | u128::from(*byte))
}

fn signed(bytes: &[u8]) -> i128 {
    let unused = 128_u32.saturating_sub(u32::try_from(bytes.len()).unwrap_or(16).saturating_mul(8));
    if unused >= 128 { 0 } else { (unsigned(bytes) << unused).cast_signed() >> unused }
}

#[cfg(test)]
mod tests {
    use super::super::types::Member;
    use super::*;

    const INT: Type = Type::Integer { size: 4, signed: true, truth: false };
    const LONG: Type = Type::Integer { size: 8, signed: true, truth: false };
    const POINTER: Type = Type::Pointer(0);

    /// A structure of such fields, one after the other; its index is 1000.
    fn compound(fields: &[(&str, Type)]) -> (Types, Id) {
        let mut types = Types { all: vec![Type::Nothing], ..Types::default() };
        let mut members = Vec::new();
        let mut offset = 0;
        for (name, kind) in fields {
            types.all.push(kind.clone());
            let id = types.all.len() - 1;
            members.push(Member { name: (*name).into(), offset, bits: None, kind: id });
            offset += types.size(id);
        }
        types.all.push(Type::Compound { name: "s".into(), size: Some(offset), union: false, members });
        let id = types.all.len() - 1;
        (types, id)
    }

    fn misread(
        old: &[(&str, Type)],
        old_bytes: &[u8],
        new: &[(&str, Type)],
        new_bytes: &[u8],
    ) -> Vec<String> {
        let ((before, old), (after, new)) = (compound(old), compound(new));
        let file = Content::default();
        let comparison = Comparison { before: &before, after: &after, file: Some(&file), moved: &[] };
        comparison.variable((old, old_bytes), (new, new_bytes))
    }

    #[test]
    fn fields_are_found_by_name() {
        let (old, new) = ([("a", INT), ("b", INT)], [("b", INT), ("c", INT), ("a", INT)]);
        let before = [1, 0, 0, 0, 2, 0, 0, 0];
        assert!(misread(&old, &before, &new, &[2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]).is_empty());
        let by_place = misread(&old, &before, &new, &[1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(
            by_place,
            [".b: another number", ".c: is new, but has not the file's value", ".a: another number"]
        );
    }

    #[test]
    fn numbers_are_widened_with_their_sign() {
        let (old, new) = ([("a", INT)], [("a", LONG)]);
        assert!(misread(&old, &[0xff; 4], &new, &[0xff; 8]).is_empty());
        assert_eq!(misread(&old, &[0xff; 4], &new, &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]).len(), 1);
    }

    #[test]
    fn a_pointer_to_what_moved_leads_to_a_structure_of_the_same_tag() {
        let pointing = |tag: &str, fields: &[(&str, Type)]| {
            let (mut types, target) = compound(fields);
            if let Type::Compound { name, .. } = &mut types.all[target] {
                *name = tag.into();
            }
            types.all.push(Type::Pointer(target));
            let pointer = types.all.len() - 1;
            (types, pointer)
        };
        let (before, old) = pointing("a", &[("x", INT)]);
        let moved = [Moved { from: 0x1000, size: 4, to: 0x2000 }];
        let problems = |tag, address: u64| {
            let (after, new) = pointing(tag, &[("x", INT), ("y", INT)]);
            let comparison = Comparison { before: &before, after: &after, file: None, moved: &moved };
            let (was, is) = (0x1000_u64.to_le_bytes(), address.to_le_bytes());
            comparison.variable((old, &was), (new, &is)).len()
        };
        assert_eq!(problems("a", 0x2000), 0);
        assert_eq!(problems("b", 0x2000), 1);
        // Where it was is memory of the old shape.
        assert_eq!(problems("a", 0x1000), 1);
    }

    #[test]
    fn a_number_is_no_pointer_and_no_value_is_lost() {
        let value = [8, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(misread(&[("a", LONG)], &value, &[("a", POINTER)], &value).len(), 1);
        assert_eq!(misread(&[("a", LONG)], &value, &[("b", LONG)], &[0; 8]), [".a: its value is gone"]);
    }
}
