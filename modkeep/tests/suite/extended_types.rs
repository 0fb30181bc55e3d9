// SPDX-License-Identifier: MIT OR Apache-2.0
//! Types on the extended kernel, which keeps them in notes: what is compared, who has written them, and what
//! becomes of them when something goes wrong.

use std::os::fd::AsFd;

use libmodfmt::elf::{ByteOrder, Object};
use libmodfmt::file::ModuleFile;
use libmodfmt::persist::{BlockNote, Difference, Fate, VariableDebugInfo, embed_types, extended_regions};
use libmodfmt::types::{Member, TagKind, Type, TypeTable};
use libmodsys::{Errno, Kernel, LoadFlags, PersistSupport, RemoveFlags};
use modkeep::{ExtendedLoad, KeepError, Plan, Region, RegionUse, plan};
use modtest::module::{DATA, Make};
use modtest::{FakeKernel, Op};

use super::{bytes_file, kernel, request};

fn extended() -> FakeKernel {
    let kernel = kernel();
    kernel.set(|settings| settings.persist_support = PersistSupport::Extended);
    kernel
}

/// A build of a module with `struct stats stats`, which has these fields of 8 bytes, and more numbers.
fn build(id: u8, fields: &[&str], numbers: &[&str]) -> ModuleFile {
    with_types(make(id, fields, numbers), fields)
}

/// The same without debug information.
fn untyped(id: u8, fields: &[&str], numbers: &[&str]) -> ModuleFile {
    super::file(&make(id, fields, numbers))
}

fn make(id: u8, fields: &[&str], numbers: &[&str]) -> Make {
    let mut make = super::version(&[&["stats"], numbers].concat());
    let size = 8 * fields.len() as u64;
    make.change(&format!("{DATA}.foo.0"), |section| {
        section.set_data(vec![0; usize::try_from(size).unwrap()])
    });
    make.symbols(|symbol| {
        if symbol.name_text() == "stats" {
            symbol.size = size;
        }
        true
    });
    make.note(".note.gnu.build-id", libmodfmt::note::encode(b"GNU", 3, &[id; 20], ByteOrder::Little));
    make
}

fn with_types(make: Make, fields: &[&str]) -> ModuleFile {
    let mut types = TypeTable::default();
    let number = Type::Number { name: "long".to_owned(), size: 8, encoding: 5 };
    let number = types.push(number);
    let member = |(index, name): (u64, &&str)| Member {
        name: (*name).to_owned(),
        bit_offset: index * 64,
        bits: 0,
        type_id: number,
        selected_by: Vec::new(),
    };
    let members = (0..).zip(fields).map(member).collect();
    let size = 8 * fields.len() as u64;
    let record = types.push(Type::Record { kind: TagKind::Struct, name: "stats".to_owned(), size, members });
    let mut object: Object<'_> = make.object();
    let mut infos = Vec::new();
    for (index, section) in object.sections.iter().enumerate() {
        let name = section.name_text();
        if let Some(place) = name.strip_prefix(&format!("{DATA}.foo.")) {
            let mut info = VariableDebugInfo::new(index, 0);
            let (text, id) = if place == "0" { ("struct stats", record) } else { ("long", number) };
            (info.type_name, info.type_id) = (Some(text.to_owned()), Some(id));
            infos.push(info);
        }
    }
    embed_types(&mut object, &infos, &types);
    bytes_file(object.write().unwrap())
}

/// Loads a file and says what the user would be told.
fn load(kernel: &FakeKernel, file: &ModuleFile) -> Result<Vec<String>, KeepError> {
    let Plan::Extended { region_use, inventory, region, mut notes, .. } = plan(kernel, request(file))? else {
        panic!("not by the kernel")
    };
    let image = libmodsys::sealed_file(file.content()).unwrap();
    let (header, region, flags) = (&inventory.header, region.as_deref(), LoadFlags::NONE);
    let load = ExtendedLoad { region_use, header, region, file: image.as_fd(), flags };
    notes.extend(load.run(kernel, c"")?.map(|why| why.to_string()));
    Ok(notes)
}

fn unload(kernel: &FakeKernel) {
    kernel.delete_module(c"foo", RemoveFlags::default()).unwrap();
}

/// Loads and unloads a file; what the user is told.
fn reload(kernel: &FakeKernel, file: &ModuleFile) -> Vec<String> {
    let told = load(kernel, file).unwrap();
    unload(kernel);
    told
}

/// As another program does it, which leaves no types.
fn load_by_another(kernel: &FakeKernel, file: &ModuleFile) {
    let image = libmodsys::sealed_file(file.content()).unwrap();
    kernel.finit_module(image.as_fd(), c"", LoadFlags::PERSIST).unwrap();
    unload(kernel);
}

