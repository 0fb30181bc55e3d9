// SPDX-License-Identifier: MIT OR Apache-2.0
//! The list of persistent variables.

use libmodfmt::elf::SymbolKind;
use libmodfmt::persist::{DebugFact, Inventory, PersistError, Role, Variable};

use super::common::{BSS, DATA, Make, inventory, parse};

fn of(make: &Make) -> Inventory {
    inventory(&parse(&make.build()))
}

fn with_facts(make: &Make, facts: &[DebugFact]) -> Inventory {
    let file = make.build();
    let module = parse(&file);
    Inventory::of(&module.object, &module.name, None, facts).unwrap().unwrap()
}

fn error(make: &Make) -> PersistError {
    let file = make.build();
    let module = parse(&file);
    Inventory::of(&module.object, &module.name, None, &[]).unwrap_err()
}

fn names(inventory: &Inventory) -> Vec<String> {
    inventory.header.variables().map(|(_, variable)| variable.to_string()).collect()
}

#[test]
fn a_variable_is_known_by_file_and_name() {
    let found = of(&Make::typical("foo"));
    assert_eq!(names(&found), ["foo.c:stats", "foo.c:list", "shared", "clock", "bar.c:stats", "bar.c:table"]);
    assert_eq!(found.header.owner, "foo");
    assert_eq!(found.header.build_id, [7; 20]);
    assert!(found.header.named);
    assert_eq!(found.ambiguous, []);
    let sections: Vec<_> =
        found.header.sections.iter().map(|section| (section.role, section.size, section.align)).collect();
    assert_eq!(sections, [(Role::Data, 64, 32), (Role::Bss, 4096, 64)]);
}

#[test]
fn alignment_is_what_the_place_guarantees() {
    let aligns: Vec<u64> =
        of(&Make::typical("foo")).header.variables().map(|(_, variable)| variable.align).collect();
    assert_eq!(aligns, [32, 16, 32, 8, 16, 64]);
    assert_eq!(Variable::align_of(0, 0), 1);
    assert_eq!(Variable::align_of(3, 4096), 1);
    assert_eq!(Variable::align_of(1 << 63, u64::MAX), 1 << 63);
    assert_eq!(Variable::align_of(1 << 63, 64), 64);
    assert_eq!(Variable::align_of(u64::MAX, 64), 1);
}

#[test]
fn without_a_file_symbol_the_variables_have_no_names_to_go_by() {
    let mut make = Make::small("foo");
    make.symbols(|symbol| symbol.kind != SymbolKind::FILE);
    assert!(!of(&make).header.named);
}

/// Two of one name in two files, the files' names stripped: it binds by its build id only.
#[test]
fn without_a_file_symbol_no_name_is_ambiguous() {
    let mut make = Make::typical("foo");
    make.symbols(|symbol| symbol.kind != SymbolKind::FILE);
    assert_eq!(of(&make).ambiguous, []);
}

#[test]
fn numbered_statics_of_one_name_are_ambiguous() {
    let mut make = Make::small("foo");
    make.local("cnt.0", DATA, 0, 4);
    make.local("cnt.1", DATA, 4, 4);
    let expected = [("foo.c:cnt".to_owned(), vec!["cnt.0".to_owned(), "cnt.1".to_owned()])];
    assert_eq!(of(&make).ambiguous, expected);
}

#[test]
fn debug_information_tells_numbered_statics_apart() {
    let mut make = Make::small("foo");
    make.symbols(|symbol| !matches!(&*symbol.name, b"first" | b"second"));
    make.local("cnt.0", DATA, 0, 4);
    make.local("cnt.1", DATA, 4, 4);
    make.local("other.2", DATA, 8, 8);
    let section = make.index(DATA);
    let fact = |offset, function: &str| DebugFact {
        section,
        offset,
        function: Some(function.into()),
        type_name: Some("int".into()),
        type_hash: Some(5),
    };
    let found = with_facts(&make, &[fact(0, "read"), fact(4, "write"), fact(8, "poll")]);
    assert_eq!(found.ambiguous, []);
    // A function is part of the name only where it is needed: -g must not change a layout.
    assert_eq!(names(&found), ["foo.c:read:cnt", "foo.c:write:cnt", "foo.c:other"]);
    assert!(found.header.variables().all(|(_, variable)| variable.type_hash == Some(5)));

    let one_known = with_facts(&make, &[fact(0, "read")]);
    assert_eq!(one_known.ambiguous, [], "one with and one without a function are two");
    let same = with_facts(&make, &[fact(0, "read"), fact(4, "read")]);
    assert_eq!(same.ambiguous.len(), 1, "two blocks of one function");
}

#[test]
fn one_name_in_two_files_or_two_sections_is_not_ambiguous() {
    let mut make = Make::small("foo");
    make.file("bar.c");
    make.local("first.7", DATA, 0, 8);
    assert_eq!(of(&make).ambiguous, []);
}

#[test]
fn a_variable_without_a_size_is_listed() {
    let mut make = Make::small("foo");
    make.local("end", DATA, 16, 0);
    let found = of(&make);
    assert_eq!(names(&found), ["foo.c:first", "foo.c:second", "foo.c:end"]);
    assert_eq!(found.variable_at(Role::Data, 12).unwrap().1, 4);
    assert_eq!(found.variable_at(Role::Data, 16), None);
}

#[test]
fn a_variable_that_leaves_its_section_is_an_error() {
    for (value, size) in [(9, 8), (17, 0), (u64::MAX, 1), (1, u64::MAX)] {
        let mut make = Make::small("foo");
        make.local("big", DATA, value, size);
        match error(&make) {
            PersistError::VariableOutside { section, variable, offset, section_size, .. } => {
                assert_eq!((section, &*variable, offset, section_size), (DATA, "big", value, 16));
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn a_name_may_be_that_of_one_section_only() {
    let mut make = Make::small("foo");
    let first = make.index(DATA);
    let second = make.section(DATA, 3, 8, &[0; 8]);
    assert_eq!(error(&make), PersistError::TwoSections { name: DATA, first, second });
}

#[test]
fn an_empty_section_is_none() {
    let mut make = Make::bare("foo");
    make.section(DATA, 3, 8, &[]);
    make.section(BSS, 3, 8, &[]);
    let file = make.build();
    assert_eq!(Inventory::of(&parse(&file).object, "foo", None, &[]), Ok(None));
}

#[test]
fn what_is_no_variable_is_not_listed() {
    let mut make = Make::small("foo");
    make.local(".LC0", DATA, 0, 4);
    make.global("function", DATA, SymbolKind::FUNCTION, 0, 4);
    assert_eq!(names(&of(&make)), ["foo.c:first", "foo.c:second"]);
}
