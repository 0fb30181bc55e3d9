// SPDX-License-Identifier: MIT OR Apache-2.0
//! Images of processors whose relocations have their addends in the bytes that they change.

use libmodfmt::arch::relocations;
use libmodfmt::elf::{
    ByteOrder, Class, Ident, Machine, Object, Relocation, RelocationForm, SymbolKind, flags,
};
use libmodfmt::export::{ExportLayout, Release};
use libmodfmt::image::Bindings;
use libmodfmt::module::Module;
use modtest::module::{DATA, Make, WRITABLE};

const CODE: u64 = flags::ALLOC | flags::EXEC;

const fn little(machine: Machine) -> Ident {
    Ident { class: Class::Elf32, order: ByteOrder::Little, machine }
}

/// Code of these words, each relocated by a type and a symbol, and data with a pointer to `second`, which is 8
/// bytes behind the start of its section, as is `far` by 36 KiB.
fn module(ident: Ident, word: u32, code: &[(u32, u32, &str)]) -> Vec<u8> {
    let mut make = Make::bare("foo");
    make.machine(ident, RelocationForm::Rel);
    let text: Vec<u8> = code.iter().flat_map(|(word, ..)| ident.order.bytes32(*word)).collect();
    make.section(".text", CODE, 16, &text);
    make.section(DATA, WRITABLE, 8, &[0; 0x9010]);
    make.local("first", DATA, 0, 8);
    make.global("second", DATA, SymbolKind::OBJECT, 8, 8);
    make.local("far", DATA, 0x9000, 8);
    make.undefined("imported");
    make.relocate(DATA, 4, word, "second", 0);
    for (offset, (_, kind, symbol)) in (0..).step_by(4).zip(code) {
        make.relocate(".text", offset, *kind, symbol, 0);
    }
    make.build()
}

fn images(file: &[u8]) -> Result<(Vec<u8>, Vec<u8>), String> {
    let module = Module::parse(file).unwrap();
    let persistent = module.persistent().unwrap().unwrap();
    let layout = ExportLayout::for_release(module.object.ident.machine, Release::new(6, 1));
    let bindings = Bindings::first(persistent.header());
    let owner = persistent.owner(&bindings).map_err(|error| error.to_string())?;
    Ok((persistent.keeper(&layout, &bindings).unwrap(), owner))
}

/// The relocations of a section, and its bytes as words.
fn section(image: &[u8], name: &str) -> (Vec<Relocation>, Vec<u32>) {
    let object = Object::parse(image).unwrap();
    let (index, section) = object.section(name).unwrap();
    let words = section.data.as_chunks().0.iter().map(|word| object.ident.order.u32(*word)).collect();
    let table = object.relocation_sections_of(index).next().unwrap().0;
    (relocations(&object, table).unwrap(), words)
}

fn addends(image: &[u8], name: &str) -> Vec<i64> {
    section(image, name).0.iter().map(|relocation| relocation.addend).collect()
}

#[test]
fn i386() {
    let code = [(0x10, 1, DATA), (0xffff_fffc, 2, "second"), (0xffff_fffc, 4, "imported")];
    let (keeper, owner) = images(&module(little(Machine::I386), 1, &code)).unwrap();
    let (found, words) = section(&owner, ".text");
    assert_eq!(words, [0x10, 4, 0xffff_fffc], "a call stays as it is");
    assert_eq!(found.iter().map(|it| it.addend).collect::<Vec<_>>(), [0x10, 4, 0]);
    // The pointer is one to the start of the section now, and the exports are distances.
    assert_eq!(addends(&keeper, DATA), [8]);
    assert_eq!(section(&keeper, DATA).1[1], 8);
    assert_eq!(addends(&keeper, "__ksymtab"), [0, 0]);
}

