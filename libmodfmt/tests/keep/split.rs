// SPDX-License-Identifier: MIT OR Apache-2.0
//! Images that are written to files when a module is built.

use libmodfmt::elf::{Ident, Object, Place};
use libmodfmt::export::{ExportLayout, Release};
use libmodfmt::image::{
    Base, Bindings, BoundKeeper, Hold, KeeperOptions, hold, keeper, keepers_of, owner, with_keepers,
};
use libmodfmt::persist::{Account, Header, NOTE_SECTION, Wishes, base_symbol};
use libmodfmt::versions::Versions;
use modtest::module::{Make, inventory, parse};

fn bindings(make: &Make) -> Bindings {
    let file = inventory(&parse(&make.build())).header;
    let account = Account::of(&[], &file, &Wishes::default());
    Bindings::at_build(&account, &file, &[]).expect("it is allowed")
}

fn header(make: &Make) -> Header {
    bindings(make).generation.expect("all is new")
}

#[test]
fn a_note_has_the_identity_and_symbols_come_from_it() {
    let header = header(&Make::typical("foo"));
    assert_ne!(header.identity, 0);
    let order = Ident::X86_64.order;
    assert_eq!(Header::from_note(&header.to_note(order), order).unwrap(), header);
    let bases = Base::all(&header);
    assert!(bases.iter().all(|base| base.symbol.len() <= 55));
    assert_ne!(bases[0].symbol, base_symbol("foo", 1, 0), "a keeper made at a load must not be taken for it");
    let first = Bindings::first(&inventory(&parse(&Make::typical("foo").build())).header);
    assert_eq!(first.generation.unwrap().identity, 0);
}

#[test]
fn the_file_of_a_keeper_is_known_as_one_and_has_no_data_of_its_own() {
    let make = Make::typical("foo");
    let (file, bindings) = (make.build(), bindings(&make));
    let module = parse(&file);
    let layout = ExportLayout::for_release(libmodfmt::elf::Machine::X86_64, Release::new(6, 1));
    let options = KeeperOptions { layout: &layout, bindings: &bindings };
    let image = keeper(&module, &inventory(&module), options).unwrap();
    let read = parse(&image);
    assert_eq!(read.keeper_header(), bindings.generation);
    assert!(read.persistent().unwrap().is_none());
    assert_eq!(module.keeper_header(), None);
    // Another module with a copy of the note is none.
    let mut copy = Make::typical("bar__persist");
    let (_, note) = read.object.section(NOTE_SECTION).unwrap();
    copy.note(NOTE_SECTION, note.data.to_vec());
    let copy = copy.build();
    assert_eq!(parse(&copy).keeper_header(), None);
    assert!(parse(&copy).persistent().unwrap().is_some());
}

#[test]
fn a_hold_has_no_code_and_imports_one_symbol_with_its_version() {
    let make = Make::typical("foo");
    let (file, header) = (make.build(), header(&make));
    let image = hold(&parse(&file), &header).unwrap();
    let module = parse(&image);
    assert_eq!(module.name, "foo__hold");
    let base = &Base::all(&header)[0];
    let imports: Vec<String> = module.object.symbols[1..]
        .iter()
        .filter(|symbol| symbol.place == Place::Undefined)
        .map(|symbol| symbol.name_text())
        .collect();
    assert_eq!(imports, std::slice::from_ref(&base.symbol));
    let (_, section) = module.object.section("__versions").unwrap();
    let ident = module.object.ident;
    let versions = Versions::parse(&section.data, ident.class, ident.order).unwrap();
    assert_eq!(versions.get(base.symbol.as_bytes()), Some(base.crc));
    assert!(versions.get(b"module_layout").is_some(), "the kernel compares it");
    let (_, note) = module.object.section(NOTE_SECTION).unwrap();
    assert_eq!(Hold::from_note(&note.data, ident.order), Some(Hold::new("foo", 1)));
    assert_eq!(module.modinfo().unwrap().depends(), ["foo__persist"]);
    // Behind the owner is one byte of padding.
    for end in 0..note.data.len() - 1 {
        assert_eq!(Hold::from_note(&note.data[..end], ident.order), None, "cut after {end} bytes");
    }
}

#[test]
fn an_owner_names_its_keepers_beside_what_it_depends_on() {
    let mut make = Make::typical("foo");
    make.depends(&["usbcore"]);
    let (file, bindings) = (make.build(), bindings(&make));
    let module = parse(&file);
    let image = owner(&module, &inventory(&module), &bindings).unwrap();
    let keepers = [BoundKeeper::of(bindings.generation.as_ref().unwrap())];
    let image = with_keepers(&image, &keepers).unwrap();
    let read = parse(&image);
    assert_eq!(keepers_of(&read).as_deref(), Some(&keepers[..]));
    assert_eq!(read.modinfo().unwrap().depends(), ["usbcore", "foo__persist"]);
    assert_eq!(keepers_of(&module), None);
    assert!(Object::parse(&image).is_ok());
}
