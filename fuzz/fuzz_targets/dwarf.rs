// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any debug sections, in a file with relocations of some of their places.
#![no_main]

use libfuzzer_sys::fuzz_target;
use libmodfmt::dwarf::{DebugInfo, DebugSections};
use libmodfmt::elf::{Ident, Object, Relocation, RelocationForm, Section, SectionKind, Symbol};

fuzz_target!(|input: (&[u8], &[u8], &[u8], Vec<u16>)| {
    let (info, abbrev, line, places) = input;
    let mut object = Object::new(Ident::X86_64, 0);
    let data = |name, bytes: &[u8]| Section::with_data(name, SectionKind::PROGBITS, 0, 1, bytes.to_vec());
    object.sections.push(data(".debug_info", info));
    object.sections.push(data(".debug_abbrev", abbrev));
    object.sections.push(data(".debug_line", line));
    object.symbols.push(Symbol::of_section(1));
    let relocation = |place: u16| Relocation { offset: place.into(), symbol: 1, kind: 1, addend: 0 };
    let relocations: Vec<_> = places.into_iter().map(relocation).collect();
    object.add_relocations(1, 0, RelocationForm::Rela, &relocations).expect("small numbers");

    let sections = DebugSections::of(&object).expect("good relocations");
    let Ok(debug) = DebugInfo::read(&sections) else { return };
    for variable in debug.variables() {
        let _ = debug.field_path(&variable, variable.size.unwrap_or(0) / 2);
    }
});
