// SPDX-License-Identifier: MIT OR Apache-2.0
//! Types in JSON: a saved file alone has to tell how its values are to be read.

use libmodfmt::types::{MAX_PARTS, MAX_TYPES, Member, TagKind, Type, TypeId, TypeTable};
use serde::{Deserialize, Serialize};

/// One type. Types refer to each other by their places in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum TypeJson {
    /// Not known.
    Unknown,
    /// `void`
    Void,
    /// A number, a character, a boolean.
    Number {
        /// As the compiler calls it.
        name: String,
        /// Bytes.
        size: u64,
        /// `DW_ATE_*` of DWARF 5; 64 is added if it is not stored in the processor's byte order.
        encoding: u8,
    },
    /// An enumeration.
    Enum {
        /// Its tag, or nothing.
        name: String,
        /// Bytes.
        size: u64,
        /// Names and values, as 64 bits without a sign.
        values: Vec<(String, String)>,
    },
    /// A pointer.
    Pointer {
        /// Bytes.
        size: u64,
        /// The type that it leads to.
        target: u32,
    },
    /// An array.
    Array {
        /// The type of an element.
        element: u32,
        /// Elements in each dimension; null for `[]`.
        counts: Vec<Option<u64>>,
    },
    /// A structure.
    Struct {
        /// Its tag, or nothing.
        name: String,
        /// Bytes.
        size: u64,
        /// Its members.
        members: Vec<MemberJson>,
    },
    /// A union.
    Union {
        /// Its tag, or nothing.
        name: String,
        /// Bytes.
        size: u64,
        /// Its members.
        members: Vec<MemberJson>,
    },
    /// Something that a pointer leads to.
    Declared {
        /// `struct`, `union` or `enum`.
        keyword: Keyword,
        /// Its tag.
        name: String,
    },
}

/// What is called by a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keyword {
    /// `struct`
    Struct,
    /// `union`
    Union,
    /// `enum`
    Enum,
}

/// A member of a structure or union.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberJson {
    /// Its name; nothing for an anonymous structure or union.
    pub name: String,
    /// Where it starts, in bits.
    pub offset: u64,
    /// Its size in bits if it is a bit-field.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bits: u64,
    /// Its type.
    #[serde(rename = "type")]
    pub type_id: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_zero(bits: &u64) -> bool {
    *bits == 0
}

/// The types of a table for JSON, in a list that has `first` types before them. What only the kernel could
/// describe is not known there.
#[must_use]
pub fn to_json(table: &TypeTable, first: u32) -> Vec<TypeJson> {
    let shifted = |ty: &Type| ty.clone().with_shifted_references(first);
    table.types().iter().map(|ty| one_to_json(&shifted(ty))).collect()
}

fn one_to_json(ty: &Type) -> TypeJson {
    match ty {
        Type::Void => TypeJson::Void,
        Type::Number { name, size, encoding } => {
            TypeJson::Number { name: name.clone(), size: *size, encoding: *encoding }
        }
        Type::Enumeration { name, size, values } => TypeJson::Enum {
            name: name.clone(),
            size: *size,
            values: values.iter().map(|(name, value)| (name.clone(), value.to_string())).collect(),
        },
        Type::Pointer { size, target } => TypeJson::Pointer { size: *size, target: target.0 },
        Type::Array { element, counts } => TypeJson::Array { element: element.0, counts: counts.clone() },
        // A variant of a Rust enum is there or not by its value.
        Type::Record { kind, name, size, members }
            if members.iter().all(|member| member.selected_by.is_empty()) =>
        {
            let member = |member: &Member| MemberJson {
                name: member.name.clone(),
                offset: member.bit_offset,
                bits: member.bits,
                type_id: member.type_id.0,
            };
            let (name, size, members) = (name.clone(), *size, members.iter().map(member).collect());
            match kind {
                TagKind::Union => TypeJson::Union { name, size, members },
                _ => TypeJson::Struct { name, size, members },
            }
        }
        Type::Declared { kind, name } => {
            let keyword = match kind {
                TagKind::Struct => Keyword::Struct,
                TagKind::Union => Keyword::Union,
                TagKind::Enum => Keyword::Enum,
            };
            TypeJson::Declared { keyword, name: name.clone() }
        }
        _ => TypeJson::Unknown,
    }
}

/// The table that JSON describes.
///
/// # Errors
/// What is wrong with it.
pub fn from_json(types: &[TypeJson]) -> Result<TypeTable, String> {
    if types.len() > MAX_TYPES {
        return Err(format!("it has more than {MAX_TYPES} types"));
    }
    let mut table = TypeTable::default();
    let mut parts: usize = 0;
    for (index, ty) in types.iter().enumerate() {
        let ty = one_from_json(ty).map_err(|what| format!("type {index}: {what}"))?;
        let is_there = |id: &TypeId| usize::try_from(id.0).is_ok_and(|index| index < types.len());
        if let Some(id) = ty.references().iter().find(|id| !is_there(id)) {
            return Err(format!("type {index}: there is no type {}", id.0));
        }
        parts = parts.saturating_add(ty.part_count());
        if parts > MAX_PARTS {
            return Err(format!("its types have more than {MAX_PARTS} members and enumerators"));
        }
        table.push(ty);
    }
    Ok(table)
}

fn one_from_json(ty: &TypeJson) -> Result<Type, String> {
    Ok(match ty {
        TypeJson::Unknown => Type::Unknown,
        TypeJson::Void => Type::Void,
        TypeJson::Number { name, size, encoding } => {
            Type::Number { name: name.clone(), size: *size, encoding: *encoding }
        }
        TypeJson::Enum { name, size, values } => {
            let value = |(name, value): &(String, String)| match value.parse() {
                Ok(number) => Ok((name.clone(), number)),
                Err(_) => Err(format!("the value of {name} is no number of 64 bits: {value}")),
            };
            let values = values.iter().map(value).collect::<Result<_, _>>()?;
            Type::Enumeration { name: name.clone(), size: *size, values }
        }
        TypeJson::Pointer { size, target } => Type::Pointer { size: *size, target: TypeId(*target) },
        TypeJson::Array { element, counts } => {
            Type::Array { element: TypeId(*element), counts: counts.clone() }
        }
        TypeJson::Struct { name, size, members } => record(TagKind::Struct, name, *size, members),
        TypeJson::Union { name, size, members } => record(TagKind::Union, name, *size, members),
        TypeJson::Declared { keyword, name } => {
            let kind = match keyword {
                Keyword::Struct => TagKind::Struct,
                Keyword::Union => TagKind::Union,
                Keyword::Enum => TagKind::Enum,
            };
            Type::Declared { kind, name: name.clone() }
        }
    })
}

fn record(kind: TagKind, name: &str, size: u64, members: &[MemberJson]) -> Type {
    let member = |member: &MemberJson| Member {
        name: member.name.clone(),
        bit_offset: member.offset,
        bits: member.bits,
        type_id: TypeId(member.type_id),
        selected_by: Vec::new(),
    };
    Type::Record { kind, name: name.to_owned(), size, members: members.iter().map(member).collect() }
}
