// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kinds of types (`BTF_KIND_*`).

use std::fmt;

/// What a type is. The numbers are those of `include/uapi/linux/btf.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Kind {
    /// Type 0 only.
    Void = 0,
    Int = 1,
    Pointer = 2,
    Array = 3,
    Struct = 4,
    Union = 5,
    Enum = 6,
    /// A structure or union that is declared but not defined.
    Forward = 7,
    Typedef = 8,
    Volatile = 9,
    Const = 10,
    Restrict = 11,
    Function = 12,
    FunctionPrototype = 13,
    Variable = 14,
    DataSection = 15,
    Float = 16,
    DeclTag = 17,
    TypeTag = 18,
    Enum64 = 19,
}

/// All kinds but [`Kind::Void`], from number 1 on.
const KINDS: [Kind; 19] = [
    Kind::Int,
    Kind::Pointer,
    Kind::Array,
    Kind::Struct,
    Kind::Union,
    Kind::Enum,
    Kind::Forward,
    Kind::Typedef,
    Kind::Volatile,
    Kind::Const,
    Kind::Restrict,
    Kind::Function,
    Kind::FunctionPrototype,
    Kind::Variable,
    Kind::DataSection,
    Kind::Float,
    Kind::DeclTag,
    Kind::TypeTag,
    Kind::Enum64,
];

impl Kind {
    /// The kind with this number. [`Kind::Void`] is never in a blob.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        KINDS.get(index).copied()
    }

    /// Bytes after the 12 that every type has, if the type has `count` elements (`vlen`).
    pub(super) fn extra_size(self, count: u16) -> usize {
        let count = usize::from(count);
        match self {
            Self::Int | Self::Variable | Self::DeclTag => 4,
            Self::Array => 12,
            Self::Struct | Self::Union | Self::DataSection | Self::Enum64 => count.saturating_mul(12),
            Self::Enum | Self::FunctionPrototype => count.saturating_mul(8),
            _ => 0,
        }
    }

    /// Does such a type have a size of its own? (Otherwise the field is a type id, or unused.)
    pub(super) const fn has_size(self) -> bool {
        matches!(self, Self::Int | Self::Struct | Self::Union | Self::Enum | Self::Float | Self::Enum64)
    }

    /// Is it another name for, or a qualified form of, the type that it refers to?
    pub(super) const fn is_alias(self) -> bool {
        matches!(self, Self::Typedef | Self::Volatile | Self::Const | Self::Restrict | Self::TypeTag)
    }

    /// A structure or a union.
    #[must_use]
    pub const fn has_members(self) -> bool {
        matches!(self, Self::Struct | Self::Union)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Void => "void",
            Self::Int => "an integer",
            Self::Pointer => "a pointer",
            Self::Array => "an array",
            Self::Struct => "a structure",
            Self::Union => "a union",
            Self::Enum | Self::Enum64 => "an enumeration",
            Self::Forward => "a forward declaration",
            Self::Typedef => "a typedef",
            Self::Volatile | Self::Const | Self::Restrict => "a qualified type",
            Self::Function => "a function",
            Self::FunctionPrototype => "a function prototype",
            Self::Variable => "a variable",
            Self::DataSection => "a data section",
            Self::Float => "a floating point number",
            Self::DeclTag | Self::TypeTag => "a tag",
        })
    }
}
