// SPDX-License-Identifier: MIT OR Apache-2.0
//! Types for [`crate::types`] from BTF, and which of a module's types the kernel has as well.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::header::u32_at;
use super::{Btf, Kind, Type as BtfType, TypeId as BtfId};
use crate::types::number_encoding::{BOOLEAN, FLOAT, SIGNED, UNKNOWN, UNSIGNED};
use crate::types::{Comparison, KernelTypes, Member, TagKind, Type, TypeId, Types, layout_hash};

/// Most dimensions of an array.
const MAX_DIMENSIONS: usize = 64;
/// `BTF_INT_SIGNED` and `BTF_INT_BOOL`
const SIGNED_FLAG: u32 = 1;
const BOOLEAN_FLAG: u32 = 4;

/// The types of a blob. Their numbers are those of the blob.
#[derive(Debug)]
pub struct BtfTypes<'b, 'd> {
    btf: &'b Btf<'d>,
    known: RefCell<HashMap<TypeId, Arc<Type>>>,
}

impl<'b, 'd> BtfTypes<'b, 'd> {
    /// Reads nothing yet.
    #[must_use]
    pub fn new(btf: &'b Btf<'d>) -> Self {
        Self { btf, known: RefCell::default() }
    }

    fn read(&self, id: TypeId) -> Option<Type> {
        let ty = self.btf.resolve(BtfId(id.0)).ok()?;
        let (name, size) = (ty.name.to_owned(), u64::from(ty.size_or_type));
        let target = || TypeId(ty.size_or_type);
        Some(match ty.kind {
            Kind::Void => Type::Void,
            Kind::Int => {
                let flags = u32_at(ty.extra, 0, self.btf.order)? >> 24;
                let encoding = match size {
                    _ if flags & BOOLEAN_FLAG != 0 => BOOLEAN,
                    // pahole gives `char` no flag.
                    0..=1 => UNKNOWN,
                    _ if flags & SIGNED_FLAG != 0 => SIGNED,
                    _ => UNSIGNED,
                };
                Type::Number { name, size, encoding }
            }
            Kind::Float => Type::Number { name, size, encoding: FLOAT },
            Kind::Pointer => Type::Pointer { size: self.btf.pointer_size()?, target: target() },
            Kind::Array => self.array(ty)?,
            Kind::Enum | Kind::Enum64 if ty.count == 0 => Type::Declared { kind: TagKind::Enum, name },
            Kind::Enum | Kind::Enum64 => Type::Enumeration { name, size, values: self.values(&ty)? },
            // The flag says which of the two it is.
            Kind::Forward if ty.flag => Type::Declared { kind: TagKind::Union, name },
            Kind::Forward => Type::Declared { kind: TagKind::Struct, name },
            Kind::Struct | Kind::Union => {
                let mut members = Vec::new();
                for member in self.btf.members(ty.id).ok()? {
                    let member = member.ok()?;
                    members.push(Member {
                        name: member.name.to_owned(),
                        bit_offset: member.bit_offset,
                        bits: member.bits.into(),
                        type_id: TypeId(member.type_id.0),
                        selected_by: Vec::new(),
                    });
                }
                let kind = if ty.kind == Kind::Union { TagKind::Union } else { TagKind::Struct };
                Type::Record { kind, name, size, members }
            }
            Kind::FunctionPrototype => {
                let (chunks, _) = ty.extra.as_chunks::<8>();
                let types = chunks.iter().map(|chunk| u32_at(chunk, 4, self.btf.order).map(TypeId));
                let mut parameters = types.collect::<Option<Vec<TypeId>>>()?;
                // `...` is a last parameter without name and type.
                let variadic = parameters.pop_if(|last| *last == TypeId(0)).is_some();
                Type::Function { result: target(), parameters, variadic }
            }
            _ => return None,
        })
    }

    fn array(&self, outer: BtfType<'d>) -> Option<Type> {
        let mut array = outer;
        let mut counts = Vec::new();
        while counts.len() < MAX_DIMENSIONS {
            let (element, count) = self.btf.array(&array).ok()?;
            counts.push(Some(count.into()));
            let inner = self.btf.resolve(element).ok()?;
            if inner.kind != Kind::Array {
                return Some(Type::Array { element: TypeId(element.0), counts });
            }
            array = inner;
        }
        None
    }

