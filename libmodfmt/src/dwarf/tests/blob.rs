// SPDX-License-Identifier: MIT OR Apache-2.0
//! One compilation unit, byte by byte.

use crate::elf::{Class, Ident, Machine, Object, Relocation, RelocationForm, Section, SectionKind, Symbol};

/// `.debug_info` and `.debug_abbrev` in the making.
pub(super) struct Blob {
    ident: Ident,
    info: Vec<u8>,
    abbrev: Vec<u8>,
    /// Places in `info` that hold an address, with the offset in the data section.
    addresses: Vec<(usize, u32)>,
    /// Places in `info` that refer to a type.
    types: Vec<usize>,
}

/// Codes of the abbreviations below.
const UNIT: u8 = 1;
const BASE: u8 = 2;
const VARIABLE: u8 = 3;
const STRUCT: u8 = 4;
const MEMBER: u8 = 5;
const FUNCTION: u8 = 6;

/// Code, tag, has children, then attribute and form in turn.
const ABBREVIATIONS: [&[u8]; 6] = [
    &[UNIT, 0x11, 1, 0x03, 0x08],                             // name: string
    &[BASE, 0x24, 0, 0x03, 0x08, 0x3e, 0x0b, 0x0b, 0x0b],     // name, encoding, byte_size: data1
    &[VARIABLE, 0x34, 0, 0x03, 0x08, 0x49, 0x13, 0x02, 0x18], // name, type: ref4, location: exprloc
    &[STRUCT, 0x13, 1, 0x03, 0x08, 0x0b, 0x0b],               // name, byte_size
    &[MEMBER, 0x0d, 0, 0x03, 0x08, 0x49, 0x13, 0x38, 0x0b],   // name, type, data_member_location
    &[FUNCTION, 0x2e, 1, 0x03, 0x08],                         // name
];

/// `struct stats { int opened, closed; } stats;` and `int probe(void) { static int count; }`.
pub(super) fn sample(ident: Ident, version: u16) -> Blob {
    let mut blob =
        Blob { ident, info: Vec::new(), abbrev: Vec::new(), addresses: Vec::new(), types: Vec::new() };
    for abbreviation in ABBREVIATIONS {
        blob.abbrev.extend(abbreviation);
        blob.abbrev.extend([0, 0]);
    }
    blob.abbrev.push(0);
    let word = u8::try_from(ident.class.word_size()).unwrap();
    blob.number(0); // length, set below
    blob.info.extend(ident.order.bytes16(version));
    if version >= 5 {
        blob.info.extend([1, word]); // DW_UT_compile
        blob.number(0);
    } else {
        blob.number(0);
        blob.info.push(word);
    }
    blob.entry(UNIT, "drivers/foo.c");
    let int = blob.entry(BASE, "int");
    blob.info.extend([5, 4]); // signed, 4 bytes
    let stats = blob.entry(STRUCT, "stats");
    blob.info.push(8);
    for (name, place) in [("opened", 0), ("closed", 4)] {
        blob.entry(MEMBER, name);
        blob.reference(int);
        blob.info.push(place);
    }
    blob.info.push(0);
    blob.entry(FUNCTION, "probe");
    blob.variable("count", int, 8);
    blob.info.push(0);
    blob.variable("stats", stats, 16);
    blob.info.push(0);
    let length = u32::try_from(blob.info.len() - 4).unwrap();
    blob.info[..4].copy_from_slice(&ident.order.bytes32(length));
    blob
}

impl Blob {
    fn number(&mut self, number: u32) {
        self.info.extend(self.ident.order.bytes32(number));
    }

    fn entry(&mut self, code: u8, name: &str) -> u32 {
        let start = u32::try_from(self.info.len()).unwrap();
        self.info.push(code);
        self.info.extend(name.as_bytes());
        self.info.push(0);
        start
    }

    fn reference(&mut self, to: u32) {
        self.types.push(self.info.len());
        self.number(to);
    }

    fn variable(&mut self, name: &str, ty: u32, offset: u32) {
        self.entry(VARIABLE, name);
        self.reference(ty);
        let word = self.ident.class.word_size();
        self.info.extend([u8::try_from(word + 1).unwrap(), 0x03]); // DW_OP_addr
        self.addresses.push((self.info.len(), offset));
        self.info.extend(vec![0; word]);
    }

    /// Another text of the same length.
    pub(super) fn replace(&mut self, old: &str, new: &str) {
        let place = self.info.windows(old.len()).position(|window| window == old.as_bytes()).unwrap();
        self.info[place..place + old.len()].copy_from_slice(new.as_bytes());
    }

    pub(super) fn break_types(&mut self) {
        for place in &self.types {
            self.info[*place..place + 4].fill(0xff);
        }
    }

    /// A file with the two sections and the relocations.
    pub(super) fn object(&self) -> Object<'static> {
        let (kind, rela) = match (self.ident.machine, self.ident.class) {
            (Machine::ARM, _) => (2, false),
            (Machine::X86_64, _) => (1, true),
            (_, Class::Elf64) => (38, true),
            (_, Class::Elf32) => (1, true),
        };
        let mut info = self.info.clone();
        let mut relocations = Vec::new();
        for &(place, offset) in &self.addresses {
            if !rela {
                info[place..place + 4].copy_from_slice(&self.ident.order.bytes32(offset));
            }
            let addend = if rela { offset.into() } else { 0 };
            relocations.push(Relocation { offset: place as u64, symbol: 1, kind, addend });
        }
        let mut object = Object::new(self.ident, 0);
        let data = |name: &str, bytes| Section::with_data(name, SectionKind::PROGBITS, 0, 1, bytes);
        object.sections.push(data(".data..persistent", vec![0; 24]));
        object.sections.push(data(".debug_abbrev", self.abbrev.clone()));
        object.sections.push(data(".debug_info", info));
        object.symbols.push(Symbol::of_section(1));
        let form = if rela { RelocationForm::Rela } else { RelocationForm::Rel };
        object.add_relocations(3, 0, form, &relocations).unwrap();
        object
    }
}