/// `struct kparam_string` is {maxlen, string}, of which the second is 4 bytes behind here.
#[test]
fn a_string_parameter_of_a_32_bit_module_is_found() {
    let mut make = Make::bare("foo");
    make.machine(little(Machine::I386), RelocationForm::Rel);
    make.section("names", flags::ALLOC, 1, b"text\0");
    make.section("__param", flags::ALLOC, 4, &[0; 20]);
    make.section(".rodata", flags::ALLOC, 4, &[0; 8]);
    make.section(DATA, WRITABLE, 8, &[0; 32]);
    make.undefined("param_ops_string");
    let pointers = [("__param", 0, "names"), ("__param", 8, "param_ops_string"), ("__param", 16, ".rodata")];
    for (section, offset, to) in pointers.into_iter().chain([(".rodata", 4, DATA)]) {
        make.relocate(section, offset, 1, to, 0);
    }
    let found = libmodfmt::parameters::all(&Object::parse(&make.build()).unwrap());
    assert_eq!(found.iter().map(|one| (&*one.name, one.is_persistent)).collect::<Vec<_>>(), [("text", true)]);
}

#[test]
fn two_addends_for_one_word_are_refused() {
    let mut make = Make::bare("foo");
    make.machine(little(Machine::I386), RelocationForm::Rel);
    make.section(".text", CODE, 16, &[0; 16]);
    make.section(DATA, WRITABLE, 8, &[0; 16]);
    make.local("second", DATA, 8, 8);
    make.relocate(".text", 4, 1, "second", 0);
    make.relocate(".text", 4, 1, "second", 0);
    let error = images(&make.build()).unwrap_err();
    assert!(error.contains("r_offset is 0x4") && error.contains("relocated before"), "{error}");
}

#[test]
fn arm() {
    // movw r3, #4; movt r3, #4
    let code = [(0xe300_3004, 43, "second"), (0xe340_3004, 44, "second"), (0x7ff0, 2, DATA)];
    let (keeper, owner) = images(&module(little(Machine::ARM), 2, &code)).unwrap();
    assert_eq!(section(&owner, ".text").1, [0xe300_300c, 0xe340_300c, 0x7ff0]);
    assert_eq!(addends(&keeper, DATA), [8]);
    // An address of the other module has 16 bits for what is added to it.
    let far = images(&module(little(Machine::ARM), 2, &[(0xe300_3000, 43, "far")])).unwrap_err();
    let expected = ".text+0x0 uses far by R_ARM_MOVW_ABS_NC, which cannot refer to another module's data: \
                    define it in a declaration of its own";
    assert_eq!(far, expected);
    let word = images(&module(little(Machine::ARM), 2, &[(4, 2, "far")])).unwrap().1;
    assert_eq!(section(&word, ".text").1, [0x9004]);
}

#[test]
fn mips_of_both_orders() {
    // lui $2,%hi(far); lw $3,%lo(far)($2); lw $4,%lo(far+4)($2)
    let code = [(0x3c02_0000, 5, "far"), (0x8c43_0000, 6, "far"), (0x8c44_0004, 6, "far")];
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let ident = Ident { order, ..little(Machine::MIPS) };
        let (keeper, owner) = images(&module(ident, 2, &code)).unwrap();
        // 0x9000 is -0x7000 from 0x10000.
        assert_eq!(section(&owner, ".text").1, [0x3c02_0001, 0x8c43_9000, 0x8c44_9004]);
        assert_eq!(addends(&keeper, DATA), [8]);
    }
}

#[test]
fn a_pointer_that_is_not_relocated_keeps_its_bytes() {
    let file = module(little(Machine::I386), 1, &[(0, 1, "first")]);
    let (keeper, _) = images(&file).unwrap();
    let before = Object::parse(&file).unwrap();
    let (_, data) = before.section(DATA).unwrap();
    let after = Object::parse(&keeper).unwrap();
    let (_, kept) = after.section(DATA).unwrap();
    assert_eq!(kept.data[..4], data.data[..4]);
    assert_eq!(kept.data[8..data.data.len()], data.data[8..]);
}
