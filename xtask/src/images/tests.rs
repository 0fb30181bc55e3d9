// SPDX-License-Identifier: MIT OR Apache-2.0
//! The comparison finds what it is there for: images of a module with one thing wrong in them.

use libmodfmt::elf::{Object, Relocation};
use libmodfmt::export::Release;

use super::elf::Elf;
use super::resolver::compare;
use super::{images, made_persistent};

/// A module whose `.data` has a pointer into itself, and which has three uses of it.
fn module() -> Vec<u8> {
    let mut make = modtest::module::Make::bare("foo");
    let alloc = modtest::module::WRITABLE;
    make.section(".data", alloc, 8, &[0; 32]);
    make.section(".text", 6, 16, &[0; 32]);
    make.global("value", ".data", libmodfmt::elf::SymbolKind::OBJECT, 8, 8);
    make.global("other", ".data", libmodfmt::elf::SymbolKind::OBJECT, 16, 8);
    for (section, offset, symbol, kind) in [
        (".data", 0, "value", modtest::module::R_64),
        (".text", 4, "value", modtest::module::R_PC32),
        (".text", 12, "other", modtest::module::R_PC32),
    ] {
        make.relocate(section, offset, kind, symbol, -4);
    }
    make.build()
}

/// What the comparison says of images with a change in each.
fn said(keeper_change: impl FnOnce(&mut Object<'_>), owner_change: impl FnOnce(&mut Object<'_>)) -> String {
    let file = made_persistent::of(module()).unwrap().unwrap();
    let (keeper, owner) = images(&file, Release::new(6, 1)).unwrap();
    let (mut keeper, mut owner) = (Object::parse(&keeper).unwrap(), Object::parse(&owner).unwrap());
    keeper_change(&mut keeper);
    owner_change(&mut owner);
    let parse = |object: &Object<'_>| Elf::parse(object.write().unwrap()).unwrap();
    match compare(&Elf::parse(file).unwrap(), &parse(&keeper), &parse(&owner)) {
        Ok(counts) => format!("{} relocations, {} uses", counts.relocations, counts.uses),
        Err(error) => format!("{error:#}"),
    }
}

fn relocations(object: &mut Object<'_>, section: &str, change: impl FnOnce(&mut Vec<Relocation>)) {
    let (target, _) = object.section(section).unwrap();
    let table = object.relocation_sections_of(target).next().unwrap().0;
    let mut list = object.relocations(table).unwrap();
    change(&mut list);
    object.set_relocations(table, &list).unwrap();
}

#[test]
fn good_images_agree() {
    assert_eq!(said(|_| {}, |_| {}), "3 relocations, 3 uses");
}

#[test]
fn wrong_uses_are_found() {
    let owner = |change: fn(&mut Vec<Relocation>)| said(|_| {}, |owner| relocations(owner, ".text", change));
    assert!(owner(|list| list[0].addend += 8).starts_with(".text+0x4 leads to Kept"));
    assert!(owner(|list| list[1].symbol = 0).starts_with(".text+0xc leads to Import"));
    assert_eq!(owner(|list| list[1].kind = 1), ".text+0xc is of type 1, not 2");
    assert_eq!(owner(|list| list.truncate(1)), ".text has 1 relocations, not 2");
}

#[test]
fn wrong_initial_values_and_exports_are_found() {
    let data = ".data..persistent";
    let pointer = said(|keeper| relocations(keeper, data, |list| list[0].addend += 1), |_| {});
    assert!(pointer.starts_with(".data..persistent+0x0 leads to Kept"), "{pointer}");
    let export = said(|keeper| relocations(keeper, "__ksymtab", |list| list[0].addend += 8), |_| {});
    assert!(export.starts_with(".text+0x4 leads to Kept"), "{export}");
    let bytes = said(
        |keeper| {
            let (index, _) = keeper.section(data).unwrap();
            keeper.sections[index].data.edit(|data| data[20] = 1);
        },
        |_| {},
    );
    assert_eq!(bytes, ".data..persistent differs");
    let code = said(
        |_| {},
        |owner| {
            let (index, _) = owner.section(".text").unwrap();
            owner.sections[index].data.edit(|data| data[20] = 1);
        },
    );
    assert_eq!(code, ".text differs in the owner");
}
