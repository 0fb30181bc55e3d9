// SPDX-License-Identifier: MIT OR Apache-2.0
//! The owner image.

use libmodfmt::elf::{Ident, Machine, Object, Place, Relocation, RelocationForm, SectionKind, flags};
use libmodfmt::image::{Base, Bindings, ImageError, owner};
use libmodfmt::persist::base_symbol;
use libmodfmt::versions::{ExtendedVersions, Versions};
use modtest::module::{
    BSS, DATA, Make, R_32, R_32S, R_64, R_GOTPCREL, R_PC32, R_PC64, R_PLT32, inventory, parse,
};

fn image(make: &Make) -> Result<Vec<u8>, ImageError> {
    let file = make.build();
    let module = parse(&file);
    let inventory = inventory(&module);
    owner(&module, &inventory, &Bindings::first(&inventory.header))
}

fn relocation_at(object: &Object<'_>, section: &str, offset: u64) -> (String, u32, i64) {
    let (index, _) = object.section(section).unwrap();
    let all = object.relocations_of(index).unwrap();
    let Relocation { symbol, kind, addend, .. } =
        *all.iter().find(|relocation| relocation.offset == offset).unwrap();
    (object.symbols[symbol].name_text(), kind, addend)
}

#[test]
fn each_use_becomes_one_of_the_base_symbol_plus_the_offset() {
    let image = image(&Make::typical("foo")).unwrap();
    let object = Object::parse(&image).unwrap();
    let data = |kind, addend| (base_symbol("foo", 1, 0), kind, addend);
    for (at, expected) in [
        (0x04, data(R_PC32, 0x10 - 4)),
        (0x0c, data(R_PC32, 32 - 4)),
        (0x14, data(R_32S, 8)),
        (0x20, data(R_64, 16 + 8)),
        (0x28, (base_symbol("foo", 1, 1), R_PC32, 0x100 - 4)),
        (0x30, ("_printk".to_owned(), R_PLT32, -4)),
        (0x38, data(R_PC64, 32 + 4)),
        (0x40, data(R_32, 32)),
    ] {
        assert_eq!(relocation_at(&object, ".text", at), expected, "{at:#x}");
    }
    assert_eq!(relocation_at(&object, ".data", 8), data(R_64, 32));
    assert_eq!(relocation_at(&object, "__param", 32), data(R_64, 48));
    assert_eq!(relocation_at(&object, "__param", 16), ("param_ops_int".to_owned(), R_64, 0));
}

#[test]
fn debug_information_is_left_out() {
    let file = Make::typical("foo").build();
    let before = Object::parse(&file).unwrap();
    let image = image(&Make::typical("foo")).unwrap();
    let after = Object::parse(&image).unwrap();
    let size = |object: &Object<'_>, name: &str| object.section(name).unwrap().1.size;
    for name in [".debug_info", ".rela.debug_info"] {
        assert!(size(&before, name) > 0 && size(&after, name) == 0, "{name}");
    }
}

#[test]
fn symbols_and_indexes_stay_and_base_symbols_follow() {
    let file = Make::typical("foo").build();
    let before = Object::parse(&file).unwrap();
    let image = image(&Make::typical("foo")).unwrap();
    let after = Object::parse(&image).unwrap();
    let (kept, added) = after.symbols.split_at(before.symbols.len());
    assert_eq!(kept, before.symbols);
    let added: Vec<_> = added.iter().map(|symbol| (symbol.name_text(), symbol.place)).collect();
    let base = |ordinal| (base_symbol("foo", 1, ordinal), Place::Undefined);
    assert_eq!(added, [base(0), base(1)]);
    let names =
        |object: &Object<'_>| object.sections.iter().map(|section| section.name.to_vec()).collect::<Vec<_>>();
    assert_eq!(names(&after), names(&before));
    for (old, new) in before.sections.iter().zip(&after.sections) {
        let rewritten = [DATA, BSS, "__versions", "__version_ext_crcs", "__version_ext_names"]
            .iter()
            .any(|name| name.as_bytes() == &*old.name);
        let is_debug = old.name.starts_with(b".debug_");
        if !rewritten && !is_debug && !old.is_relocation() && ![2, 3].contains(&old.kind.0) {
            assert_eq!(
                (&old.data, old.flags, old.link, old.info),
                (&new.data, new.flags, new.link, new.info)
            );
        }
    }
}

