// SPDX-License-Identifier: MIT OR Apache-2.0
//! Variables whose types change: they stay where they are, are converted, or are refused. And loads of such
//! versions that are killed at any step.

use libmodfmt::elf::Object;
use libmodfmt::file::ModuleFile;
use libmodfmt::persist::{Fate, Stay, VariableDebugInfo, embed_types};
use libmodfmt::types::{Member, TagKind, Type, TypeTable};
use libmodsys::{Errno, Kernel, RemoveFlags};
use modkeep::{KeepError, KeeperLoad, LoadOutcome, Plan, Region, Request, discard, plan, settle};
use modtest::module::{DATA, Make, R_PC32};
use modtest::{FakeKernel, Op};

use super::{bytes_file, kernel, load, request};

/// `struct stats` with fields of these names and sizes in bytes.
type Fields = [(&'static str, u64)];

const FIRST: &Fields = &[("a", 8), ("b", 8)];
const LONGER: &Fields = &[("a", 8), ("b", 8), ("c", 8)];
const MIDDLE: &Fields = &[("a", 8), ("new", 8), ("b", 8)];
const NARROW: &Fields = &[("a", 4), ("pad", 4), ("b", 8)];

/// A module with one variable of such a type, whose initial value is zero, and one number.
fn version(fields: &Fields) -> ModuleFile {
    let size: u64 = fields.iter().map(|(_, size)| size).sum();
    let mut make = Make::bare("foo");
    make.section(".text", 6, 16, &[0; 64]);
    make.versions(&["module_layout"]);
    make.file("foo.c");
    let section = format!("{DATA}.foo.0");
    let data = vec![0; usize::try_from(size).unwrap()];
    let index = make.section(&section, 3, 8, &data);
    make.local("stats", &section, 0, size);
    make.relocate(".text", 4, R_PC32, &section, -4);
    let plain = format!("{DATA}.foo.1");
    make.section(&plain, 3, 8, &[0; 8]);
    make.local("plain", &plain, 0, 8);
    make.relocate(".text", 12, R_PC32, &plain, -4);

    let mut types = TypeTable::default();
    let mut offset = 0;
    let mut members = Vec::new();
    for (name, size) in fields {
        let number = Type::Number { name: "unsigned long".to_owned(), size: *size, encoding: 7 };
        let (name, type_id) = ((*name).to_owned(), types.push(number));
        members.push(Member { name, bit_offset: offset * 8, bits: 0, type_id, selected_by: Vec::new() });
        offset += size;
    }
    let record = Type::Record { kind: TagKind::Struct, name: "stats".to_owned(), size, members };
    let mut info = VariableDebugInfo::new(index, 0);
    info.type_name = Some("struct stats".to_owned());
    info.type_id = Some(types.push(record));
    let mut object: Object<'_> = make.object();
    embed_types(&mut object, &[info], &types);
    bytes_file(object.write().unwrap())
}

/// Lets the memory of a keeper's first unit be this.
fn remember(kernel: &FakeKernel, keeper: &str, words: &[u64]) {
    let module = kernel.module(keeper).unwrap();
    kernel.set(|settings| {
        for section in module.sections.iter().filter(|section| section.name.starts_with(DATA)) {
            let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
            bytes.resize(256, 0);
            settings.memory.insert(section.address.known().unwrap(), bytes);
        }
    });
}

fn unload(kernel: &FakeKernel) {
    kernel.delete_module(c"foo", RemoveFlags::default()).unwrap();
}

/// With the first version's data kept: a = 7, b = 9.
fn prepared() -> FakeKernel {
    let kernel = kernel();
    load(&kernel, request(&version(FIRST))).unwrap();
    unload(&kernel);
    remember(&kernel, "foo__persist", &[7, 9]);
    kernel
}

fn reload(kernel: &FakeKernel, fields: &Fields) {
    assert_eq!(load(kernel, request(&version(fields))).unwrap(), Some(LoadOutcome::Kept));
    unload(kernel);
}

fn names(kernel: &FakeKernel) -> Vec<String> {
    let mut names = kernel.module_names();
    names.sort();
    names
}

fn region(kernel: &FakeKernel) -> Region {
    Region::find(kernel, "foo").unwrap().expect("data is kept")
}

fn fate(kernel: &FakeKernel, fields: &Fields) -> Fate {
    let Plan::Keeper { account, .. } = plan(kernel, request(&version(fields))).unwrap() else { panic!() };
    account.variables[0].fate.clone()
}

#[test]
fn a_structure_grows_where_it_is_and_shrinks_again() {
    let kernel = prepared();
    let address = kernel.data_address("foo__persist");
    assert!(matches!(fate(&kernel, LONGER), Fate::InPlace { stay: Stay::Grows, .. }));
    reload(&kernel, LONGER);
    assert_eq!(kernel.history()[3..], ["+foo__persist_2", "+foo", "-foo"]);
    let grown = &region(&kernel).generations[1];
    assert_eq!((grown.header.units.len(), grown.header.grown.len()), (0, 1));
    assert_eq!(grown.header.grown[0].size, 24);
    remember(&kernel, "foo__persist", &[7, 9, 11]);
    for fields in [FIRST, LONGER, FIRST, LONGER] {
        reload(&kernel, fields);
        assert_eq!(names(&kernel), ["foo__persist", "foo__persist_2"]);
    }
    assert!(matches!(fate(&kernel, FIRST), Fate::InPlace { stay: Stay::Shrinks, .. }));
    assert!(matches!(fate(&kernel, LONGER), Fate::Bound { .. }));
    load(&kernel, request(&version(FIRST))).unwrap();
    assert_eq!(kernel.module("foo").unwrap().uses, ["foo__persist", "foo__persist_2"]);
    assert_eq!(kernel.data_address("foo__persist"), address);
    unload(&kernel);
    discard(&kernel, "foo").unwrap();
    assert_eq!(names(&kernel), Vec::<String>::new());
}

#[test]
fn room_that_is_in_use_is_not_taken() {
    let kernel = prepared();
    remember(&kernel, "foo__persist", &[7, 9, 11]);
    assert!(matches!(fate(&kernel, LONGER), Fate::Converted { .. }));
}

#[test]
fn a_growth_that_a_failed_init_has_used_is_remembered() {
    for (used, keepers) in [(0, &["foo__persist"][..]), (1, &["foo__persist", "foo__persist_2"])] {
        let kernel = prepared();
        let file = version(LONGER);
        let Plan::Keeper { region, region_use, owner, images, may_fall_back, .. } =
            plan(&kernel, request(&file)).unwrap()
        else {
            panic!()
        };
        let region = region.as_deref();
        let planned = KeeperLoad { region_use, owner: &owner, region, images: &images, may_fall_back };
        remember(&kernel, "foo__persist", &[7, 9, used]);
        kernel.fail_after(Op::Init, 1, Errno::ENODEV);
        planned.run(&kernel, c"", &|_| ()).unwrap_err();
        assert_eq!(names(&kernel), keepers);
        assert_eq!(load(&kernel, request(&file)).unwrap(), Some(LoadOutcome::Kept));
        assert_eq!(names(&kernel), ["foo", "foo__persist", "foo__persist_2"]);
    }
}

/// The bytes of a section of an image.
fn section(image: &[u8], name: &str) -> Vec<u8> {
    let file = bytes_file(image.to_vec());
    let module = file.module().unwrap();
    module.object.section(name).unwrap().1.data.to_vec()
}

#[test]
fn a_field_in_the_middle_is_converted() {
    let kernel = prepared();
    let file = version(MIDDLE);
    let Plan::Keeper { images, account, .. } = plan(&kernel, request(&file)).unwrap() else { panic!() };
    assert!(matches!(account.variables[0].fate, Fate::Converted { .. }), "{account:?}");
    let data = section(&images.keeper.as_ref().unwrap().image, &format!("{DATA}.foo.0"));
    assert_eq!(data[..24], [7_u64, 0, 9].map(u64::to_le_bytes).concat());
    reload(&kernel, MIDDLE);
    assert_eq!(kernel.history()[3..], ["+foo__pending", "+foo__persist_2", "+foo", "-foo__pending", "-foo"]);
    // The other variable is still in the first one.
    assert_eq!(names(&kernel), ["foo__persist", "foo__persist_2"]);
    remember(&kernel, "foo__persist_2", &[8, 0, 10]);
    let error = load(&kernel, request(&version(FIRST))).unwrap_err();
    assert_eq!(error.details(), ["foo.c:stats.new: the new type has no such field"]);
    assert!(error.remedy().unwrap().contains("--drop=stats.new"), "{error:?}");
    let drops = ["new".to_owned()];
    let file = version(FIRST);
    for round in 0..5 {
        let asked = Request { drops: &drops, ..request(&file) };
        assert_eq!(load(&kernel, asked).unwrap(), Some(LoadOutcome::Kept));
        unload(&kernel);
        let keepers = region(&kernel).keepers().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(keepers.len(), 2, "{round}: {keepers:?}");
        remember(&kernel, &keepers[1], &[8, 10]);
        reload(&kernel, MIDDLE);
        let keepers = region(&kernel).keepers().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(keepers.len(), 2, "{round}: {keepers:?}");
        remember(&kernel, &keepers[1], &[8, 0, 10]);
    }
    discard(&kernel, "foo").unwrap();
    assert_eq!(names(&kernel), Vec::<String>::new());
}

#[test]
fn what_would_be_lost_or_cannot_be_read_is_refused_before_anything_is_loaded() {
    let kernel = prepared();
    let error = load(&kernel, request(&version(NARROW))).unwrap_err();
    let KeepError::LayoutDiffers { account: Some(account), .. } = &error else { panic!("{error:?}") };
    assert!(matches!(account.variables[1].fate, Fate::Bound { .. }));
    assert_eq!(error.details(), ["foo.c:stats.a: has 32 bits, had 64"]);
    assert_eq!(names(&kernel), ["foo__persist"]);

    kernel.set(|settings| settings.memory.clear());
    let error = load(&kernel, request(&version(MIDDLE))).unwrap_err();
    assert!(matches!(error, KeepError::CannotRead { .. }), "{error:?}");
    // Who only asks learns what is known.
    let file = version(MIDDLE);
    let Plan::Keeper { notes, .. } =
        plan(&kernel, Request { assume_unloaded: true, ..request(&file) }).unwrap()
    else {
        panic!()
    };
    assert!(notes.iter().any(|note| note.contains("whether the values allow it is not known")), "{notes:?}");
}

#[test]
fn what_is_pointed_to_does_not_move() {
    let kernel = prepared();
    let address = kernel.data_address("foo__persist").unwrap();
    // The number in the other variable, whose type is not known, looks like an address in it.
    let module = kernel.module("foo__persist").unwrap();
    let plain = module.sections.iter().find(|section| section.name.ends_with("foo.1")).unwrap();
    kernel.set(|settings| {
        settings.memory.insert(plain.address.known().unwrap(), (address + 8).to_ne_bytes().to_vec());
    });
    let file = version(MIDDLE);
    let fresh = ["stats".to_owned()];
    for asked in [request(&file), Request { fresh_variables: &fresh, ..request(&file) }] {
        let error = load(&kernel, asked).unwrap_err();
        assert_eq!(
            error.details(),
            ["foo.c:stats: would get another place, and foo.c:plain+0x0 may point to where it is"]
        );
        assert!(error.remedy().unwrap().contains("only look like pointers"), "{error:?}");
    }
    assert_eq!(names(&kernel), ["foo__persist"]);
}

#[test]
fn a_conversion_that_fails_leaves_the_old_variable_in_force() {
    for (passed, errno) in [(0, Errno::ENOMEM), (1, Errno::ENOMEM), (2, Errno::ENODEV)] {
        let kernel = prepared();
        let before = kernel.data_address("foo__persist");
        kernel.fail_after(Op::Init, passed, errno);
        load(&kernel, request(&version(MIDDLE))).unwrap_err();
        assert_eq!(names(&kernel), ["foo__persist"], "call {passed}");
        assert!(matches!(fate(&kernel, FIRST), Fate::Bound { .. }));
        assert_eq!(kernel.data_address("foo__persist"), before);
        reload(&kernel, MIDDLE);
    }
}

/// An init that fails has linked the new variable into data that stays.
#[test]
fn a_converted_variable_that_kept_data_points_to_stays_and_is_not_in_force() {
    let next = (0..64_u64).find_map(|step| {
        let kernel = prepared();
        let module = kernel.module("foo__persist").unwrap();
        let plain = module.sections.iter().find(|section| section.name.ends_with("foo.1")).unwrap();
        let plain = plain.address.known().unwrap();
        let pointer = kernel.data_address("foo__persist").unwrap() + step * 0x1_0000;
        if step == 0 {
            return None;
        }
        kernel.set(|settings| {
            settings.memory.insert(plain, pointer.to_ne_bytes().to_vec());
        });
        kernel.fail_after(Op::Init, 2, Errno::ENODEV);
        load(&kernel, request(&version(MIDDLE))).unwrap_err();
        kernel.is_loaded("foo__persist_2").then_some(kernel)
    });
    let kernel = next.expect("the pointer is not found");
    assert_eq!(names(&kernel), ["foo__pending", "foo__persist", "foo__persist_2"]);
    let now = region(&kernel);
    assert_eq!((now.generations.len(), now.stale.len()), (1, 1));
    // The old version goes on; what needs a mark of its own has to wait.
    reload(&kernel, FIRST);
    assert!(kernel.is_loaded("foo__persist_2"));
    let error = load(&kernel, request(&version(MIDDLE))).unwrap_err();
    assert!(matches!(error, KeepError::LeftByFailedLoad { .. }), "{error:?}");
    discard(&kernel, "foo").unwrap();
    assert_eq!(names(&kernel), Vec::<String>::new());
}

/// A load that converts dies after each of its calls: the old variable is in force until the new init has
/// succeeded, and the new one after that.
#[test]
fn a_conversion_that_is_killed_at_any_step_can_be_repeated() {
    let file = version(MIDDLE);
    let whole = prepared();
    let before = whole.syscalls().len();
    load(&whole, request(&file)).unwrap();
    let steps = whole.syscalls().len() - before;
    assert_eq!(steps, 4);
    for killed_after in 0..steps {
        let kernel = prepared();
        let Plan::Keeper { region: was, region_use, owner, images, may_fall_back, .. } =
            plan(&kernel, request(&file)).unwrap()
        else {
            panic!()
        };
        let was = was.as_deref();
        kernel.die_after(killed_after);
        let planned = KeeperLoad { region_use, owner: &owner, region: was, images: &images, may_fall_back };
        let _ = planned.run(&kernel, c"", &|_| ());
        kernel.revive();
        let place = format!("{killed_after}: {:?}", names(&kernel));
        if kernel.is_loaded("foo") {
            settle(&kernel, &region(&kernel)).unwrap();
            unload(&kernel);
            remember(&kernel, "foo__persist_2", &[8, 0, 10]);
            assert!(matches!(fate(&kernel, MIDDLE), Fate::Bound { .. }), "{place}");
        } else {
            assert!(matches!(fate(&kernel, FIRST), Fate::Bound { .. }), "{place}");
        }
        reload(&kernel, MIDDLE);
        assert_eq!(names(&kernel).len(), 2, "{place}");
    }
}
