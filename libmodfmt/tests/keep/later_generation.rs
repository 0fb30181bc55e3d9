// SPDX-License-Identifier: MIT OR Apache-2.0
//! Images of a version that finds some of its data kept: a keeper of what is new, an owner bound to several.

use libmodfmt::elf::{Object, Place};
use libmodfmt::export::{ExportLayout, Release};
use libmodfmt::image::{Base, Bindings, KeeperOptions, keeper, owner};
use libmodfmt::module::Module;
use libmodfmt::persist::{Account, Header, NOTE_SECTION, Wishes, base_symbol};
use libmodfmt::versions::Versions;
use modtest::module::{DATA, Make, R_64, R_PC32, inventory, parse};

/// A module with these variables of 8 bytes in sections of their own, each used by the code.
fn module(names: &[&str]) -> Make {
    let mut make = Make::bare("foo");
    make.section(".text", 6, 16, &[0; 64]);
    make.versions(&["module_layout"]);
    make.file("foo.c");
    for (number, name) in names.iter().enumerate() {
        let section = format!("{DATA}.foo.{number}");
        make.section(&section, 3, 8, &[0; 8]);
        make.local(name, &section, 0, 8);
        make.relocate(".text", 4 + 8 * number as u64, R_PC32, &section, -4);
    }
    make
}

fn layout() -> ExportLayout {
    ExportLayout::for_release(libmodfmt::elf::Machine::X86_64, Release::new(6, 1))
}

fn bindings(make: &Make, kept: &[&Header]) -> Bindings {
    let file = inventory(&parse(&make.build())).header;
    Bindings::of(&Account::of(kept, &file, &Wishes::default()), &file, kept).expect("it is allowed")
}

fn keeper_image(make: &Make, bindings: &Bindings) -> Vec<u8> {
    let file = make.build();
    let module = parse(&file);
    let options = KeeperOptions { layout: &layout(), bindings };
    keeper(&module, &inventory(&module), options).unwrap()
}

fn owner_image(make: &Make, bindings: &Bindings) -> Vec<u8> {
    let file = make.build();
    let module = parse(&file);
    owner(&module, &inventory(&module), bindings).unwrap()
}

/// The symbols that the code refers to, in the order of the uses, and the addends.
fn uses(image: &[u8]) -> Vec<(String, i64)> {
    let object = Object::parse(image).unwrap();
    let (text, _) = object.section(".text").unwrap();
    let relocations = object.relocations_of(text).unwrap();
    relocations.iter().map(|used| (object.symbols[used.symbol].name_text(), used.addend)).collect()
}

#[test]
fn the_keeper_has_what_is_new_and_the_owner_uses_both() {
    let first = bindings(&module(&["a", "b"]), &[]).generation.unwrap();
    let make = module(&["b", "c", "a"]);
    let second = bindings(&make, &[&first]);
    let image = keeper_image(&make, &second);
    let keeper = Module::parse(&image).unwrap();
    assert_eq!(keeper.name, "foo__persist_2");
    let (_, note) = keeper.object.section(NOTE_SECTION).unwrap();
    let header = Header::from_note(&note.data, keeper.object.ident.order).unwrap();
    assert_eq!((header.generation, header.units.len()), (2, 1));
    assert_eq!(header.units[0].variables[0].to_string(), "foo.c:c");
    let base = |generation, ordinal| (base_symbol("foo", generation, ordinal), -4);
    assert_eq!(uses(&owner_image(&make, &second)), [base(1, 1), base(2, 0), base(1, 0)]);
}

#[test]
fn a_unit_of_a_common_section_is_reached_with_an_offset() {
    let old = inventory(&parse(&Make::small("foo").build())).header;
    let make = module(&["second", "first"]);
    let image = owner_image(&make, &bindings(&make, &[&old]));
    let base = base_symbol("foo", 1, 0);
    assert_eq!(uses(&image), [(base.clone(), 8 - 4), (base, -4)]);
}

#[test]
fn keepers_of_version_1_are_bound_to_by_their_own_names() {
    let mut old = inventory(&parse(&Make::small("foo").build())).header;
    old.note_version = 1;
    let make = module(&["second", "first"]);
    let image = owner_image(&make, &bindings(&make, &[&old]));
    assert_eq!(uses(&image)[0], ("foo__persist_data".to_owned(), 4));
    let object = Object::parse(&image).unwrap();
    let (_, section) = object.section("__versions").unwrap();
    let versions = Versions::parse(&section.data, object.ident.class, object.ident.order).unwrap();
    assert_eq!(versions.get(b"foo__persist_data"), Some(old.units[0].crc_version_1()));
}

#[test]
fn every_keeper_is_imported_from_once() {
    let first = bindings(&module(&["a"]), &[]).generation.unwrap();
    let second = bindings(&module(&["a", "b"]), &[&first]).generation.unwrap();
    let make = module(&["a"]);
    let image = owner_image(&make, &bindings(&make, &[&first, &second]));
    let object = Object::parse(&image).unwrap();
    let imported = object.symbols.iter().filter(|symbol| symbol.place == Place::Undefined);
    let imported: Vec<String> =
        imported.map(|symbol| symbol.name_text()).filter(|name| !name.is_empty()).collect();
    assert_eq!(imported, [base_symbol("foo", 1, 0), base_symbol("foo", 2, 0)]);
    let (_, section) = object.section("__versions").unwrap();
    let versions = Versions::parse(&section.data, object.ident.class, object.ident.order).unwrap();
    let unused = &Base::all(&second)[0];
    assert_eq!(versions.get(unused.symbol.as_bytes()), Some(unused.crc));
}

#[test]
fn a_new_variable_may_point_to_a_kept_one() {
    let first = bindings(&module(&["a"]), &[]).generation.unwrap();
    let mut make = module(&["a", "pointer"]);
    make.relocate(".data..persistent.foo.1", 0, R_64, ".data..persistent.foo.0", 4);
    let second = bindings(&make, &[&first]);
    let image = keeper_image(&make, &second);
    let object = Object::parse(&image).unwrap();
    let (index, _) = object.section(".data..persistent.foo.1").unwrap();
    let relocations = object.relocations_of(index).unwrap();
    let symbol = &object.symbols[relocations[0].symbol];
    assert_eq!((symbol.name_text(), symbol.place), (base_symbol("foo", 1, 0), Place::Undefined));
    assert_eq!(relocations[0].addend, 4);
    let (_, section) = object.section("__versions").unwrap();
    let versions = Versions::parse(&section.data, object.ident.class, object.ident.order).unwrap();
    assert_eq!(versions.get(base_symbol("foo", 1, 0).as_bytes()), Some(first.units[0].crc()));
}

#[test]
fn sections_of_one_name_are_told_apart_in_the_keeper() {
    let mut make = Make::small("foo");
    make.section(DATA, 3, 8, &[0; 8]);
    let index = make.object.sections.len() - 1;
    make.local("third", DATA, 0, 0);
    let bindings = {
        let file = make.build();
        let header = inventory(&parse(&file)).header;
        assert_eq!(header.units.len(), 2);
        Bindings::first(&header)
    };
    let names: Vec<String> =
        bindings.generation.as_ref().unwrap().units.iter().map(|unit| unit.section.clone()).collect();
    assert_eq!(names, [DATA.to_owned(), format!("{DATA}.1")], "{index}");
    keeper_image(&make, &bindings);
}
