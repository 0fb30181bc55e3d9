// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which of a module's types the kernel and its modules have.

use super::blob::Blob;
use crate::btf::{Btf, BtfTypes, KernelBtf};
use crate::elf::ByteOrder;
use crate::types::{KernelTypes, Member, TagKind, Type, TypeId, TypeTable, Types as _, compare, layout_hash};

/// A table with `struct NAME { int rows[..]..; }`, as debug information has it.
fn structure(name: &str, counts: &[u64]) -> (TypeTable, TypeId) {
    let mut table = TypeTable::default();
    let element = table.push(Type::Number { name: "int".to_owned(), size: 4, encoding: 5 });
    let counts: Vec<Option<u64>> = counts.iter().copied().map(Some).collect();
    let size = 4 * counts.iter().flatten().product::<u64>();
    let array = table.push(Type::Array { element, counts });
    let rows =
        Member { name: "rows".to_owned(), bit_offset: 0, bits: 0, type_id: array, selected_by: Vec::new() };
    let record = Type::Record { kind: TagKind::Struct, name: name.to_owned(), size, members: vec![rows] };
    let id = table.push(record);
    (table, id)
}

/// pahole writes `int rows[4][2][5]` as an array of 40.
#[test]
fn arrays_of_several_dimensions_have_one_in_btf() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let mut blob = Blob::new(order);
        let int = blob.int("int", 4, true);
        let array = blob.array(int, 40);
        let of_kernel = TypeId(blob.structure("walk", 160, &[("rows", array, 0)]));
        let blob = blob.finish();
        let btf = Btf::parse(&blob).unwrap();
        let types = BtfTypes::new(&btf);
        assert!(types.flattens_arrays());
        for counts in [&[4, 2, 5][..], &[40], &[8, 5]] {
            let (table, id) = structure("walk", counts);
            let hash = layout_hash(&table, id);
            assert_eq!(KernelBtf::new(&types, &table).find(id), Some(hash), "{counts:?}");
            assert_eq!(layout_hash(&types, of_kernel), hash, "{counts:?}");
            assert!(compare((&table, id), (&types, of_kernel)).is_ok(), "{counts:?}");
        }
        let (table, id) = structure("walk", &[4, 2, 4]);
        assert_eq!(KernelBtf::new(&types, &table).find(id), None);
        // Debug information tells them apart.
        let (other, other_id) = structure("walk", &[2, 4, 5]);
        let (table, id) = structure("walk", &[4, 2, 5]);
        assert!(compare((&table, id), (&other, other_id)).is_err());
    }
}

#[test]
fn types_of_modules_are_found_behind_the_kernels() {
    let order = ByteOrder::Little;
    let mut vmlinux = Blob::new(order);
    let int = vmlinux.int("int", 4, true);
    let two = vmlinux.array(int, 2);
    vmlinux.structure("device", 8, &[("rows", two, 0)]);
    let vmlinux = vmlinux.finish();
    let base = Btf::parse(&vmlinux).unwrap();
    let strings = "\0int\0device\0rows\0".len();
    let mut module = Blob::split(order, 4, u32::try_from(strings).unwrap());
    let three = module.array(int, 3);
    module.structure("camera", 12, &[("rows", three, 0)]);
    // The kernel's structure of this name is another one.
    module.structure("device", 12, &[("rows", three, 0)]);
    let module = module.finish();
    let split = Btf::parse_split(&module, &base).unwrap();
    let (of_kernel, of_module) = (BtfTypes::new(&base), BtfTypes::new(&split));
    let found = |name: &str, count: u64, with_module: bool| {
        let (table, id) = structure(name, &[count]);
        let mut kernel = KernelBtf::new(&of_kernel, &table);
        if with_module {
            kernel = kernel.with_module(&of_module);
        }
        let found = kernel.find(id);
        assert!(found.is_none_or(|hash| hash == layout_hash(&table, id)));
        found.is_some()
    };
    assert!(found("device", 2, false) && found("device", 2, true));
    assert!(!found("camera", 3, false) && found("camera", 3, true));
    assert!(!found("device", 3, false) && found("device", 3, true));
    assert!(!found("device", 4, true) && !found("nobody", 2, true));
}

/// A module's own structure may be called like one of the kernel's.
#[test]
fn a_signed_number_is_not_the_kernels_unsigned_one() {
    let mut blob = Blob::new(ByteOrder::Little);
    let number = blob.int("long long unsigned int", 8, false);
    blob.structure("range", 16, &[("start", number, 0), ("end", number, 8)]);
    let (data, mut types) = (blob.finish(), TypeTable::default());
    let ids = [5_u8, 7].map(|encoding| {
        let number = types.push(Type::Number { name: "n".into(), size: 8, encoding });
        let members = [("start", 0), ("end", 64)].map(|(name, bit_offset)| Member {
            name: name.into(),
            bit_offset,
            bits: 0,
            type_id: number,
            selected_by: Vec::new(),
        });
        let (kind, name) = (TagKind::Struct, "range".into());
        types.push(Type::Record { kind, name, size: 16, members: members.to_vec() })
    });
    let btf = Btf::parse(&data).unwrap();
    let of_kernel = BtfTypes::new(&btf);
    let kernel = KernelBtf::new(&of_kernel, &types);
    let found = ids.map(|id| kernel.find(id));
    assert_eq!(found, [None, Some(layout_hash(&types, ids[1]))]);
}
