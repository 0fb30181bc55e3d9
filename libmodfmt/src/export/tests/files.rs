// SPDX-License-Identifier: MIT OR Apache-2.0
//! Export tables in module files of every layout.

use proptest::prelude::*;

use super::{S390, layout};
use crate::elf::{
    Binding, ByteOrder, Class, Ident, Machine, Object, Place, Relocation, RelocationForm, Section,
    SectionKind, Symbol,
};
use crate::export::*;

/// The exports of the sample files, by name.
const NAMES: [(&str, Option<&str>); 3] = [("alpha", None), ("beta", Some("NS")), ("gamma", None)];

/// A file that exports the first `count` of [`NAMES`] in this layout. `explicit` writes the absent
/// namespace as an empty string, as 5.10 and later do.
fn file(
    ident: Ident,
    layout: &ExportLayout,
    count: usize,
    kinds: [u32; 2],
    rela: bool,
    explicit: bool,
) -> Object<'static> {
    let mut object = Object::new(ident, 0);
    let [value, name] = [layout.value_offset(ident.class), layout.name_offset(ident.class)];
    let kind = kinds[usize::from(layout.is_relative())];
    let mut table = vec![0; layout.entry_size(ident.class) * count];
    let mut strings = vec![0];
    let mut relocations = Vec::new();
    for (index, (text, namespace)) in NAMES.iter().take(count).enumerate() {
        let start = index * layout.entry_size(ident.class);
        let mut add = |field: usize, symbol, addend: usize| {
            let offset = start + field;
            if !rela {
                let addend = u32::try_from(addend).unwrap();
                table[offset..offset + 4].copy_from_slice(&ident.order.bytes32(addend));
            }
            let addend = if rela { i64::try_from(addend).unwrap() } else { 0 };
            relocations.push(Relocation { offset: offset as u64, symbol, kind, addend });
        };
        add(value, 1, 16 * index);
        add(name, 2, strings.len());
        strings.extend(text.as_bytes());
        strings.push(0);
        if let Some(field) = layout.namespace_offset(ident.class) {
            match namespace {
                Some(namespace) => {
                    add(field, 2, strings.len());
                    strings.extend(namespace.as_bytes());
                    strings.push(0);
                }
                None if explicit => add(field, 2, 0),
                None => {}
            }
        }
    }
    let data = |name: &str, bytes| Section::with_data(name, SectionKind::PROGBITS, 2, 8, bytes);
    object.sections.push(data(".data", vec![0; 64]));
    object.sections.push(data(KSYMTAB_STRINGS, strings));
    object.sections.push(data(KSYMTAB, table));
    object.symbols.push(Symbol::of_section(1));
    object.symbols.push(Symbol::of_section(2));
    let form = if rela { RelocationForm::Rela } else { RelocationForm::Rel };
    object.add_relocations(3, 0, form, &relocations).unwrap();
    if layout.kflagstab {
        object.sections.push(data(KFLAGSTAB, vec![0, 1, 0][..count].to_vec()));
    }
    object
}

const LITTLE64: Ident = Ident::X86_64;
const BIG64: Ident = Ident { class: Class::Elf64, order: ByteOrder::Big, machine: S390 };
const LITTLE32: Ident = Ident { class: Class::Elf32, order: ByteOrder::Little, machine: Machine::I386 };
const BIG32: Ident = Ident { class: Class::Elf32, order: ByteOrder::Big, machine: Machine::ARM };

/// Ident, relocation types (word, distance), with addends of its own.
const MACHINES: [(Ident, [u32; 2], bool); 4] =
    [(LITTLE64, [1, 2], true), (BIG64, [22, 5], true), (LITTLE32, [1, 2], false), (BIG32, [2, 3], false)];

#[test]
fn samples_and_exports_in_every_layout() {
    for (ident, kinds, rela) in MACHINES {
        for release in [(4, 18), (5, 3), (6, 1), (7, 3)] {
            let layout = layout(ident.machine, release.0, release.1);
            for count in 1..=3 {
                for explicit in [false, true] {
                    let object = file(ident, &layout, count, kinds, rela, explicit);
                    let sample = Sample::of(&object).unwrap();
                    assert_eq!(ExportLayout::from_sample(&sample), Ok(layout), "{ident:?} {release:?}");
                    let found = exports(&object, &layout).unwrap();
                    assert_eq!(found.len(), count);
                    for (index, (export, (name, namespace))) in found.iter().zip(NAMES).enumerate() {
                        let namespace = namespace.filter(|_| layout.fields == Fields::Three);
                        assert_eq!(export.name, name.as_bytes());
                        assert_eq!(export.namespace, namespace.map(str::as_bytes));
                        assert_eq!(export.value, Some(Target { section: 1, offset: 16 * index as u64 }));
                        assert_eq!(export.gpl_only, layout.kflagstab && index == 1);
                    }
                }
            }
        }
    }
}

#[test]
fn six_fields_are_two_or_three_entries() {
    // Three entries of two fields, or two of three with both namespaces written.
    let two = file(LITTLE64, &layout(Machine::X86_64, 5, 3), 3, [1, 2], true, true);
    let three = file(LITTLE64, &layout(Machine::X86_64, 6, 1), 2, [1, 2], true, true);
    let fields = |object| ExportLayout::from_sample(&Sample::of(object).unwrap()).unwrap().fields;
    assert_eq!(Sample::of(&two).unwrap().relocations.len(), Sample::of(&three).unwrap().relocations.len());
    assert_eq!((fields(&two), fields(&three)), (Fields::Two, Fields::Three));
}

