// SPDX-License-Identifier: MIT OR Apache-2.0
//! A hash over the layout of a type, for types of the kernel that a header names instead of describing them.

use std::collections::HashMap;

use super::number_encoding::{BOOLEAN, FLOAT, SIGNED, SIGNED_CHAR, UNKNOWN, UNSIGNED, UNSIGNED_CHAR, UTF};
use super::{Type, TypeId, Types, element_count};
use crate::fnv::Hash;

/// How many pointers are followed; what further ones lead to counts by its tag.
const MAX_POINTERS: u32 = 2;
/// How deeply types may nest. The kernel's stay far below; a circle in damaged data does not.
const MAX_LEVELS: u32 = 64;

/// 64-bit FNV-1a over the layout of a type: sizes, encodings, members, enumerators, everything embedded, and
/// what pointers lead to, two pointers deep; of an array, the number of all elements; further pointers count
/// by the tag of their target. The same on every machine.
#[must_use]
pub fn layout_hash(types: &dyn Types, id: TypeId) -> u64 {
    Hasher::new(types).of(id, MAX_POINTERS, 0)
}

/// The same; `None` if something in it is only declared, or unknown. Another module, or the kernel, may have
/// a definition of that, and then has another hash.
pub(crate) fn whole_layout_hash(types: &dyn Types, id: TypeId) -> Option<u64> {
    let mut hasher = Hasher::new(types);
    let hash = hasher.of(id, MAX_POINTERS, 0);
    (!hasher.is_open).then_some(hash)
}

/// The part of an encoding that BTF has: whether a number is signed, not whether a byte or a character is.
const fn encoding_in_btf(size: u64, encoding: u8) -> u8 {
    match encoding {
        BOOLEAN | FLOAT => encoding,
        SIGNED | SIGNED_CHAR | UNSIGNED | UNSIGNED_CHAR | UTF if size <= 1 => UNKNOWN,
        SIGNED | SIGNED_CHAR => SIGNED,
        UNSIGNED | UNSIGNED_CHAR | UTF => UNSIGNED,
        other => other,
    }
}

struct Hasher<'t> {
    types: &'t dyn Types,
    /// By type and pointers that may still be followed: the hash, and how many levels are below. Embedded
    /// types recur, and must not be hashed each time.
    known: HashMap<(TypeId, u32), (u64, u32)>,
    /// Those that nest too deeply, as circles in damaged data do: by level as well, since what is left out
    /// depends on it.
    cut: HashMap<(TypeId, u32, u32), u64>,
    /// Something was left out.
    is_cut: bool,
    /// Something was only declared, or unknown.
    is_open: bool,
    /// The deepest level so far.
    deepest: u32,
}

impl<'t> Hasher<'t> {
    fn new(types: &'t dyn Types) -> Self {
        let (known, cut) = (HashMap::new(), HashMap::new());
        Self { types, known, cut, is_cut: false, is_open: false, deepest: 0 }
    }

    fn of(&mut self, id: TypeId, pointers: u32, level: u32) -> u64 {
        self.deepest = self.deepest.max(level);
        if level >= MAX_LEVELS {
            self.is_cut = true;
            return 0;
        }
        // Where it would be cut, it is: the hash must not depend on which of two equal types was met first.
        if let Some((known, below)) = self.known.get(&(id, pointers)) {
            let deepest = level.saturating_add(*below);
            if deepest < MAX_LEVELS {
                self.deepest = self.deepest.max(deepest);
                return *known;
            }
        }
        if let Some(cut) = self.cut.get(&(id, pointers, level)) {
            self.is_cut = true;
            return *cut;
        }
        let was_cut = std::mem::replace(&mut self.is_cut, false);
        let was_deepest = std::mem::replace(&mut self.deepest, level);
        let hash = self.compute(id, pointers, level.saturating_add(1));
        if self.is_cut {
            self.cut.insert((id, pointers, level), hash);
        } else {
            self.known.insert((id, pointers), (hash, self.deepest.saturating_sub(level)));
        }
        self.deepest = self.deepest.max(was_deepest);
        self.is_cut |= was_cut;
        hash
    }

    fn compute(&mut self, id: TypeId, pointers: u32, level: u32) -> u64 {
        let mut hash = Hash::new();
        let ty = self.types.get(id);
        self.is_open |= matches!(*ty, Type::Unknown | Type::Declared { .. });
        match &*ty {
            Type::Unknown => hash.text("unknown"),
            Type::Void => hash.text("void"),
            Type::Number { size, encoding, .. } => {
                hash.text("number");
                hash.number(*size);
                hash.number(encoding_in_btf(*size, *encoding).into());
            }
            Type::Enumeration { name, size, values } => {
                hash.text("enum");
                hash.text(name);
                hash.number(*size);
                for (name, value) in values {
                    hash.text(name);
                    hash.number(*value);
                }
            }
            Type::Pointer { target, .. } => {
                hash.text("pointer");
                match pointers.checked_sub(1) {
                    Some(left) => hash.number(self.of(*target, left, level)),
                    None => self.tag(*target, &mut hash),
                }
            }
            Type::Array { element, counts } => {
                hash.text("array");
                // BTF knows one dimension only.
                hash.number(element_count(counts));
                hash.number(self.of(*element, pointers, level));
            }
            Type::Record { kind, name, size, members } => {
                hash.text(kind.keyword());
                hash.text(name);
                hash.number(*size);
                for member in members {
                    hash.text(&member.name);
                    hash.number(member.bit_offset);
                    hash.number(member.bits);
                    hash.number(self.of(member.type_id, pointers, level));
                }
            }
            Type::Declared { kind, name } => {
                hash.text("declared");
                hash.text(kind.keyword());
                hash.text(name);
            }
            Type::Function { result, parameters, variadic } => {
                hash.text("function");
                hash.number(u64::from(*variadic));
                for id in std::iter::once(result).chain(parameters) {
                    hash.number(self.of(*id, 0, level));
                }
            }
            Type::Kernel { hash: inner, .. } => hash.number(*inner),
        }
        hash.finish()
    }

    fn tag(&self, id: TypeId, hash: &mut Hash) {
        if let Some((kind, name)) = self.types.get(id).tag() {
            hash.text(kind.keyword());
            hash.text(name);
        }
    }
}
