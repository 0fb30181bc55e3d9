// SPDX-License-Identifier: MIT OR Apache-2.0
//! A table of types whose kernel types are filled in.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::btf::{Btf, BtfTypes, Kind, TypeId as BtfId};
use crate::types::{TagKind, Type, TypeId, TypeTable, Types, layout_hash};

/// Numbers from here on are those of the kernel. A table has at most [`MAX_TYPES`](crate::types::MAX_TYPES).
const FIRST_OF_KERNEL: u32 = 1 << 16;

/// A header's table together with vmlinux's BTF: a [`Type::Kernel`] of the table is the kernel's own type if
/// that has the layout which the table says.
#[derive(Debug)]
pub struct WithKernelTypes<'t, 'b, 'd> {
    table: &'t TypeTable,
    btf: &'b Btf<'d>,
    kernel: &'t BtfTypes<'b, 'd>,
    found: RefCell<HashMap<TypeId, Option<TypeId>>>,
}

impl<'t, 'b, 'd> WithKernelTypes<'t, 'b, 'd> {
    /// `kernel` has the types of `btf`.
    #[must_use]
    pub fn new(table: &'t TypeTable, btf: &'b Btf<'d>, kernel: &'t BtfTypes<'b, 'd>) -> Self {
        Self { table, btf, kernel, found: RefCell::default() }
    }

    /// Whether a table names types that only the kernel can describe.
    #[must_use]
    pub fn is_needed(table: &TypeTable) -> bool {
        table.types().iter().any(|ty| matches!(&**ty, Type::Kernel { .. }))
    }

    /// The number of a type of the kernel among these, by kind and tag.
    #[must_use]
    pub fn of_kernel(&self, kind: TagKind, tag: &str) -> Option<TypeId> {
        let kinds: &[Kind] = match kind {
            TagKind::Struct => &[Kind::Struct],
            TagKind::Union => &[Kind::Union],
            TagKind::Enum => &[Kind::Enum, Kind::Enum64],
        };
        let id = kinds.iter().find_map(|kind| self.btf.find(*kind, tag))?;
        shifted(TypeId(id.0))
    }

    fn matching(&self, id: TypeId, kind: TagKind, tag: &str, hash: u64) -> Option<TypeId> {
        if let Some(known) = self.found.borrow().get(&id) {
            return *known;
        }
        let is_kind = |own: Kind| match kind {
            TagKind::Struct => own == Kind::Struct,
            TagKind::Union => own == Kind::Union,
            TagKind::Enum => matches!(own, Kind::Enum | Kind::Enum64),
        };
        let named = |id: &BtfId| self.btf.get(*id).is_ok_and(|ty| ty.name == tag && is_kind(ty.kind));
        let ids = self.btf.ids().filter(named).map(|id| TypeId(id.0));
        let found = ids.into_iter().find(|id| layout_hash(self.kernel, *id) == hash).and_then(shifted);
        self.found.borrow_mut().insert(id, found);
        found
    }
}

fn shifted(id: TypeId) -> Option<TypeId> {
    id.0.checked_add(FIRST_OF_KERNEL).map(TypeId)
}

impl Types for WithKernelTypes<'_, '_, '_> {
    fn get(&self, id: TypeId) -> Arc<Type> {
        let of_kernel = |id: u32| {
            let ty = Type::clone(&self.kernel.get(TypeId(id)));
            Arc::new(ty.with_references(|id| shifted(id).unwrap_or(TypeId(u32::MAX))))
        };
        if let Some(id) = id.0.checked_sub(FIRST_OF_KERNEL) {
            return of_kernel(id);
        }
        let own = self.table.get(id);
        let Type::Kernel { kind, name, hash, .. } = &*own else { return own };
        match self.matching(id, *kind, name, *hash).and_then(|id| id.0.checked_sub(FIRST_OF_KERNEL)) {
            Some(id) => of_kernel(id),
            None => own,
        }
    }
}