fn notes(kernel: &FakeKernel) -> Vec<BlockNote> {
    let list = kernel.persist_list().unwrap().unwrap();
    let regions = extended_regions(&list).unwrap();
    regions.iter().flat_map(|region| &region.blocks).map(|block| block.note).collect()
}

fn types(kernel: &FakeKernel) -> Vec<String> {
    let region = Region::find(kernel, "foo").unwrap().unwrap();
    let all = region.generations.iter().flat_map(|generation| generation.header.variables());
    all.map(|(_, variable)| variable.type_name.clone().unwrap_or_else(|| "-".to_owned())).collect()
}

fn was_not_compared(told: &[String]) -> bool {
    told.len() == 1 && told[0].contains("were not compared with what is kept: the kernel was not told theirs")
}

const FIELDS: &[&str] = &["a", "b"];
const SWAPPED: &[&str] = &["b", "a"];

#[test]
fn fields_that_changed_places_are_refused_by_name() {
    let kernel = extended();
    assert!(reload(&kernel, &build(1, FIELDS, &["n"])).is_empty());
    assert_eq!(notes(&kernel), [BlockNote::Noted]);
    assert_eq!(types(&kernel), ["struct stats", "long"]);
    let calls = kernel.syscalls().len();
    let refused = load(&kernel, &build(2, SWAPPED, &["n"])).unwrap_err();
    let KeepError::LayoutDiffers { differences, .. } = &refused else { panic!("{refused}") };
    assert!(matches!(differences.as_slice(), [Difference::Type { .. }]), "{differences:?}");
    let said = differences[0].to_string();
    assert!(said.starts_with("foo.c:stats: ") && said.contains('a'), "{said}");
    assert!(refused.remedy().unwrap().contains("untouched"));
    assert_eq!(kernel.syscalls().len(), calls, "the kernel was not asked");
}

/// Where the kernel keeps the data, only what it can do is offered.
#[test]
fn a_new_name_for_what_is_kept_is_refused_until_it_is_said_to_be_new() {
    let kernel = extended();
    reload(&kernel, &build(1, FIELDS, &["n"]));
    let file = build(2, FIELDS, &["m"]);
    let refused = load(&kernel, &file).unwrap_err();
    let KeepError::LayoutDiffers { differences, .. } = &refused else { panic!("{refused}") };
    assert!(matches!(differences.as_slice(), [Difference::MayBeRenamed { .. }]), "{differences:?}");
    let remedy = refused.remedy().unwrap();
    assert!(remedy.contains("keep the old name") && remedy.contains("if not: --fresh=foo.c:m"), "{remedy}");
    assert!(!remedy.contains("PERSISTENT_RENAMED") && !remedy.contains("--renamed"), "{remedy}");

    let afresh = |file: &ModuleFile, name: &str| {
        let fresh_variables = [name.to_owned()];
        plan(&kernel, modkeep::Request { fresh_variables: &fresh_variables, ..request(file) })
    };
    let Plan::Extended { account: Some(account), .. } = afresh(&file, "m").unwrap() else { panic!() };
    assert_eq!(account.variables[1].fate, Fate::New);
    let error = afresh(&build(4, FIELDS, &["n"]), "stats").unwrap_err();
    assert!(error.to_string().contains("cannot start it afresh by itself"), "{error}");
    assert!(matches!(afresh(&file, "nobody"), Err(KeepError::LayoutDiffers { .. })));

    let refused = load(&kernel, &build(3, SWAPPED, &["n"])).unwrap_err();
    let remedy = refused.remedy().unwrap();
    assert!(!remedy.contains("--fresh=") && !remedy.contains("--drop"), "{remedy}");
}

#[test]
fn other_builds_with_the_same_types_bind_without_a_word() {
    let kernel = extended();
    for id in [1, 2, 3, 3, 1] {
        assert_eq!(reload(&kernel, &build(id, FIELDS, &["n"])), Vec::<String>::new(), "{id}");
        assert_eq!(notes(&kernel), [BlockNote::Noted], "{id}");
    }
    // A new variable brings a block of its own, with a note of its own.
    assert!(reload(&kernel, &build(4, FIELDS, &["m", "n"])).is_empty());
    assert_eq!(notes(&kernel), [BlockNote::Noted; 2]);
    assert_eq!(types(&kernel), ["struct stats", "long", "long"]);
    // What a file lacks keeps its type.
    assert!(reload(&kernel, &build(5, FIELDS, &[])).is_empty());
    assert_eq!(types(&kernel), ["struct stats", "long", "long"]);
    assert!(load(&kernel, &build(6, SWAPPED, &["m", "n"])).is_err());
}

