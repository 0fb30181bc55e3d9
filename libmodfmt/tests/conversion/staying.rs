// SPDX-License-Identifier: MIT OR Apache-2.0
//! Variables that stay where they are.

use libmodfmt::convert::{Decision, Request, decide};
use libmodfmt::elf::{ByteOrder, Class};

use super::compiled::{Outcome, Said, compilers, outcome, outcome_with, renamed, x};

const LIST: &str = "struct list_head { struct list_head *next, *prev; };";

fn roomy(old: &str, new: &str) -> Outcome {
    outcome_with(old, new, &Said { room: 64, ..Said::default() }).0
}

macro_rules! stays {
    ($outcome:expr, $variant:ident) => {
        let outcome = $outcome;
        assert!(matches!(outcome, Outcome::$variant { .. }), "{outcome:?}");
    };
}

#[test]
fn a_structure_grows_at_its_end() {
    let old = format!("{LIST} struct f {{ struct list_head l; int a; }} x = {{ {{ &x.l, &x.l }}, 1 }};");
    // In the padding, and behind it.
    let padded = format!("{LIST} struct f {{ struct list_head l; int a; int b; }} x;");
    let longer = format!("{LIST} struct f {{ struct list_head l; int a; long b[2]; }} x;");
    stays!(roomy(&old, &padded), Grows);
    stays!(roomy(&old, &longer), Grows);
    stays!(roomy(&padded, &old), Shrinks);
    stays!(roomy(&longer, &old), Shrinks);
    // Without room, or not zero in the file.
    stays!(outcome(&old, &longer), Converted);
    stays!(roomy("struct { int a; } x = { 1 };", "struct { int a, b; } x = { 1, 2 };"), Converted);
    stays!(roomy("struct { int a; } x = { 1 };", "struct { int a; int *b; } x = { 1, &x.a };"), Converted);
}

#[test]
fn an_array_at_the_end_grows() {
    stays!(roomy("struct { int n, a[2]; } x = { 1, { 2, 3 } };", "struct { int n, a[5]; } x;"), Grows);
    stays!(
        roomy("struct { int n; char s[4]; } x = { 1, \"ab\" };", "struct { int n; char s[9]; } x;"),
        Grows
    );
}

#[test]
fn a_structure_at_the_end_grows() {
    let old = "struct { int n; struct { int a; } s; } x = { 1, { 2 } };";
    let new = "struct { int n; struct { int a, b; } s; } x;";
    stays!(roomy(old, new), Grows);
    stays!(roomy(new, old), Shrinks);
    let middle = "struct { struct { int a, b; } s; int n; } x;";
    stays!(roomy(middle, "struct { struct { int a; } s; int n; } x;"), Refused);
}

#[test]
fn padding_that_is_not_zero_is_not_taken() {
    stays!(
        roomy("struct { long a; int b, junk; } x = { 1, 2, 3 };", "struct { long a; int b; } x;"),
        Shrinks
    );
    let junk = "struct { long a; int b; int : 32; } x = { 1, 2 };";
    stays!(roomy(junk, "struct { long a; int b, c; } x;"), Grows);
}

#[test]
fn spare_room_is_used() {
    let old = "struct { long runs; long spare[3]; } x = { 4 };";
    stays!(outcome(old, "struct { long runs, hits; long spare[2]; } x;"), Grows);
    stays!(outcome(old, "struct { long runs; int hits, errors; long spare[2]; } x;"), Grows);
    stays!(outcome(old, "struct { long runs, a, b, c; } x;"), Grows);
    // It holds something.
    let used = "struct { long runs; long spare[3]; } x = { 4, { 0, 0, 9 } };";
    stays!(outcome(used, "struct { long runs, hits; long spare[2]; } x;"), Refused);
    let first = "struct { long runs; long spare[3]; } x = { 4, { 9 } };";
    stays!(outcome(first, "struct { long runs, hits; long spare[2]; } x;"), Converted);
}

#[test]
fn room_in_a_union_is_used() {
    let old = "struct { int n; union { struct { long a; } s; char room[32]; } u; } x = { 1, { { 2 } } };";
    let new = "struct { int n; union { struct { long a; int b; } s; char room[32]; } u; } x;";
    stays!(outcome(old, new), Grows);
    stays!(outcome(new, old), Shrinks);
    let used = "struct { int n; union { struct { long a; } s; char room[32]; } u; } x = { 1, { .room = \"0123456789\" } };";
    stays!(outcome(used, new), Refused);
    let more = "struct { int n; union { struct { long a; } s; char room[32]; double d; } u; } x;";
    stays!(outcome(old, more), Same);
    stays!(outcome(used, more), Same);
}

#[test]
fn a_member_of_a_union_that_is_gone_stays_where_there_is_only_room() {
    let room = "struct { int n; union { char room[16]; } u; } x = { 1 };";
    let used = "struct { int n; union { char room[16]; int used; } u; } x = { 1, { .used = 7 } };";
    stays!(outcome(room, used), Same);
    stays!(outcome(used, room), Shrinks);
    // What is left may be taken for something.
    let two = "struct { int n; union { char room[16]; int used; float other; } u; } x = { 1 };";
    stays!(outcome(two, used), Refused);
    let numbers = "struct { int n; union { int numbers[4]; float used; } u; } x = { 1, { .used = 7 } };";
    stays!(outcome(numbers, "struct { int n; union { int numbers[4]; } u; } x;"), Refused);
    stays!(outcome(used, "struct { int n; union { char room[16]; float other; } u; } x;"), Refused);
    stays!(outcome(used, "struct { int n; union { float other; } u; } x;"), Refused);
}

#[test]
fn the_end_of_an_array_is_zero() {
    stays!(outcome("long x[4] = { 1, 2 };", "long x[2];"), Shrinks);
    stays!(outcome("long x[4] = { 1, 2, 0, 3 };", "long x[2];"), Refused);
}

#[test]
fn nothing_about_the_bytes_changed() {
    stays!(outcome("enum e { A, B } x = B;", "enum e { A, B, C } x;"), Same);
    stays!(outcome("enum e { A, B, C } x = B;", "enum e { A, B } x;"), Same);
    stays!(outcome("enum e { A, B, C } x = C;", "enum e { A, B } x;"), Refused);
    stays!(outcome("struct f { int (*fn)(int); } *x;", "struct f { int (*fn)(long); } *x;"), Same);
    stays!(outcome("struct f { int a; } x;", "struct f { int a; } x;"), Equal);
}

#[test]
fn a_field_with_another_name_is_not_said_to_be_removed() {
    for compiler in compilers() {
        let old = x(compiler, "struct f { int a; long b; } x = { 1, 2 };");
        let new = x(compiler, "struct f { int a; long c; } x;");
        let hints = renamed("struct f", "b", "c");
        let mut request = Request::new("x", old.side(), new.side(), ByteOrder::Little, Class::Elf64);
        request.renames = &hints.renames;
        let Ok(Decision::ReadsTheSame(place)) = decide(&request) else { panic!("{compiler}") };
        let said: Vec<_> = place.changes().iter().map(|one| format!("{} {}", one.path, one.what)).collect();
        assert_eq!(said, ["x.b is renamed to c"], "{compiler}");
    }
}
