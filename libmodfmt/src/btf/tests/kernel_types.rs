// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which types of a module the kernel has.

use super::blob::Blob;
use crate::btf::{Btf, BtfTypes, KernelBtf};
use crate::elf::ByteOrder;
use crate::types::{KernelTypes, Member, TagKind, Type, TypeTable, layout_hash};

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
