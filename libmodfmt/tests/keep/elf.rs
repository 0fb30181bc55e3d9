// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading and writing: what was read is written back.

use libmodfmt::elf::{
    ByteOrder, Class, ElfError, Ident, Machine, Object, Place, Relocation, RelocationForm, Section,
    SectionKind, Symbol, flags,
};
use modtest::module::{BSS, DATA, Make};

const BIG32: Ident = Ident { class: Class::Elf32, order: ByteOrder::Big, machine: Machine(20) };
const LITTLE32: Ident = Ident { class: Class::Elf32, order: ByteOrder::Little, machine: Machine::ARM };
const BIG64: Ident = Ident { class: Class::Elf64, order: ByteOrder::Big, machine: Machine(22) };

/// Everything but the places of the data in the file.
fn same(one: &Object<'_>, other: &Object<'_>) {
    assert_eq!((one.ident, one.flags), (other.ident, other.flags));
    assert_eq!(one.symbols, other.symbols);
    assert_eq!(one.sections.len(), other.sections.len());
    for (a, b) in one.sections.iter().zip(&other.sections) {
        assert_eq!(Section { offset: 0, ..a.clone() }, Section { offset: 0, ..b.clone() });
    }
}

#[test]
fn a_file_that_is_written_again_stays_byte_for_byte() {
    let file = Make::typical("foo").build();
    let object = Object::parse(&file).unwrap();
    assert_eq!(object.write().unwrap(), file);
    same(&object, &Object::parse(&object.write().unwrap()).unwrap());
}

#[test]
fn every_class_order_and_form_keeps_its_relocations() {
    for ident in [Ident::X86_64, BIG32, LITTLE32, BIG64] {
        for form in [RelocationForm::Rel, RelocationForm::Rela] {
            let mut object = Object::new(ident, 0x8000_0005);
            let data = Section::with_data(".data", SectionKind::PROGBITS, flags::ALLOC, 4, vec![1; 20]);
            object.sections.push(data);
            object.symbols.push(Symbol::of_section(1));
            object.symbols.push(Symbol { value: 16, size: 4, ..Symbol::undefined("x") });
            object.symbols[2].place = Place::Section(1);
            let addend = if form == RelocationForm::Rela { -12 } else { 0 };
            let wanted = [
                Relocation { offset: 4, symbol: 1, kind: 3, addend },
                Relocation { offset: 16, symbol: 2, kind: 201, addend: 0 },
            ];
            let symtab = object.symtab().unwrap();
            let table = object.add_relocations(1, symtab, form, &wanted).unwrap();
            let file = object.write().unwrap();
            let read = Object::parse(&file).unwrap();
            assert_eq!(read.ident, ident);
            assert_eq!(read.flags, 0x8000_0005);
            assert_eq!(read.relocations(table).unwrap(), wanted, "{ident:?} {form:?}");
            assert_eq!(read.relocations_of(1).unwrap(), wanted);
            assert_eq!(read.symbols, object.symbols);
            same(&read, &Object::parse(&read.write().unwrap()).unwrap());
        }
    }
}

#[test]
fn groups_and_unknown_sections_keep_their_bytes_and_numbers() {
    let mut make = Make::typical("foo");
    let group = make.section(".group", 0, 4, &[1, 0, 0, 0, 3, 0, 0, 0]);
    make.object.sections[group].kind = SectionKind(17);
    make.object.sections[group].info = 2;
    make.object.sections[group].link = 40;
    make.object.sections[group].entry_size = 4;
    let odd = make.section(".llvm_addrsig", 0x8000_0000, 1, &[9; 5]);
    make.object.sections[odd].kind = SectionKind(0x6fff_4c03);
    let file = make.build();
    let again = Object::parse(&file).unwrap().write().unwrap();
    let read = Object::parse(&again).unwrap();
    for index in [group, odd] {
        let before = &make.object.sections[index];
        assert_eq!(Section { offset: 0, ..read.sections[index].clone() }, before.clone());
    }
}

#[test]
fn the_size_of_a_section_without_bytes_is_only_a_number() {
    let mut make = Make::typical("foo");
    make.change(BSS, |section| section.size = u64::MAX);
    let file = make.build();
    assert!(file.len() < 16 << 10);
    let object = Object::parse(&file).unwrap();
    assert_eq!(object.section(BSS).unwrap().1.size, u64::MAX);
    assert_eq!(object.write().unwrap(), file);
}

#[test]
fn a_local_symbol_after_a_global_one_is_not_written() {
    let mut object = Make::small("foo").object();
    object.symbols.push(Symbol::undefined("global"));
    object.symbols.push(Symbol::of_section(1));
    let error = object.write().unwrap_err().to_string();
    assert!(error.contains("local symbol"), "{error}");
}

#[test]
fn more_sections_than_16_bits_count_are_refused_when_written() {
    let mut object = Object::new(Ident::X86_64, 0);
    object.sections.resize(0xff00, Section::null());
    assert!(matches!(object.write(), Err(ElfError::Write { .. })));
    object.sections.truncate(0xff00 - 4);
    let file = object.write().unwrap();
    let read = Object::parse(&file).unwrap();
    assert_eq!(read.sections.len(), 0xff00 - 1, "with its symbols and two string tables");
}

/// Symbols' and sections' names in one table, as some linkers write them.
#[test]
fn a_shared_string_table_is_divided() {
    let mut object = Make::small("foo").object();
    object.sections.push(Section::with_data(".shstrtab", SectionKind::STRTAB, 0, 1, vec![0]));
    let names = object.sections.len() - 1;
    let symtab = object.symtab().unwrap();
    object.sections[symtab].link = u32::try_from(names).unwrap();
    let file = object.write().unwrap();
    let read = Object::parse(&file).unwrap();
    assert_eq!(read.symbols, object.symbols);
    assert_eq!(read.section(DATA).unwrap().0, object.section(DATA).unwrap().0);
}
