// SPDX-License-Identifier: MIT OR Apache-2.0
//! The layout from BTF, from headers and by release.

use super::{POWERPC64, S390, layout};
use crate::btf::{Btf, BtfError, tests::blob::Blob};
use crate::elf::{ByteOrder, Class, Machine};
use crate::export::{CrcForm, ExportError, ExportLayout, Release};

#[test]
fn sizes_of_all_releases() {
    // It changed in 4.19 and in 5.4.
    let sizes = |machine, class| {
        [(4, 18), (4, 19), (5, 3), (5, 4), (7, 3)].map(|(a, b)| layout(machine, a, b).entry_size(class))
    };
    assert_eq!(sizes(Machine::X86_64, Class::Elf64), [16, 8, 8, 12, 12]);
    assert_eq!(sizes(Machine::AARCH64, Class::Elf64), [16, 8, 8, 12, 12]);
    assert_eq!(sizes(S390, Class::Elf64), [16, 16, 16, 24, 24]);
    assert_eq!(sizes(Machine::ARM, Class::Elf32), [8, 8, 8, 12, 12]);
    let absolute = layout(S390, 6, 1);
    assert_eq!(absolute.name_offset(Class::Elf64), 8);
    assert_eq!(absolute.namespace_offset(Class::Elf64), Some(16));
    assert_eq!(layout(S390, 5, 3).namespace_offset(Class::Elf64), None);
    assert_eq!(layout(Machine::X86_64, 6, 1).namespace_offset(Class::Elf64), Some(8));
}

#[test]
fn tables_of_all_releases() {
    let old = layout(Machine::X86_64, 7, 0);
    let new = layout(Machine::X86_64, 7, 1);
    assert!(old.gpl_tables && !old.kflagstab && !new.gpl_tables && new.kflagstab);
    let crc = |machine, major, minor| layout(machine, major, minor).crc;
    assert_eq!(crc(Machine::X86_64, 5, 10), CrcForm::Value);
    assert_eq!(crc(S390, 4, 19), CrcForm::Value);
    assert_eq!(crc(S390, 5, 10), CrcForm::Relative);
    assert_eq!(crc(POWERPC64, 4, 19), CrcForm::Relative);
    assert_eq!(crc(POWERPC64, 6, 1), CrcForm::Value);
}

#[test]
fn releases_are_read() {
    for (text, release) in
        [("6.1.0-56-amd64", (6, 1)), ("7.3-rc1", (7, 3)), ("5.10", (5, 10)), ("6.12+", (6, 12))]
    {
        assert_eq!(Release::parse(text), Some(Release::new(release.0, release.1)));
    }
    for text in ["", "6", "6.", "x.1", ".1", "+6.1", "6.x", "99999999999.1"] {
        assert_eq!(Release::parse(text), None, "{text}");
    }
}

/// BTF with `struct kernel_symbol` and `struct module` of such a kernel.
fn btf(order: ByteOrder, word: u32, names: &[&str], flags: &str, crcs_signed: bool) -> Vec<u8> {
    let mut blob = Blob::new(order);
    let long = blob.int("long unsigned int", word, false);
    let number = blob.int("number", 4, crcs_signed);
    let pointer = blob.add("", 2, 0, number, &[]);
    let (field, size) = if names[0] == "value" { (long, word) } else { (number, 4) };
    let members: Vec<_> = (0..).zip(names).map(|(index, name)| (*name, field, index * size)).collect();
    let count = u32::try_from(names.len()).unwrap();
    blob.structure("kernel_symbol", size * count, &members);
    blob.structure("module", 64, &[("crcs", pointer, 0), (flags, pointer, 8)]);
    blob.finish()
}

#[test]
fn btf_tells_the_layout() {
    let (little, big) = (ByteOrder::Little, ByteOrder::Big);
    let relative = ["value_offset", "name_offset", "namespace_offset"];
    let absolute = ["value", "name", "namespace"];
    let cases: [(_, u32, &[&str], _, _, _, _); 6] = [
        (little, 8, &relative, "gpl_syms", false, Machine::X86_64, (6, 1)),
        (little, 8, &relative, "flagstab", false, Machine::X86_64, (7, 3)),
        (little, 8, &relative[..2], "gpl_syms", true, Machine::AARCH64, (5, 3)),
        (big, 8, &absolute, "gpl_syms", true, S390, (5, 10)),
        (big, 8, &absolute, "gpl_syms", false, S390, (6, 1)),
        (little, 4, &absolute[..2], "gpl_syms", true, Machine::ARM, (4, 19)),
    ];
    for (order, word, names, flags, signed, machine, (major, minor)) in cases {
        let blob = btf(order, word, names, flags, signed);
        let found = ExportLayout::from_btf(&Btf::parse(&blob).unwrap(), machine);
        assert_eq!(found, Ok(layout(machine, major, minor)));
    }
}

#[test]
fn strange_btf_is_refused() {
    let read = |names: &[&str], flags| {
        let blob = btf(ByteOrder::Little, 8, names, flags, false);
        ExportLayout::from_btf(&Btf::parse(&blob).unwrap(), Machine::X86_64).unwrap_err()
    };
    for names in
        [&["address", "name"][..], &["value", "namespace", "name"], &["value", "name", "more"], &["value"]]
    {
        assert!(matches!(read(names, "gpl_syms"), ExportError::UnknownType { name: "kernel_symbol", .. }));
    }
    let error = read(&["value", "name", "namespace"], "other");
    assert!(matches!(error, ExportError::UnknownType { name: "module", .. }));
    let empty = Blob::new(ByteOrder::Little).finish();
    let error = ExportLayout::from_btf(&Btf::parse(&empty).unwrap(), Machine::X86_64);
    assert_eq!(error, Err(ExportError::NoType { name: "kernel_symbol" }));
    let mut blob = Blob::new(ByteOrder::Little);
    let int = blob.int("int", 4, true);
    blob.structure("kernel_symbol", 8, &[("value_offset", int, 0), ("name_offset", int, 4)]);
    blob.structure("module", 8, &[("gpl_syms", int, 0)]);
    let blob = blob.finish();
    let error = ExportLayout::from_btf(&Btf::parse(&blob).unwrap(), Machine::X86_64);
    assert_eq!(error, Err(BtfError::PointerSize.into()));
}