#[test]
fn the_sections_are_empty_and_not_loaded() {
    let image = image(&Make::typical("foo")).unwrap();
    let object = Object::parse(&image).unwrap();
    for name in [DATA, BSS] {
        let (index, section) = object.section(name).unwrap();
        assert_eq!((section.size, section.is_alloc()), (0, false));
        assert_eq!(object.relocation_sections_of(index).count(), 0);
    }
    let (_, emptied) = object.section(".rela.data..persistent").unwrap();
    assert_eq!((emptied.kind, emptied.size), (SectionKind::NULL, 0));
}

#[test]
fn both_version_tables_get_the_layouts_as_versions() {
    let file = Make::typical("foo").build();
    let module = parse(&file);
    let inventory = inventory(&module);
    let bases = Base::all(&inventory.header);
    let image = owner(&module, &inventory, &Bindings::first(&inventory.header)).unwrap();
    let object = Object::parse(&image).unwrap();
    let data = |name: &str| object.section(name).unwrap().1.data.to_vec();
    let ident = object.ident;
    let (basic, crcs, names) = (data("__versions"), data("__version_ext_crcs"), data("__version_ext_names"));
    let basic = Versions::parse(&basic, ident.class, ident.order).unwrap();
    let extended = ExtendedVersions::parse(&crcs, &names, ident.order).unwrap();
    for base in &bases {
        assert_eq!(basic.get(base.symbol.as_bytes()), Some(base.crc));
        assert_eq!(extended.get(base.symbol.as_bytes()), Some(base.crc));
    }
    assert_eq!(basic.get(b"_printk"), Some(0x1234));
    assert_ne!(bases[0].crc, bases[1].crc);
}

#[test]
fn a_module_without_versions_gets_none() {
    let image = image(&Make::small("foo")).unwrap();
    assert!(Object::parse(&image).unwrap().section("__versions").is_none());
}

#[test]
fn a_use_by_the_global_offset_table_is_refused_by_name() {
    let mut named = Make::typical("foo");
    named.relocate(".text", 0x48, R_GOTPCREL, "shared", -4);
    let mut by_section = Make::typical("foo");
    by_section.relocate(".text", 0x48, R_GOTPCREL, BSS, -4);
    for (make, variable) in [(named, "shared"), (by_section, BSS)] {
        let expected = ImageError::Relocation {
            section: ".text".into(),
            offset: 0x48,
            relocation: "R_X86_64_GOTPCREL".into(),
            variable: variable.into(),
            remedy: "",
        };
        assert_eq!(image(&make), Err(expected));
    }
}

#[test]
fn an_addend_that_leaves_its_range_is_refused() {
    let mut make = Make::typical("foo");
    make.relocate(".text", 0x48, R_64, "shared", i64::MAX);
    assert_eq!(image(&make), Err(ImageError::Addend { section: ".text".into(), offset: 0x48 }));
}

#[test]
fn a_name_that_is_taken_is_refused() {
    let mut make = Make::typical("foo");
    let symbol = base_symbol("foo", 1, 1);
    make.global(&symbol, ".data", libmodfmt::elf::SymbolKind::OBJECT, 0, 8);
    assert_eq!(image(&make), Err(ImageError::NameTaken { symbol }));
}

#[test]
fn an_empty_section_of_the_other_kind_is_no_obstacle() {
    let mut make = Make::small("foo");
    make.section(BSS, flags::ALLOC | flags::WRITE, 1, &[]);
    assert!(image(&make).is_ok());
}

#[test]
fn another_machine_is_refused_by_name() {
    let mut make = Make::small("foo");
    make.machine(Ident { machine: Machine(22), ..Ident::X86_64 }, RelocationForm::Rela);
    let error = image(&make).unwrap_err().to_string();
    assert_eq!(error, "persistent data of s390 modules is not supported yet");
}

/// A table of the other form has no room for the offset in the section.
#[test]
fn relocations_of_another_form_are_refused() {
    let mut make = Make::small("foo");
    make.machine(Ident::X86_64, RelocationForm::Rel);
    let error = image(&make).unwrap_err().to_string();
    assert!(error.contains("(.rel.text): sh_type is 0x9"), "{error}");
}

#[test]
fn the_longest_name_still_fits() {
    let name = "n".repeat(55);
    let image = image(&Make::small(&name)).unwrap();
    let object = Object::parse(&image).unwrap();
    assert_eq!(object.symbols.last().unwrap().name_text(), base_symbol(&name, 1, 0));
    // The kernel's tables have room for 55 bytes.
    assert!(base_symbol(&name, u32::MAX, u32::MAX).len() <= 55);
}
