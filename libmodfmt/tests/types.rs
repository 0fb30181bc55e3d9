// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pairs of declarations that must be told apart, or not, as the compilers of this machine describe them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests panic to fail")]

use std::process::Command;

use libmodfmt::dwarf::{DebugInfo, DebugSections, DwarfTypes};
use libmodfmt::elf::Object;
use libmodfmt::types::{Completeness, TypeId, TypeTable, compare};

/// The table of the types of `x`, declared by this source. Both compilers with two versions of DWARF;
/// `None` without one.
fn table(compiler: &str, version: u32, source: &str) -> Option<(TypeTable, TypeId)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.c");
    std::fs::write(&path, source).unwrap();
    let object = path.with_extension("o");
    let dwarf = format!("-gdwarf-{version}");
    let built =
        Command::new(compiler).args(["-c", "-w", "-O1", &dwarf, "-o"]).arg(&object).arg(&path).status();
    if !built.ok()?.success() {
        panic!("{compiler} does not build:\n{source}");
    }
    let bytes = std::fs::read(&object).unwrap();
    let object = Object::parse(&bytes).unwrap();
    let sections = DebugSections::of(&object).unwrap();
    let info = DebugInfo::read(&sections).unwrap();
    let variables = info.variables();
    let types = DwarfTypes::new(&info);
    let variable = variables.iter().find(|variable| variable.name == "x").expect("no variable x");
    let found = types.table(&[types.of_variable(variable).unwrap()], None, 10_000);
    let (table, roots) = (found.table, found.roots);
    let read = TypeTable::from_bytes(&table.to_bytes()).unwrap();
    assert_eq!(read, table);
    Some((table, *roots.first()?))
}

/// What differs, by each compiler; they must agree.
fn difference(old: &str, new: &str) -> Option<String> {
    let mut said: Option<Option<String>> = None;
    for (compiler, version) in [("gcc", 5), ("gcc", 4), ("clang", 5), ("clang", 4)] {
        let (Some(one), Some(other)) = (table(compiler, version, old), table(compiler, version, new)) else {
            eprintln!("SKIPPED: no {compiler}");
            continue;
        };
        assert_eq!(compare((&one.0, one.1), (&one.0, one.1)), Ok(Completeness::Full), "{old}");
        let verdict = compare((&one.0, one.1), (&other.0, other.1));
        assert!(verdict != Ok(Completeness::Partial), "{compiler} {version}: {old} / {new}");
        let text = verdict.err().map(|difference| difference.in_variable("x"));
        // gcc's `short int` is clang's `short`.
        let place =
            |text: &Option<String>| text.as_ref().map(|text| text.rsplit_once(" (").unwrap().0.to_owned());
        assert_eq!(place(said.get_or_insert_with(|| text.clone())), place(&text), "{compiler} {version}");
    }
    said.flatten()
}

const F: &str = "struct f { int a; int b; };";
const G: &str = "struct f { int b; int a; };";
const MOVED: &str = "member a moved from offset 0x0 to 0x4 (struct f)";

#[track_caller]
fn told(old: &str, new: &str, what: &str) {
    assert_eq!(difference(old, new).as_deref(), Some(what), "\n{old}\n{new}");
}

#[test]
fn behind_any_number_of_pointers_and_arrays() {
    for (declaration, path) in [
        ("struct f x;", "x"),
        ("struct f *x;", "*x"),
        ("struct f **x;", "**x"),
        ("struct f (*x)[4];", "(*x)[]"),
        ("struct f *(*x)[4];", "*(*x)[]"),
        ("struct h { struct f *p; } x;", "*x.p"),
        ("struct h { struct f *p; } *x;", "*x->p"),
        ("struct h { struct h *next; struct { struct f *p[2]; } in; } *x;", "*x->in.p[]"),
        ("struct f *(*x)(struct f *);", "*(*x)()"),
    ] {
        told(&format!("{F} {declaration}"), &format!("{G} {declaration}"), &format!("{path}: {MOVED}"));
    }
}

#[test]
fn numbers_and_enumerations_behind_pointers() {
    told("int *x;", "float *x;", "*x: kind of number changed from signed to floating point (int, now float)");
    told(
        "int *x;",
        "unsigned *x;",
        "*x: kind of number changed from signed to unsigned (int, now unsigned int)",
    );
    told("int *x;", "long *x;", "*x: size changed from 4 to 8 (int, now long int)");
    told("enum e { A, B } *x;", "enum e { B, A } *x;", "*x: enumerator A changed from 0 to 1 (enum e)");
    told("enum e { A } x;", "enum e { A, B } x;", "x: enumerator B was added (enum e)");
    told("int *x;", "void *x;", "*x: another kind of type (int, now void)");
}

