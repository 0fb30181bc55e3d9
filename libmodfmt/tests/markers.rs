// SPDX-License-Identifier: MIT OR Apache-2.0
//! `PERSISTENT_HOLDS()` and `persistent_old()` of persistent.h, as compilers and the linker leave them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests panic to fail")]

use std::path::Path;
use std::process::Command;

use libmodfmt::convert::{held_changes, unknown_held};
use libmodfmt::elf::Object;
use libmodfmt::hints::Renames;
use libmodfmt::old_slots;
use libmodfmt::persist::PersistentDebugInfo;
use libmodfmt::types::TypeTable;

/// What the kernel's script for modules does with such sections (scripts/module.lds.S).
const SCRIPT: &str = "SECTIONS { /DISCARD/ : { *(.discard) *(.discard.*) } }";

const SOURCE: &str = "
#include \"persistent.h\"
struct list_head { struct list_head *next, *prev; };
struct device { struct list_head l; FIELDS };
struct old { int a; };
PERSISTENT_HOLDS(struct device);
PERSISTENT_HOLDS(struct old);
__persistent struct list_head devices = { &devices, &devices };
__persistent struct { long a; } count;
long init(void);
long init(void)
{
	struct old *old = persistent_old(count, struct old);
	return old ? old->a : count.a;
}
";

/// A file like a module's.
fn linked(compiler: &str, fields: &str, flags: &[&str]) -> Vec<u8> {
    linked_source(compiler, &SOURCE.replace("FIELDS", fields), flags)
}

fn linked_source(compiler: &str, source: &str, flags: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(at("x.c"), source).unwrap();
    std::fs::write(at("x.lds"), SCRIPT).unwrap();
    let header = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kernel");
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.is_empty(), "{program}: {text}");
    };
    let include = format!("-I{}", header.display());
    let base = ["-c", "-O2", "-Wall", "-Wextra", "-fno-pic", "-std=gnu11", "-DMODULE", &include];
    run(compiler, &[&base[..], flags, &["-o", &at("x.o"), &at("x.c")]].concat());
    run("ld", &["-r", "-T", &at("x.lds"), "-o", &at("x.ko"), &at("x.o")]);
    std::fs::read(at("x.ko")).unwrap()
}

fn compilers() -> impl Iterator<Item = &'static str> {
    ["gcc", "clang"].into_iter().filter(|name| modtest::compile::is_installed(name))
}

#[test]
fn held_types_are_compared() {
    for compiler in compilers() {
        for version in ["-gdwarf-4", "-gdwarf-5"] {
            let types = |fields: &str| {
                let bytes = linked(compiler, fields, &[version]);
                let object = Object::parse(&bytes).unwrap();
                assert!(object.section(".discard.persist_holds").is_none());
                let PersistentDebugInfo { variables, types, .. } = PersistentDebugInfo::read(&object, None);
                assert_eq!(variables.len(), 2);
                types
            };
            let (one, two) = (types("int a;"), types("int a; long b;"));
            let names: Vec<_> = one.held().iter().map(|id| one.c_text(*id)).collect();
            assert_eq!(names, ["struct device", "struct old"]);
            assert_eq!(TypeTable::from_bytes(&one.to_bytes()), Ok(one.clone()));
            let changes = |old, new| -> Vec<String> {
                held_changes(old, new, &Renames::default()).iter().map(ToString::to_string).collect()
            };
            assert!(changes(&one, &one).is_empty());
            assert_eq!(
                changes(&one, &two),
                ["struct device: objects of it may be in memory, in the old shape \
                     (struct device: member b is new)"],
            );
        }
    }
}

/// A version with objects of another tag knows the old ones, because it converts them; the version before
/// does not know the new ones.
#[test]
fn a_version_that_does_not_define_what_is_held_is_told_from_one_that_does() {
    for compiler in compilers() {
        let read = |source: &dyn Fn(String) -> String| {
            let bytes = linked_source(compiler, &source(SOURCE.replace("FIELDS", "int a;")), &["-g"]);
            PersistentDebugInfo::read(&Object::parse(&bytes).unwrap(), None)
        };
        let one = read(&|source| source);
        let two = read(&|source| {
            let source = source.replace("HOLDS(struct device)", "HOLDS(struct device_v2)");
            let uses = "struct device_v2 { int b; };\nint use(struct device *old);\n\
                int use(struct device *old) { return old->a; }\nPERSISTENT_HOLDS(struct device_v2)";
            source.replace("PERSISTENT_HOLDS(struct device_v2)", uses)
        });
        let gone = read(&|source| source.replace("PERSISTENT_HOLDS(struct device);", ""));
        let unknown = |old: &PersistentDebugInfo, new: &PersistentDebugInfo, hint: &str| -> Vec<String> {
            let mut renames = Renames::default();
            if !hint.is_empty() {
                renames.add(hint).unwrap();
            }
            let defined = new.defined_tags.as_ref().unwrap();
            let found = unknown_held(&old.types, &new.types, defined, &renames);
            found.iter().map(ToString::to_string).collect()
        };
        assert_eq!(unknown(&one, &two, ""), [""; 0], "{compiler}");
        assert_eq!(
            unknown(&two, &one, ""),
            ["struct device_v2: objects of it may be in memory, and this version does not know them"],
            "{compiler}"
        );
        assert_eq!(unknown(&two, &one, "struct device_v2=struct device"), [""; 0], "{compiler}");
        assert_eq!(unknown(&two, &gone, ""), [""; 0], "nothing comes in its place: {compiler}");
    }
}

#[test]
fn slots_name_their_variables() {
    for compiler in compilers() {
        let bytes = linked(compiler, "int a;", &[]);
        let object = Object::parse(&bytes).unwrap();
        let slots = old_slots::of(&object).unwrap();
        assert_eq!(slots.len(), 1, "{compiler}");
        let (section, offset) = slots[0].variable;
        let variable = object.symbols.iter().find(|symbol| &*symbol.name == b"count").unwrap();
        assert_eq!((variable.place, variable.value), (libmodfmt::elf::Place::Section(section), offset));
        // The word is read at run time, not taken for the zero that it is in the file.
        let uses = object.relocations_of(object.section(".text").unwrap().0).unwrap();
        let reads =
            |symbol: usize| object.symbols[symbol].place == libmodfmt::elf::Place::Section(slots[0].section);
        assert!(uses.iter().any(|relocation| reads(relocation.symbol)), "{compiler}");
    }
}

#[test]
fn built_in_code_has_neither() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.c");
    std::fs::write(&path, SOURCE.replace("FIELDS", "int a;")).unwrap();
    let header = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kernel");
    for compiler in compilers() {
        let mut command = Command::new(compiler);
        command.args(["-c", "-O2", "-Wall", "-Wextra", "-Werror", "-I"]).arg(&header).arg(&path);
        let object = folder.path().join("x.o");
        assert!(command.arg("-o").arg(&object).status().unwrap().success());
        let bytes = std::fs::read(&object).unwrap();
        let object = Object::parse(&bytes).unwrap();
        assert!(object.sections.iter().all(|section| !section.name_text().contains("persist")));
    }
}
