// SPDX-License-Identifier: MIT OR Apache-2.0
//! Debug information written by hand, in both byte orders. What compilers write is tested in
//! tests/dwarf.rs.

mod blob;

use blob::{Blob, sample};
use proptest::prelude::*;

use super::*;
use crate::elf::{ByteOrder, Class, Ident, Machine, Object, SectionKind};
use crate::types::{Completeness, compare};

const PPC64: Ident = Ident { class: Class::Elf64, order: ByteOrder::Big, machine: Machine(21) };
const ARM: Ident = Ident { class: Class::Elf32, order: ByteOrder::Little, machine: Machine::ARM };

#[test]
fn variables_of_every_class_and_order() {
    for (ident, version) in [(Ident::X86_64, 4), (Ident::X86_64, 5), (PPC64, 4), (PPC64, 5), (ARM, 4)] {
        let object = sample(ident, version).object();
        let sections = DebugSections::of(&object).unwrap();
        let info = DebugInfo::read(&sections).unwrap();
        let variables = info.variables();
        let [count, stats] = &variables[..] else { panic!("{variables:?}") };
        assert_eq!((&*count.name, count.section, count.offset), ("count", 1, 8));
        assert_eq!((count.size, count.type_name.as_deref()), (Some(4), Some("int")));
        assert_eq!((count.file.as_deref(), count.function.as_deref()), (Some("foo.c"), Some("probe")));
        assert_eq!((&*stats.name, stats.offset, stats.size), ("stats", 16, Some(8)));
        assert_eq!(stats.type_name.as_deref(), Some("struct stats"));
        assert_eq!(stats.function, None);
        let path = |offset| info.field_path(stats, offset);
        assert_eq!(path(0).as_deref(), Some("stats.opened"));
        assert_eq!(path(5).as_deref(), Some("stats.closed"));
        assert_eq!(path(8), None);
    }
}

#[test]
fn types_are_equal_by_structure_alone() {
    let table = |object: &Object<'_>| {
        let sections = DebugSections::of(object).unwrap();
        let info = DebugInfo::read(&sections).unwrap();
        let types = DwarfTypes::new(&info);
        let roots: Vec<_> =
            info.variables().iter().map(|variable| types.of_variable(variable).unwrap()).collect();
        types.table(&roots, None, 100)
    };
    let changed = |change: &dyn Fn(&mut Blob)| {
        let mut blob = sample(Ident::X86_64, 5);
        change(&mut blob);
        table(&blob.object())
    };
    let plain = changed(&|_| {});
    let said = |new: &ReachedTypes, index: usize| {
        let compared = compare((&plain.table, plain.roots[index]), (&new.table, new.roots[index]));
        compared.map_err(|difference| difference.in_variable("x"))
    };
    let renamed = changed(&|blob| blob.replace("opened", "closes"));
    assert_eq!(said(&renamed, 0), Ok(Completeness::Full));
    assert_eq!(said(&renamed, 1).unwrap_err(), "x: member opened was removed (struct stats)");
    // Compilers differ in the names of numbers.
    let same = [changed(&|blob| blob.replace("probe", "other")), changed(&|blob| blob.replace("int", "lnt"))];
    let other_machines = [table(&sample(PPC64, 4).object()), table(&sample(ARM, 4).object())];
    for other in same.iter().chain(&other_machines) {
        assert_eq!(said(other, 1), Ok(Completeness::Full));
    }
}

#[test]
fn what_is_not_understood_is_left_out() {
    // A type that refers past the end of the unit.
    let mut blob = sample(Ident::X86_64, 5);
    blob.break_types();
    let object = blob.object();
    let all = variables(&DebugSections::of(&object).unwrap()).unwrap();
    assert_eq!(all.len(), 2);
    assert!(all.iter().all(|variable| variable.size.is_none()));

    // Relocations of a type that stores no address.
    let mut object = sample(Ident::X86_64, 5).object();
    let table = object.sections.len() - 1;
    let mut relocations = object.relocations(table).unwrap();
    relocations[0].kind = 2;
    object.set_relocations(table, &relocations).unwrap();
    assert_eq!(variables(&DebugSections::of(&object).unwrap()).unwrap().len(), 1);
}

#[test]
fn whole_files_that_cannot_be_read() {
    let mut object = sample(Ident::X86_64, 5).object();
    let (index, _) = object.section(".debug_info").unwrap();
    object.sections[index].flags = 0x800;
    let error = DebugSections::of(&object).unwrap_err();
    assert!(matches!(error, DwarfError::Compressed { .. }), "{error}");

    object.sections[index].flags = 0;
    object.sections[index].set_data(vec![0xff; 9]);
    let error = variables(&DebugSections::of(&object).unwrap()).unwrap_err();
    assert!(matches!(error, DwarfError::Unit { index: 0, .. }), "{error}");
    assert!(SectionKind::PROGBITS == object.sections[index].kind);
}

proptest! {
    #[test]
    fn no_damage_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        name in prop::sample::select(vec![".debug_info", ".debug_abbrev"]),
        big: bool,
    ) {
        let mut object = sample(if big { PPC64 } else { Ident::X86_64 }, 5).object();
        let (index, _) = object.section(name).unwrap();
        let mut data = object.sections[index].data.to_vec();
        for (place, value) in changes {
            let place = place.index(data.len());
            data[place] = value;
        }
        object.sections[index].set_data(data);
        let sections = DebugSections::of(&object).unwrap();
        if let Ok(info) = DebugInfo::read(&sections) {
            for variable in info.variables() {
                let _ = info.field_path(&variable, 5);
            }
        }
    }
}