#[test]
fn what_another_program_has_loaded_is_not_compared_and_told_from_then_on() {
    let kernel = extended();
    load_by_another(&kernel, &build(1, FIELDS, &[]));
    assert_eq!(notes(&kernel), [BlockNote::None]);
    let told = reload(&kernel, &build(2, FIELDS, &[]));
    assert!(was_not_compared(&told), "{told:?}");
    assert_eq!(notes(&kernel), [BlockNote::Noted]);
    assert!(load(&kernel, &build(3, SWAPPED, &[])).is_err());
    // It may have written anything to it.
    load_by_another(&kernel, &build(4, SWAPPED, &[]));
    assert_eq!(notes(&kernel), [BlockNote::Old]);
    assert_eq!(types(&kernel), ["-"]);
    let told = reload(&kernel, &build(3, SWAPPED, &[]));
    assert!(was_not_compared(&told), "{told:?}");
    assert!(load(&kernel, &build(5, FIELDS, &[])).is_err());
}

#[test]
fn without_debug_information_nothing_is_compared_and_nothing_lost() {
    let kernel = extended();
    assert!(reload(&kernel, &untyped(1, FIELDS, &[])).is_empty());
    assert_eq!(notes(&kernel), [BlockNote::None]);
    // The same build has the same types.
    assert!(reload(&kernel, &build(1, FIELDS, &[])).is_empty());
    assert_eq!(notes(&kernel), [BlockNote::Noted]);
    let told = reload(&kernel, &untyped(2, FIELDS, &[]));
    assert!(told.len() == 1 && told[0].contains("debug information is missing"), "{told:?}");
    assert_eq!((notes(&kernel), types(&kernel)), (vec![BlockNote::Noted], vec!["struct stats".to_owned()]));
}

#[test]
fn a_load_that_fails_leaves_the_types_as_they_were() {
    let kernel = extended();
    reload(&kernel, &build(1, FIELDS, &[]));
    kernel.fail_next(Op::Finit, Errno::ENODEV);
    assert!(matches!(load(&kernel, &build(2, FIELDS, &[])), Err(KeepError::OwnerRefused { .. })));
    assert_eq!(notes(&kernel), [BlockNote::Noted]);
    assert!(load(&kernel, &build(3, SWAPPED, &[])).is_err());
}

#[test]
fn types_that_are_not_taken_are_said_and_lose_nothing() {
    let kernel = extended();
    kernel.fail_next(Op::SetPersistNote, Errno::ENOMEM);
    let told = reload(&kernel, &build(1, FIELDS, &[]));
    assert!(told.len() == 1 && told[0].contains("memory"), "{told:?}");
    // Another program has released the region meanwhile.
    kernel.fail_next(Op::SetPersistNote, Errno::ENOENT);
    assert!(reload(&kernel, &build(1, FIELDS, &[])).is_empty());
    assert!(was_not_compared(&reload(&kernel, &build(2, FIELDS, &[]))));
    // A note that nobody can read is like none.
    let serial = extended_regions(&kernel.persist_list().unwrap().unwrap()).unwrap()[0].blocks[0].serial;
    kernel.set_persist_note(serial, b"note").unwrap();
    assert!(was_not_compared(&reload(&kernel, &build(3, FIELDS, &[]))));
    assert!(reload(&kernel, &build(4, FIELDS, &[])).is_empty());
    kernel.fail_next(Op::PersistNote, Errno::EIO);
    assert!(was_not_compared(&reload(&kernel, &build(5, FIELDS, &[]))));
}

/// Killed after any of its calls, insmod leaves what the next one can use: with the types or with a word.
#[test]
fn a_killed_insmod_is_noticed() {
    for first in [true, false] {
        for calls in 0..3 {
            let kernel = extended();
            if !first {
                reload(&kernel, &build(1, FIELDS, &[]));
            }
            kernel.die_after(calls);
            let _ = load(&kernel, &build(2, FIELDS, &["n"]));
            kernel.revive();
            if kernel.is_loaded("foo") {
                unload(&kernel);
            }
            // Of a block of the same build no types are needed, and those that are missing are left.
            let told = reload(&kernel, &build(2, FIELDS, &["n"]));
            let is_old = !first && calls == 1;
            assert_eq!(was_not_compared(&told), is_old, "{first} {calls}: {told:?}");
            let told = reload(&kernel, &build(3, FIELDS, &["n"]));
            assert!(told.is_empty(), "{first} {calls}: {told:?}");
            assert!(load(&kernel, &build(4, SWAPPED, &["n"])).is_err(), "{first} {calls}");
        }
    }
}

