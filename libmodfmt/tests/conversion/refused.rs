// SPDX-License-Identifier: MIT OR Apache-2.0
//! What would be lost or misread, with the field.

use super::compiled::{Said, dropped, is_refused, is_refused_with};

#[test]
fn kinds_and_sizes_of_numbers() {
    is_refused("long x;", "int x;", "x: has 32 bits, had 64");
    is_refused(
        "struct { struct { long a; } s[2]; } x;",
        "struct { struct { int a; } s[2]; } x;",
        "x.s[].a: has 32 bits, had 64",
    );
    is_refused(
        "struct { unsigned a : 5; int b; } x;",
        "struct { unsigned a : 4; int b; } x;",
        "x.a: has 4 bits, had 5",
    );
    for (old, new) in
        [("int x;", "float x;"), ("int x;", "unsigned x;"), ("int x;", "int *x;"), ("int x;", "int x[1];")]
    {
        let refused = std::panic::catch_unwind(|| is_refused(old, new, ""));
        let text = *refused.unwrap_err().downcast::<String>().unwrap();
        assert!(text.contains("x: another kind of type"), "{text}");
    }
    is_refused(
        "struct f { int a; } x;",
        "union f { int a; } x;",
        "x: another kind of type (struct f, now union f)",
    );
}

#[test]
fn fields_that_are_gone() {
    is_refused(
        "struct f { int a; long b; } x = { 1 };",
        "struct f { char n[12]; int a; } x;",
        "x.b: the new type has no such field",
    );
    is_refused(
        "struct f { int a; long b; } x = { 1 };",
        "struct f { long c; int a; } x;",
        "x.b: the new type has no such field, but a new field c of the same type",
    );
    is_refused_with(
        "struct f { int a; long b; struct { int p, q; } s; } x;",
        "struct f { char n[16]; int a; struct { int q; } s; } x;",
        &dropped(&["x.b"]),
        "x.s.p: the new type has no such field",
    );
    // All of a structure are named at once, so that nobody has to ask again for each.
    is_refused(
        "struct f { int a; long b; short c; long d; } x = { 1 };",
        "struct f { char n[12]; int a; } x;",
        "x.b: the new type has no such field, and no c, no d",
    );
    is_refused_with(
        "struct f { int a; long b; short c; long d; } x = { 1 };",
        "struct f { char n[12]; int a; } x;",
        &dropped(&["c"]),
        "x.b: the new type has no such field, and no d",
    );
    // At the end it would stay, if there were nothing else.
    is_refused(
        "struct { int a; short b; } x = { 1, 2 };",
        "struct { long a; } x;",
        "x.b: the new type has no such field",
    );
    is_refused(
        "struct { int a; short b; } x = { 1, 2 };",
        "struct { int a; char b; } x;",
        "x.b: has 8 bits, had 16",
    );
}

#[test]
fn elements_that_are_gone() {
    is_refused(
        "long x[4] = { 0, 0, 0, 1 };",
        "long x[2];",
        "x[2]: 16 bytes that would be lost or reused are not zero",
    );
}

#[test]
fn unions() {
    is_refused(
        "union { int a; long b; } x;",
        "union { int a; } x;",
        "x: the union changed: member b is gone",
    );
    is_refused(
        "union { short a; long b; } x;",
        "union { int a; long b; } x;",
        "x: the union changed: member a changed",
    );
    is_refused(
        "struct { int n; union { int a; float b; }; } x;",
        "struct { int n; int a; } x;",
        "x.a: the union changed: a is no longer in one, or is gone",
    );
}

#[test]
fn pointers_to_another_type() {
    is_refused(
        "struct a { int i; } *x;",
        "struct b { int i; } *x;",
        "x: points to another type (struct a *, now struct b *)",
    );
    is_refused(
        "struct { int *p; } x;",
        "struct { void *p; } x;",
        "x.p: points to another type (int *, now void *)",
    );
    is_refused(
        "struct { void *p; } x;",
        "struct { int *p; } x;",
        "x.p: points to another type (void *, now int *)",
    );
}

#[test]
fn values_of_enumerations() {
    is_refused(
        "enum e { A, B, C } x = B;",
        "enum e { A, C, D } x;",
        "x: the value is B (1), which the new type lacks",
    );
    is_refused(
        "enum e { A = 1, B = 2 } x = 3;",
        "enum e { A = 1, B = 4 } x;",
        "x: the value 3 has no name, and the numbers of the enumerators changed",
    );
}

#[test]
fn a_hint_for_another_structure_does_not_count() {
    let mut said = Said::default();
    said.renames.add("struct g.b=c").unwrap();
    is_refused_with(
        "struct f { int a; long b; } x;",
        "struct f { long c; int a; } x;",
        &said,
        "x.b: the new type has no such field, but a new field c of the same type",
    );
}
