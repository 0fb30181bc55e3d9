// SPDX-License-Identifier: MIT OR Apache-2.0
//! Values keep their meaning.

use super::compiled::{becomes, becomes_with, dropped, renamed};

#[test]
fn integers_are_widened_with_their_sign() {
    becomes("short x = -2;", "long x, y = -2;");
    becomes("unsigned short x = 0xfffe;", "unsigned long x, y = 0xfffe;");
    becomes("unsigned char x = 200;", "int x, y = 200;");
    becomes("signed char x = -1;", "short x, y = -1;");
    becomes("struct { char a; int b; } x = { -3, 4 };", "struct { long a, b; } x, y = { -3, 4 };");
}

#[test]
fn fields_are_found_by_name() {
    becomes(
        "struct f { int a; char b; long c; } x = { 1, 2, 3 };",
        "struct f { long c; int a; char b; } x, y = { 3, 1, 2 };",
    );
    becomes(
        "struct f { int a; int c; } x = { 1, 3 };",
        "struct f { int a; int b; int c; } x = { .b = 7 }, y = { 1, 7, 3 };",
    );
    becomes(
        "struct f { int a; struct { int b; long c; }; } x = { 1, { 2, 3 } };",
        "struct f { long c; int b; struct { int n; int a; }; } x, y = { 3, 2, { 0, 1 } };",
    );
    becomes(
        "struct f { struct g { int a, b; } g[3]; } x = { { { 1, 2 }, { 3, 4 }, { 5, 6 } } };",
        "struct f { int n; struct g { long b; int c; int a; } g[3]; } x = { .g = { { .c = 8 }, { .c = 9 } } }, \
         y = { 0, { { 2, 8, 1 }, { 4, 9, 3 }, { 6, 0, 5 } } };",
    );
}

#[test]
fn fields_that_are_renamed_or_dropped() {
    let old = "struct f { int a; long b; } x = { 1, 2 };";
    let new = "struct f { long c; int a; } x, y = { 2, 1 };";
    becomes_with(old, new, &renamed("struct f", "b", "c"));
    becomes_with(old, new, &renamed("x", "b", "c"));
    let lost = "struct f { int n; int a; } x = { 5 }, y = { 5, 1 };";
    for drop in ["x.b", "b", "struct f.b"] {
        becomes_with(old, lost, &dropped(&[drop]));
    }
}

#[test]
fn arrays() {
    becomes("int x[3] = { 1, 2, 3 };", "int x[5] = { 7, 7, 7, 8, 9 }, y[5] = { 1, 2, 3, 8, 9 };");
    becomes("int x[2][2] = { { 1, 2 }, { 3, 4 } };", "int x[3][3], y[3][3] = { { 1, 2 }, { 3, 4 } };");
    becomes("short x[2] = { -1, 2 };", "int x[2], y[2] = { -1, 2 };");
    becomes(
        "struct { int a[3], b; } x = { { 1, 2 }, 3 };",
        "struct { int b, a[2]; } x, y = { 3, { 1, 2 } };",
    );
    // No rest of another text.
    becomes("char x[4] = \"abcd\";", "char x[8] = \"1234567\", y[8] = \"abcd\";");
    becomes(
        "struct { char a[4]; } x = { \"ab\" };",
        "struct { int n; char a[6]; } x = { 1, \"vwxyz\" }, y = { 1, \"ab\" };",
    );
}

#[test]
fn enumerators_keep_their_names() {
    becomes("enum e { A, B, C } x = C;", "enum e { A, NEW, B, C } x, y = C;");
    becomes(
        "enum e { A, B, C }; struct { enum e e[3]; } x = { { A, B, C } };",
        "enum e { C, B, A }; struct { enum e e[3]; } x, y = { { A, B, C } };",
    );
    becomes(
        "enum e { A, B } __attribute__((packed)) x = B;",
        "enum e { A, N, B, BIG = 70000 } __attribute__((packed)) x, y = B;",
    );
    becomes_with("enum e { A, B } x = B;", "enum e { A, N, C } x, y = C;", &renamed("enum e", "B", "C"));
}

#[test]
fn bit_fields() {
    becomes(
        "struct { int a : 3; unsigned b : 5; int c : 9; } x = { -2, 21, -200 };",
        "struct { unsigned b : 7; int n : 2; int a : 5; int c : 30; } x = { .n = 1 }, y = { 21, 1, -2, -200 };",
    );
    becomes("struct { int a : 7; } x = { -5 };", "struct { long n; int a; } x, y = { 0, -5 };");
    becomes(
        "struct { unsigned char a, b; } x = { 3, 255 };",
        "struct { unsigned a : 9, b : 9; } x, y = { 3, 255 };",
    );
    becomes(
        "enum e { A, B }; struct { enum e e : 2; int i; } x = { B, 3 };",
        "enum e { B, A }; struct { int n; enum e e : 3; int i; } x, y = { 0, B, 3 };",
    );
    becomes(
        "struct { _Bool a : 1; int n; } x = { 1, 7 };",
        "struct { long n2; _Bool a; int n; } x, y = { 0, 1, 7 };",
    );
}

#[test]
fn unions() {
    // Whatever is in use: the bytes stay.
    becomes(
        "struct { int a; union { long l; char c[8]; } u; } x = { 1, { 0x1122334455667788 } };",
        "struct { union { long l; char c[8]; double d; } u; int a; } x, y = { { 0x1122334455667788 }, 1 };",
    );
    becomes(
        "struct { int a; union { int l; char c[4]; }; } x = { 1, { 0x11223344 } };",
        "struct { union { int l; char c[4]; long big[2]; }; int a; } x, y = { { 0x11223344 }, 1 };",
    );
    // A field that others may now share.
    becomes(
        "struct { int n, a; } x = { 1, 2 };",
        "struct { long m; union { int a; unsigned raw; }; int n; } x, y = { 0, { 2 }, 1 };",
    );
}
