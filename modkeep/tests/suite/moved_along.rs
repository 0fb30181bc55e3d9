// SPDX-License-Identifier: MIT OR Apache-2.0
//! Variables that point to one that has to move: they move along, or the load is refused.

use libmodfmt::file::ModuleFile;
use libmodfmt::persist::{Account, Fate, VariableDebugInfo, embed_types};
use libmodfmt::types::{Member, TagKind, Type, TypeTable};
use libmodsys::{Kernel, RemoveFlags};
use modkeep::{LoadOutcome, Plan, Region, Request, moved_variables, plan};
use modtest::FakeKernel;
use modtest::module::{DATA, Make, R_PC32};

use super::{bytes_file, kernel, load, request};

const FIRST: &[&str] = &["a", "b"];
const MIDDLE: &[&str] = &["a", "new", "b"];

/// The variables in the order of their sections: a structure, a pointer to it, a pointer to that, `void *`, a
/// number without a known type, and a number.
const NAMES: [&str; 6] = ["state", "shared", "root", "any", "plain", "count"];

/// A module whose structure has these fields, of 8 bytes each.
fn version(fields: &[&str]) -> ModuleFile {
    let mut make = Make::bare("foo");
    make.section(".text", 6, 16, &[0; 64]);
    make.versions(&["module_layout"]);
    make.file("foo.c");
    let mut types = TypeTable::default();
    let number = types.push(Type::Number { name: "unsigned long".to_owned(), size: 8, encoding: 7 });
    let member = |(offset, name): (u64, &&str)| Member {
        name: (*name).to_owned(),
        bit_offset: offset * 64,
        bits: 0,
        type_id: number,
        selected_by: Vec::new(),
    };
    let (size, members) = (8 * fields.len() as u64, (0..).zip(fields).map(member).collect());
    let state = types.push(Type::Record { kind: TagKind::Struct, name: "state".to_owned(), size, members });
    let shared = types.push(Type::Pointer { size: 8, target: state });
    let root = types.push(Type::Pointer { size: 8, target: shared });
    let void = types.push(Type::Void);
    let any = types.push(Type::Pointer { size: 8, target: void });
    let ids = [Some(state), Some(shared), Some(root), Some(any), None, Some(number)];
    let mut infos = Vec::new();
    for (at, (name, id)) in NAMES.into_iter().zip(ids).enumerate() {
        let section = format!("{DATA}.foo.{at}");
        let size = if at == 0 { size } else { 8 };
        let index = make.section(&section, 3, 8, &vec![0; usize::try_from(size).unwrap()]);
        make.local(name, &section, 0, size);
        make.relocate(".text", 4 + 8 * at as u64, R_PC32, &section, -4);
        let mut info = VariableDebugInfo::new(index, 0);
        info.type_name = id.map(|_| format!("type of {name}"));
        info.type_id = id;
        infos.extend(id.map(|_| info));
    }
    let mut object = make.object();
    embed_types(&mut object, &infos, &types);
    bytes_file(object.write().unwrap())
}

/// The address of a kept variable.
fn address(kernel: &FakeKernel, name: &str) -> u64 {
    let suffix = format!(".foo.{}", NAMES.iter().position(|known| *known == name).unwrap());
    let module = kernel.module("foo__persist").unwrap();
    let section = module.sections.iter().find(|section| section.name.ends_with(&suffix)).unwrap();
    section.address.known().unwrap()
}

/// With the first version's data kept, in which these variables point to those.
fn prepared(pointers: &[(&str, &str, u64)]) -> FakeKernel {
    let kernel = kernel();
    load(&kernel, request(&version(FIRST))).unwrap();
    kernel.delete_module(c"foo", RemoveFlags::default()).unwrap();
    for name in NAMES {
        let target = pointers.iter().find(|(from, ..)| *from == name);
        let word = target.map_or(0, |(_, to, offset)| address(&kernel, to) + offset);
        let mut bytes = word.to_ne_bytes().to_vec();
        bytes.resize(256, 0);
        let place = address(&kernel, name);
        kernel.set(|settings| {
            settings.memory.insert(place, bytes);
        });
    }
    kernel
}

fn account(kernel: &FakeKernel) -> Account {
    let Plan::Keeper { account, .. } = plan(kernel, request(&version(MIDDLE))).unwrap() else { panic!() };
    *account
}

