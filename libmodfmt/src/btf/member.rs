// SPDX-License-Identifier: MIT OR Apache-2.0
//! Members of structures and unions.

use super::header::u32_at;
use super::{Btf, BtfError, Type, TypeId};

/// How many anonymous structures one search may enter. The kernel's largest have a few dozen.
const SEARCHED: usize = 4096;

/// A member of a structure or union.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member<'b> {
    /// Its name; empty for an anonymous structure or union.
    pub name: &'b str,
    /// Its type.
    pub type_id: TypeId,
    /// Where it starts, in bits from the start of the structure that was asked.
    pub bit_offset: u64,
    /// Its size in bits if it is a bit-field, otherwise 0.
    pub bits: u8,
}

impl Member<'_> {
    /// Where it starts in bytes; `None` if that is within a byte.
    #[must_use]
    pub const fn byte_offset(&self) -> Option<u64> {
        if self.bit_offset.is_multiple_of(8) { Some(self.bit_offset / 8) } else { None }
    }
}

impl<'d> Btf<'d> {
    /// The members of a structure or union, in the order of their declaration.
    ///
    /// # Errors
    ///
    /// [`BtfError::Wrong`] if the type is something else; [`BtfError::Name`] from the iterator.
    pub fn members(
        &self,
        id: TypeId,
    ) -> Result<impl Iterator<Item = Result<Member<'d>, BtfError>>, BtfError> {
        let ty = self.resolve(id)?;
        if !ty.kind.has_members() {
            return Err(BtfError::Wrong { id: ty.id, kind: ty.kind, what: "members" });
        }
        let (members, _) = ty.extra.as_chunks::<12>();
        Ok(members.iter().map(move |member| self.decode(&ty, member)))
    }

    /// The member of that name, also inside of anonymous structures and unions.
    ///
    /// # Errors
    ///
    /// As [`Btf::members`] for each structure that is searched; [`BtfError::Depth`] if there is no
    /// end of them.
    pub fn member(&self, id: TypeId, name: &str) -> Result<Option<Member<'d>>, BtfError> {
        // The structures still to be searched, and their places in bits. A cycle in damaged
        // data makes the list grow without end.
        let mut pending = vec![(id, 0_u64)];
        let mut entered: usize = 0;
        while let Some((id, start)) = pending.pop() {
            for member in self.members(id)? {
                let mut member = member?;
                member.bit_offset = member.bit_offset.saturating_add(start);
                if member.name == name && !name.is_empty() {
                    return Ok(Some(member));
                }
                if member.name.is_empty() && self.resolve(member.type_id)?.kind.has_members() {
                    entered = entered.saturating_add(1);
                    if entered > SEARCHED {
                        return Err(BtfError::Depth { id });
                    }
                    pending.push((member.type_id, member.bit_offset));
                }
            }
        }
        Ok(None)
    }

    fn decode(&self, of: &Type<'_>, member: &[u8; 12]) -> Result<Member<'d>, BtfError> {
        let field = |offset| u32_at(member, offset, self.order).unwrap_or_default();
        let (name, type_id, place) = (self.name(field(0))?, TypeId(field(4)), field(8));
        // With the flag, the upper byte of the place is the size of a bit-field.
        let (bits, bit_offset) = if of.flag { (place >> 24, place & 0xff_ffff) } else { (0, place) };
        let bits = u8::try_from(bits).unwrap_or_default();
        Ok(Member { name, type_id, bit_offset: bit_offset.into(), bits })
    }
}
