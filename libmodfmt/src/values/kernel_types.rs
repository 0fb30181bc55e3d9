// SPDX-License-Identifier: MIT OR Apache-2.0
//! A table of types whose kernel types are filled in.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use crate::btf::{Btf, BtfTypes, Kind, TypeId as BtfId};
use crate::types::{TagKind, Type, TypeId, TypeTable, Types, layout_hash};

/// Numbers from here on are those of the kernel. A table has at most [`MAX_TYPES`](crate::types::MAX_TYPES).
const FIRST_OF_KERNEL: u32 = 1 << 16;

/// A header's table together with vmlinux's BTF, and that of modules: a [`Type::Kernel`] of the table is the
/// kernel's own type if that has the layout which the table says.
#[derive(Debug)]
pub struct WithKernelTypes<'t, 'b, 'd> {
    table: &'t TypeTable,
    /// At least vmlinux's.
    sources: Vec<Source<'t, 'b, 'd>>,
    found: RefCell<HashMap<TypeId, Option<TypeId>>>,
    /// With their references changed.
    shifted: RefCell<HashMap<u32, Arc<Type>>>,
}

/// One blob.
#[derive(Debug)]
struct Source<'t, 'b, 'd> {
    btf: &'b Btf<'d>,
    types: &'t BtfTypes<'b, 'd>,
    /// Added to the numbers of its types.
    shift: u32,
    /// Structures, unions and enumerations by name, without those of its base.
    by_name: OnceCell<HashMap<&'d str, Vec<BtfId>>>,
}

impl<'t, 'b, 'd> WithKernelTypes<'t, 'b, 'd> {
    /// `kernel` has the types of `btf`.
    #[must_use]
    pub fn new(table: &'t TypeTable, btf: &'b Btf<'d>, kernel: &'t BtfTypes<'b, 'd>) -> Self {
        let sources = vec![Source { btf, types: kernel, shift: FIRST_OF_KERNEL, by_name: OnceCell::new() }];
        Self { table, sources, found: RefCell::default(), shifted: RefCell::default() }
    }

    /// Looks in the BTF of a module as well, which is on top of vmlinux's.
    #[must_use]
    pub fn with_module(mut self, btf: &'b Btf<'d>, types: &'t BtfTypes<'b, 'd>) -> Self {
        let next = |last: &Source<'_, '_, '_>| last.shift.checked_add(last.btf.next_id());
        // More types than there are numbers are not looked at.
        if let Some(shift) = self.sources.last().and_then(next)
            && shift.checked_add(btf.next_id()).is_some()
        {
            self.sources.push(Source { btf, types, shift, by_name: OnceCell::new() });
        }
        self
    }

    /// Whether a table names types that only the kernel can describe.
    #[must_use]
    pub fn is_needed(table: &TypeTable) -> bool {
        table.types().iter().any(|ty| matches!(&**ty, Type::Kernel { .. }))
    }

    /// Whether every type that the table only names was found.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        (0..).zip(self.table.types()).all(|(id, ty)| match &**ty {
            Type::Kernel { kind, name, hash, .. } => self.matching(TypeId(id), *kind, name, *hash).is_some(),
            _ => true,
        })
    }

    fn matching(&self, id: TypeId, kind: TagKind, tag: &str, hash: u64) -> Option<TypeId> {
        if let Some(known) = self.found.borrow().get(&id) {
            return *known;
        }
        let found = self.sources.iter().find_map(|source| source.find(kind, tag, hash));
        self.found.borrow_mut().insert(id, found);
        found
    }

    /// A type of the kernel by its shifted number.
    fn of_kernel(&self, id: TypeId) -> Option<Arc<Type>> {
        let source = self.sources.iter().rfind(|source| source.shift <= id.0)?;
        let own = TypeId(id.0.checked_sub(source.shift)?);
        let mut known = self.shifted.borrow_mut();
        let ty = known.entry(id.0).or_insert_with(|| {
            let ty = Type::clone(&source.types.get(own));
            Arc::new(ty.with_references(|id| source.shifted(id).unwrap_or(TypeId(u32::MAX))))
        });
        Some(Arc::clone(ty))
    }
}

impl Source<'_, '_, '_> {
    fn find(&self, kind: TagKind, tag: &str, hash: u64) -> Option<TypeId> {
        let is_kind = |own: Kind| match kind {
            TagKind::Struct => own == Kind::Struct,
            TagKind::Union => own == Kind::Union,
            TagKind::Enum => matches!(own, Kind::Enum | Kind::Enum64),
        };
        let is_of_kind = |id: &&BtfId| self.btf.get(**id).is_ok_and(|ty| is_kind(ty.kind));
        let named = self.by_name.get_or_init(|| by_name(self.btf)).get(tag).map(Vec::as_slice);
        let ids = named.unwrap_or_default().iter().filter(is_of_kind).map(|id| TypeId(id.0));
        ids.into_iter().find(|id| layout_hash(self.types, *id) == hash).and_then(|id| self.shifted(id))
    }

    fn shifted(&self, id: TypeId) -> Option<TypeId> {
        id.0.checked_add(self.shift).map(TypeId)
    }
}

fn by_name<'d>(btf: &Btf<'d>) -> HashMap<&'d str, Vec<BtfId>> {
    let mut by_name: HashMap<&'d str, Vec<BtfId>> = HashMap::new();
    for ty in btf.own_ids().filter_map(|id| btf.get(id).ok()).filter(|ty| !ty.name.is_empty()) {
        if ty.kind.has_members() || matches!(ty.kind, Kind::Enum | Kind::Enum64) {
            by_name.entry(ty.name).or_default().push(ty.id);
        }
    }
    by_name
}

impl Types for WithKernelTypes<'_, '_, '_> {
    fn get(&self, id: TypeId) -> Arc<Type> {
        if id.0 >= FIRST_OF_KERNEL {
            return self.of_kernel(id).unwrap_or_else(|| Arc::new(Type::Unknown));
        }
        let own = self.table.get(id);
        let Type::Kernel { kind, name, hash, .. } = &*own else { return own };
        self.matching(id, *kind, name, *hash).and_then(|id| self.of_kernel(id)).unwrap_or(own)
    }
}
