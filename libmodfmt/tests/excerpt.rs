// SPDX-License-Identifier: MIT OR Apache-2.0
//! A module read without the debug information that no persistent variable leads to tells the same as the whole.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests panic to fail")]

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use libmodfmt::elf::{Object, Place, Relocation, flags};
use libmodfmt::file::excerpt;
use libmodfmt::persist::{PersistentDebugInfo, VariableDebugInfo};
use proptest::prelude::*;

/// Two files that define persistent variables, two that do not: one of these is last, one in the middle.
const SOURCES: [&str; 4] = [
    "struct node { struct node *next; enum { COLD, WARM = 7 } state; };
     __persistent struct node nodes[3] = { { &nodes[1], WARM } };
     int first(void) { static __persistent int calls; return ++calls + nodes[0].state; }",
    "struct unused { long a[4]; struct unused *more; } unused = { { 1 } };
     extern struct node { int other; } nodes[3];
     int second(void) { return unused.a[0] + nodes[0].other; }",
    "union both { float f; unsigned u; };
     struct late { union both both; unsigned low : 3, high : 5; int (*call)(struct late *); };
     __persistent_bss struct late late;
     int third(void) { return late.low; }",
    "struct tail { char text[20]; } tail = { \"x\" };
     int fourth(void) { return tail.text[0]; }",
];

fn module(compiler: &str, sources: &[&str], flags: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let include = format!("-I{}", Path::new(env!("CARGO_MANIFEST_DIR")).join("../kernel").display());
    let mut objects = Vec::new();
    for (number, source) in sources.iter().enumerate() {
        let (file, object) = (at(&format!("part{number}.c")), at(&format!("part{number}.o")));
        std::fs::write(&file, format!("#include \"persistent.h\"\n{source}\n")).unwrap();
        let base = ["-c", "-O1", "-fno-pic", "-DMODULE", &include, "-o", &object, &file];
        run(compiler, &[&base[..], flags].concat());
        objects.push(object);
    }
    let (out, mut link) = (at("x.ko"), vec!["-r", "-o"]);
    link.push(&out);
    link.extend(objects.iter().map(String::as_str));
    run("ld", &link);
    std::fs::read(&out).unwrap()
}

/// The module with compressed debug sections.
fn compressed(module: &[u8]) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, module).unwrap();
    let mut objcopy = Command::new("objcopy");
    assert!(objcopy.arg("--compress-debug-sections=zlib").arg(file.path()).status().unwrap().success());
    std::fs::read(&file).unwrap()
}

/// The excerpt, and how many bytes of the file were read for it.
fn excerpt_of(file: &[u8]) -> (Option<Vec<u8>>, usize) {
    let read = AtomicUsize::new(0);
    let excerpt = excerpt(file.len() as u64, |offset, into: &mut [u8]| {
        let start = usize::try_from(offset).ok()?;
        into.copy_from_slice(file.get(start..start.checked_add(into.len())?)?);
        read.fetch_add(into.len(), Ordering::Relaxed);
        Some(())
    });
    (excerpt, read.into_inner())
}

fn compilers() -> impl Iterator<Item = &'static str> {
    ["gcc", "clang"].into_iter().filter(|name| modtest::compile::is_installed(name))
}

fn same(whole: &[u8], excerpt: &[u8], what: &str) {
    let (whole, excerpt) = (Object::parse(whole).unwrap(), Object::parse(excerpt).unwrap());
    assert_eq!(whole.symbols, excerpt.symbols, "{what}");
    for (one, other) in whole.sections.iter().zip(&excerpt.sections) {
        if !one.name_text().contains(".debug_") {
            assert_eq!(one, other, "{what}");
        }
        assert_eq!((&one.name, one.offset), (&other.name, other.offset), "{what}");
    }
    let [whole, excerpt] = [whole, excerpt].map(|object| PersistentDebugInfo::read(&object, None));
    assert_eq!(whole.variables, excerpt.variables, "{what}");
    assert_eq!(whole.types, excerpt.types, "{what}");
    assert_eq!(whole.variables.len(), 3, "{what}");
    // Of type units nothing is read.
    let is_typed = |variable: &VariableDebugInfo| variable.type_id.is_some();
    assert!(what.contains("types-section") || whole.variables.iter().all(is_typed), "{what}");
}

#[test]
fn variables_and_types_are_those_of_the_whole_file() {
    for compiler in compilers() {
        for flags in [&["-g", "-gdwarf-4"][..], &["-g", "-gdwarf-5"], &["-g", "-fdebug-types-section"]] {
            let what = format!("{compiler} {flags:?}");
            let whole = module(compiler, &SOURCES, flags);
            let excerpt = excerpt_of(&whole).0;
            let excerpt = excerpt.unwrap();
            // clang's DWARF 5 has addresses in a section of their own, and type units have one each.
            let is_whole = compiler == "clang" || what.contains("types-section");
            assert!(is_whole || excerpt != whole, "{what}");
            same(&whole, &excerpt, &what);
        }
    }
}