    fn values(&self, ty: &BtfType<'d>) -> Option<Vec<(String, u64)>> {
        let size = if ty.kind == Kind::Enum { 8 } else { 12 };
        let mask = match ty.size_or_type {
            bytes @ 0..8 => 1_u64.checked_shl(bytes.checked_mul(8)?)?.wrapping_sub(1),
            _ => u64::MAX,
        };
        let value = |bytes: &'d [u8]| {
            let field = |offset| u32_at(bytes, offset, self.btf.order);
            let name = self.btf.name(field(0)?).ok()?;
            let low = u64::from(field(4)?);
            let value = if ty.kind == Kind::Enum64 { u64::from(field(8)?) << 32 | low } else { low };
            // 32 bits that are negative, in a type of 64.
            let is_negative = ty.kind == Kind::Enum && ty.flag && low >> 31 == 1;
            let value = if is_negative { value | u64::MAX << 32 } else { value };
            Some((name.to_owned(), value & mask))
        };
        ty.extra.chunks_exact(size).map(value).collect()
    }
}

impl Types for BtfTypes<'_, '_> {
    fn get(&self, id: TypeId) -> Arc<Type> {
        if let Some(known) = self.known.borrow().get(&id) {
            return Arc::clone(known);
        }
        let ty = Arc::new(self.read(id).unwrap_or(Type::Unknown));
        self.known.borrow_mut().insert(id, Arc::clone(&ty));
        ty
    }

    fn flattens_arrays(&self) -> bool {
        true
    }
}

/// Finds out which of some types the kernel or its modules have.
#[derive(Debug)]
pub struct KernelBtf<'t, 'd> {
    types: &'t dyn Types,
    blobs: Vec<Searched<'t, 'd>>,
    known: RefCell<HashMap<TypeId, Option<u64>>>,
}

/// A blob in which types are looked for.
#[derive(Debug)]
struct Searched<'t, 'd> {
    types: &'t BtfTypes<'t, 'd>,
    comparison: Comparison<'t>,
    /// Structures, unions and enumerations by name, without those of its base.
    by_name: HashMap<&'d str, Vec<TypeId>>,
}

impl<'t, 'd> KernelBtf<'t, 'd> {
    /// For questions about `types`; `kernel` is vmlinux's BTF.
    #[must_use]
    pub fn new(kernel: &'t BtfTypes<'t, 'd>, types: &'t dyn Types) -> Self {
        let blobs = vec![Searched::new(kernel, types)];
        Self { types, blobs, known: RefCell::default() }
    }

    /// The types of a loaded module count as the kernel's, too; `module` is its BTF on top of vmlinux's.
    #[must_use]
    pub fn with_module(mut self, module: &'t BtfTypes<'t, 'd>) -> Self {
        self.blobs.push(Searched::new(module, self.types));
        self
    }

    fn search(&self, id: TypeId) -> Option<u64> {
        let ty = self.types.get(id);
        let (_, name) = ty.tag().filter(|(_, name)| !name.is_empty())?;
        self.blobs.iter().find_map(|blob| blob.find(name, id))
    }
}

impl<'t, 'd> Searched<'t, 'd> {
    fn new(types: &'t BtfTypes<'t, 'd>, asked: &'t dyn Types) -> Self {
        let btf = types.btf;
        let mut by_name: HashMap<&'d str, Vec<TypeId>> = HashMap::new();
        for ty in btf.own_ids().filter_map(|id| btf.get(id).ok()) {
            let is_tagged = ty.kind.has_members() || matches!(ty.kind, Kind::Enum | Kind::Enum64);
            if is_tagged && !ty.name.is_empty() {
                by_name.entry(ty.name).or_default().push(TypeId(ty.id.0));
            }
        }
        Self { types, comparison: Comparison::new(types, asked), by_name }
    }

    fn find(&self, name: &str, id: TypeId) -> Option<u64> {
        let mut candidates = self.by_name.get(name)?.iter();
        let is_equal = |candidate: &&TypeId| {
            self.comparison.of(**candidate, id).is_ok() && !self.comparison.is_exhausted()
        };
        let found = candidates.find(is_equal)?;
        Some(layout_hash(self.types, *found))
    }
}

impl KernelTypes for KernelBtf<'_, '_> {
    fn find(&self, id: TypeId) -> Option<u64> {
        if let Some(known) = self.known.borrow().get(&id) {
            return *known;
        }
        let found = self.search(id);
        self.known.borrow_mut().insert(id, found);
        found
    }
}
