// SPDX-License-Identifier: MIT OR Apache-2.0
//! Broken files: the error names section, offset and field.

use libmodfmt::elf::{ElfError, Object};
use libmodfmt::image::{Bindings, owner};
use libmodfmt::module::Module;
use libmodfmt::persist::Header;
use modtest::module::{DATA, Make, R_PC32, inventory, parse};

fn put(file: &mut [u8], at: usize, bytes: &[u8]) {
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

/// Offset of a field of the header of a section.
fn header_field(file: &[u8], section: &str, field: usize) -> usize {
    let (index, _) = Object::parse(file).unwrap().section(section).map(|(i, s)| (i, s.size)).unwrap();
    let table = u64::from_le_bytes(file[40..48].try_into().unwrap());
    usize::try_from(table).unwrap() + 64 * index + field
}

/// What is said of the small module with some bytes of it changed.
fn said(section: &str, field: usize, bytes: &[u8]) -> String {
    let mut file = Make::small("foo").build();
    let at = header_field(&file, section, field);
    put(&mut file, at, bytes);
    Module::parse(&file).unwrap_err().to_string()
}

fn said_of_header(at: usize, bytes: &[u8]) -> String {
    let mut file = Make::small("foo").build();
    put(&mut file, at, bytes);
    Object::parse(&file).unwrap_err().to_string()
}

#[test]
fn the_file_header() {
    assert_eq!(Object::parse(b"").unwrap_err(), ElfError::NotElf);
    assert_eq!(said_of_header(0, b"x"), "not an ELF file: the magic bytes 7f 45 4c 46 are missing");
    assert_eq!(said_of_header(4, &[3]), "ELF header: EI_CLASS has the value 0x3, which is not defined");
    assert_eq!(said_of_header(5, &[0]), "ELF header: EI_DATA has the value 0x0, which is not defined");
    assert_eq!(said_of_header(6, &[9]), "ELF header: EI_VERSION has the value 0x9, which is not defined");
    assert_eq!(
        said_of_header(16, &[3]),
        "ELF header: e_type is 0x3; a kernel module is relocatable (e_type 1)"
    );
    assert_eq!(said_of_header(40, &[0; 8]), "ELF header: e_shoff is 0x0: a module has a section table");
    assert_eq!(
        said_of_header(58, &[40]),
        "ELF header: e_shentsize is 0x28: not the size of a section header"
    );
    assert_eq!(said_of_header(62, &[0xfe, 0xfe]), "ELF header: e_shstrndx is 0xfefe: no such section");
    assert_eq!(said_of_header(62, &[1, 0]), "ELF header: e_shstrndx is 0x1: not a string table");
}

#[test]
fn counts_beyond_the_file_are_refused_before_anything_is_set_aside() {
    let text = said_of_header(60, &[0xff, 0xff]);
    assert!(text.starts_with("the section table at offset 0x"), "{text}");
    assert!(text.contains("size 0x3fffc0, lies outside of the file"), "{text}");
    // No count in the header: it stands in the first section.
    assert_eq!(said_of_header(60, &[0, 0]), "ELF header: e_shnum is 0x0: a module has sections");
    let mut file = Make::small("foo").build();
    put(&mut file, 60, &[0, 0]);
    let table = usize::try_from(u64::from_le_bytes(file[40..48].try_into().unwrap())).unwrap();
    put(&mut file, table + 32, &[0xff; 8]);
    let text = Object::parse(&file).unwrap_err().to_string();
    assert!(text.contains("size 0xffffffffffffffff, lies outside"), "{text}");
}

#[test]
fn section_headers() {
    assert!(said(DATA, 0, &[0xff; 4]).contains("sh_name is 0xffffffff: outside of the section name table"));
    let text = said(DATA, 32, &[0xff; 8]);
    assert!(text.starts_with("section 4 (.data..persistent) at offset 0x"), "{text}");
    assert!(text.contains("size 0xffffffffffffffff, lies outside of the file"), "{text}");
    assert_eq!(
        said(DATA, 48, &[24]),
        "section 4 (.data..persistent): sh_addralign is 0x18: not a power of two"
    );
    // The kernel would copy it from wherever its offset leads.
    assert_eq!(
        said(".text", 4, &[0; 4]),
        "section 3 (.text): sh_type is 0x0: a section that is loaded has a type"
    );
    assert_eq!(
        said(".rela.text", 40, &[2, 0, 0, 0]),
        "section 7 (.rela.text): sh_link is 0x2: not a symbol table"
    );
    assert_eq!(
        said(".rela.text", 44, &[0xee, 0, 0, 0]),
        "section 7 (.rela.text): sh_info is 0xee: no such section"
    );
    assert_eq!(said(".symtab", 40, &[1, 0, 0, 0]), "section 6 (.symtab): sh_link is 0x1: not a string table");
    assert!(said(".symtab", 32, &[23]).contains("section 6 (.symtab): sh_size is 0x17: not a whole number"));
}

#[test]
fn sections_that_share_bytes() {
    let mut file = Make::small("foo").build();
    let text = header_field(&file, ".text", 24);
    let offset = file[text..text + 8].to_vec();
    let data = header_field(&file, DATA, 24);
    put(&mut file, data, &offset);
    let message = Object::parse(&file).unwrap_err().to_string();
    assert!(
        message.starts_with("section 3 (.text) and section 4 (.data..persistent) overlap at offset 0x"),
        "{message}"
    );
}

#[test]
fn a_relocation_of_a_symbol_that_does_not_exist() {
    let mut file = Make::small("foo").build();
    let table = header_field(&file, ".rela.text", 24);
    let at = usize::try_from(u64::from_le_bytes(file[table..table + 8].try_into().unwrap())).unwrap();
    put(&mut file, at + 12, &[0xff, 0, 0, 0]);
    let error = Object::parse(&file).unwrap().relocations(7).unwrap_err().to_string();
    assert_eq!(error, "section 7 (.rela.text): relocation 0: symbol is 0xff: no such symbol");
}

/// The kernel before 5.10 would write there.
#[test]
fn a_relocation_past_its_section_is_the_files_fault() {
    let mut make = Make::small("foo");
    make.relocate(".text", 13, R_PC32, DATA, 0);
    let file = make.build();
    let module = parse(&file);
    let inventory = inventory(&module);
    let error = owner(&module, &inventory, &Bindings::first(&inventory.header)).unwrap_err().to_string();
    assert_eq!(
        error,
        "section 7 (.rela.text): relocation 1: r_offset is 0xd: outside of the section that it changes"
    );
}

/// The kernel refuses it on x86-64: "Skipping invalid relocation target, existing value is nonzero".
#[test]
fn a_relocation_of_bytes_that_are_not_zero_is_the_files_fault() {
    let mut make = Make::small("foo");
    make.change(".text", |section| section.data.edit(|data| data[7] = 0x90));
    let file = make.build();
    let module = parse(&file);
    let inventory = inventory(&module);
    let error = owner(&module, &inventory, &Bindings::first(&inventory.header)).unwrap_err();
    assert!(error.is_broken_file());
    assert_eq!(
        error.to_string(),
        "section 7 (.rela.text): relocation 0: r_offset is 0x4: the bytes that it changes are not zero"
    );
}

#[test]
fn modules_without_what_every_module_has() {
    let without = |name: &str| {
        let mut make = Make::small("foo");
        make.change(name, |section| section.name = b".other".into());
        Module::parse(&make.build()).unwrap_err().to_string()
    };
    assert_eq!(without(".modinfo"), "section .modinfo is missing; every kernel module has it");
    assert_eq!(
        without(".gnu.linkonce.this_module"),
        "section .gnu.linkonce.this_module is missing; every kernel module has it"
    );
    let mut make = Make::small("foo");
    make.change(".gnu.linkonce.this_module", |section| section.set_data(vec![0; 100]));
    assert_eq!(
        Module::parse(&make.build()).unwrap_err().to_string(),
        "section .gnu.linkonce.this_module (100 bytes) does not hold the module's name \"foo\""
    );
}

#[test]
fn every_truncation_is_an_error() {
    let file = Make::typical("foo").build();
    for size in 0..file.len() {
        assert!(Object::parse(&file[..size]).is_err(), "{size} bytes");
    }
}

#[test]
fn counts_in_a_note_are_not_believed() {
    let file = Make::typical("foo").build();
    let header = inventory(&parse(&file)).header;
    let order = libmodfmt::elf::ByteOrder::Little;
    let note = header.to_note(order);
    for at in 0..note.len() - 4 {
        let mut wrong = note.clone();
        put(&mut wrong, at, &[0xff; 4]);
        if let Ok(read) = Header::from_note(&wrong, order) {
            assert_eq!(read.layout_hash(), header.layout_hash(), "offset {at}");
        }
    }
}

/// The images would have one.
#[test]
fn a_module_without_symbol_table_is_refused() {
    let mut file = Make::bare("foo");
    file.section(DATA, 3, 8, &[1; 8]);
    let mut file = file.build();
    let kind = header_field(&file, ".symtab", 4);
    put(&mut file, kind, &[0; 4]);
    let module = parse(&file);
    let error = owner(&module, &inventory(&module), &Bindings::first(&inventory(&module).header));
    assert_eq!(error.unwrap_err().to_string(), "section .symtab is missing; every kernel module has it");
}

/// Its size is not that of any bytes.
#[test]
fn a_persistent_section_without_a_type_is_refused() {
    let mut file = Make::bare("foo");
    file.section(DATA, 3, 8, &[1; 8]);
    let mut file = file.build();
    let (kind, size) = (header_field(&file, DATA, 4), header_field(&file, DATA, 32));
    put(&mut file, kind, &[0; 4]);
    put(&mut file, size, &[0, 0, 0, 0, 0, 3, 0, 0]);
    let text = Object::parse(&file).unwrap_err().to_string();
    assert!(text.contains(" (.data..persistent): sh_type is 0x0: "), "{text}");
}
