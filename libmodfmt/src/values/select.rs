// SPDX-License-Identifier: MIT OR Apache-2.0
//! Paths as C writes them, such as `.room[3]` and `->next`, and where they lead.

use thiserror::Error;

use crate::types::{Member, Type, TypeId, Types, size_of};

/// Most steps of a path.
const MAX_STEPS: usize = 256;
/// How deeply anonymous structures are searched.
const MAX_ANONYMOUS: u32 = 16;
/// Most members that are looked at for one field.
const MAX_LOOKS: u32 = 1 << 16;
/// Most names that an error lists.
const MAX_LISTED: usize = 12;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathStep {
    /// `.name`
    Field(String),
    /// `[3]`
    Element(u64),
    /// What a pointer leads to: the first half of `->name`.
    Behind,
}

/// A path that does not fit.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SelectError {
    /// It is not made of `.name`, `->name` and `[number]`.
    #[error("'{rest}' is not a path: it is made of .FIELD, ->FIELD and [NUMBER]")]
    NotAPath {
        /// From the place on where it is wrong.
        rest: String,
    },
    /// It has too many steps.
    #[error("the path has more than {MAX_STEPS} steps")]
    TooLong,
    /// A structure has no such field.
    #[error("{type_name} has no field '{field}'; it has {known}")]
    NoField {
        /// The structure.
        type_name: String,
        /// The field.
        field: String,
        /// Some of the fields that it has.
        known: String,
    },
    /// An array has no such element.
    #[error("[{index}] is beyond the array, which has {count} elements")]
    NoElement {
        /// The index.
        index: u64,
        /// How many elements there are.
        count: u64,
    },
    /// The step needs another kind of type.
    #[error("{type_name} is not {wanted}")]
    WrongKind {
        /// The type.
        type_name: String,
        /// What the step needs.
        wanted: &'static str,
    },
}

/// A place in an object, with its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Located {
    /// The type.
    pub type_id: TypeId,
    /// Of an array: so many of its dimensions are taken already.
    pub dimensions: usize,
    /// Bits from the start of the object, as the processor counts them.
    pub bit_offset: u64,
    /// Its size in bits if it is a bit-field, otherwise 0.
    pub bits: u64,
}

impl Located {
    /// All of an object.
    #[must_use]
    pub const fn whole(type_id: TypeId) -> Self {
        Self { type_id, dimensions: 0, bit_offset: 0, bits: 0 }
    }

    pub(super) fn member(&self, member: &Member) -> Option<Self> {
        let bit_offset = self.bit_offset.checked_add(member.bit_offset)?;
        Some(Self { type_id: member.type_id, dimensions: 0, bit_offset, bits: member.bits })
    }

    /// Its size in bytes, if it is known and this is not a bit-field.
    #[must_use]
    pub fn size(&self, types: &dyn Types) -> Option<u64> {
        match &*types.get(self.type_id) {
            _ if self.bits > 0 => None,
            Type::Array { element, counts } => {
                let counts = counts.get(self.dimensions..)?.iter();
                let element = size_of(types, *element)?;
                counts.copied().try_fold(element, |size, count| size.checked_mul(count.unwrap_or(0)))
            }
            _ => size_of(types, self.type_id),
        }
    }