/// The names of the variables that are converted, and what is said about those that only move along.
fn converted(account: &Account) -> (Vec<&str>, Vec<String>) {
    let own = account.variables.iter().filter(|own| matches!(own.fate, Fate::Converted { .. }));
    let names = own.clone().map(|own| own.variable.plain_name()).collect();
    let first = own.filter_map(|own| own.fate.changes().first());
    let said = first.filter(|change| change.what.contains("moved"));
    (names, said.map(|change| format!("{} {}", change.path, change.what)).collect())
}

fn refused(kernel: &FakeKernel) -> Vec<String> {
    let error = load(kernel, request(&version(MIDDLE))).unwrap_err();
    assert_eq!(kernel.module_names(), ["foo__persist"]);
    error.details()
}

#[test]
fn nothing_moves_that_need_not() {
    let kernel = prepared(&[("root", "shared", 0), ("any", "count", 0)]);
    assert_eq!(converted(&account(&kernel)), (vec!["state"], vec![]));
}

#[test]
fn pointers_move_with_what_they_point_to() {
    let kernel = prepared(&[("shared", "state", 0), ("any", "state", 8), ("root", "shared", 0)]);
    let account = account(&kernel);
    let (names, said) = converted(&account);
    assert_eq!(names, ["state", "shared", "root", "any"]);
    assert_eq!(
        said,
        [
            "shared is moved: points to state",
            "root is moved: points to shared",
            "any is moved: points to state"
        ]
    );
    let pointers: Vec<_> = account.values.iter().flat_map(|unit| &unit.pointers).collect();
    let found: Vec<_> = pointers.iter().map(|pointer| (pointer.unit, pointer.target)).collect();
    // `b` is behind the new field now.
    assert_eq!(found, [(0, 0), (1, 0), (0, 16)]);

    let before = Region::find(&kernel, "foo").unwrap().unwrap();
    assert_eq!(load(&kernel, request(&version(MIDDLE))).unwrap(), Some(LoadOutcome::Kept));
    let moved = moved_variables(&kernel, &before, &account);
    let mut names: Vec<_> = moved.iter().map(|moved| &*moved.variable).collect();
    names.sort_unstable();
    assert_eq!(names, ["foo.c:any", "foo.c:root", "foo.c:shared", "foo.c:state"]);
    assert!(moved.iter().all(|moved| moved.new_address.is_some() && moved.new_address != moved.old_address));
    kernel.delete_module(c"foo", RemoveFlags::default()).unwrap();
    assert_eq!(kernel.module_names().len(), 2);
}

#[test]
fn a_circle_of_pointers_moves() {
    let kernel = prepared(&[("any", "root", 0), ("root", "shared", 0), ("shared", "state", 0)]);
    assert_eq!(converted(&account(&kernel)).0, ["state", "shared", "root", "any"]);
    let kernel = prepared(&[("any", "shared", 0), ("root", "any", 0), ("shared", "state", 0)]);
    assert_eq!(converted(&account(&kernel)).0, ["state", "shared", "root", "any"]);
}

#[test]
fn what_may_be_pointed_to_by_something_unknown_does_not_move() {
    let kernel = prepared(&[("shared", "state", 0), ("plain", "shared", 0)]);
    assert_eq!(
        refused(&kernel),
        ["foo.c:shared: would get another place, and foo.c:plain+0x0 may point to where it is"]
    );
    let kernel = prepared(&[("shared", "state", 0), ("plain", "state", 8)]);
    assert_eq!(
        refused(&kernel),
        ["foo.c:state: would get another place, and foo.c:plain+0x0 may point to where it is"]
    );
}

#[test]
fn a_pointer_past_the_end_of_what_grows_is_refused() {
    let kernel = prepared(&[("any", "state", 16)]);
    let refused = refused(&kernel);
    assert_eq!(refused, ["foo.c:any: points to offset 0x10 of state, where nothing is carried over"]);
}

#[test]
fn what_starts_afresh_takes_no_pointer_along() {
    let kernel = prepared(&[("shared", "state", 0)]);
    let (file, fresh) = (version(FIRST), ["state".to_owned()]);
    let error = load(&kernel, Request { fresh_variables: &fresh, ..request(&file) }).unwrap_err();
    let details = error.details();
    assert_eq!(details, ["foo.c:state: would get another place, and foo.c:shared points to where it is"]);
}
