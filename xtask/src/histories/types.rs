// SPDX-License-Identifier: MIT OR Apache-2.0
//! Types of C variables, for the judgement of what was read.
//!
//! This is a second opinion: it shares nothing with what libmodfmt knows about types and their conversion.

use std::collections::BTreeMap;

/// The index of a type in [`Types::all`].
pub type Id = usize;

/// The types of a module's variables.
#[derive(Clone, Debug, Default)]
pub struct Types {
    /// Every type that a variable leads to.
    pub all: Vec<Type>,
    /// By source file without `.c`, and name.
    pub variables: BTreeMap<(String, String), Id>,
}

/// A type, without its qualifiers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Not read yet, or nothing that has a value: void, a function.
    Nothing,
    /// An integer.
    Integer {
        /// In bytes.
        size: u64,
        /// Whether it is signed.
        signed: bool,
        /// Whether it is a truth value.
        truth: bool,
    },
    /// A floating point number, or what else has a size and no parts.
    Other(u64),
    /// An enumeration.
    Enumeration {
        /// In bytes.
        size: u64,
        /// Names and values.
        values: BTreeMap<String, i64>,
    },
    /// A pointer.
    Pointer(Id),
    /// An array with its length; 0 if it is not known.
    Array(Id, u64),
    /// A structure or union.
    Compound {
        /// Its tag, or the name that a typedef gives it; empty if it has none.
        name: String,
        /// In bytes; `None` if it is only declared.
        size: Option<u64>,
        /// Whether it is a union.
        union: bool,
        /// What it consists of.
        members: Vec<Member>,
    },
}

/// A member of a structure or union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Empty if it has none.
    pub name: String,
    /// In bytes; of a bit field, in bits.
    pub offset: u64,
    /// The number of bits, if it is a bit field.
    pub bits: Option<u64>,
    /// Its type.
    pub kind: Id,
}

/// A part of a variable that has a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Where it is, such as `.fans[2].speed`.
    pub path: String,
    /// In bytes from the variable's start; of a bit field, in bits.
    pub offset: u64,
    /// In bytes; of a bit field, in bits.
    pub size: u64,
    /// Whether it is a bit field.
    pub is_bits: bool,
    /// Its type: never an array, nor a compound other than a union.
    pub kind: Id,
    /// The names of the structures that it is in, outermost first.
    pub inside: Vec<String>,
}

impl Leaf {
    /// Its bytes in those of the variable, of a bit field as a number. Bytes that are not there are zero.
    pub fn of(&self, bytes: &[u8]) -> Vec<u8> {
        let at = |index: u64| usize::try_from(index).ok().and_then(|index| bytes.get(index)).copied();
        if !self.is_bits {
            let places = self.offset..self.offset + self.size;
            return places.map(|index| at(index).unwrap_or_default()).collect();
        }
        let mut value = 0_u64;
        for bit in 0..self.size.min(64) {
            let place = self.offset + bit;
            let byte = at(place / 8).unwrap_or_default();
            value |= u64::from(byte >> (place % 8) & 1) << bit;
        }
        value.to_le_bytes().to_vec()
    }
}

/// More parts of one variable than this are not told apart.
const MAX_LEAVES: usize = 20_000;

impl Types {
    /// The type of this index.
    pub fn get(&self, id: Id) -> &Type {
        self.all.get(id).unwrap_or(&Type::Nothing)
    }

    /// Its size in bytes; 0 if it is not known.
    pub fn size(&self, id: Id) -> u64 {
        match self.get(id) {
            Type::Nothing => 0,
            Type::Integer { size, .. } | Type::Other(size) | Type::Enumeration { size, .. } => *size,
            Type::Pointer(_) => 8,
            Type::Array(of, count) => self.size(*of) * count,
            Type::Compound { size, .. } => size.unwrap_or_default(),
        }
    }

    /// The parts of a type that have a value. A union is one part.
    pub fn leaves(&self, id: Id) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        self.add(&mut leaves, id, String::new(), 0, &mut Vec::new());
        leaves
    }

    fn add(&self, leaves: &mut Vec<Leaf>, id: Id, path: String, offset: u64, inside: &mut Vec<String>) {
        if leaves.len() >= MAX_LEAVES {
            return;
        }
        match self.get(id) {
            Type::Array(of, count) => {
                for index in 0..*count {
                    let at = offset + index * self.size(*of);
                    self.add(leaves, *of, format!("{path}[{index}]"), at, inside);
                }
            }
            Type::Compound { union: false, members, name, .. } => {
                inside.push(name.clone());
                for member in members {
                    let path =
                        if member.name.is_empty() { path.clone() } else { format!("{path}.{}", member.name) };
                    match member.bits {
                        Some(size) => leaves.push(Leaf {
                            path,
                            offset: offset * 8 + member.offset,
                            size,
                            is_bits: true,
                            kind: member.kind,
                            inside: inside.clone(),
                        }),
                        None => self.add(leaves, member.kind, path, offset + member.offset, inside),
                    }
                }
                inside.pop();
            }
            _ => {
                let size = self.size(id);
                if size > 0 {
                    let inside = inside.clone();
                    leaves.push(Leaf { path, offset, size, is_bits: false, kind: id, inside });
                }
            }
        }
    }
}
