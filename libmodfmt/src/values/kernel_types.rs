// SPDX-License-Identifier: MIT OR Apache-2.0
//! A table of types whose kernel types are filled in.

use std::cell::{OnceCell, RefCell};
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
    /// Structures, unions and enumerations by name.
    by_name: OnceCell<HashMap<&'d str, Vec<BtfId>>>,
    found: RefCell<HashMap<TypeId, Option<TypeId>>>,
    /// With their references changed.
    shifted: RefCell<HashMap<u32, Arc<Type>>>,
}

impl<'t, 'b, 'd> WithKernelTypes<'t, 'b, 'd> {
    /// `kernel` has the types of `btf`.
    #[must_use]
    pub fn new(table: &'t TypeTable, btf: &'b Btf<'d>, kernel: &'t BtfTypes<'b, 'd>) -> Self {
        let (found, shifted) = (RefCell::default(), RefCell::default());
        Self { table, btf, kernel, by_name: OnceCell::new(), found, shifted }
    }

    /// Whether a table names types that only the kernel can describe.
    #[must_use]
    pub fn is_needed(table: &TypeTable) -> bool {
        table.types().iter().any(|ty| matches!(&**ty, Type::Kernel { .. }))
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
        let is_of_kind = |id: &&BtfId| self.btf.get(**id).is_ok_and(|ty| is_kind(ty.kind));
        let named = self.by_name.get_or_init(|| by_name(self.btf)).get(tag).map(Vec::as_slice);
        let ids = named.unwrap_or_default().iter().filter(is_of_kind).map(|id| TypeId(id.0));
        let found = ids.into_iter().find(|id| layout_hash(self.kernel, *id) == hash).and_then(shifted);
        self.found.borrow_mut().insert(id, found);
        found
    }
}

fn by_name<'d>(btf: &Btf<'d>) -> HashMap<&'d str, Vec<BtfId>> {
    let mut by_name: HashMap<&'d str, Vec<BtfId>> = HashMap::new();
    for ty in btf.ids().filter_map(|id| btf.get(id).ok()).filter(|ty| !ty.name.is_empty()) {
        if ty.kind.has_members() || matches!(ty.kind, Kind::Enum | Kind::Enum64) {
            by_name.entry(ty.name).or_default().push(ty.id);
        }
    }
    by_name
}

fn shifted(id: TypeId) -> Option<TypeId> {
    id.0.checked_add(FIRST_OF_KERNEL).map(TypeId)
}

impl Types for WithKernelTypes<'_, '_, '_> {
    fn get(&self, id: TypeId) -> Arc<Type> {
        let of_kernel = |id: u32| {
            let mut known = self.shifted.borrow_mut();
            let ty = known.entry(id).or_insert_with(|| {
                let ty = Type::clone(&self.kernel.get(TypeId(id)));
                Arc::new(ty.with_references(|id| shifted(id).unwrap_or(TypeId(u32::MAX))))
            });
            Arc::clone(ty)
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
