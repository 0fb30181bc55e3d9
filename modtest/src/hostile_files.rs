// SPDX-License-Identifier: MIT OR Apache-2.0
//! Inputs of [`INPUT_BYTES`] that were made to cost much.

use libmodfmt::elf::{Section, SectionKind, SymbolKind, flags};

use crate::limits::INPUT_BYTES;
use crate::module::{DATA, Make, R_64};

/// A piece over and over, up to the size of an input.
pub fn repeated(piece: &[u8]) -> Vec<u8> {
    piece.iter().copied().cycle().take(INPUT_BYTES).collect()
}

/// A prefix, then a piece over and over.
pub fn after(prefix: &[u8], piece: &[u8]) -> Vec<u8> {
    prefix.iter().chain(piece.iter().cycle()).copied().take(INPUT_BYTES).collect()
}

/// Every byte value, in no order.
pub fn noise() -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..INPUT_BYTES).map(|_| next()).collect()
}

/// Module files, by what is too much in them.
pub fn modules() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("symbols whose names overlap", overlapping_names()),
        ("a module of many sections", many_sections()),
        ("a module of many relocation sections", many_relocation_sections()),
        ("many relocations in persistent data", many_relocations()),
        ("many variables of one name", many_variables()),
        ("many lines of modinfo", many_modinfo()),
        ("a chain of pointer types", with_types(&pointer_chain())),
        ("function types that double", with_types(&doubling_types())),
        ("nested structures", with_types(&nested_structures())),
        ("many members", with_types(&many_members())),
        ("many variables of a function with many parameters", variables_of(&many_parameters())),
        ("many variables of an array of many dimensions", variables_of(&many_dimensions())),
        ("units whose abbreviations overlap", overlapping_abbreviations()),
        ("units with one line table", shared_line_table()),
        ("entries of very many attributes", many_attributes()),
    ]
}

/// Symbols of persistent data, each with a name that is the rest of one long string.
fn overlapping_names() -> Vec<u8> {
    const COUNT: usize = 15_000;
    let mut make = Make::bare("foo");
    make.section(DATA, 3, 8, &vec![0; COUNT * 8]);
    let long = "A".repeat(INPUT_BYTES / 2);
    make.global(&long, DATA, SymbolKind::OBJECT, 0, 8);
    for number in 1..COUNT {
        make.global("x", DATA, SymbolKind::OBJECT, number as u64 * 8, 8);
    }
    let mut file = make.build();
    // The writer does not share the ends of names: the short ones become parts of the long one.
    let header = |file: &[u8], at: usize| u64::from_le_bytes(file[at..at + 8].try_into().unwrap()) as usize;
    let table = header(&file, 40);
    let sections = (file.len() - table) / 64;
    let kind = |file: &[u8], index: usize| {
        u32::from_le_bytes(file[table + index * 64 + 4..][..4].try_into().unwrap())
    };
    let symtab = (0..sections).find(|&index| kind(&file, index) == 2).unwrap();
    let (start, size) = (header(&file, table + symtab * 64 + 24), header(&file, table + symtab * 64 + 32));
    let symbol_name = |file: &[u8], at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let strings = u32::from_le_bytes(file[table + symtab * 64 + 40..][..4].try_into().unwrap()) as usize;
    let strings = header(&file, table + strings * 64 + 24);
    let places: Vec<usize> = (start..start + size).step_by(24).collect();
    let is_long = |&at: &usize| file[strings + symbol_name(&file, at) as usize..].starts_with(&[b'A'; 64]);
    let base = symbol_name(&file, places.iter().copied().find(is_long).unwrap());
    for (number, at) in places.into_iter().enumerate().skip(1) {
        if file[strings + symbol_name(&file, at) as usize] == b'x' {
            let name = base + 1 + (number % (INPUT_BYTES / 4)) as u32;
            file[at..at + 4].copy_from_slice(&name.to_le_bytes());
        }
    }
    file
}

fn many_sections() -> Vec<u8> {
    let mut make = Make::small("foo");
    for _ in 0..INPUT_BYTES / 100 {
        make.object.sections.push(Section::with_data(".d", SectionKind::PROGBITS, 3, 8, Vec::new()));
    }
    make.build()
}

/// Each with an empty table of relocations, and an array parameter that has to be looked for.
fn many_relocation_sections() -> Vec<u8> {
    let mut make = Make::small("foo");
    make.undefined("param_ops_charp");
    for _ in 0..INPUT_BYTES / 200 {
        let index = make.section(".d", flags::ALLOC | flags::WRITE, 8, &[0; 8]);
        let mut section = Section::with_data(".rela.d", SectionKind::RELA, flags::INFO_LINK, 8, Vec::new());
        section.info = index as u32;
        section.entry_size = 24;
        make.object.sections.push(section);
    }
    make.build()
}

