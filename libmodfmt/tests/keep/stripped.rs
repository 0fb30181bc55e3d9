// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files that were stripped of some names: what is left is used only where it is enough.

use libmodfmt::elf::{Binding, Symbol, SymbolKind};
use libmodfmt::persist::{Agreement, Header, compare};
use modtest::module::{BSS, DATA, Make, inventory, parse};

fn header(make: &Make) -> Header {
    let found = inventory(&parse(&make.build()));
    assert_eq!(found.ambiguous, []);
    found.header
}

fn stripped(make: &Make, keep: impl Fn(&Symbol<'_>) -> bool) -> Header {
    let mut make = make.clone();
    make.symbols(|symbol| keep(symbol));
    header(&make)
}

/// `strip -g`
fn without_files(symbol: &Symbol<'_>) -> bool {
    symbol.kind != SymbolKind::FILE
}

/// `strip -x`
fn without_locals(symbol: &Symbol<'_>) -> bool {
    symbol.binding != Binding::Local || matches!(symbol.kind, SymbolKind::FILE | SymbolKind::SECTION)
}

#[test]
fn without_files_unique_names_are_enough() {
    let whole = header(&Make::small("foo"));
    let bare = stripped(&Make::small("foo"), without_files);
    assert!(bare.named);
    for (kept, file) in [(&whole, &bare), (&bare, &whole), (&bare, &bare)] {
        assert!(matches!(compare(kept, file), Agreement::Layout { .. }));
    }
    let hash = |header: &Header| (header.layout_hash(), header.units[0].crc_version_1());
    assert_eq!(hash(&whole), hash(&bare), "the hash leaves files out");
    let mut moved = Make::small("foo");
    moved.symbols(|symbol| {
        symbol.value = if &*symbol.name == b"first" { 8 } else { 0 };
        without_files(symbol)
    });
    assert!(matches!(compare(&whole, &header(&moved)), Agreement::Differs(_)));
}

#[test]
fn without_files_a_name_that_occurs_twice_names_nothing() {
    let bare = stripped(&Make::typical("foo"), without_files);
    assert!(!bare.named);
    assert_eq!(compare(&header(&Make::typical("foo")), &bare), Agreement::Build, "one build id");
    // In two sections, and as a variable that other files see.
    let mut make = Make::small("foo");
    make.section(BSS, 3, 8, &[0; 8]);
    make.local("other", BSS, 0, 8);
    assert!(stripped(&make, without_files).named);
    let mut two = make.clone();
    two.local("first.3", BSS, 0, 8);
    assert!(!stripped(&two, without_files).named);
    make.global("second", BSS, SymbolKind::OBJECT, 0, 8);
    assert!(!stripped(&make, without_files).named);
}

#[test]
fn without_local_names_the_file_names_nothing() {
    let bare = stripped(&Make::small("foo"), without_locals);
    assert!(!bare.named && bare.units[0].variables.is_empty());
    let mut other = header(&Make::small("foo"));
    let Agreement::Differs(found) = compare(&bare, &other) else { panic!("nothing shows that they agree") };
    assert_eq!(
        found[0].to_string(),
        "what is kept does not name every variable (stripped), and a build id is missing: \
         nothing shows that the layouts agree"
    );
    // Half of them are global and keep their names.
    assert!(!stripped(&Make::typical("foo"), without_locals).named);
    other.named = false;
    assert!(matches!(compare(&other, &bare), Agreement::Differs(_)));
}

#[test]
fn a_module_of_globals_loses_nothing() {
    let mut make = Make::small("foo");
    make.symbols(|symbol| !matches!(&*symbol.name, b"first" | b"second"));
    make.global("first", DATA, SymbolKind::OBJECT, 0, 8);
    make.global("second", DATA, SymbolKind::OBJECT, 8, 8);
    assert!(stripped(&make, without_locals).named);
    assert!(stripped(&make, |symbol| without_locals(symbol) && without_files(symbol)).named);
}

/// Offset and size of each variable in a section of 64 bytes, aligned to 32.
fn named(variables: &[(u64, u64)], locals: bool) -> bool {
    let mut make = Make::bare("foo");
    make.section(DATA, 3, 32, &[0; 64]);
    make.file("foo.c");
    for (number, (offset, size)) in variables.iter().enumerate() {
        make.global(&format!("v{number}"), DATA, SymbolKind::OBJECT, *offset, *size);
    }
    if locals {
        make.section(".text", 6, 16, &[0; 16]);
        make.local("helper", ".text", 0, 4);
    }
    header(&make).named
}

#[test]
fn only_padding_may_lie_between_variables() {
    assert!(named(&[(0, 64)], true));
    assert!(named(&[(0, 4), (8, 56)], true), "padding to 8");
    assert!(named(&[(0, 4), (32, 32)], true), "padding to 32");
    assert!(named(&[(0, 40), (40, 0)], true), "less than the alignment at the end");
    assert!(named(&[(0, 48), (16, 4), (48, 16)], true), "two names of one place");
    assert!(!named(&[(0, 4), (12, 52)], true), "8 bytes before a place aligned to 4");
    assert!(!named(&[(0, 4), (40, 24)], true), "36 bytes, which is more than any alignment");
    assert!(!named(&[(8, 56)], true), "a section begins with a variable");
    assert!(!named(&[(0, 32)], true), "32 bytes at the end");
    assert!(!named(&[(0, 0)], true), "no variable has a size");
}

#[test]
fn where_local_names_were_taken_away_padding_may_be_a_variable() {
    assert!(named(&[(0, 64)], false));
    assert!(!named(&[(0, 4), (8, 56)], false));
    assert!(!named(&[(0, 60)], false));
}
