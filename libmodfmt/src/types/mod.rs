// SPDX-License-Identifier: MIT OR Apache-2.0
//! Types of kept variables, apart from the file that they were read from.
//!
//! A [`TypeTable`] holds what is needed to read the bytes of a variable: sizes and encodings of numbers,
//! members with their places, enumerators, dimensions, and what pointers lead to, to any depth. It is made
//! from DWARF or from BTF, travels in the header note of a keeper, and answers three questions:
//!
//! - [`compare`]: does the type in another table read the same bytes the same way, and if not, where is the
//!   first difference?
//! - [`TypeTable::c_text`]: what does the type look like in C?
//! - [`field_at`], [`target_at`]: which field is at an offset?
//!
//! Typedefs, qualifiers and the names of numbers carry no layout and are not compared. A structure that one
//! side only declares matches any definition of the same kind. What could not be read, or was left out
//! because the table grew too large, is [`Type::Unknown`]: it matches anything, and [`compare`] says that it
//! was met.
//!
//! ```
//! use libmodfmt::types::{Completeness, Type, TypeTable, compare};
//!
//! let number = |size, encoding| Type::Number { name: "int".into(), size, encoding };
//! let table = |number: Type| {
//!     let mut table = TypeTable::default();
//!     let target = table.push(number);
//!     let pointer = table.push(Type::Pointer { size: 8, target });
//!     (table, pointer)
//! };
//! let (signed, float) = (table(number(4, 5)), table(number(4, 4)));
//! assert_eq!(compare((&signed.0, signed.1), (&signed.0, signed.1)), Ok(Completeness::Full));
//! let difference = compare((&signed.0, signed.1), (&float.0, float.1)).unwrap_err();
//! assert_eq!(difference.in_variable("p"), "*p: kind of number changed from signed to floating point (int)");
//! ```

mod compare;
mod describe;
mod difference;
mod encoding;
mod field;
mod layout_hash;
mod minimize;
pub(crate) mod number_encoding;
mod one_pair;
mod size;
mod value_types;

use std::sync::Arc;

pub use compare::{Comparison, Completeness, compare};
pub use describe::{c_declaration, c_text};
pub use difference::{Step, TypeDifference};
pub use encoding::TypeTableError;
pub use field::{FieldPath, field_at, target_at};
pub use layout_hash::layout_hash;
pub(crate) use layout_hash::whole_layout_hash;
pub(crate) use one_pair::is_other_format;
pub use size::size_of;
pub use value_types::value_types;

/// Most types that a table may hold. A driver's own types are some hundreds.
pub const MAX_TYPES: usize = 1 << 16;
/// Most members, enumerators and parameters of all types of a table together.
pub const MAX_PARTS: usize = 1 << 18;
/// Longest name in bytes; the kernel's own limit for a symbol is 512. Longer ones are cut.
pub const MAX_NAME_BYTES: usize = 512;

/// Added to the encoding of a number that is big-endian in a little-endian file, or the other way about
/// (gcc's attribute `scalar_storage_order`). DWARF's own encodings are below this, a compiler's above 0x7f.
pub const OTHER_BYTE_ORDER: u8 = 0x40;

/// The number of a type in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

/// What is called by a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TagKind {
    /// `struct`; a C++ class or a Rust structure as well.
    Struct,
    /// `union`
    Union,
    /// `enum`
    Enum,
}

/// A member of a structure or union.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Member {
    /// Empty for an anonymous structure or union.
    pub name: String,
    /// Where it starts, in bits from the start of the structure.
    pub bit_offset: u64,
    /// Its size in bits if it is a bit-field, otherwise 0.
    pub bits: u64,
    /// Its type.
    pub type_id: TypeId,
    /// Which values of the discriminant select it; empty for a member that is always there. A Rust enum has
    /// such members (`DW_TAG_variant_part`); [`Member::OTHERWISE`] stands for the variant of all values that
    /// no other one has.
    pub selected_by: Vec<(u64, u64)>,
}

impl Member {
    /// The range that stands for "no other variant's value".
    pub const OTHERWISE: (u64, u64) = (1, 0);
}

/// A type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Type {
    /// Not understood, or left out because the table would have grown too large. Matches anything.
    Unknown,
    /// `void`, and a type of that sort in other languages.
    Void,
    /// A number, a character, a boolean.
    Number {
        /// As the compiler calls it.
        name: String,
        /// Bytes.
        size: u64,
        /// `DW_ATE_*`; 0 where the source of the table does not tell them apart (characters in BTF). With
        /// [`OTHER_BYTE_ORDER`] if it is not stored in the processor's byte order.
        encoding: u8,
    },
    /// An enumeration with its values.
    Enumeration {
        /// Its tag; empty if it has none.
        name: String,
        /// Bytes.
        size: u64,
        /// Names and values (as 64 bits, whether signed or not).
        values: Vec<(String, u64)>,
    },
    /// A pointer or reference.
    Pointer {
        /// Bytes.
        size: u64,
        /// What it leads to.
        target: TypeId,
    },
    /// An array, or a vector.
    Array {
        /// Type of an element.
        element: TypeId,
        /// Elements in each dimension; `None` for `[]`.
        counts: Vec<Option<u64>>,
    },
    /// A structure or union that is defined.
    Record {
        /// Structure or union.
        kind: TagKind,
        /// Its tag; empty if it has none.
        name: String,
        /// Bytes.
        size: u64,
        /// In the order of their declaration.
        members: Vec<Member>,
    },
    /// A structure, union or enumeration that is only declared. Matches any of its kind.
    Declared {
        /// Of what.
        kind: TagKind,
        /// Its tag.
        name: String,
    },
    /// A function, which only pointers lead to.
    Function {
        /// What it returns.
        result: TypeId,
        /// Types of the parameters.
        parameters: Vec<TypeId>,
        /// It ends in `...`.
        variadic: bool,
    },
    /// A type of the kernel that the module was built for: known by its tag, and by a hash over its layout.
    Kernel {
        /// Structure, union or enumeration.
        kind: TagKind,
        /// Its tag.
        name: String,
        /// Bytes.
        size: u64,
        /// [`layout_hash`] of it.
        hash: u64,
    },
}

