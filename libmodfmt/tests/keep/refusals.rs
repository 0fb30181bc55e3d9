// SPDX-License-Identifier: MIT OR Apache-2.0
//! What must not be kept, each case by name.

use libmodfmt::arch::Arch;
use libmodfmt::elf::{Ident, Place, SymbolKind, flags};
use libmodfmt::persist::{Ambiguity, AmbiguousName, Import, Refusal, Refusals};
use modtest::module::{BSS, DATA, Make, R_64, R_GOTPCREL, R_PLT32, inventory, parse};

fn refusals(make: &Make) -> Refusals {
    let file = make.build();
    let module = parse(&file);
    Refusals::of(&module.object, &inventory(&module), Arch::of(Ident::X86_64).unwrap()).unwrap()
}

fn only(make: &Make) -> Refusal {
    let mut found = refusals(make).reasons;
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// A pointer in the second variable of the small module.
fn pointing(to: impl FnOnce(&mut Make)) -> Refusal {
    let mut make = Make::small("foo");
    make.section(".data", 3, 8, &[0; 32]);
    make.section(".rodata.str1.1", flags::ALLOC | flags::MERGE | flags::STRINGS, 1, b"ab\0the name\"\0");
    make.global("ops_open", ".text", SymbolKind::FUNCTION, 8, 8);
    make.local("buffer", ".data", 16, 8);
    to(&mut make);
    only(&make)
}

fn target(refusal: Refusal) -> String {
    match refusal {
        Refusal::PointerIntoOwner { section, variable, offset, target } => {
            assert_eq!((&*section, &*variable, offset), (DATA, "foo.c:second", 8));
            target
        }
        other => panic!("{other}"),
    }
}

#[test]
fn nothing_is_said_against_pointers_into_persistent_data_and_the_kernel() {
    let found = refusals(&Make::typical("foo"));
    assert_eq!(found.reasons, []);
    assert_eq!(found.imports, [Import { symbol: "jiffies".into(), variable: "clock".into() }]);
}

#[test]
fn a_pointer_to_code_names_the_function() {
    let expected = "function ops_open in .text";
    assert_eq!(target(pointing(|make| make.relocate(DATA, 8, R_64, "ops_open", 0))), expected);
    assert_eq!(target(pointing(|make| make.relocate(DATA, 8, R_64, ".text", 12))), expected);
}

#[test]
fn a_pointer_to_a_string_quotes_it() {
    let found = target(pointing(|make| make.relocate(DATA, 8, R_64, ".rodata.str1.1", 3)));
    assert_eq!(found, "the string \"the name\\\"\" in .rodata.str1.1");
}

#[test]
fn a_pointer_to_data_names_the_variable_or_the_place() {
    let found = |addend| target(pointing(|make| make.relocate(DATA, 8, R_64, ".data", addend)));
    assert_eq!(found(20), "buffer in .data");
    assert_eq!(found(8), ".data+0x8");
    assert_eq!(found(-8), ".data", "before the section");
}

#[test]
fn a_string_offset_outside_of_its_section_does_not_matter() {
    for addend in [100, i64::MAX, i64::MIN] {
        let found = target(pointing(|make| make.relocate(DATA, 8, R_64, ".rodata.str1.1", addend)));
        assert!(found.ends_with(".rodata.str1.1"), "{found}");
    }
}

#[test]
fn a_pointer_to_the_module_itself_is_one_into_it() {
    let found = pointing(|make| {
        make.global("__this_module", ".gnu.linkonce.this_module", SymbolKind::OBJECT, 0, 896);
        make.relocate(DATA, 8, R_64, "__this_module", 0);
    });
    assert_eq!(target(found), "__this_module in .gnu.linkonce.this_module");
}

/// `__param` is {name, mod, ops, perm.., arg}, an array parameter {max, elemsize, num, ops, elem}.
#[test]
fn a_charp_parameter_is_named() {
    let mut make = Make::typical("foo");
    make.undefined("param_ops_charp");
    make.without_relocations("__param");
    make.relocate("__param", 0, R_64, ".rodata.str1.1", 6);
    make.relocate("__param", 16, R_64, "param_ops_charp", 0);
    make.relocate("__param", 32, R_64, DATA, 48);
    let refusal = only(&make);
    assert_eq!(
        refusal,
        Refusal::CharpParameter {
            section: DATA.into(),
            variable: "bar.c:stats".into(),
            offset: 48,
            parameter: "size".into(),
        }
    );
    make.without_relocations("__param");
    make.relocate(".data", 16, R_64, "param_ops_charp", 0);
    make.relocate(".data", 24, R_64, "shared", 0);
    assert!(matches!(only(&make), Refusal::CharpParameter { offset: 32, .. }));
}

#[test]
fn a_charp_array_parameter_is_named() {
    let mut make = Make::typical("foo");
    make.undefined("param_ops_charp");
    make.section(".data.arrays", 3, 8, &[0; 64]);
    make.without_relocations("__param");
    make.relocate("__param", 0, R_64, ".rodata.str1.1", 6);
    make.relocate("__param", 32, R_64, ".data.arrays", 32);
    // The second array: {max, elemsize, num, ops, elem}.
    make.relocate(".data.arrays", 48, R_64, "param_ops_charp", 0);
    make.relocate(".data.arrays", 56, R_64, DATA, 48);
    let refusal = only(&make);
    let expected = Refusal::CharpParameter {
        section: DATA.to_owned(),
        variable: "bar.c:stats".into(),
        offset: 48,
        parameter: "size".into(),
    };
    assert_eq!(refusal, expected);
    make.without_relocations("__param");
    assert!(only(&make).to_string().contains("the charp parameter (of unknown name):"), "{}", only(&make));
}

#[test]
fn alignment_above_a_page() {
    let mut make = Make::small("foo");
    make.change(DATA, |section| section.align = 4096);
    assert_eq!(refusals(&make).reasons, []);
    make.change(DATA, |section| section.align = 8192);
    assert_eq!(only(&make), Refusal::Alignment { section: DATA.into(), align: 8192 });
}

/// `__attribute__((retain))`, which keeps the linker from dropping a section.
#[test]
fn a_retained_section_may_be_kept() {
    let mut make = Make::typical("foo");
    for section in [DATA, BSS] {
        make.change(section, |section| section.flags |= flags::RETAIN);
    }
    assert_eq!(refusals(&make).reasons, []);
}

#[test]
fn flags_other_than_writable_data() {
    for wrong in [flags::ALLOC, flags::WRITE, 7, 3 | flags::MERGE, 3 | 0x400] {
        let mut make = Make::small("foo");
        make.change(DATA, |section| section.flags = wrong);
        assert_eq!(only(&make), Refusal::SectionFlags { section: DATA.into(), flags: wrong });
    }
}

#[test]
fn names_that_stand_for_several_variables() {
    let mut numbered = Make::small("foo");
    numbered.local("first.1", DATA, 4, 4);
    assert_eq!(
        only(&numbered).to_string(),
        "foo.c:first stands for several variables (first, first.1) whose numbers change with the code: \
         give them different names, or build with -g"
    );
    let mut files = Make::small("foo");
    files.file("foo.c");
    files.local("first", DATA, 4, 4);
    assert_eq!(
        only(&files).to_string(),
        "foo.c:first stands for several variables (first, first) in different source files of one name, \
         which nothing tells apart: give the variables different names, or each file its own PERSISTENT_FILE"
    );
    let symbols = vec!["cnt.0".to_owned(), "cnt.1".to_owned()];
    let scope = AmbiguousName { name: "foo.c:cnt".into(), symbols, reason: Ambiguity::SameFunction };
    assert_eq!(
        Refusal::from(scope).to_string(),
        "foo.c:cnt stands for several variables (cnt.0, cnt.1) in one scope, which nothing tells apart: \
         give them different names"
    );
}

#[test]
fn a_section_that_no_machine_has_room_for() {
    let mut make = Make::typical("foo");
    make.change(BSS, |section| section.size = 1 << 30);
    assert_eq!(refusals(&make).reasons, []);
    make.change(BSS, |section| section.size = (1 << 30) + 1);
    assert_eq!(only(&make), Refusal::Size { section: BSS.into(), size: (1 << 30) + 1 });
}

#[test]
fn livepatch_modules_by_each_of_their_signs() {
    let mut section = Make::small("foo");
    section.section(".klp.rela", flags::RELA_LIVEPATCH, 8, &[]);
    let mut symbol = Make::small("foo");
    symbol.undefined(".klp.sym.vmlinux.x,0");
    symbol.symbols(|symbol| {
        if symbol.name.starts_with(b".klp") {
            symbol.place = Place::Reserved(0xff20);
        }
        true
    });
    let mut tag = Make::small("foo");
    tag.change(".modinfo", |section| {
        let data = [&section.data[..], b"livepatch=Y\0"].concat();
        section.set_data(data);
    });
    for (make, expected) in [
        (section, "section .klp.rela"),
        (symbol, "symbol .klp.sym.vmlinux.x,0"),
        (tag, "livepatch= in .modinfo"),
    ] {
        assert_eq!(only(&make), Refusal::Livepatch { sign: expected.into() });
    }
}

#[test]
fn a_relocation_that_a_keeper_cannot_carry() {
    for (kind, name) in [
        (R_GOTPCREL, "R_X86_64_GOTPCREL"),
        (R_PLT32, "R_X86_64_PLT32"),
        (0, "R_X86_64_NONE"),
        (77, "relocation type 77"),
    ] {
        let mut make = Make::small("foo");
        make.relocate(DATA, 12, kind, DATA, 0);
        let expected = Refusal::Relocation {
            section: DATA.into(),
            variable: "foo.c:second+0x4".into(),
            offset: 12,
            relocation: name.into(),
        };
        assert_eq!(only(&make), expected);
    }
}

#[test]
fn every_reason_is_given_at_once() {
    let mut make = Make::typical("foo");
    make.change(DATA, |section| section.align = 8192);
    make.change(BSS, |section| section.flags = flags::ALLOC);
    make.relocate(DATA, 0, R_64, "init_module", 0);
    assert_eq!(refusals(&make).reasons.len(), 3);
}