    /// One step on. [`PathStep::Behind`] leads out of the object, to offset 0 of another one: the caller has
    /// to read the pointer first.
    ///
    /// # Errors
    /// [`SelectError`]: there is no such field or element, or this is no structure, array or pointer.
    pub fn step(&self, types: &dyn Types, step: &PathStep) -> Result<Self, SelectError> {
        let ty = types.get(self.type_id);
        let wrong =
            |wanted| SelectError::WrongKind { type_name: crate::types::c_text(types, self.type_id), wanted };
        match (step, &*ty) {
            (PathStep::Field(name), Type::Record { .. }) => {
                let mut looks = MAX_LOOKS;
                find_field(types, *self, name, MAX_ANONYMOUS, &mut looks).ok_or_else(|| {
                    SelectError::NoField {
                        type_name: crate::types::c_text(types, self.type_id),
                        field: name.clone(),
                        known: field_names(&ty),
                    }
                })
            }
            (PathStep::Field(_), _) => Err(wrong("a structure or union whose fields are known")),
            (PathStep::Element(index), Type::Array { element, counts }) => {
                let left = counts.get(self.dimensions..).unwrap_or_default();
                let Some((count, inner)) = left.split_first() else { return Err(wrong("an array")) };
                if let Some(count) = count.filter(|count| index >= count) {
                    return Err(SelectError::NoElement { index: *index, count });
                }
                let beyond = || SelectError::NoElement { index: *index, count: count.unwrap_or(0) };
                let stride = inner
                    .iter()
                    .try_fold(size_of(types, *element).unwrap_or(0), |size, count| {
                        size.checked_mul(count.unwrap_or(0))
                    })
                    .ok_or_else(beyond)?;
                let distance = index.checked_mul(stride).and_then(|bytes| bytes.checked_mul(8));
                let bit_offset = distance.and_then(|bits| self.bit_offset.checked_add(bits));
                let bit_offset = bit_offset.ok_or_else(beyond)?;
                Ok(if inner.is_empty() {
                    Self { type_id: *element, dimensions: 0, bit_offset, bits: 0 }
                } else {
                    Self { dimensions: self.dimensions.saturating_add(1), bit_offset, ..*self }
                })
            }
            (PathStep::Element(_), _) => Err(wrong("an array")),
            (PathStep::Behind, Type::Pointer { target, .. }) => Ok(Self::whole(*target)),
            (PathStep::Behind, _) => Err(wrong("a pointer")),
        }
    }
}

/// A field by its name, also one of an anonymous structure or union in it.
fn find_field(types: &dyn Types, at: Located, name: &str, depth: u32, looks: &mut u32) -> Option<Located> {
    let ty = types.get(at.type_id);
    let Type::Record { members, .. } = &*ty else { return None };
    for member in members {
        *looks = looks.checked_sub(1)?;
        let place = at.member(member)?;
        if member.name == name {
            return Some(place);
        }
        if member.name.is_empty()
            && let Some(depth) = depth.checked_sub(1)
            && let Some(found) = find_field(types, place, name, depth, looks)
        {
            return Some(found);
        }
    }
    None
}

fn field_names(ty: &Type) -> String {
    let Type::Record { members, .. } = ty else { return String::new() };
    let named = || members.iter().map(|member| &*member.name).filter(|name| !name.is_empty());
    let mut text: Vec<&str> = named().take(MAX_LISTED).collect();
    if named().count() > MAX_LISTED {
        text.push("...");
    }
    if text.is_empty() { "none with a name".to_owned() } else { text.join(", ") }
}

/// The steps of a path that follows the name of a variable: empty, or `.field`, `->field`, `[3]` and so on.
///
/// # Errors
/// [`SelectError::NotAPath`], [`SelectError::TooLong`].
pub fn parse_path(path: &str) -> Result<Vec<PathStep>, SelectError> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if steps.len() >= MAX_STEPS {
            return Err(SelectError::TooLong);
        }
        let wrong = || SelectError::NotAPath { rest: rest.to_owned() };
        let (is_behind, after) = match (rest.strip_prefix("->"), rest.strip_prefix('.')) {
            (Some(after), _) => (true, after),
            (None, Some(after)) => (false, after),
            (None, None) => {
                let after = rest.strip_prefix('[').ok_or_else(wrong)?;
                let (number, after) = after.split_once(']').ok_or_else(wrong)?;
                let is_number = number.bytes().all(|letter| letter.is_ascii_digit());
                let index = number.parse().ok().filter(|_| is_number).ok_or_else(wrong)?;
                steps.push(PathStep::Element(index));
                rest = after;
                continue;
            }
        };
        let end = after.find(['.', '[', '-']).unwrap_or(after.len());
        let (name, after) = after.split_at_checked(end).ok_or_else(wrong)?;
        if name.is_empty() {
            return Err(wrong());
        }
        if is_behind {
            steps.push(PathStep::Behind);
        }
        steps.push(PathStep::Field(name.to_owned()));
        rest = after;
    }
    Ok(steps)
}
