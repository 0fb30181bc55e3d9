// SPDX-License-Identifier: MIT OR Apache-2.0
//! The keeper image.

use libmodfmt::elf::{Binding, Object, Place, SectionKind, flags};
use libmodfmt::export::{CrcForm, ExportLayout, Fields, Form, exports};
use libmodfmt::image::{Base, Bindings, KeeperOptions, Pending, keeper, pending};
use libmodfmt::modinfo::Modinfo;
use libmodfmt::module::{Module, THIS_MODULE};
use libmodfmt::persist::{Header, NOTE_SECTION};
use modtest::module::{BSS, DATA, Make, R_64, inventory, parse};

const LAYOUT: ExportLayout = ExportLayout {
    form: Form::Prel32,
    fields: Fields::Three,
    kflagstab: false,
    gpl_tables: true,
    crc: CrcForm::Value,
};

fn image(make: &Make, layout: &ExportLayout) -> Vec<u8> {
    let file = make.build();
    let module = parse(&file);
    let inventory = inventory(&module);
    let bindings = Bindings::first(&inventory.header);
    keeper(&module, &inventory, KeeperOptions { layout, bindings: &bindings }).unwrap()
}

fn typical() -> Vec<u8> {
    image(&Make::typical("foo"), &LAYOUT)
}

fn data(object: &Object<'_>, name: &str) -> Vec<u8> {
    object.section(name).unwrap().1.data.to_vec()
}

#[test]
fn module_information_keeps_what_the_kernel_judges_by_and_drops_the_rest() {
    let image = typical();
    let object = Object::parse(&image).unwrap();
    let bytes = data(&object, ".modinfo");
    let info = Modinfo::parse(&bytes).unwrap();
    let keys: Vec<_> = info.iter().map(|entry| String::from_utf8_lossy(entry.key()).into_owned()).collect();
    assert_eq!(keys, ["license", "retpoline", "vermagic", "name"]);
    assert_eq!(info.name().unwrap(), "foo__persist");
}

/// `__attribute__((retain))`, which keeps the linker from dropping a section.
#[test]
fn a_retained_section_is_an_ordinary_one_in_the_keeper() {
    let mut make = Make::typical("foo");
    for section in [DATA, BSS] {
        make.change(section, |section| section.flags |= flags::RETAIN);
    }
    assert_eq!(image(&make, &LAYOUT), typical());
}

#[test]
fn it_is_a_module_of_its_own_name_without_init_and_exit() {
    let image = typical();
    let module = Module::parse(&image).unwrap();
    assert_eq!(module.name, "foo__persist");
    let (index, section) = module.object.section(THIS_MODULE).unwrap();
    assert_eq!(section.size, 896);
    assert!(section.data[24..].starts_with(b"foo__persist\0"));
    assert_eq!(module.object.relocation_sections_of(index).count(), 0);
}

#[test]
fn a_name_shorter_than_the_old_one_leaves_nothing_behind() {
    let name = "o".repeat(55);
    let file = Make::small(&name).build();
    let image = pending(&parse(&file), &[2]).unwrap();
    let object = Object::parse(&image).unwrap();
    let this = data(&object, THIS_MODULE);
    assert_eq!(this[24..].split(|byte| *byte == 0).next().unwrap().len(), 55);
    assert!(this[24 + 55..].iter().all(|byte| *byte == 0));
}

#[test]
fn there_is_nothing_but_data_tables_and_the_note() {
    let image = typical();
    let object = Object::parse(&image).unwrap();
    let names: Vec<_> = object.sections.iter().skip(1).map(|section| section.name_text()).collect();
    assert_eq!(
        names,
        [
            ".modinfo",
            DATA,
            BSS,
            NOTE_SECTION,
            "__versions",
            "__version_ext_crcs",
            "__version_ext_names",
            THIS_MODULE,
            "__kcrctab",
            "__kflagstab",
            "__ksymtab_strings",
            "__ksymtab",
            ".strtab",
            ".symtab",
            ".rela.data..persistent",
            ".rela__ksymtab",
            ".shstrtab",
        ]
    );
    let (_, bss) = object.section(BSS).unwrap();
    assert_eq!((bss.kind, bss.size, bss.align), (SectionKind::NOBITS, 4096, 64));
}

