// SPDX-License-Identifier: MIT OR Apache-2.0
//! How large the table of types of a header becomes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests panic to fail")]

use std::fmt::Write as _;

use libmodfmt::elf::Object;
use libmodfmt::persist::{MAX_TYPE_TABLE_BYTES, PersistentDebugInfo};
use modtest::compile;

/// So many structures of ten fields, which one variable leads to.
fn source(structures: usize) -> String {
    let mut text = String::new();
    for structure in 0..structures {
        write!(text, "struct s{structure} {{").unwrap();
        (0..10).for_each(|field| write!(text, " int name_{structure}_{field};").unwrap());
        writeln!(text, " }};").unwrap();
    }
    text.push_str("struct all {");
    (0..structures).for_each(|structure| write!(text, " struct s{structure} *p{structure};").unwrap());
    text.push_str(" };\n__attribute__((section(\".data..persistent.x.0\"))) struct all all = { 0 };\n");
    text
}

#[test]
fn a_table_that_is_too_large_is_left_out_and_it_is_known() {
    let folder = compile::folder("table");
    let read = |structures: usize| {
        let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        std::fs::write(path("x.c"), source(structures)).unwrap();
        compile::run("gcc", &["-g", "-c", "-o", &path("x.o"), &path("x.c")]);
        let image = std::fs::read(path("x.o")).unwrap();
        PersistentDebugInfo::read(&Object::parse(&image).unwrap(), None)
    };
    let small = read(100);
    assert_eq!(small.types_left_out, None);
    assert!(small.types.to_bytes().len() < MAX_TYPE_TABLE_BYTES && !small.types.is_empty());
    assert!(small.variables.iter().all(|variable| variable.type_id.is_some()));
    let large = read(4000);
    assert!(large.types_left_out.is_some_and(|bytes| bytes > MAX_TYPE_TABLE_BYTES), "{large:?}");
    assert!(large.types.is_empty());
    assert_eq!(large.variables.len(), 1);
    assert!(large.variables.iter().all(|variable| variable.type_id.is_none()));
}
