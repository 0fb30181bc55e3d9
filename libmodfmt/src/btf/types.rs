// SPDX-License-Identifier: MIT OR Apache-2.0
//! Types, their bounds and their names.

use std::fmt;

use super::header::u32_at;
use super::{Btf, BtfError, Kind};

/// The number of a type. 0 is `void`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

impl TypeId {
    /// `void`, the one type that has no description.
    pub const VOID: Self = Self(0);
}

impl fmt::Display for TypeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A type as it is in the blob.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Type<'b> {
    /// Its number.
    pub id: TypeId,
    /// What it is.
    pub kind: Kind,
    /// Its name; empty if it has none.
    pub name: &'b str,
    /// Members, parameters, values: whatever this kind counts (`vlen`).
    pub count: u16,
    pub(super) flag: bool,
    pub(super) size_or_type: u32,
    /// What follows the 12 bytes that every type has.
    pub(super) extra: &'b [u8],
}

/// The first 12 bytes of a type.
#[derive(Clone, Copy)]
pub(super) struct Common {
    pub(super) name: u32,
    pub(super) kind: u32,
    pub(super) count: u16,
    pub(super) flag: bool,
    pub(super) size_or_type: u32,
}

impl<'d> Btf<'d> {
    /// The type with this id.
    ///
    /// # Errors
    ///
    /// - [`BtfError::NoType`]: there is none.
    /// - [`BtfError::Name`]: its name cannot be read.
    pub fn get(&self, id: TypeId) -> Result<Type<'d>, BtfError> {
        if id == TypeId::VOID {
            let (kind, extra) = (Kind::Void, &[][..]);
            return Ok(Type { id, kind, name: "void", count: 0, flag: false, size_or_type: 0, extra });
        }
        let missing = || BtfError::NoType { id, last: TypeId(self.next_id().saturating_sub(1)) };
        let (owner, start) = self.locate(id).ok_or_else(missing)?;
        let common = owner.common(start).ok_or_else(missing)?;
        let kind = Kind::from_number(common.kind).ok_or_else(missing)?;
        let extra = start
            .checked_add(12)
            .and_then(|start| owner.types.get(start..)?.get(..kind.extra_size(common.count)))
            .ok_or_else(missing)?;
        Ok(Type {
            id,
            kind,
            name: self.name(common.name)?,
            count: common.count,
            flag: common.flag,
            size_or_type: common.size_or_type,
            extra,
        })
    }

    /// Records where each type starts, and checks that it is complete.
    pub(super) fn index(&mut self) -> Result<(), BtfError> {
        let end = self.index_from(0)?;
        if end < self.types.len() {
            return Err(BtfError::Truncated { id: TypeId(self.next_id()), offset: end as u64 });
        }
        Ok(())
    }

    /// Records the types from `start` on, as far as they are complete. Returns where they end.
    pub(super) fn index_from(&mut self, mut start: usize) -> Result<usize, BtfError> {
        while let Some(common) = self.common(start) {
            let Some(kind) = Kind::from_number(common.kind) else {
                let (id, offset) = (TypeId(self.next_id()), start as u64);
                return Err(BtfError::UnknownKind { id, offset, kind: common.kind });
            };
            let end = start.saturating_add(12).saturating_add(kind.extra_size(common.count));
            let (true, Ok(place)) = (end <= self.types.len(), u32::try_from(start)) else { break };
            if kind == Kind::Int && self.pointer_size.is_none() && self.is_long(common.name) {
                self.pointer_size = Some(common.size_or_type.into());
            }
            self.offsets.push(place);
            start = end;
        }
        Ok(start)
    }

    /// Is this the name of C's `long`, whose size is a pointer's in every Linux ABI?
    fn is_long(&self, name: u32) -> bool {
        ["long unsigned int", "long int", "unsigned long", "long"]
            .iter()
            .any(|long| self.name_is(name, long.as_bytes()))
    }

    /// The blob that holds this type, and where in its types.
    pub(super) fn locate(&self, id: TypeId) -> Option<(&Self, usize)> {
        match id.0.checked_sub(self.first_id) {
            Some(index) => {
                let start = self.offsets.get(usize::try_from(index).ok()?)?;
                Some((self, usize::try_from(*start).ok()?))
            }
            None => self.base?.locate(id),
        }
    }

    pub(super) fn common(&self, start: usize) -> Option<Common> {
        let field = |distance| u32_at(self.types, start.checked_add(distance)?, self.order);
        let info = field(4)?;
        Some(Common {
            name: field(0)?,
            kind: info >> 24 & 0x1f,
            count: u16::try_from(info & 0xffff).ok()?,
            flag: info >> 31 == 1,
            size_or_type: field(8)?,
        })
    }

    /// The string at this offset of the string table.
    pub(super) fn name(&self, offset: u32) -> Result<&'d str, BtfError> {
        let string = self.string_tail(offset).and_then(|tail| tail.split(|&byte| byte == 0).next());
        // A blob without any string still has nameless types.
        let string = if offset == 0 { Some(string.unwrap_or_default()) } else { string };
        string.and_then(|name| std::str::from_utf8(name).ok()).ok_or(BtfError::Name { offset })
    }

    /// Compares without decoding: most names in a search do not match.
    pub(super) fn name_is(&self, offset: u32, name: &[u8]) -> bool {
        self.string_tail(offset).and_then(|tail| tail.strip_prefix(name)).is_some_and(|t| t.starts_with(&[0]))
    }

    fn string_tail(&self, offset: u32) -> Option<&'d [u8]> {
        match offset.checked_sub(self.first_string) {
            Some(own) => self.strings.get(usize::try_from(own).ok()?..).filter(|tail| !tail.is_empty()),
            None => self.base?.string_tail(offset),
        }
    }
}
