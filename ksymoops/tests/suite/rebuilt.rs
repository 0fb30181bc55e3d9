// SPDX-License-Identifier: MIT OR Apache-2.0
//! Persistent data of a module of which only a later build is at hand: its fields are named by the types that
//! the first build has left in the header, which the journal has, and never by the file.

use std::path::{Path, PathBuf};

use ksymoops::persistent::FieldNames;
use libmodfmt::journal::{Entry, Journal};
use libmodfmt::persist::Header;
use libmodfmt::types::{Member, TagKind, Type, TypeId, TypeTable};
use modtest::compile;

use super::support::{PAGE_FAULT, annotated, decoder, journal};

const BASE: u64 = 0xffff_ffff_c0a0_2000;

/// The later build: its fields are at other places.
fn rebuilt(folder: &Path) -> PathBuf {
    let source = folder.join("meter.c");
    let text = "struct stats { long added[3]; long first; };\nstruct dev { long a, b, later; };\n\
                __attribute__((section(\".data..persistent\"), used)) static struct stats stats;\n\
                __attribute__((section(\".data..persistent\"), used)) static struct dev dev;\n";
    std::fs::write(&source, text).unwrap();
    let (object, module) = (folder.join("meter.o"), folder.join("meter.ko"));
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    compile::run("gcc", &["-c", "-g", "-fno-pic", "-o", &path(&object), &path(&source)]);
    compile::run("ld", &["-r", "--build-id", "-o", &path(&module), &path(&object)]);
    module
}

fn record(types: &mut TypeTable, name: &str, fields: &[(&str, TypeId, u64)]) -> TypeId {
    let members = fields.iter().map(|(name, type_id, offset)| Member {
        name: (*name).to_owned(),
        bit_offset: offset * 8,
        bits: 0,
        type_id: *type_id,
        selected_by: Vec::new(),
    });
    let (name, members) = (name.to_owned(), members.collect());
    types.push(Type::Record { kind: TagKind::Struct, name, size: 0x20, members })
}

/// The journal as it is written and read, with the types of the build that was loaded, or without them.
fn recorded(is_typed: bool) -> Journal {
    let mut journal = journal("b-1", BASE, None);
    for entry in &mut journal.entries {
        let Entry::Module(module) = entry else { continue };
        let Some(header) = &module.persistent else { continue };
        let mut header = Header::clone(header);
        if is_typed {
            let types = &mut header.types;
            let long = types.push(Type::Number { name: "long".to_owned(), size: 8, encoding: 5 });
            let hits = types.push(Type::Array { element: long, counts: vec![Some(2)] });
            let ids = [
                record(types, "stats", &[("loads", long, 0), ("spare", long, 8), ("hits", hits, 0x10)]),
                record(types, "dev", &[("first", long, 0), ("queue", hits, 8)]),
            ];
            for (variable, id) in header.units[0].variables.iter_mut().zip(ids) {
                variable.type_id = Some(id);
            }
        }
        module.persistent = Some(header.into());
    }
    let text: Vec<u8> = journal.entries.iter().flat_map(Entry::to_line).collect();
    Journal::read(&text)
}

#[test]
fn fields_are_those_of_the_build_that_was_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let module = rebuilt(folder.path());
    for files in [vec![module.clone()], vec![folder.path().to_owned()], Vec::new()] {
        let mut decoder = decoder(recorded(true));
        decoder.field_names = FieldNames::new(files.clone());
        decoder.sources.modules = files;
        let text = annotated(PAGE_FAULT, &decoder);
        for line in ["RBX stats.hits[1] of meter", "RSI dev.queue[1] of meter", "R12 stats.loads of meter"] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(!text.contains("stats.first") && !text.contains("dev.later"), "{text}");
    }
}

#[test]
fn without_its_types_no_field_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut decoder = decoder(recorded(false));
    let files = vec![rebuilt(folder.path())];
    decoder.field_names = FieldNames::new(files.clone());
    decoder.sources.modules = files;
    let text = annotated(PAGE_FAULT, &decoder);
    assert!(text.contains("RBX 0xffffffffc0a02018: persistent data of meter: meter.c:stats+0x18"), "{text}");
    assert!(!text.contains("stats.first") && !text.contains("dev.later"), "{text}");
}