/// The compiler describes structures that nothing uses.
const ALL_TYPES: [&str; 2] = ["-g", "-fno-eliminate-unused-debug-types"];

fn structures(name: &str) -> String {
    (0..2000).map(|number| format!("struct {name}{number} {{ int a, b; }};\n")).collect()
}

#[test]
fn units_without_persistent_variables_are_not_read() {
    let small = module("gcc", &SOURCES, &ALL_TYPES);
    let large = module("gcc", &[&SOURCES[..], &[&structures("s")]].concat(), &ALL_TYPES);
    let (excerpt, read) = excerpt_of(&large);
    let excerpt = excerpt.unwrap();
    same(&large, &excerpt, "large");
    let info = |file: &[u8]| Object::parse(file).unwrap().section(".debug_info").unwrap().1.size;
    assert_eq!(info(&excerpt), info(&excerpt_of(&small).0.unwrap()));
    assert!(info(&excerpt) < info(&small) && read * 3 < large.len() * 2, "{read} of {}", large.len());
}

#[test]
fn strings_of_other_units_are_left_out() {
    let long = "long".repeat(20);
    let large = module("gcc", &[&SOURCES[..], &[&structures(&long)]].concat(), &ALL_TYPES);
    let excerpt = excerpt_of(&large).0.unwrap();
    same(&large, &excerpt, "large");
    let names = |file: &[u8]| {
        let object = Object::parse(file).unwrap();
        let strings = &object.section(".debug_str").unwrap().1.data;
        strings.windows(long.len()).filter(|name| *name == long.as_bytes()).count()
    };
    assert_eq!(names(&large), 2000);
    assert!(names(&excerpt) < 1000, "{}", names(&excerpt));
}

#[test]
fn all_is_read_where_types_are_named() {
    let named =
        [SOURCES[0], "struct held { int a; }; PERSISTENT_HOLDS(struct held); int second(void) { return 1; }"];
    for compiler in compilers() {
        let whole = module(compiler, &named, &["-g"]);
        assert!(excerpt_of(&whole).0 == Some(whole), "{compiler}");
    }
    // Names are in the units.
    let unmerged = module("gcc", &named, &["-g", "-fno-merge-debug-strings"]);
    assert!(excerpt_of(&unmerged).0 == Some(unmerged));
    let compressed = compressed(&module("gcc", &SOURCES, &["-g"]));
    assert!(excerpt_of(&compressed).0 == Some(compressed));
    assert_eq!(excerpt_of(&module("gcc", &SOURCES, &[])).0, None);
    assert_eq!(excerpt_of(b"\x7fELF, and nothing else").0, None);
}

/// A file whose names say something else than its types and flags.
#[test]
fn what_is_needed_is_read_whatever_it_is_called() {
    let whole = module("gcc", &SOURCES, &["-g"]);
    let changed = |change: &dyn Fn(&mut Object<'_>)| {
        let mut object = Object::parse(&whole).unwrap();
        change(&mut object);
        object.write().unwrap()
    };
    let index = |object: &Object<'_>, name: &str| object.section(name).unwrap().0;
    let symbols = changed(&|object| {
        let at = index(object, ".symtab");
        object.sections[at].name = b".debug_symbols".to_vec().into();
    });
    same(&symbols, &excerpt_of(&symbols).0.unwrap(), "a symbol table");
    // Loaded, it is data of the module.
    let loaded = changed(&|object| {
        let at = index(object, ".debug_info");
        object.sections[at].flags |= flags::ALLOC;
    });
    assert!(excerpt_of(&loaded).0 == Some(loaded));
    // A tool has resolved what leads from one debug section to another.
    let resolved = changed(&|object| {
        let (units, abbreviations) = (index(object, ".debug_info"), index(object, ".debug_abbrev"));
        let table = object.relocation_sections_of(units).next().unwrap().0;
        let mut relocations = object.relocations(table).unwrap();
        let to = |relocation: &Relocation| object.symbols[relocation.symbol].place;
        relocations.retain(|relocation| to(relocation) != Place::Section(abbreviations));
        object.set_relocations(table, &relocations).unwrap();
    });
    assert!(excerpt_of(&resolved).0 == Some(resolved));
    let twice = changed(&|object| {
        let at = index(object, ".comment");
        object.sections[at].name = b".debug_info".to_vec().into();
    });
    assert!(excerpt_of(&twice).0 == Some(twice));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever is in the file: the result has its size, and is read as far as the whole file is.
    #[test]
    fn damaged_files(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        thread_local!(static WHOLE: Vec<u8> = module("gcc", &SOURCES, &["-g"]));
        let mut file = WHOLE.with(Clone::clone);
        let at = at.index(file.len());
        file[at] = byte;
        if byte % 8 == 0 {
            file.truncate(cut.index(file.len()) + 1);
        }
        if let Some(excerpt) = excerpt_of(&file).0 {
            prop_assert_eq!(excerpt.len(), file.len());
            if let (Ok(whole), Ok(excerpt)) = (Object::parse(&file), Object::parse(&excerpt)) {
                prop_assert_eq!(whole.symbols, excerpt.symbols);
            }
        }
    }
}