#[test]
fn the_note_is_the_header_of_the_file() {
    let file = Make::typical("foo").build();
    let expected = inventory(&parse(&file)).header;
    let image = typical();
    let object = Object::parse(&image).unwrap();
    let (_, note) = object.section(NOTE_SECTION).unwrap();
    assert!(note.is_alloc() && note.kind == SectionKind::NOTE);
    assert_eq!(Header::from_note(&note.data, object.ident.order), Ok(expected));
}

#[test]
fn initial_values_keep_their_pointers() {
    let image = typical();
    let object = Object::parse(&image).unwrap();
    let (index, _) = object.section(DATA).unwrap();
    let found: Vec<_> = object
        .relocations_of(index)
        .unwrap()
        .iter()
        .map(|relocation| {
            let symbol = &object.symbols[relocation.symbol];
            (relocation.offset, relocation.kind, symbol.place, symbol.name_text(), relocation.addend)
        })
        .collect();
    let own = Place::Section(index);
    assert_eq!(
        found,
        [
            (16, R_64, own, String::new(), 16),
            (24, R_64, own, String::new(), 16),
            (40, R_64, Place::Undefined, "jiffies".to_owned(), 0),
        ]
    );
}

#[test]
fn it_has_the_symbols_of_its_variables_and_only_the_imports_of_its_data() {
    let image = typical();
    let object = Object::parse(&image).unwrap();
    let names: Vec<_> = object
        .symbols
        .iter()
        .filter(|symbol| !symbol.name.is_empty())
        .map(|symbol| symbol.name_text())
        .collect();
    assert_eq!(names, ["foo.c", "stats", "list", "bar.c", "table", "stats", "shared", "clock", "jiffies"]);
    let first_global = object.symbols.iter().position(|symbol| symbol.binding != Binding::Local).unwrap();
    assert!(object.symbols[first_global..].iter().all(|symbol| symbol.binding != Binding::Local));
}

#[test]
fn every_layout_of_export_tables_can_be_read_back() {
    for form in [Form::Prel32, Form::Absolute] {
        for fields in [Fields::Two, Fields::Three] {
            for kflagstab in [false, true] {
                let layout = ExportLayout { form, fields, kflagstab, gpl_tables: !kflagstab, ..LAYOUT };
                let file = Make::typical("foo").build();
                let bases = Base::all(&inventory(&parse(&file)).header);
                let image = image(&Make::typical("foo"), &layout);
                let object = Object::parse(&image).unwrap();
                let found = exports(&object, &layout).unwrap();
                // The kernel searches by name.
                for (export, (base, section)) in found.iter().zip([(&bases[0], DATA), (&bases[1], BSS)]) {
                    assert_eq!(export.name, base.symbol.as_bytes());
                    assert_eq!((export.namespace, export.gpl_only), (None, false));
                    let value = export.value.unwrap();
                    assert_eq!((value.section, value.offset), (object.section(section).unwrap().0, 0));
                }
                assert_eq!(found.len(), 2, "{layout:?}");
                let crcs = [bases[0].crc.to_le_bytes(), bases[1].crc.to_le_bytes()].concat();
                assert_eq!(data(&object, "__kcrctab"), crcs);
                assert_eq!(data(&object, "__kflagstab"), [0, 0]);
            }
        }
    }
}

#[test]
fn the_mark_on_generations_has_another_name_and_no_exports() {
    let file = Make::typical("foo").build();
    let image = pending(&parse(&file), &[2, 7]).unwrap();
    let module = Module::parse(&image).unwrap();
    assert_eq!(module.name, "foo__pending");
    for name in ["__ksymtab", "__ksymtab_strings", "__kcrctab", "__kflagstab", DATA, BSS] {
        assert!(module.object.section(name).is_none(), "{name}");
    }
    let (_, note) = module.object.section(NOTE_SECTION).unwrap();
    let read = Pending::from_note(&note.data, module.object.ident.order);
    assert_eq!(read, Some(Pending::new("foo", vec![2, 7])));
    assert!(Header::from_note(&note.data, module.object.ident.order).is_err(), "it is no header");
}

#[test]
fn what_the_section_looks_like_does_not_matter_to_the_keeper_of_another_owner() {
    let (one, two) = (image(&Make::small("one"), &LAYOUT), image(&Make::small("two"), &LAYOUT));
    assert_eq!(Module::parse(&one).unwrap().name, "one__persist");
    assert_eq!(Module::parse(&two).unwrap().name, "two__persist");
}
