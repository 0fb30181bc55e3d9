// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finding types by name, and their sizes.

use super::header::u32_at;
use super::{Btf, BtfError, Kind, Type, TypeId};

/// How many types may be passed on the way from one to its size or member. C code stays far below;
/// a cycle in damaged data does not.
pub(super) const MAX_DEPTH: u32 = 64;

impl<'d> Btf<'d> {
    /// The first type of that kind and name; in a module's blob the kernel's types come first.
    #[must_use]
    pub fn find(&self, kind: Kind, name: &str) -> Option<TypeId> {
        let number = kind as u32;
        self.ids().find(|&id| {
            self.locate(id)
                .and_then(|(owner, start)| owner.common(start))
                .is_some_and(|common| common.kind == number && self.name_is(common.name, name.as_bytes()))
        })
    }

    /// The structure of that name.
    #[must_use]
    pub fn find_struct(&self, name: &str) -> Option<TypeId> {
        self.find(Kind::Struct, name)
    }

    /// The type, with typedefs, qualifiers and tags stripped.
    ///
    /// # Errors
    ///
    /// - [`BtfError::NoType`], [`BtfError::Name`]: a reference on the way is wrong.
    /// - [`BtfError::Depth`]: the references do not end.
    pub fn resolve(&self, id: TypeId) -> Result<Type<'d>, BtfError> {
        let mut current = self.get(id)?;
        for _ in 0..MAX_DEPTH {
            if !current.kind.is_alias() {
                return Ok(current);
            }
            current = self.get(TypeId(current.size_or_type))?;
        }
        Err(BtfError::Depth { id })
    }

    /// Size of a type in bytes.
    ///
    /// # Errors
    ///
    /// - [`BtfError::Wrong`]: `void`, functions, forward declarations and the like have none.
    /// - [`BtfError::PointerSize`]: it is a pointer, and the blob does not tell how large those are.
    /// - [`BtfError::Overflow`]: an array is too large.
    /// - Those of [`Btf::resolve`] for the types on the way.
    pub fn size_of(&self, id: TypeId) -> Result<u64, BtfError> {
        let mut elements: u64 = 1;
        let mut current = self.get(id)?;
        for _ in 0..MAX_DEPTH {
            let one = match current.kind {
                Kind::Array => {
                    let (element, count) = self.array(&current)?;
                    elements =
                        elements.checked_mul(count.into()).ok_or(BtfError::Overflow { id: current.id })?;
                    current = self.get(element)?;
                    continue;
                }
                kind if kind.is_alias() || kind == Kind::Variable => {
                    current = self.get(TypeId(current.size_or_type))?;
                    continue;
                }
                Kind::Pointer => self.pointer_size.ok_or(BtfError::PointerSize)?,
                kind if kind.has_size() => current.size_or_type.into(),
                kind => return Err(BtfError::Wrong { id: current.id, kind, what: "size" }),
            };
            return elements.checked_mul(one).ok_or(BtfError::Overflow { id });
        }
        Err(BtfError::Depth { id })
    }

    /// The type that a pointer points to, or a variable has; `None` for other kinds.
    ///
    /// # Errors
    ///
    /// See [`Btf::resolve`].
    pub fn target(&self, id: TypeId) -> Result<Option<TypeId>, BtfError> {
        let ty = self.resolve(id)?;
        let refers = matches!(ty.kind, Kind::Pointer | Kind::Variable);
        Ok(refers.then_some(TypeId(ty.size_or_type)))
    }

    /// Is the type a signed integer? `None` if it is no integer.
    ///
    /// # Errors
    ///
    /// See [`Btf::resolve`].
    pub fn is_signed(&self, id: TypeId) -> Result<Option<bool>, BtfError> {
        let ty = self.resolve(id)?;
        let encoding = u32_at(ty.extra, 0, self.order).filter(|_| ty.kind == Kind::Int);
        Ok(encoding.map(|encoding| encoding >> 24 & 1 == 1))
    }

    /// Element type and number of elements.
    pub(super) fn array(&self, array: &Type<'_>) -> Result<(TypeId, u32), BtfError> {
        let field = |offset| {
            u32_at(array.extra, offset, self.order)
                .filter(|_| array.kind == Kind::Array)
                .ok_or(BtfError::Wrong { id: array.id, kind: array.kind, what: "elements" })
        };
        Ok((TypeId(field(0)?), field(8)?))
    }
}
