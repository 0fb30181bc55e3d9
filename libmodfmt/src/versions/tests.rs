// SPDX-License-Identifier: MIT OR Apache-2.0
//! Version tables of both forms, classes and byte orders.

use proptest::prelude::*;

use super::*;
use crate::elf::{ByteOrder, Class};

const CLASSES: [Class; 2] = [Class::Elf32, Class::Elf64];
const ORDERS: [ByteOrder; 2] = [ByteOrder::Little, ByteOrder::Big];

/// An entry written out by hand.
fn entry(crc: &[u8], name: &[u8]) -> Vec<u8> {
    let mut entry = [crc, name].concat();
    entry.resize(ENTRY_SIZE, 0);
    entry
}

#[test]
fn entries_of_every_class_and_order() {
    let cases: [(Class, ByteOrder, &[u8]); 4] = [
        (Class::Elf32, ByteOrder::Little, &[1, 2, 3, 4]),
        (Class::Elf32, ByteOrder::Big, &[4, 3, 2, 1]),
        (Class::Elf64, ByteOrder::Little, &[1, 2, 3, 4, 0, 0, 0, 0]),
        (Class::Elf64, ByteOrder::Big, &[0, 0, 0, 0, 4, 3, 2, 1]),
    ];
    for (class, order, crc) in cases {
        let section = [entry(crc, b"module_layout"), entry(crc, b"printk")].concat();
        let mut versions = Versions::parse(&section, class, order).unwrap();
        let expected = Version { name: b"printk", crc: 0x0403_0201 };
        assert_eq!(versions.iter().nth(1), Some(expected));
        versions.push(b"new", 0x0403_0201).unwrap();
        assert_eq!(versions.get(b"new"), Some(0x0403_0201));
        assert_eq!(versions.get(b"ne"), None);
        assert_eq!(*versions.into_bytes(), [section.clone(), entry(crc, b"new")].concat());
    }
}

#[test]
fn the_name_limit_is_exact() {
    for (class, limit) in [(Class::Elf32, 59), (Class::Elf64, 55)] {
        let mut versions = Versions::parse(&[], class, ByteOrder::Big).unwrap();
        versions.push(&vec![b'a'; limit], 1).unwrap();
        let error = versions.push(&vec![b'a'; limit + 1], 1).unwrap_err();
        assert!(matches!(error, VersionsError::NameTooLong { limit: l, .. } if l == limit));
        assert!(versions.push(b"", 1).is_err());
        assert!(versions.push(b"a\0b", 1).is_err());
        assert_eq!(versions.iter().count(), 1);
    }
}

#[test]
fn bad_entries_are_named() {
    let (class, order) = (Class::Elf64, ByteOrder::Little);
    let full = [[0; 8].as_slice(), &[b'x'; 56]].concat();
    let section = [entry(&[0; 8], b"a"), full].concat();
    let unterminated = VersionsError::Unterminated { section: "__versions", index: 1, offset: 72 };
    assert_eq!(Versions::parse(&section, class, order), Err(unterminated));
    let section = entry(&[0, 0, 0, 0, 1, 0, 0, 0], b"a");
    let crc = VersionsError::Crc { section: "__versions", index: 0, offset: 0, value: 1 << 32 };
    assert_eq!(Versions::parse(&section, class, order), Err(crc));
    let size = VersionsError::Size { section: "__versions", size: 65, entry: 64 };
    assert_eq!(Versions::parse(&[0; 65], class, order), Err(size));
}

#[test]
fn the_extended_form_keeps_its_last_nul() {
    for (order, one, two) in
        [(ByteOrder::Little, [1, 0, 0, 0], [2, 0, 0, 0]), (ByteOrder::Big, [0, 0, 0, 1], [0, 0, 0, 2])]
    {
        let mut versions = ExtendedVersions::parse(&one, b"printk\0\0", order).unwrap();
        assert_eq!(versions.get(b"printk"), Some(1));
        assert_eq!(versions.get(b""), None);
        let long = [b'n'; MAX_SYMBOL_NAME];
        versions.push(&long, 2).unwrap();
        assert_eq!(versions.get(&long), Some(2));
        assert!(versions.push(&[b'n'; MAX_SYMBOL_NAME + 1], 2).is_err());
        let (crcs, names) = versions.into_bytes();
        assert_eq!(crcs, [one, two].concat());
        assert_eq!(names, [b"printk\0", &long[..], b"\0\0"].concat());
    }
}

#[test]
fn the_extended_form_must_agree_with_itself() {
    let parse = |crcs: &[u8], names: &[u8]| ExtendedVersions::parse(crcs, names, ByteOrder::Big).map(|_| ());
    assert_eq!(parse(&[], &[]), Ok(()));
    let section = "__version_ext_names";
    assert_eq!(
        parse(&[0; 8], b"one\0two"),
        Err(VersionsError::Unterminated { section, index: 1, offset: 4 })
    );
    assert_eq!(parse(&[0; 4], b"one\0\0two\0"), Err(VersionsError::Count { section, crcs: 1, offset: 5 }));
    assert!(matches!(parse(&[0; 5], b"one\0"), Err(VersionsError::Size { size: 5, .. })));
}

proptest! {
    #[test]
    fn no_input_panics(section: Vec<u8>, names: Vec<u8>, entries in 0_usize..4) {
        let mut table = section.clone();
        table.resize(entries * ENTRY_SIZE, 0);
        for class in CLASSES {
            for order in ORDERS {
                if let Ok(versions) = Versions::parse(&table, class, order) {
                    prop_assert_eq!(versions.iter().count(), entries);
                    prop_assert_eq!(&*versions.into_bytes(), &*table);
                }
                if let Ok(versions) = ExtendedVersions::parse(&section, &names, order) {
                    prop_assert_eq!(versions.iter().count(), section.len() / 4);
                    prop_assert_eq!(versions.into_bytes(), (section.clone(), names.clone()));
                }
            }
        }
    }
}
