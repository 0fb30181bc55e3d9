// SPDX-License-Identifier: MIT OR Apache-2.0
//! Each check finds what it is there for: a good image with one thing wrong in it.

use modtest::module::{BSS, DATA, Make};

use super::super::old_places::OldPlaces;
use super::super::{Bindings, ImageError, KeeperOptions};
use crate::elf::{Object, Relocation};
use crate::export::{ExportLayout, Release};
use crate::module::Module;
use crate::module::THIS_MODULE;
use crate::persist::Inventory;

// In this crate's unit tests the types are not those that modtest was built with: bytes are passed.
fn parse(file: &[u8]) -> Module<'_> {
    Module::parse(file).unwrap()
}

fn inventory(module: &Module<'_>) -> Inventory {
    Inventory::of(&module.object, &module.name, module.build_id.as_deref(), &[]).unwrap().unwrap()
}

fn said(result: Result<(), ImageError>) -> String {
    match result {
        Err(ImageError::Check { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

fn keeper_layout() -> ExportLayout {
    ExportLayout::for_release(crate::elf::Machine::X86_64, Release::new(6, 1))
}

/// What the check says about a keeper with a change in it.
fn of_keeper(change: impl FnOnce(&mut Object<'_>)) -> Result<(), ImageError> {
    let file = Make::typical("foo").build();
    let (module, layout) = (parse(&file), keeper_layout());
    let inventory = inventory(&module);
    let bindings = Bindings::first(&inventory.header);
    let wanted = KeeperOptions { layout: &layout, bindings: &bindings };
    let header = bindings.generation.clone().unwrap();
    let image = super::super::keeper(&module, &inventory, wanted)?;
    let mut object = Object::parse(&image)?;
    change(&mut object);
    super::keeper(&object.write()?, &module, &inventory, "foo__persist", wanted, &header)
}

fn of_owner(change: impl FnOnce(&mut Object<'_>)) -> Result<(), ImageError> {
    let file = Make::typical("foo").build();
    let module = parse(&file);
    let inventory = inventory(&module);
    let bindings = Bindings::first(&inventory.header);
    let image = super::super::owner(&module, &inventory, &bindings)?;
    let mut object = Object::parse(&image)?;
    change(&mut object);
    let old = OldPlaces { filled: Vec::new() };
    super::owner(&object.write()?, &module, &inventory, &bindings, &old)
}

/// Changes the relocations of a section.
fn relocations(object: &mut Object<'_>, section: &str, change: impl FnOnce(&mut [Relocation])) {
    let (target, _) = object.section(section).unwrap();
    let table = object.relocation_sections_of(target).next().unwrap().0;
    let mut list = object.relocations(table).unwrap();
    change(&mut list);
    object.set_relocations(table, &list).unwrap();
}

/// Changes one byte.
fn byte(object: &mut Object<'_>, section: &str, at: usize) {
    let (index, _) = object.section(section).unwrap();
    object.sections[index].data.edit(|data| data[at] ^= 0x55);
}

fn section_symbol(object: &Object<'_>, section: &str) -> usize {
    let (index, _) = object.section(section).unwrap();
    object.symbols.iter().position(|symbol| symbol.place == super::Place::Section(index)).unwrap()
}

#[test]
fn unchanged_images_pass() {
    assert_eq!(of_keeper(|_| {}), Ok(()));
    assert_eq!(of_owner(|_| {}), Ok(()));
}

#[test]
fn places_that_are_relocated_are_zero() {
    let what = said(of_keeper(|object| byte(object, "__ksymtab", 2)));
    assert_eq!(what, "__ksymtab+0x0 is relocated and not zero");
    let what = said(of_owner(|object| byte(object, ".text", 6)));
    assert_eq!(what, ".text+0x4 is relocated and not zero");
}

#[test]
fn exports_lead_to_their_sections_and_names() {
    let wrong = "__persist_dd1270790c25b935_1_0 is exported as";
    let data = |change: &dyn Fn(&mut [Relocation])| {
        said(of_keeper(|object| relocations(object, "__ksymtab", change)))
    };
    assert!(data(&|list| list[0].addend = 8).starts_with(wrong), "not the start of the section");
    assert!(data(&|list| list[1].addend = 1).starts_with(wrong), "not the start of the name");
    assert!(data(&|list| list[0].symbol = list[1].symbol).starts_with(wrong), "another section");
    assert!(data(&|list| list[0].kind = 1).starts_with("__ksymtab has the relocations"), "another type");
    let swapped = of_keeper(|object| {
        let (data, bss) = (section_symbol(object, DATA), section_symbol(object, BSS));
        relocations(object, "__ksymtab", |list| (list[0].symbol, list[2].symbol) = (bss, data));
    });
    assert!(said(swapped).starts_with(wrong));
}

#[test]
fn the_other_tables_of_exports() {
    let what = said(of_keeper(|object| byte(object, "__kcrctab", 1)));
    assert_eq!(what, "__kcrctab differs from the layout");
    let what = said(of_keeper(|object| byte(object, "__kflagstab", 1)));
    assert_eq!(what, "__kflagstab has flags");
    let what = said(of_keeper(|object| byte(object, "__ksymtab_strings", 3)));
    assert!(what.starts_with("__persist_dd1270790c25b935_1_0 is"), "{what}");
}

#[test]
fn initial_values_are_those_of_the_file() {
    let what = said(of_keeper(|object| byte(object, DATA, 2)));
    assert_eq!(what, ".data..persistent has other bytes");
    for change in [
        |list: &mut [Relocation]| list[0].addend += 8,
        |list: &mut [Relocation]| list[0].offset = 0,
        |list: &mut [Relocation]| list[2].symbol = list[0].symbol,
        |list: &mut [Relocation]| list.swap(0, 1),
    ] {
        let what = said(of_keeper(|object| relocations(object, DATA, change)));
        assert!(what.ends_with("points to something else"), "{what}");
    }
}

#[test]
fn struct_module_is_the_owners_but_for_the_name() {
    let differs = ".gnu.linkonce.this_module differs in more than the name";
    assert_eq!(said(of_keeper(|object| byte(object, THIS_MODULE, 700))), differs);
    // The same name in another place.
    let moved = of_keeper(|object| {
        let (index, _) = object.section(THIS_MODULE).unwrap();
        object.sections[index].data.edit(|data| {
            data.copy_within(24..40, 200);
            data[24..40].fill(0);
        });
    });
    assert_eq!(said(moved), differs);
}

#[test]
fn uses_of_the_data_are_those_of_the_file() {
    for change in [
        |list: &mut [Relocation]| list[0].addend += 1,
        |list: &mut [Relocation]| list[0].symbol = list[4].symbol,
        |list: &mut [Relocation]| list[0].kind = 11,
        |list: &mut [Relocation]| list[5].symbol = list[0].symbol,
        |list: &mut [Relocation]| list[5].addend = 0,
    ] {
        let what = said(of_owner(|object| relocations(object, ".text", change)));
        assert!(what.starts_with(".rela.text: the use at 0x"), "{what}");
    }
    let renamed = of_owner(|object| object.symbols[5].value += 1);
    assert_eq!(said(renamed), "its symbols are not those of the file");
}

#[test]
fn base_symbols_have_their_versions_in_both_tables() {
    let wrong = "__persist_dd1270790c25b935_1_0 has the version";
    // Two more entries at the end of each: data, bss.
    let entries = 4;
    assert!(said(of_owner(|object| byte(object, "__versions", 64 * entries))).starts_with(wrong));
    let what = said(of_owner(|object| byte(object, "__version_ext_crcs", 4 * entries)));
    assert!(what.starts_with(wrong) && what.ends_with("in __version_ext_crcs"), "{what}");
    let names = of_owner(|object| {
        let (index, section) = object.section("__version_ext_names").unwrap();
        let at = section.data.windows(9).position(|bytes| bytes == b"__persist").unwrap();
        object.sections[index].data.edit(|data| data[at] = b'g');
    });
    assert!(said(names).starts_with("__persist_dd1270790c25b935_1_0 has the version None"));
}
