// SPDX-License-Identifier: MIT OR Apache-2.0
//! The code of functions, as files have it.

use std::fs;
use std::path::Path;

use libksym::{Query, Resolver};
use modtest::compile as build;
use object::{Object, ObjectSection, ObjectSymbol};

use super::named;

/// The bytes of a function by the size of its symbol.
fn by_symbol(file: &Path, name: &str) -> Vec<u8> {
    let data = fs::read(file).unwrap();
    let file = object::File::parse(&*data).unwrap();
    let symbol = file.symbols().find(|symbol| symbol.name() == Ok(name)).unwrap();
    let section = file.section_by_index(symbol.section_index().unwrap()).unwrap();
    let start = usize::try_from(symbol.address() - section.address()).unwrap();
    let size = usize::try_from(symbol.size()).unwrap();
    section.data().unwrap()[start..start + size].to_vec()
}

#[test]
fn the_code_is_that_of_the_function() {
    let root = build::folder("function_code");
    let vmlinux = build::vmlinux(&root, &["-g"]);
    let resolver = Resolver::new(named(|sources| sources.vmlinux = Some(vmlinux.clone())));
    let answer = resolver.symbolize(&Query::symbol(None, "outer", 1, None));
    let code = resolver.function_code(&answer.candidates[0]).unwrap();
    let expected = by_symbol(&vmlinux, "outer");
    assert!(expected.len() > 4 && code.bytes.starts_with(&expected));
    assert_eq!((code.is_linked, code.file), (true, vmlinux));
}

#[test]
fn the_code_of_a_module_is_not_linked() {
    let root = build::folder("function_code_of_module");
    let module = build::module(&root, &["-g"]);
    let resolver = Resolver::new(named(|sources| sources.modules = vec![module.clone()]));
    let name = module.file_stem().unwrap().to_str().unwrap().replace('-', "_");
    let answer = resolver.symbolize(&Query::symbol(Some(&name), "outer", 1, None));
    let code = resolver.function_code(&answer.candidates[0]).unwrap();
    assert!(code.bytes.starts_with(&by_symbol(&module, "outer")));
    assert!(!code.is_linked);
}

#[test]
fn without_a_file_there_is_no_code() {
    let root = build::folder("function_code_of_map");
    let map = root.join("System.map");
    fs::write(&map, "ffffffff81000000 T _text\nffffffff81000010 T f\nffffffff81000020 T _end\n").unwrap();
    let resolver = Resolver::new(named(|sources| sources.system_map = Some(map)));
    let answer = resolver.symbolize(&Query::symbol(None, "f", 1, None));
    assert_eq!(resolver.function_code(&answer.candidates[0]), None);
}