#[test]
fn gpl_tables_are_read_where_the_kernel_reads_them() {
    let layout = layout(Machine::X86_64, 6, 1);
    let mut object = file(LITTLE64, &layout, 2, [1, 2], true, true);
    object.sections[3].name = KSYMTAB_GPL.as_bytes().into();
    assert!(exports(&object, &layout).unwrap().iter().all(|export| export.gpl_only));
    assert_eq!(ExportLayout::from_sample(&Sample::of(&object).unwrap()), Ok(layout));
    let new = super::layout(Machine::X86_64, 7, 1);
    assert_eq!(exports(&object, &new), Ok(Vec::new()));
    object.sections[3].name = KSYMTAB.as_bytes().into();
    assert_eq!(exports(&object, &new), Err(ExportError::NoFlags));
}

#[test]
fn damaged_tables_are_named() {
    let layout = layout(Machine::X86_64, 7, 1);
    let good = file(LITTLE64, &layout, 2, [1, 2], true, true);
    let section = KSYMTAB;

    let mut object = good.clone();
    object.sections[3].size = 20;
    assert_eq!(exports(&object, &layout), Err(ExportError::Size { section, size: 20, entry: 12 }));
    let mut object = good.clone();
    object.sections.last_mut().unwrap().set_data(vec![0]);
    assert_eq!(exports(&object, &layout), Err(ExportError::Flags { flags: 1, symbols: 2 }));
    let mut object = good.clone();
    object.set_relocations(4, &[]).unwrap();
    assert_eq!(exports(&object, &layout), Err(ExportError::NoTarget { section, field: "name", offset: 4 }));
    assert_eq!(ExportLayout::from_sample(&Sample::of(&object).unwrap()), Err(ExportError::NoExports));
    let mut object = good.clone();
    object.sections[2].set_data(b"\0alpha".to_vec());
    let error = ExportError::NoString { section, field: "name", offset: 4, target: 2, target_offset: 1 };
    assert_eq!(exports(&object, &layout), Err(error));
    let mut object = good.clone();
    object.symbols[2] = Symbol { binding: Binding::Global, place: Place::Undefined, ..Symbol::null() };
    assert!(matches!(exports(&object, &layout), Err(ExportError::NoTarget { .. })));
    assert_eq!(Sample::of(&Object::new(LITTLE64, 0)), Err(ExportError::NoExports));
}

#[test]
fn samples_must_agree_with_themselves() {
    let good = Sample::of(&file(LITTLE64, &layout(Machine::X86_64, 6, 1), 2, [1, 2], true, true)).unwrap();
    let misfit = |change: &dyn Fn(&mut Sample)| {
        let mut sample = good.clone();
        change(&mut sample);
        match ExportLayout::from_sample(&sample) {
            Err(ExportError::Sample { what, offset, .. }) => (what, offset),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(misfit(&|s| s.relocations[1].relative = false), ("both distances and addresses", 4));
    assert_eq!(misfit(&|s| s.relocations[1].offset = 5), ("a relocation between the fields", 5));
    assert_eq!(misfit(&|s| s.relocations[1].offset = 24), ("a relocation between the fields", 24));
    assert_eq!(misfit(&|s| s.relocations[1].offset = 0), ("two relocations of one field", 0));
    assert_eq!(misfit(&|s| s.relocations[4].into_strings = false), ("no reference to a name", 16));
    assert_eq!(misfit(&|s| s.relocations[5].into_strings = false), ("a namespace that is no string", 20));
    assert_eq!(misfit(&|s| s.size = 32), ("an incomplete entry", 32));
    assert_eq!(misfit(&|s| s.size = 36), ("no reference to a symbol", 24));
    let unknown = file(LITTLE64, &layout(Machine::X86_64, 6, 1), 1, [1, 9], true, true);
    let machine = Machine::X86_64;
    let error = ExportError::Relocation { section: KSYMTAB, machine, kind: 9, offset: 0 };
    assert_eq!(Sample::of(&unknown), Err(error));
}

proptest! {
    #[test]
    fn no_sample_panics(
        size: u64,
        places in prop::collection::vec((0_u64..40, any::<bool>()), 0..12),
        relative: bool,
        kflagstab: bool,
    ) {
        let relocations: Vec<_> = places
            .into_iter()
            .map(|(offset, into_strings)| SampleRelocation { offset, relative, into_strings })
            .collect();
        for class in [Class::Elf32, Class::Elf64] {
            for size in [size, size % 48] {
                let relocations = relocations.clone();
                let (section, relative_crcs) = (KSYMTAB, false);
                let sample = Sample { class, section, size, relocations, kflagstab, relative_crcs };
                let _ = ExportLayout::from_sample(&sample);
            }
        }
    }

    #[test]
    fn no_table_panics(size: u64, strings: Vec<u8>, flags: Vec<u8>, section: usize, offset: u64) {
        let table = Table { section: KSYMTAB, size: size % 96, flags: Flags::Kflagstab(&flags) };
        for layout in [layout(Machine::X86_64, 7, 1), layout(S390, 7, 1), layout(S390, 4, 19)] {
            let target = |_| Some(Target { section, offset: offset % 40 });
            let _ = read_table(table, &layout, Class::Elf64, target, |_| Some(&strings));
            let table = Table { size, flags: Flags::Table(false), ..table };
            let _ = read_table(table, &layout, Class::Elf32, |_| None, |_| Some(&strings));
        }
    }
}
