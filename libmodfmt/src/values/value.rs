// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tree of values.

use crate::types::{TagKind, TypeId};

/// What stands at one place, by its type.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Value {
    /// Its type. The inner dimensions of an array have the type of the whole array.
    pub type_id: TypeId,
    /// Where it starts, in bits from the start of what was read, as the processor counts them.
    pub bit_offset: u64,
    /// Some of its bits were not the same when they were read again.
    pub is_unstable: bool,
    /// What it is.
    pub kind: ValueKind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ValueKind {
    /// A number without sign.
    Unsigned(u128),
    /// A number with a sign.
    Signed(i128),
    /// A `char` that is not in an array: its number.
    Character(i16),
    /// A floating-point number of 4 or 8 bytes.
    Float(f64),
    /// A truth value: 0 and 1 are the two that C knows.
    Boolean(u64),
    /// An array of `char`, all of its bytes.
    Text(Vec<u8>),
    /// An enumerator, or several of an enumeration of flags.
    Enumerator {
        /// The number.
        number: i128,
        /// Its name, or those of the flags in it. Empty if it has none.
        names: Vec<String>,
        /// The bits that no name stands for, if there are names.
        rest: u64,
    },
    /// A pointer.
    Pointer {
        /// The address.
        address: u64,
        /// The type that it leads to.
        target: TypeId,
        /// It leads to a function.
        is_code: bool,
    },
    /// An array.
    Array {
        /// How many elements it has.
        len: u64,
        /// The elements; equal neighbours are one run.
        runs: Vec<Run>,
        /// It has more elements than the runs have.
        is_cut: bool,
    },
    /// A structure or union.
    Record {
        /// Which of the two.
        kind: TagKind,
        /// The members in the order of their declaration.
        fields: Vec<Field>,
        /// It has more members than these.
        is_cut: bool,
    },
    /// Bytes of which the type does not tell how to read them.
    Bytes(Vec<u8>),
    /// There is no value.
    Missing(Missing),
}

/// Why there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The type says that it is where there are no bytes.
    OutsideBytes,
    /// Types nest more deeply than [`Limits::depth`](super::Limits::depth).
    Depth,
    /// There are more values than [`Limits::values`](super::Limits::values).
    Limit,
    /// The type has no size: a function, `void`, what is only declared, a type that is not known.
    NoSize,
}

/// Equal elements that follow each other.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Run {
    /// Index of the first one.
    pub first: u64,
    /// How many there are, at least 1.
    pub count: u64,
    /// The first one.
    pub value: Value,
}

/// A member of a structure or union.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Field {
    /// Its name; empty for an anonymous structure or union.
    pub name: String,
    /// Its size in bits if it is a bit-field, otherwise 0.
    pub bits: u64,
    /// Its value.
    pub value: Value,
}
