// SPDX-License-Identifier: MIT OR Apache-2.0
//! The list of persistent variables.

use libmodfmt::elf::SymbolKind;
use libmodfmt::persist::{Ambiguity, AmbiguousName, Inventory, PersistError, Variable, VariableDebugInfo};
use libmodfmt::types::TypeId;
use modtest::module::{BSS, DATA, Make, inventory, parse};

fn of(make: &Make) -> Inventory {
    inventory(&parse(&make.build()))
}

fn with_debug_info(make: &Make, infos: &[VariableDebugInfo]) -> Inventory {
    let file = make.build();
    let module = parse(&file);
    Inventory::of(&module.object, &module.name, None, infos).unwrap().unwrap()
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
        found.header.units.iter().map(|unit| (&*unit.section, unit.size, unit.align)).collect();
    assert_eq!(sections, [(DATA, 64, 32), (BSS, 4096, 64)]);
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

fn ambiguous(name: &str, symbols: &[&str], reason: Ambiguity) -> Vec<AmbiguousName> {
    let symbols = symbols.iter().map(|symbol| (*symbol).to_owned()).collect();
    vec![AmbiguousName { name: name.to_owned(), symbols, reason }]
}

fn debug_info(make: &Make, section: &str, offset: u64, function: Option<&str>) -> VariableDebugInfo {
    let mut info = VariableDebugInfo::new(make.index(section), offset);
    info.function = function.map(Into::into);
    info.type_name = Some("int".into());
    info.type_id = Some(TypeId(5));
    info
}

#[test]
fn numbered_statics_of_one_name_are_ambiguous() {
    let mut make = Make::small("foo");
    make.local("cnt.0", DATA, 0, 4);
    make.local("cnt.1", DATA, 4, 4);
    assert_eq!(of(&make).ambiguous, ambiguous("foo.c:cnt", &["cnt.0", "cnt.1"], Ambiguity::UnknownFunctions));
}

#[test]
fn one_name_in_two_sections_of_one_file_is_ambiguous() {
    let mut make = Make::small("foo");
    make.section(BSS, 3, 8, &[0; 8]);
    make.local("first.7", BSS, 0, 8);
    assert_eq!(
        of(&make).ambiguous,
        ambiguous("foo.c:first", &["first", "first.7"], Ambiguity::UnknownFunctions)
    );
    let infos = [debug_info(&make, DATA, 0, Some("read")), debug_info(&make, BSS, 0, Some("write"))];
    let found = with_debug_info(&make, &infos);
    assert_eq!(found.ambiguous, []);
    assert_eq!(names(&found), ["foo.c:read:first", "foo.c:second", "foo.c:write:first"]);
}

/// The second of the two may be in the same function as the first.
#[test]
fn a_function_that_is_not_known_tells_nothing_apart() {
    let mut make = Make::small("foo");
    make.local("first.1", DATA, 4, 4);
    let one = [debug_info(&make, DATA, 0, Some("read"))];
    let expected = ambiguous("foo.c:first", &["first", "first.1"], Ambiguity::UnknownFunctions);
    assert_eq!(with_debug_info(&make, &one).ambiguous, expected);
    let outside = [debug_info(&make, DATA, 0, None), debug_info(&make, DATA, 4, Some("read"))];
    assert_eq!(with_debug_info(&make, &outside).ambiguous, [], "one outside of functions, one in a function");
}

#[test]
fn two_blocks_of_one_function() {
    let mut make = Make::small("foo");
    make.local("first.1", DATA, 4, 4);
    let infos = [debug_info(&make, DATA, 0, Some("read")), debug_info(&make, DATA, 4, Some("read"))];
    let expected = ambiguous("foo.c:first", &["first", "first.1"], Ambiguity::SameFunction);
    assert_eq!(with_debug_info(&make, &infos).ambiguous, expected);
}

/// a/foo.c and b/foo.c: only base names are known.
#[test]
fn two_files_of_one_name() {
    let mut make = Make::small("foo");
    make.file("foo.c");
    make.local("second", DATA, 8, 4);
    let expected = ambiguous("foo.c:second", &["second", "second"], Ambiguity::SameFileName);
    assert_eq!(of(&make).ambiguous, expected);
    let infos = [debug_info(&make, DATA, 0, None), debug_info(&make, DATA, 8, None)];
    assert_eq!(with_debug_info(&make, &infos).ambiguous, expected);
}

#[test]
fn the_function_is_told_wherever_debug_information_knows_it() {
    let mut make = Make::small("foo");
    make.symbols(|symbol| !matches!(&*symbol.name, b"first" | b"second"));
    make.local("cnt.0", DATA, 0, 4);
    make.local("cnt.1", DATA, 4, 4);
    make.local("other.2", DATA, 8, 8);
    let infos = [(0, "read"), (4, "write"), (8, "poll")];
    let infos = infos.map(|(offset, function)| debug_info(&make, DATA, offset, Some(function)));
    let found = with_debug_info(&make, &infos);
    assert_eq!(found.ambiguous, []);
    assert_eq!(names(&found), ["foo.c:read:cnt", "foo.c:write:cnt", "foo.c:poll:other"]);
    assert!(found.header.variables().all(|(_, variable)| variable.type_id == Some(TypeId(5))));
    let bare = |inventory: &Inventory| inventory.header.layout_hash();
    assert_eq!(bare(&found), bare(&of(&make)), "-g must not change a layout");
}

#[test]
fn one_name_in_two_files_is_not_ambiguous() {
    let mut make = Make::small("foo");
    make.file("bar.c");
    make.local("first.7", DATA, 0, 8);
    assert_eq!(of(&make).ambiguous, []);
}

/// `.L` are names of compilers, `$d` and `$x` marks of the assemblers for arm and riscv, one a section
/// and file: neither are they variables, nor do they show that the file has its local names.
#[test]
fn names_that_the_source_does_not_have_are_no_variables() {
    let mut make = Make::small("foo");
    for (name, offset) in [("$d", 0), ("$d", 8), ("$d.3", 4), ("$xrv64i2p1", 0), (".LANCHOR0", 0)] {
        make.local(name, DATA, offset, 0);
    }
    let found = of(&make);
    assert_eq!(names(&found), names(&of(&Make::small("foo"))));
    assert_eq!(found.ambiguous, []);
    assert!(found.header.named);

    // A gap is padding only where the file has its local names.
    for (name, named) in [("local", true), ("$x", false), (".LC0", false)] {
        let mut make = Make::small("foo");
        make.symbols(|symbol| symbol.kind == SymbolKind::FILE);
        make.global("seen", DATA, SymbolKind::OBJECT, 0, 12);
        make.local(name, DATA, 0, 0);
        assert_eq!(of(&make).header.named, named, "{name}");
    }
}

#[test]
fn a_variable_without_a_size_is_listed() {
    let mut make = Make::small("foo");
    make.local("end", DATA, 16, 0);
    let found = of(&make);
    assert_eq!(names(&found), ["foo.c:first", "foo.c:second", "foo.c:end"]);
    assert_eq!(found.variable_at(0, 12).unwrap().1, 4);
    assert_eq!(found.variable_at(0, 16), None);
}

#[test]
fn a_variable_that_leaves_its_section_is_an_error() {
    for (value, size) in [(9, 8), (17, 0), (u64::MAX, 1), (1, u64::MAX)] {
        let mut make = Make::small("foo");
        make.local("big", DATA, value, size);
        match error(&make) {
            PersistError::VariableOutside { section, variable, offset, section_size, .. } => {
                assert_eq!((&*section, &*variable, offset, section_size), (DATA, "big", value, 16));
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn two_sections_of_one_name_are_two_units() {
    let mut make = Make::small("foo");
    let first = make.index(DATA);
    let second = make.section(DATA, 3, 8, &[0; 8]);
    let found = of(&make);
    assert_eq!(found.indexes, [first, second]);
    assert_eq!((found.unit_of(first), found.unit_of(second), found.unit_of(1)), (Some(0), Some(1), None));
}

/// With a section for each variable the file is in its name: it is known of global variables, too, and after
/// `strip -g`.
#[test]
fn the_section_tells_the_source_file() {
    let mut make = Make::bare("foo");
    for name in [".data..persistent.foo_main.0", ".data..persistent.foo_main.1", ".data..persistent.util.0"] {
        make.section(name, 3, 8, &[0; 8]);
    }
    make.file("foo-main.c");
    make.local("one", ".data..persistent.foo_main.0", 0, 8);
    make.file("other.c");
    make.local("three", ".data..persistent.util.0", 0, 8);
    make.global("two", ".data..persistent.foo_main.1", SymbolKind::OBJECT, 0, 8);
    assert_eq!(names(&of(&make)), ["foo-main.c:one", "foo-main.c:two", "util:three"]);
    make.symbols(|symbol| symbol.kind != SymbolKind::FILE);
    let stripped = of(&make);
    assert_eq!(names(&stripped), ["foo_main:one", "foo_main:two", "util:three"]);
    assert!(stripped.header.named);
}

#[test]
fn clang_tells_the_function() {
    let mut make = Make::bare("foo");
    for (number, name) in ["cnt", "poll.cnt", "read.cnt"].into_iter().enumerate() {
        let section = format!(".data..persistent.foo.{number}");
        make.section(&section, 3, 8, &[0; 8]);
        make.local(name, &section, 0, 8);
    }
    assert_eq!(names(&of(&make)), ["foo:cnt", "foo:poll:cnt", "foo:read:cnt"]);
}

/// Of the static of a function that was inlined everywhere, clang's debug information has the variable
/// outside of it or in the caller.
#[test]
fn clangs_name_of_a_static_tells_the_function_and_not_debug_information() {
    let mut make = Make::bare("foo");
    make.section(DATA, 3, 8, &[0; 8]);
    make.local("poll.cnt", DATA, 0, 4);
    make.local("read.cnt", DATA, 4, 4);
    let infos = [debug_info(&make, DATA, 0, None), debug_info(&make, DATA, 4, Some("init"))];
    let found = with_debug_info(&make, &infos);
    assert_eq!(found.ambiguous, []);
    let functions: Vec<_> =
        found.header.variables().map(|(_, variable)| variable.function.as_deref()).collect();
    assert_eq!(functions, [Some("poll"), Some("read")]);
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