fn many_relocations() -> Vec<u8> {
    const COUNT: u64 = 30_000;
    let mut make = Make::bare("foo");
    make.section(DATA, 3, 8, &vec![0; COUNT as usize * 8]);
    make.section(".data", 3, 8, &[0; 8]);
    make.local("all", DATA, 0, COUNT * 8);
    for number in 0..COUNT {
        make.relocate(DATA, number * 8, R_64, ".data", 0);
    }
    make.build()
}

fn many_variables() -> Vec<u8> {
    const COUNT: u64 = 25_000;
    let mut make = Make::bare("foo");
    make.section(DATA, 3, 8, &vec![0; COUNT as usize * 8]);
    make.file("foo.c");
    for number in 0..COUNT {
        make.local(&format!("cnt.{number}"), DATA, number * 8, 8);
    }
    make.build()
}

fn many_modinfo() -> Vec<u8> {
    let mut make = Make::small("foo");
    make.change(".modinfo", |section| {
        let parm = b"parm=a:b\0parmtype=a:int\0";
        let data: Vec<u8> =
            section.data.iter().chain(parm.iter().cycle().take(INPUT_BYTES / 24 * 24)).copied().collect();
        section.set_data(data);
    });
    make.build()
}

/// A module whose variable `x` has the type at the start of these entries. They may use the abbreviations
/// below, and refer to entries by their offset in the unit.
fn with_types(types: &[u8]) -> Vec<u8> {
    with_variables(types, 1)
}

/// As [`with_types`], with very many variables of that type.
fn variables_of(types: &[u8]) -> Vec<u8> {
    with_variables(types, 1000)
}

fn with_variables(types: &[u8], count: u64) -> Vec<u8> {
    #[rustfmt::skip]
    let abbreviations: &[u8] = &[
        1, 0x11, 1, 0, 0, // compile unit
        2, 0x34, 0, 3, 8, 0x49, 0x13, 2, 0x18, 0, 0, // variable: name, type, location
        3, 0x0f, 0, 0x49, 0x13, 0, 0, // pointer
        4, 0x15, 1, 0x49, 0x13, 0, 0, // function type
        5, 0x05, 0, 0x49, 0x13, 0, 0, // parameter
        6, 0x24, 0, 3, 8, 0x0b, 0x0b, 0x3e, 0x0b, 0, 0, // base type: name, size, encoding
        7, 0x13, 1, 0x0b, 0x0b, 0, 0, // structure of a size
        8, 0x0d, 0, 3, 8, 0x49, 0x13, 0x38, 0x0b, 0, 0, // member: name, type, offset
        9, 0x01, 1, 0x49, 0x13, 0, 0, // array
        10, 0x21, 0, 0x37, 0x0b, 0, 0, // its count
        0,
    ];
    let mut unit = UNIT_HEADER.to_vec();
    unit.push(1);
    unit.extend(types);
    let mut locations = Vec::new();
    for number in 0..count {
        unit.extend([2, b'x']);
        unit.extend(number.to_string().bytes());
        unit.push(0);
        unit.extend(FIRST_TYPE.to_le_bytes());
        unit.extend([9, 3]);
        locations.push((4 + unit.len() as u64, number * 8));
        unit.extend([0; 8]);
    }
    unit.push(0);
    let mut make = with_debug(abbreviations, &with_length(unit), &[], count);
    for (location, offset) in locations {
        make.relocate(".debug_info", location, R_64, DATA, offset as i64);
    }
    make.build()
}

/// Version 5, a compile unit, addresses of 8 bytes, abbreviations at 0.
const UNIT_HEADER: [u8; 8] = [5, 0, 1, 8, 0, 0, 0, 0];

fn with_length(unit: Vec<u8>) -> Vec<u8> {
    (unit.len() as u32).to_le_bytes().into_iter().chain(unit).collect()
}

/// A module with this debug information, and variables of 8 bytes.
fn with_debug(abbreviations: &[u8], info: &[u8], lines: &[u8], variables: u64) -> Make {
    let mut make = Make::bare("foo");
    make.section(DATA, 3, 8, &vec![0; variables as usize * 8]);
    make.file("foo.c");
    for number in 0..variables {
        make.local(&format!("x{number}"), DATA, number * 8, 8);
    }
    make.section(".debug_abbrev", 0, 1, abbreviations);
    make.section(".debug_info", 0, 1, info);
    make.section(".debug_line", 0, 1, lines);
    make
}

/// Each table of abbreviations begins one further on than the one before, and they end together.
fn overlapping_abbreviations() -> Vec<u8> {
    let leb =
        |number: u32| [number as u8 & 0x7f | 0x80, (number >> 7) as u8 & 0x7f | 0x80, (number >> 14) as u8];
    let (mut abbreviations, mut info) = (Vec::new(), Vec::new());
    for code in 1..(INPUT_BYTES / 10) as u32 {
        if code < (INPUT_BYTES / 40) as u32 {
            let mut unit = UNIT_HEADER[..4].to_vec();
            unit.extend((abbreviations.len() as u32).to_le_bytes());
            unit.extend(leb(code));
            info.extend(with_length(unit));
        }
        abbreviations.extend(leb(code));
        abbreviations.extend([0x11, 0, 0, 0]);
    }
    abbreviations.push(0);
    with_debug(&abbreviations, &info, &[], 1).build()
}

