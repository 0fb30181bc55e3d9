// SPDX-License-Identifier: MIT OR Apache-2.0
//! Damaged blobs: each error, and no panic.

use proptest::prelude::*;

use super::blob::Blob;
use crate::btf::{Btf, BtfError, TypeId};
use crate::elf::ByteOrder;

const ORDERS: [ByteOrder; 2] = [ByteOrder::Little, ByteOrder::Big];

/// Asks everything there is to ask.
fn exercise(bytes: &[u8]) {
    let Ok(btf) = Btf::parse(bytes) else { return };
    for id in btf.ids().chain([TypeId::VOID, TypeId(u32::MAX)]) {
        let _ = (btf.get(id).is_ok(), btf.resolve(id).is_ok(), btf.size_of(id), btf.target(id));
        let _ = (btf.is_signed(id), btf.member(id, "x"), btf.path_at(id, 3));
        let _ = btf.members(id).map(Iterator::count);
    }
}

#[test]
fn the_header_is_checked() {
    let blob = Blob::new(ByteOrder::Little).finish();
    assert_eq!(Btf::parse(&[]).unwrap_err(), BtfError::Magic);
    assert_eq!(Btf::parse(b"\x7fELF").unwrap_err(), BtfError::Magic);
    for length in 3..24 {
        let error = Btf::parse(&blob[..length]).unwrap_err();
        assert!(matches!(error, BtfError::OutOfBlob { .. }), "{error}");
    }
    let mut version = blob.clone();
    version[2] = 9;
    assert_eq!(Btf::parse(&version).unwrap_err(), BtfError::Version { value: 9 });
    for (field, what) in [(4, "header"), (12, "types"), (16, "strings"), (20, "strings")] {
        let mut blob = blob.clone();
        blob[field..field + 4].copy_from_slice(if field == 4 { &[4, 0, 0, 0] } else { &[0xff; 4] });
        let error = Btf::parse(&blob).unwrap_err();
        assert!(matches!(error, BtfError::OutOfBlob { what: w, .. } if w == what), "{error}");
    }
}

#[test]
fn types_are_checked() {
    let mut blob = Blob::new(ByteOrder::Big);
    blob.int("int", 4, true);
    blob.add("odd", 20, 0, 0, &[]);
    let error = Btf::parse(&blob.finish()).unwrap_err();
    assert_eq!(error, BtfError::UnknownKind { id: TypeId(2), offset: 16, kind: 20 });
    let mut blob = Blob::new(ByteOrder::Big);
    blob.add("cut", 4, 3, 0, &[]);
    let error = Btf::parse(&blob.finish()).unwrap_err();
    assert_eq!(error, BtfError::Truncated { id: TypeId(1), offset: 0 });
}

#[test]
fn circles_end() {
    for order in ORDERS {
        let mut blob = Blob::new(order);
        blob.add("itself", 8, 0, 1, &[]);
        blob.add("", 3, 0, 0, &[2, 2, 1]);
        blob.structure("inner", 8, &[("", 3, 0), ("", 3, 0)]);
        let huge = blob.add("", 3, 0, 0, &[3, 1, u32::MAX]);
        let huge = blob.add("", 3, 0, 0, &[huge, 1, u32::MAX]);
        let blob = blob.finish();
        let btf = Btf::parse(&blob).unwrap();
        assert_eq!(btf.resolve(TypeId(1)).unwrap_err(), BtfError::Depth { id: TypeId(1) });
        assert_eq!(btf.size_of(TypeId(2)).unwrap_err(), BtfError::Depth { id: TypeId(2) });
        assert!(matches!(btf.member(TypeId(3), "x"), Err(BtfError::Depth { .. })));
        assert!(matches!(btf.path_at(TypeId(3), 1), Err(BtfError::Depth { .. })));
        assert!(matches!(btf.size_of(TypeId(huge)), Err(BtfError::Overflow { .. })));
        exercise(&blob);
    }
}

#[test]
fn wrong_names_are_reported_when_read() {
    let mut blob = Blob::new(ByteOrder::Little);
    blob.add("", 1, 0, 4, &[32]);
    let mut blob = blob.finish();
    blob[24] = 200;
    let btf = Btf::parse(&blob).unwrap();
    assert_eq!(btf.get(TypeId(1)).unwrap_err(), BtfError::Name { offset: 200 });
    assert_eq!(btf.find_struct("x"), None);
}

proptest! {
    #[test]
    fn no_types_panic(
        words in prop::collection::vec(
            prop_oneof![0_u32..8, any::<u32>(), 0x0100_0000_u32..0x1400_0003],
            0..40,
        ),
    ) {
        for order in ORDERS {
            let mut blob = Blob::new(order);
            blob.string("x");
            let mut bytes = blob.finish();
            let types: Vec<u8> = words.iter().flat_map(|word| order.bytes32(*word)).collect();
            let length = u32::try_from(types.len()).unwrap();
            bytes.splice(12..20, [order.bytes32(length), order.bytes32(length)].concat());
            bytes.splice(24..24, types);
            exercise(&bytes);
        }
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        exercise(&bytes);
        exercise(&[&[0x9f, 0xeb, 1, 0, 24, 0, 0, 0][..], &bytes].concat());
    }
}