#[test]
fn a_block_that_took_the_place_of_another_gets_no_note_of_it() {
    let kernel = extended();
    reload(&kernel, &build(1, FIELDS, &[]));
    let serial = |kernel: &FakeKernel| {
        let list = kernel.persist_list().unwrap().unwrap();
        extended_regions(&list).unwrap()[0].blocks[0].serial
    };
    let before = serial(&kernel);
    kernel.persist_release("foo").unwrap();
    load_by_another(&kernel, &build(2, SWAPPED, &[]));
    assert_ne!(serial(&kernel), before);
    assert_eq!(kernel.set_persist_note(before, b"note"), Err(Errno::ENOENT));
    assert_eq!(notes(&kernel), [BlockNote::None]);
    // Nor if it is in use by another build.
    load(&kernel, &build(2, SWAPPED, &[])).unwrap();
    unload(&kernel);
    let before = serial(&kernel);
    load_by_another(&kernel, &build(3, FIELDS, &[]));
    assert_eq!(kernel.set_persist_note(before, b"note"), Err(Errno::ENOENT));
}

#[test]
fn afresh_anything_goes() {
    let kernel = extended();
    reload(&kernel, &build(1, FIELDS, &[]));
    let file = build(2, SWAPPED, &[]);
    let afresh = modkeep::Request { fresh: true, ..request(&file) };
    let Plan::Extended { region_use, inventory, region, .. } = plan(&kernel, afresh).unwrap() else {
        panic!()
    };
    assert_eq!(region_use, RegionUse::Replace);
    let image = libmodsys::sealed_file(file.content()).unwrap();
    let (header, region, flags) = (&inventory.header, region.as_deref(), LoadFlags::NONE);
    ExtendedLoad { region_use, header, region, file: image.as_fd(), flags }.run(&kernel, c"").unwrap();
    unload(&kernel);
    assert_eq!(notes(&kernel), [BlockNote::Noted]);
    assert!(load(&kernel, &build(3, FIELDS, &[])).is_err());
    let file = build(4, SWAPPED, &[]);
    let Plan::Extended { account: Some(account), .. } = plan(&kernel, request(&file)).unwrap() else {
        panic!()
    };
    assert!(matches!(account.variables[0].fate, Fate::Bound { types_compared: true, .. }));
}

/// gcc's symbols do not name the functions around variables, and clang's do. Notes name them all, and the
/// kernel goes by the symbols.
#[test]
fn functions_in_notes_are_shown_and_do_not_mislead() {
    let statics_in = |id: u8, functions: &[&str]| {
        let symbols = (0..functions.len()).map(|number| format!("cnt.{number}")).collect::<Vec<_>>();
        let mut make = super::version(&symbols.iter().map(String::as_str).collect::<Vec<_>>());
        make.note(".note.gnu.build-id", libmodfmt::note::encode(b"GNU", 3, &[id; 20], ByteOrder::Little));
        let mut types = TypeTable::default();
        let number = types.push(Type::Number { name: "long".to_owned(), size: 8, encoding: 5 });
        let mut object: Object<'_> = make.object();
        let info = |(place, function): (usize, &&str)| {
            let index = object.section(&format!("{DATA}.foo.{place}")).unwrap().0;
            let mut info = VariableDebugInfo::new(index, 0);
            info.function = Some((*function).to_owned());
            (info.type_name, info.type_id) = (Some("long".to_owned()), Some(number));
            info
        };
        let infos: Vec<_> = functions.iter().enumerate().map(info).collect();
        embed_types(&mut object, &infos, &types);
        bytes_file(object.write().unwrap())
    };
    let kernel = extended();
    for id in [1, 2] {
        assert_eq!(reload(&kernel, &statics_in(id, &["poll"])), Vec::<String>::new(), "{id}");
        let region = Region::find(&kernel, "foo").unwrap().unwrap();
        let (_, kept) = region.generations[0].header.variables().next().unwrap();
        assert_eq!(kept.to_string(), "foo.c:poll:cnt");
    }
    // In another function it is another variable, which the kernel cannot know.
    let refused = load(&kernel, &statics_in(3, &["open"])).unwrap_err();
    assert!(matches!(refused, KeepError::LayoutDiffers { .. }), "{refused}");

    // Two that the kernel has and cannot tell apart, of which another build has one.
    kernel.persist_release("foo").unwrap();
    load_by_another(&kernel, &statics_in(4, &["poll", "open"]));
    assert!(reload(&kernel, &statics_in(4, &["poll", "open"])).is_empty());
    let refused = load(&kernel, &statics_in(5, &["open"])).unwrap_err();
    let KeepError::LayoutDiffers { differences, .. } = &refused else { panic!("{refused}") };
    assert!(matches!(differences.as_slice(), [Difference::NoFunctions { .. }]), "{differences:?}");
}