impl Type {
    /// Its members, enumerators or parameters, for limits.
    #[must_use]
    pub fn part_count(&self) -> usize {
        match self {
            Self::Enumeration { values, .. } => values.len(),
            Self::Record { members, .. } => {
                members.iter().map(|member| member.selected_by.len().saturating_add(1)).sum()
            }
            Self::Function { parameters, .. } => parameters.len(),
            Self::Array { counts, .. } => counts.len(),
            _ => 0,
        }
    }

    /// Kind and tag of a structure, union or enumeration; the tag is empty where it has none.
    #[must_use]
    pub fn tag(&self) -> Option<(TagKind, &str)> {
        match self {
            Self::Record { kind, name, .. }
            | Self::Declared { kind, name }
            | Self::Kernel { kind, name, .. } => Some((*kind, name)),
            Self::Enumeration { name, .. } => Some((TagKind::Enum, name)),
            _ => None,
        }
    }

    /// The types that this one refers to, in a fixed order.
    pub fn references(&self) -> Vec<TypeId> {
        match self {
            Self::Pointer { target, .. } => vec![*target],
            Self::Array { element, .. } => vec![*element],
            Self::Record { members, .. } => members.iter().map(|member| member.type_id).collect(),
            Self::Function { result, parameters, .. } => {
                std::iter::once(*result).chain(parameters.iter().copied()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The same type in a table that has so many types before those of its own.
    #[must_use]
    pub fn with_shifted_references(self, first: u32) -> Self {
        self.with_references(|id| TypeId(first.saturating_add(id.0)))
    }

    /// The same type with its references changed.
    pub(crate) fn with_references(mut self, mut change: impl FnMut(TypeId) -> TypeId) -> Self {
        match &mut self {
            Self::Pointer { target: id, .. } | Self::Array { element: id, .. } => *id = change(*id),
            Self::Record { members, .. } => {
                members.iter_mut().for_each(|member| member.type_id = change(member.type_id));
            }
            Self::Function { result, parameters, .. } => {
                *result = change(*result);
                parameters.iter_mut().for_each(|id| *id = change(*id));
            }
            _ => {}
        }
        self
    }
}

/// Where types come from: a table in memory, or debug information that is read on demand.
pub trait Types: std::fmt::Debug {
    /// The type of that number; [`Type::Unknown`] for a number that does not occur.
    fn get(&self, id: TypeId) -> Arc<Type>;

    /// Whether arrays of several dimensions have one here, with all of the elements, as pahole writes BTF.
    fn flattens_arrays(&self) -> bool {
        false
    }
}

/// The elements of an array of several dimensions; `[]` has none.
fn element_count(counts: &[Option<u64>]) -> u64 {
    counts.iter().fold(1, |elements, count| elements.saturating_mul(count.unwrap_or(0)))
}

/// Which of some [`Types`] the kernel itself has, by its BTF.
pub trait KernelTypes: std::fmt::Debug {
    /// If the kernel has a type of this one's kind and tag that is laid out in the same way, to any depth:
    /// the [`layout_hash`] of the kernel's type.
    fn find(&self, id: TypeId) -> Option<u64>;
}

/// Types that refer to each other by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypeTable {
    types: Vec<Arc<Type>>,
    held: Vec<TypeId>,
}

impl TypeTable {
    /// Adds a type. The types that it refers to may be added later.
    pub fn push(&mut self, new: Type) -> TypeId {
        // Tables are limited to far fewer.
        let id = TypeId(u32::try_from(self.types.len()).unwrap_or(u32::MAX));
        self.types.push(Arc::new(new));
        id
    }

    /// Adds all types of another table. Returns the number that its first one has here.
    pub(crate) fn append(&mut self, other: &Self) -> TypeId {
        let shift = TypeId(u32::try_from(self.types.len()).unwrap_or(u32::MAX));
        let shifted = |id: TypeId| TypeId(shift.0.saturating_add(id.0));
        let added = other.types.iter().map(|ty| Arc::new(Type::clone(ty).with_references(shifted)));
        self.types.extend(added);
        shift
    }

    /// Puts a type in the place of another.
    pub fn replace(&mut self, id: TypeId, new: Type) {
        if let Some(place) = usize::try_from(id.0).ok().and_then(|index| self.types.get_mut(index)) {
            *place = Arc::new(new);
        }
    }

    /// All types, by number.
    #[must_use]
    pub fn types(&self) -> &[Arc<Type>] {
        &self.types
    }

    /// Types of objects that the variables lead to in ways that types do not tell: through `void *`, a list
    /// or an IDR. The author named them with `PERSISTENT_HOLDS()`.
    #[must_use]
    pub fn held(&self) -> &[TypeId] {
        &self.held
    }

    /// Says which types are held.
    pub fn set_held(&mut self, held: Vec<TypeId>) {
        self.held = held;
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }
}

impl Types for TypeTable {
    fn get(&self, id: TypeId) -> Arc<Type> {
        let found = usize::try_from(id.0).ok().and_then(|index| self.types.get(index));
        found.cloned().unwrap_or_else(|| Arc::new(Type::Unknown))
    }
}

#[cfg(test)]
mod tests;