/// A table of very many files, and very many units that have it.
fn shared_line_table() -> Vec<u8> {
    let mut header = vec![1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0];
    header.extend(b"a\0\0\0\0".repeat(INPUT_BYTES / 10));
    header.push(0);
    let version_4 = [4, 0].into_iter().chain(with_length(header)).collect();
    let abbreviations = [1, 0x11, 0, 0x10, 0x17, 0, 0, 0];
    let unit: Vec<u8> = UNIT_HEADER.into_iter().chain([1, 0, 0, 0, 0]).collect();
    let info = with_length(unit).repeat(INPUT_BYTES / 40);
    with_debug(&abbreviations, &info, &with_length(version_4), 1).build()
}

/// Entries of one byte whose attributes, all without bytes, are as many as the entries.
fn many_attributes() -> Vec<u8> {
    const COUNT: usize = INPUT_BYTES / 4;
    let mut abbreviations = vec![1, 0x11, 1, 0, 0, 2, 0x34, 0];
    abbreviations.extend([0x34, 0x19].repeat(COUNT));
    abbreviations.extend([0, 0, 0]);
    let unit = UNIT_HEADER.into_iter().chain([1]).chain(vec![2; COUNT]).chain([0]).collect();
    with_debug(&abbreviations, &with_length(unit), &[], 1).build()
}

/// Where the types begin: behind the length, the unit's header and its entry.
const FIRST_TYPE: u32 = 13;

/// Pointer to pointer to pointer ..., to an `int`.
fn pointer_chain() -> Vec<u8> {
    let mut types = Vec::new();
    for number in 0..INPUT_BYTES / 6 {
        types.push(3);
        types.extend((FIRST_TYPE + 5 * (number as u32 + 1)).to_le_bytes());
    }
    types.extend(*b"\x06int\0\x04\x05");
    types
}

/// A pointer to a function that takes very many such pointers.
fn doubling_types() -> Vec<u8> {
    let mut types = vec![3];
    types.extend((FIRST_TYPE + 5).to_le_bytes());
    let count = INPUT_BYTES / 6;
    types.push(4);
    types.extend((FIRST_TYPE + 5 + 5 + 5 * count as u32 + 1).to_le_bytes());
    for _ in 0..count {
        types.push(5);
        types.extend(FIRST_TYPE.to_le_bytes());
    }
    types.push(0);
    types.extend(*b"\x06int\0\x04\x05");
    types
}

/// A pointer to a function of very many numbers.
fn many_parameters() -> Vec<u8> {
    let mut types = vec![3];
    types.extend((FIRST_TYPE + 5).to_le_bytes());
    let count = INPUT_BYTES / 10;
    let number = FIRST_TYPE + 5 + 5 + 5 * count as u32 + 1;
    types.push(4);
    types.extend(number.to_le_bytes());
    for _ in 0..count {
        types.push(5);
        types.extend(number.to_le_bytes());
    }
    types.push(0);
    types.extend(*b"\x06int\0\x04\x05");
    types
}

/// `long [1][1][1]...`
fn many_dimensions() -> Vec<u8> {
    let count = INPUT_BYTES / 4;
    let mut types = vec![9];
    types.extend((FIRST_TYPE + 5 + 2 * count as u32 + 1).to_le_bytes());
    types.extend([10, 1].repeat(count));
    types.push(0);
    types.extend(*b"\x06long\0\x08\x05");
    types
}

/// A structure with two members of the next structure, and so on.
fn nested_structures() -> Vec<u8> {
    const ENTRY: u32 = 2 + 8 + 8 + 1;
    let mut types = Vec::new();
    for number in 0..(INPUT_BYTES / 20) as u32 {
        let next = FIRST_TYPE + ENTRY * (number + 1);
        types.extend([7, 8]);
        for name in [b'a', b'b'] {
            types.extend([8, name, 0]);
            types.extend(next.to_le_bytes());
            types.push(0);
        }
        types.push(0);
    }
    types.extend(*b"\x06int\0\x04\x05");
    types
}

/// A structure with very many members of its own type's pointer.
fn many_members() -> Vec<u8> {
    let count = INPUT_BYTES / 9;
    let pointer = FIRST_TYPE + 2 + 8 * count as u32 + 1;
    let mut types = vec![7, 8];
    for _ in 0..count {
        types.extend([8, b'm', 0]);
        types.extend(pointer.to_le_bytes());
        types.push(0);
    }
    types.push(0);
    types.push(3);
    types.extend(FIRST_TYPE.to_le_bytes());
    types
}