#[test]
fn arrays_of_256_and_65536_elements() {
    told(
        "char x[256];",
        "short x[128];",
        "x: dimensions changed from [256] to [128] (char[256], now short int[128])",
    );
    told(
        "char x[2][256];",
        "char x[2][255];",
        "x: dimensions changed from [2][256] to [2][255] (char[2][256], now char[2][255])",
    );
    told(
        "char x[65536];",
        "char x[65535];",
        "x: dimensions changed from [65536] to [65535] (char[65536], now char[65535])",
    );
    told(
        "struct { int n; int a[]; } x;",
        "struct { int n; float a[]; } x;",
        "x.a[]: kind of number changed from signed to floating point (int, now float)",
    );
    told(
        "struct f { int a; }; struct f (*x)[4];",
        "struct f { int a; }; struct f (*x)[8];",
        "*x: dimensions changed from [4] to [8] (struct f[4], now struct f[8])",
    );
}

#[test]
fn kinds_of_types() {
    told("int (*x)(int);", "void (*x)(char *);", "(*x)(): another kind of type (int, now void)");
    told(
        "int (*x)(int);",
        "int (*x)(int, int);",
        "*x: number of parameters changed from 1 to 2 (int (int), now int (int, int))",
    );
    told(
        "struct f { int a; } x;",
        "union f { int a; } x;",
        "x: kind changed from struct to union (struct f, now union f)",
    );
    told(
        "union { int a; float b; } x;",
        "union { float b; unsigned a; } x;",
        "x.a: kind of number changed from signed to unsigned (int, now unsigned int)",
    );
    told(
        "struct { unsigned a : 3, b : 5; } x;",
        "struct { unsigned b : 5, a : 3; } x;",
        "x: member a moved from offset 0x0 bit 0 to 0x0 bit 5 (struct {...})",
    );
    told(
        "_Complex float x;",
        "double x;",
        "x: kind of number changed from complex to floating point (complex float, now double)",
    );
    told(
        "struct a *x; struct a { int i; };",
        "struct b *x; struct b { int i; };",
        "*x: tag changed from a to b (struct a, now struct b)",
    );
}

/// What one compiler says of two declarations.
fn difference_by(compiler: &str, version: u32, old: &str, new: &str) -> Option<String> {
    let (Some(one), Some(other)) = (table(compiler, version, old), table(compiler, version, new)) else {
        eprintln!("SKIPPED: no {compiler}");
        return None;
    };
    compare((&one.0, one.1), (&other.0, other.1)).err().map(|difference| difference.in_variable("x"))
}

/// clang counts bits from the end of a storage unit that a packed field crosses: a negative number.
#[test]
fn packed_bit_fields_cross_storage_units() {
    told(
        "struct q { char c; unsigned a : 20, b : 12; } *x;",
        "struct q { char c; unsigned a : 20, b : 12; } __attribute__((packed)) *x;",
        "*x: member b moved from offset 0x4 bit 0 to 0x3 bit 4 (struct q)",
    );
}

/// gcc alone knows the attribute.
#[test]
fn byte_orders() {
    for version in [4, 5] {
        let big = "struct __attribute__((scalar_storage_order(\"big-endian\"))) q";
        let text = difference_by(
            "gcc",
            version,
            "struct q { int a[2]; } *x;",
            &format!("{big} {{ int a[2]; }} *x;"),
        );
        let Some(text) = text else { continue };
        assert_eq!(
            text,
            "x->a[]: kind of number changed from signed to signed in the other byte order \
             (int, now big-endian int)"
        );
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn formats_of_numbers_that_only_their_names_tell() {
    for compiler in ["gcc", "clang"] {
        let (old, new) = ("long double x;", "__float128 x;");
        let Some(text) = difference_by(compiler, 5, old, new) else { continue };
        assert!(text.starts_with("x: format of the number changed from long double to _"), "{text}");
    }
}

#[test]
fn what_makes_no_difference() {
    for (old, new) in [
        ("struct f; struct f *x;", "struct f { int a; } *x;"),
        ("int x = 1;", "_Atomic int x = 1;"),
        ("int x;", "const volatile int x;"),
        ("typedef int t[3]; t x[2];", "int x[2][3];"),
        ("typedef struct f { int a; } t; t *x;", "struct f { int a; } *x;"),
        ("int a, x;", "int x, b;"),
    ] {
        assert_eq!(difference(old, new), None, "\n{old}\n{new}");
    }
}
