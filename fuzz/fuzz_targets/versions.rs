// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any tables, in both forms, classes and byte orders; what is read is written back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use libmodfmt::elf::{ByteOrder, Class};
use libmodfmt::versions::{ExtendedVersions, Versions};

fuzz_target!(|input: (&[u8], &[u8])| {
    let (table, names) = input;
    for order in [ByteOrder::Little, ByteOrder::Big] {
        for class in [Class::Elf32, Class::Elf64] {
            let Ok(mut versions) = Versions::parse(table, class, order) else { continue };
            let count = versions.iter().count();
            versions.push(b"x", 7).expect("a good name");
            assert_eq!(versions.iter().count(), count + 1);
            assert_eq!(versions.into_bytes().get(..table.len()), Some(table));
        }
        if let Ok(versions) = ExtendedVersions::parse(table, names, order) {
            let _ = versions.get(b"x");
            assert_eq!(versions.into_bytes(), (table.to_vec(), names.to_vec()));
        }
    }
});
