// SPDX-License-Identifier: MIT OR Apache-2.0
//! Slots in a file made up for the purpose.

use super::*;
use crate::elf::{Ident, RelocationForm, Section, Symbol, flags};

const R_X86_64_64: u32 = 1;

fn file(slot: &[u8], relocations: &[Relocation]) -> Object<'static> {
    let mut object = Object::new(Ident::X86_64, 0);
    let flags = flags::ALLOC | flags::WRITE;
    let section = |name, data| Section::with_data(name, SectionKind::PROGBITS, flags, 8, data);
    object.sections.push(section(".data..persistent", vec![0; 32]));
    object.sections.push(section(SECTION, slot.to_vec()));
    object.symbols.push(Symbol::of_section(1));
    object.symbols.push(Symbol::undefined("old_base"));
    let symtab = object.symtab().unwrap();
    object.add_relocations(2, symtab, RelocationForm::Rela, relocations).unwrap();
    Object::parse(&object.write().unwrap().leak()[..]).unwrap()
}

fn names(offset: u64, addend: i64) -> Relocation {
    Relocation { offset, symbol: 1, kind: R_X86_64_64, addend }
}

#[test]
fn slots_are_found_and_filled() {
    let mut object = file(&[0; 32], &[names(0, 8), names(16, 24)]);
    let slots = of(&object).unwrap();
    assert_eq!(
        slots.iter().map(|slot| (slot.offset, slot.variable)).collect::<Vec<_>>(),
        [(8, (1, 8)), (24, (1, 24))]
    );
    fill(&mut object, &[(slots[1], 2, 64)]).unwrap();
    let added = object.relocations_of(2).unwrap().pop().unwrap();
    assert_eq!(added, Relocation { offset: 24, symbol: 2, kind: R_X86_64_64, addend: 64 });
    assert!(fill(&mut object, &[(slots[0], 9, 0)]).is_err(), "no such symbol");
}

#[test]
fn what_is_no_slot_is_an_error() {
    let of = |slot: &[u8], relocations: &[Relocation]| of(&file(slot, relocations)).unwrap_err().to_string();
    let what = "a relocation is not that of a slot's first word";
    assert_eq!(of(&[0; 16], &[names(8, 0)]), format!("section .data..persist_old, offset 0x8: {what}"));
    assert!(of(&[0; 32], &[names(0, 0)]).contains("a slot does not name a variable"));
    assert!(of(&[1; 16], &[names(0, 0)]).contains("the word for the old address is not zero"));
    assert!(of(&[0; 12], &[names(0, 0)]).contains("ends past its section"));
    let undefined = Relocation { symbol: 2, ..names(0, 0) };
    assert!(of(&[0; 16], &[undefined]).contains("not defined in this module"));
}
