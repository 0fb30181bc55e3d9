// SPDX-License-Identifier: MIT OR Apache-2.0
//! Small made-up crates.

use std::collections::BTreeMap;
use std::path::Path;

use super::tree::Tree;
use super::{cycles, imports};

/// The circles of a crate that has these files; the first line of each.
fn circles(files: &[(&str, &str)]) -> Vec<String> {
    let files: BTreeMap<&str, &str> = files.iter().copied().collect();
    let read =
        |path: &Path| Ok(path.to_str().and_then(|path| files.get(path)).map(|text| (*text).to_owned()));
    let tree = Tree::load(Path::new("lib.rs"), &read).unwrap();
    let found = cycles::find(&tree.files, &imports::between_files(&tree));
    found.iter().map(|cycle| cycle.to_string().lines().next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn two_files_that_import_each_other_are_a_circle() {
    let found = circles(&[
        ("lib.rs", "mod a; mod b; pub use a::A;"),
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "use crate::a::A; pub struct B;"),
    ]);
    assert_eq!(found, ["a.rs -> b.rs -> a.rs"]);
}

#[test]
fn imports_in_one_direction_are_none() {
    let found = circles(&[
        ("lib.rs", "mod a; mod b; mod c; pub use a::A; pub(crate) use b::B;"),
        ("a.rs", "use crate::B; use crate::c::C; pub struct A;"),
        ("b.rs", "use super::c::C; pub struct B;"),
        ("c.rs", "use std::fmt; pub struct C;"),
    ]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_re_export_does_not_hide_the_file_that_defines_the_name() {
    let found = circles(&[
        ("lib.rs", "mod page; mod render;"),
        ("page.rs", "use crate::render::Text; pub struct Page;"),
        ("render/mod.rs", "mod text; pub use text::Words as Text;"),
        ("render/text.rs", "use crate::page::Page; pub struct Words;"),
    ]);
    assert_eq!(found, ["page.rs -> render/text.rs -> page.rs"]);
}

#[test]
fn a_glob_imports_what_the_file_mentions() {
    let files = |mention: &'static str| {
        circles(&[
            ("lib.rs", "mod a; mod b; mod c; pub mod all { pub use crate::b::*; pub use crate::c::*; }"),
            ("a.rs", mention),
            ("b.rs", "use crate::a::A; pub struct B;"),
            ("c.rs", "pub struct C;"),
        ])
    };
    assert_eq!(files("use crate::all::*; pub struct A(B);"), ["a.rs -> b.rs -> a.rs"]);
    assert!(files("use crate::all::*; pub struct A(C);").is_empty());
}

#[test]
fn a_parent_may_re_export_its_children_but_not_use_them_back() {
    let child = ("a/child.rs", "use super::Shared; pub struct Child;");
    let files = |parent: &'static str| circles(&[("lib.rs", "mod a;"), ("a/mod.rs", parent), child]);
    assert!(files("mod child; pub use self::child::Child; pub struct Shared;").is_empty());
    let found = files("mod child; use child::Child; pub struct Shared(Child);");
    assert_eq!(found, ["a/child.rs -> a/mod.rs -> a/child.rs"]);
}

#[test]
fn longer_circles_are_found_through_nested_braces_and_in_functions() {
    let found = circles(&[
        ("lib.rs", "mod a; mod b { pub mod inner; pub mod other; } mod c;"),
        ("a.rs", "use crate::{c::{self}, b::{inner::{Inner as I, deep}, other}};"),
        ("b/inner.rs", "pub struct Inner; pub fn deep() { use crate::c::C; }"),
        ("b/other.rs", ""),
        ("c.rs", "impl C { fn f() { use super::a::f; } } pub struct C;"),
    ]);
    assert_eq!(found, ["a.rs -> b/inner.rs -> c.rs -> a.rs", "a.rs -> c.rs -> a.rs"]);
}

#[test]
fn a_path_in_code_counts_as_an_import() {
    let found = circles(&[
        ("lib.rs", "mod a; mod b; fn main() { a::f(); }"),
        ("a.rs", "pub fn f() { crate::b::g(); std::mem::drop(1); Self::x(); }"),
        ("b.rs", "use super::a; pub fn g() -> a::T { a::f() }"),
    ]);
    assert_eq!(found, ["a.rs -> b.rs -> a.rs"]);
}

#[test]
fn error_types_and_tests_are_exempt() {
    let found = circles(&[
        ("lib.rs", "mod a; mod b; mod error;"),
        (
            "a.rs",
            "use crate::error::LoadError; #[cfg(test)] mod tests { use crate::b::B; } #[cfg(test)] use crate::b::B;",
        ),
        ("b.rs", "use crate::a::A; #[cfg(test)] mod tests;"),
        ("error.rs", "use crate::a::A; pub enum LoadError { A(A) }"),
    ]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn re_exports_that_go_in_a_circle_do_not_hang() {
    let found = circles(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "pub use crate::b::*; pub use crate::b::X;"),
        ("b.rs", "pub use crate::a::*; pub use crate::a::X;"),
    ]);
    assert_eq!(found, ["a.rs -> b.rs -> a.rs"]);
}
