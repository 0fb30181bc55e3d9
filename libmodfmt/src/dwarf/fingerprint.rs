// SPDX-License-Identifier: MIT OR Apache-2.0
//! The type hash: does a type read bytes the way another one does?
//!
//! Two types have one hash if their numbers have the same sizes and encodings, their members the
//! same names, types and places, and so on all the way down. Tags, names of numbers, typedefs and
//! qualifiers do not count: they can change without a change to the data.
//!
//! Memory behind a kept pointer is kept, too. So the kind and tag of a pointer's target count, and
//! the members of a structure or union if the unit defines it. It ends there: of the targets of
//! pointers inside that structure only kind and tag count, so that a list head that points to itself
//! has an end, and one pointer into the kernel does not pull in half of its types.

use std::collections::HashMap;

use super::info::{DebugInfo, Die, Entry, MAX_DEPTH, number};
use super::types::has_members;
use crate::fnv::Hash;

/// Computes hashes, each type once.
pub(super) struct Fingerprints<'i, 'a> {
    info: &'i DebugInfo<'a>,
    known: HashMap<(Die, Side), Option<u64>>,
}

/// Where a type is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Side {
    /// In the variable itself.
    Kept,
    /// Behind a pointer in the variable.
    Behind,
}

impl<'i, 'a> Fingerprints<'i, 'a> {
    pub(super) fn new(info: &'i DebugInfo<'a>) -> Self {
        Self { info, known: HashMap::new() }
    }

    /// The hash of a type; `None` if a part of it is not understood.
    pub(super) fn of(&mut self, die: Die) -> Option<u64> {
        self.nested(die, Side::Kept, 0)
    }

    fn nested(&mut self, die: Die, side: Side, depth: u32) -> Option<u64> {
        let (die, entry) = self.info.resolve(die).filter(|_| depth < MAX_DEPTH)?;
        if let Some(known) = self.known.get(&(die, side)) {
            return *known;
        }
        // A type cannot contain itself: if damaged data says so, this is the answer.
        self.known.insert((die, side), None);
        let hash = self.compute(die, &entry, side, depth);
        self.known.insert((die, side), hash);
        hash
    }

    fn compute(&mut self, die: Die, entry: &Entry<'a>, side: Side, depth: u32) -> Option<u64> {
        let mut hash = Hash::new();
        match entry.tag() {
            gimli::DW_TAG_base_type => {
                let gimli::AttributeValue::Encoding(encoding) = entry.attr_value(gimli::DW_AT_encoding)?
                else {
                    return None;
                };
                hash.text("base");
                hash.number(encoding.0.into());
                hash.number(number(entry, gimli::DW_AT_byte_size)?);
            }
            gimli::DW_TAG_enumeration_type => {
                hash.text("enum");
                hash.number(number(entry, gimli::DW_AT_byte_size)?);
                self.values(die, &mut hash)?;
            }
            gimli::DW_TAG_pointer_type => {
                hash.text("pointer");
                hash.number(self.info.size_of(die)?);
                let target = self.pointee(die.unit, entry, &mut hash)?;
                if let Some(target) = target.filter(|_| side == Side::Kept) {
                    let structure = self.nested(target, Side::Behind, depth.saturating_add(1));
                    hash.text(if structure.is_some() { "defined" } else { "declared" });
                    hash.number(structure.unwrap_or_default());
                }
            }
            gimli::DW_TAG_array_type => {
                hash.text("array");
                for count in self.info.dimensions(die) {
                    hash.number(count.unwrap_or(0));
                }
                let element = self.info.type_of(die.unit, entry)?;
                hash.number(self.nested(element, side, depth.saturating_add(1))?);
            }
            tag if has_members(tag) => {
                hash.text(if tag == gimli::DW_TAG_union_type { "union" } else { "struct" });
                hash.number(number(entry, gimli::DW_AT_byte_size)?);
                for member in self.info.members(die)? {
                    hash.text(member.name.as_deref().unwrap_or_default());
                    hash.number(member.bit_offset);
                    hash.number(member.bits.unwrap_or(0));
                    hash.number(self.nested(member.ty, side, depth.saturating_add(1))?);
                }
            }
            _ => return None,
        }
        Some(hash.finish())
    }

    /// Names and values of an enumeration.
    fn values(&self, die: Die, hash: &mut Hash) -> Option<()> {
        for value in self.info.children(die) {
            if value.tag() == gimli::DW_TAG_enumerator {
                hash.text(&self.info.name(die.unit, &value)?);
                let value = value.attr_value(gimli::DW_AT_const_value)?;
                // Compilers choose signed and unsigned forms freely: compare what fits both.
                let number = value.udata_value().or_else(|| Some(value.sdata_value()?.cast_unsigned()))?;
                hash.number(number);
            }
        }
        Some(())
    }

    /// Adds kind and tag of a pointer's target, through further pointers. Returns the structure or
    /// union at the end.
    fn pointee(&self, unit: usize, pointer: &Entry<'a>, hash: &mut Hash) -> Option<Option<Die>> {
        let (mut unit, mut entry) = (unit, pointer.clone());
        for _ in 0..MAX_DEPTH {
            // "const void" has no type at its end either.
            let target = self.info.type_of(unit, &entry).and_then(|target| self.info.resolve(target));
            let Some((die, target)) = target else {
                hash.text("void");
                return Some(None);
            };
            hash.number(target.tag().0.into());
            match target.tag() {
                gimli::DW_TAG_pointer_type => (unit, entry) = (die.unit, target),
                // The name of a number type depends on the compiler.
                gimli::DW_TAG_base_type => {
                    hash.number(number(&target, gimli::DW_AT_byte_size)?);
                    return Some(None);
                }
                tag => {
                    hash.text(self.info.name(die.unit, &target).as_deref().unwrap_or_default());
                    return Some(has_members(tag).then_some(die));
                }
            }
        }
        None
    }
}
