// SPDX-License-Identifier: MIT OR Apache-2.0
//! The variables in a blob.
//!
//! Most blobs describe one section only, the per-CPU variables. Newer compilers and `pahole` can be
//! told to describe all.

use super::header::u32_at;
use super::{Btf, Kind, TypeId};

/// A variable of a data section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BtfVariable<'b> {
    /// Its name.
    pub name: &'b str,
    /// Name of its section.
    pub section: &'b str,
    /// Its offset there, in bytes.
    pub offset: u64,
    /// Its size in bytes.
    pub size: u64,
    /// Its type.
    pub type_id: TypeId,
}

impl<'d> Btf<'d> {
    /// The variables of this blob itself, without those of its base. What is damaged is left out.
    pub fn variables(&self) -> impl Iterator<Item = BtfVariable<'d>> {
        let sections = (self.first_id..self.next_id()).filter_map(|id| self.get(TypeId(id)).ok());
        sections.filter(|ty| ty.kind == Kind::DataSection).flat_map(move |section| {
            let (entries, _) = section.extra.as_chunks::<12>();
            entries.iter().filter_map(move |entry| {
                let field = |at| u32_at(entry, at, self.order);
                let variable = self.get(TypeId(field(0)?)).ok().filter(|ty| ty.kind == Kind::Variable)?;
                Some(BtfVariable {
                    name: variable.name,
                    section: section.name,
                    offset: field(4)?.into(),
                    size: field(8)?.into(),
                    type_id: TypeId(variable.size_or_type),
                })
            })
        })
    }
}
