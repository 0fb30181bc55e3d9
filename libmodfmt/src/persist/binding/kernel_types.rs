// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which of the types that a header describes the kernel has, where another header knows them by the kernel's
//! name and hash only.
//!
//! A build with debug information names the kernel's types if there are many; what `modpersist embed` puts
//! into a file describes them all, because no kernel is known there. The hash alone does not tell that both
//! are the same: the kernel has definitions of what a driver's source only declares.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::fmt;

use crate::btf::{Btf, BtfTypes, KernelBtf};
use crate::persist::{KernelBtfBlobs, KernelBtfReader};
use crate::types::{Comparison, KernelTypes, TagKind, Type, TypeId, TypeTable};

/// The kernel's BTF, read when it is asked for the first time.
pub(super) struct LazyKernelBtf<'a> {
    read: KernelBtfReader<'a>,
    blobs: OnceCell<Option<KernelBtfBlobs>>,
}

impl<'a> LazyKernelBtf<'a> {
    pub(super) fn new(read: KernelBtfReader<'a>) -> Self {
        Self { read, blobs: OnceCell::new() }
    }

    /// The comparison of these types, with knowledge of the kernel's.
    pub(super) fn comparison<'t>(&'t self, old: &'t TypeTable, new: &'t TypeTable) -> Comparison<'t> {
        let side =
            |types, others| Box::new(Described { types, others, kernel: self, hashes: OnceCell::new() });
        Comparison::new(old, new).with_kernel(side(old, new), side(new, old))
    }

    fn blobs(&self) -> Option<&KernelBtfBlobs> {
        self.blobs.get_or_init(|| (self.read)()).as_ref()
    }
}

/// The types that a table describes and another one names.
struct Described<'t, 'a> {
    types: &'t TypeTable,
    others: &'t TypeTable,
    kernel: &'t LazyKernelBtf<'a>,
    /// Of those that the kernel has: the hash of the kernel's type.
    hashes: OnceCell<HashMap<TypeId, u64>>,
}

impl Described<'_, '_> {
    /// Looks for all of them at once, since an index over the kernel's types takes longest.
    fn hashes(&self) -> HashMap<TypeId, u64> {
        let named: HashSet<(TagKind, &str)> = self
            .others
            .types()
            .iter()
            .filter(|ty| matches!(***ty, Type::Kernel { .. }))
            .filter_map(|ty| ty.tag())
            .collect();
        let Some(blobs) = self.kernel.blobs() else { return HashMap::new() };
        let Ok(vmlinux) = Btf::parse(&blobs.vmlinux) else { return HashMap::new() };
        let modules = blobs.modules.iter().filter_map(|blob| Btf::parse_split(blob, &vmlinux).ok());
        let modules: Vec<Btf<'_>> = modules.collect();
        let of_kernel = BtfTypes::new(&vmlinux);
        let of_modules: Vec<BtfTypes<'_, '_>> = modules.iter().map(BtfTypes::new).collect();
        let has = of_modules.iter().fold(KernelBtf::new(&of_kernel, self.types), KernelBtf::with_module);
        let is_described = |ty: &Type| matches!(ty, Type::Record { .. } | Type::Enumeration { .. });
        let numbered = (0..).map(TypeId).zip(self.types.types());
        let described =
            numbered.filter(|(_, ty)| is_described(ty) && ty.tag().is_some_and(|tag| named.contains(&tag)));
        described.filter_map(|(id, _)| Some((id, has.find(id)?))).collect()
    }
}

impl KernelTypes for Described<'_, '_> {
    fn find(&self, id: TypeId) -> Option<u64> {
        self.hashes.get_or_init(|| self.hashes()).get(&id).copied()
    }
}

