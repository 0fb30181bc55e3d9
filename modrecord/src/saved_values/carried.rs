// SPDX-License-Identifier: MIT OR Apache-2.0
//! The part of a type that can be restored: without pointers and objects of the kernel. To the new file what
//! is missing looks like fields that are new, and these get its initial value.

use std::collections::HashSet;

use libmodfmt::types::{Member, TagKind, Type, TypeId, TypeTable, Types};

use super::objects;
use super::path::Path;

/// How deeply types may nest.
const MAX_DEPTH: u32 = 64;
/// Most types and members that are looked at for one file.
const MAX_LOOKS: u32 = 1 << 20;

/// What there is of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carried {
    /// Nothing.
    Nothing,
    /// Not all of it.
    Part(TypeId),
    /// All of it.
    All(TypeId),
}

impl Carried {
    pub(super) const fn id(self) -> Option<TypeId> {
        match self {
            Self::Nothing => None,
            Self::Part(id) | Self::All(id) => Some(id),
        }
    }
}

/// Makes types without what cannot be restored, in one table.
#[derive(Debug)]
pub(super) struct Carry<'c> {
    pub(super) types: &'c TypeTable,
    pub(super) made: TypeTable,
    /// Unions that are left out as a whole: what `--drop` takes for them, and their types.
    pub(super) unions_left_out: HashSet<(String, TypeId)>,
    looks: u32,
}

impl<'c> Carry<'c> {
    pub(super) fn new(types: &'c TypeTable) -> Self {
        Self { types, made: TypeTable::default(), unions_left_out: HashSet::new(), looks: MAX_LOOKS }
    }

    /// What there is of the type of a variable; an error if the type is too large or too deep.
    pub(super) fn variable(&mut self, id: TypeId, path: &mut Path<'_>) -> Result<Carried, TooLarge> {
        self.of(id, path, MAX_DEPTH)
    }

    fn of(&mut self, id: TypeId, path: &mut Path<'_>, depth: u32) -> Result<Carried, TooLarge> {
        self.looks = self.looks.checked_sub(1).ok_or(TooLarge)?;
        let depth = depth.checked_sub(1).ok_or(TooLarge)?;
        if path.is_dropped() {
            return Ok(Carried::Nothing);
        }
        let ty = self.types.get(id);
        Ok(match &*ty {
            Type::Number { .. } | Type::Enumeration { .. } => Carried::All(self.made.push(Type::clone(&ty))),
            Type::Array { element, counts } => {
                match path.in_element(0, |path| self.of(*element, path, depth))? {
                    Carried::Nothing => Carried::Nothing,
                    Carried::Part(element) => {
                        Carried::Part(self.made.push(Type::Array { element, counts: counts.clone() }))
                    }
                    Carried::All(element) => {
                        Carried::All(self.made.push(Type::Array { element, counts: counts.clone() }))
                    }
                }
            }
            Type::Record { kind, name, size, members } => {
                if objects::find(name).is_some() {
                    return Ok(Carried::Nothing);
                }
                let of = if name.is_empty() { String::new() } else { format!("{} {name}", kind.keyword()) };
                let mut is_whole = true;
                let mut kept = Vec::new();
                for member in members {
                    let inner =
                        path.in_field(&member.name, of.clone(), |path| self.of(member.type_id, path, depth))?;
                    is_whole &= matches!(inner, Carried::All(_));
                    if let Some(type_id) = inner.id() {
                        kept.push(Member { type_id, ..member.clone() });
                    }
                }
                if !is_whole && *kind == TagKind::Union {
                    // Which of its members is in use is not known.
                    self.unions_left_out.insert((path.drop(), id));
                    return Ok(Carried::Nothing);
                }
                if !is_whole && kept.is_empty() {
                    return Ok(Carried::Nothing);
                }
                let record = Type::Record { kind: *kind, name: name.clone(), size: *size, members: kept };
                let made = self.made.push(record);
                if is_whole { Carried::All(made) } else { Carried::Part(made) }
            }
            _ => Carried::Nothing,
        })
    }
}

/// A type is too large, or nests too deeply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLarge;