impl fmt::Debug for Described<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Described").field("hashes", &self.hashes).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::btf::tests::blob::Blob;
    use crate::elf::ByteOrder;
    use crate::persist::{Account, Header, Unit, Variable, Wishes};
    use crate::types::{Completeness, Member, layout_hash};

    fn int(types: &mut TypeTable, size: u64) -> TypeId {
        types.push(Type::Number { name: "int".into(), size, encoding: 5 })
    }

    fn structure(types: &mut TypeTable, name: &str, members: &[(&str, TypeId)]) -> TypeId {
        let members: Vec<Member> = (0..)
            .zip(members)
            .map(|(number, (name, type_id))| Member {
                name: (*name).to_owned(),
                bit_offset: number * 64,
                bits: 0,
                type_id: *type_id,
                selected_by: Vec::new(),
            })
            .collect();
        let (kind, size) = (TagKind::Struct, members.len() as u64 * 8);
        types.push(Type::Record { kind, name: name.to_owned(), size, members })
    }

    /// The kernel's `struct cdev { int count; struct owner *owner; }`, where `struct owner` is defined.
    fn kernel() -> (Vec<u8>, u64) {
        let mut blob = Blob::new(ByteOrder::Little);
        let int = blob.int("int", 4, true);
        let owner = blob.structure("owner", 8, &[("state", int, 0)]);
        let pointer = blob.add("", 2, 0, owner, &[]);
        let cdev = blob.structure("cdev", 16, &[("count", int, 0), ("owner", pointer, 8)]);
        let blob = blob.finish();
        let hash = layout_hash(&BtfTypes::new(&Btf::parse(&blob).unwrap()), TypeId(cdev));
        (blob, hash)
    }

    /// A header with `struct cdev *seat`.
    fn header(build: u8, target: impl FnOnce(&mut TypeTable) -> TypeId) -> Header {
        let mut header = Header::new("kxo");
        header.build_id = vec![build; 20];
        let target = target(&mut header.types);
        let pointer = header.types.push(Type::Pointer { size: 8, target });
        let mut seat = Variable::new("seat", 0, 8, 8);
        seat.type_id = Some(pointer);
        let mut unit = Unit::new(".data..persistent.main.0", 8, 8);
        unit.variables.push(seat);
        header.units.push(unit);
        header
    }

    /// As a build with debug information has it: named.
    fn named(build: u8, hash: u64) -> Header {
        let (kind, name) = (TagKind::Struct, "cdev".to_owned());
        header(build, |types| types.push(Type::Kernel { kind, name, size: 16, hash }))
    }

    /// As it is embedded: described, and what the source only declares is only declared.
    fn described(build: u8, count: u64) -> Header {
        header(build, |types| {
            let count = int(types, count);
            let owner = types.push(Type::Declared { kind: TagKind::Struct, name: "owner".into() });
            let owner = types.push(Type::Pointer { size: 8, target: owner });
            structure(types, "cdev", &[("count", count), ("owner", owner)])
        })
    }

    /// Types that were not compared, and differences.
    fn outcome(kept: &Header, file: &Header, kernel: Option<&[u8]>) -> (usize, usize) {
        let btf = || kernel.map(|blob| KernelBtfBlobs::new(blob.to_vec()));
        let account = Account::on_kernel(&[kept], file, &Wishes::default(), &btf);
        (account.bound().1, account.differences().count())
    }

    #[test]
    fn what_is_embedded_is_compared_with_what_the_kernel_has() {
        let (blob, hash) = kernel();
        let (named, same, other) = (named(1, hash), described(2, 4), described(2, 8));
        assert_ne!(layout_hash(&same.types, TypeId(3)), hash, "the kernel has a definition more");
        for (kept, file) in [(&named, &same), (&same, &named)] {
            assert_eq!(outcome(kept, file, None), (1, 0), "nobody knows the kernel's types");
            assert_eq!(outcome(kept, file, Some(&blob)), (0, 0));
        }
        // The kernel has none like this: it may be one of a module that is not loaded.
        assert_eq!(outcome(&named, &other, Some(&blob)), (1, 0));
    }

    #[test]
    fn a_type_that_the_kernel_has_twice_is_told_by_its_hash() {
        let (blob, hash) = kernel();
        let kept = named(1, hash ^ 1);
        assert_eq!(outcome(&kept, &described(2, 4), Some(&blob)), (0, 1));
    }

    /// Nothing is read where both sides know a type in the same way.
    #[test]
    fn the_kernel_is_asked_only_where_it_matters() {
        let (_, hash) = kernel();
        let asked = std::cell::Cell::new(0);
        let btf = || {
            asked.set(asked.get() + 1);
            None
        };
        for (kept, file) in [(named(1, hash), named(2, hash)), (described(1, 4), described(2, 4))] {
            let account = Account::on_kernel(&[&kept], &file, &Wishes::default(), &btf);
            assert_eq!((account.bound(), asked.get()), ((1, 0), 0));
        }
        let account = Account::on_kernel(&[&named(1, hash)], &described(2, 4), &Wishes::default(), &btf);
        assert_eq!((account.bound(), asked.get()), ((1, 1), 1));
        let lazy = LazyKernelBtf::new(&btf);
        let (one, two) = (named(1, hash), described(2, 4));
        let comparison = lazy.comparison(&one.types, &two.types);
        let root = |header: &Header| header.units[0].variables[0].type_id.unwrap();
        assert_eq!(comparison.of(root(&one), root(&two)), Ok(Completeness::Partial));
    }
}
