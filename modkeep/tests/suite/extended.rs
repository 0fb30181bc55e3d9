// SPDX-License-Identifier: MIT OR Apache-2.0
//! The extended kernel: what is planned and done, and how it gets along with keepers.

use std::fs::File;
use std::os::fd::AsFd;

use libmodfmt::elf::{ByteOrder, SymbolKind};
use libmodfmt::file::ModuleFile;
use libmodfmt::persist::KernelNames;
use libmodsys::{Errno, Kernel, LoadFlags, Lockdown, PersistSupport, RemoveFlags};
use modkeep::{
    ExtendedLoad, KeepError, KeepMode, KeptBy, OwnerState, Plan, Region, RegionUse, Request, discard, plan,
};
use modtest::{Call, FakeKernel, Op};

use super::{bytes_file, file, grown, keep, kernel, request, version};
use modtest::module::{Make, signed};

fn extended() -> FakeKernel {
    let kernel = kernel();
    extend(&kernel);
    kernel
}

fn extend(kernel: &FakeKernel) {
    kernel.set(|settings| settings.persist_support = PersistSupport::Extended);
}

fn load(kernel: &FakeKernel, request: Request<'_>) -> Result<RegionUse, KeepError> {
    let Plan::Extended { region_use, inventory, region, .. } = plan(kernel, request)? else {
        panic!("not by the kernel")
    };
    let file: File = libmodsys::sealed_file(request.file.content()).unwrap();
    let (region, flags) = (region.as_deref(), LoadFlags::NONE);
    let header = &inventory.header;
    let not_left = ExtendedLoad { region_use, header, region, file: file.as_fd(), flags }.run(kernel, c"")?;
    assert!(not_left.is_none(), "{not_left:?}");
    Ok(region_use)
}

fn unload(kernel: &FakeKernel) {
    kernel.delete_module(c"foo", RemoveFlags::default()).unwrap();
}

#[test]
fn the_file_itself_is_loaded_signed_and_all() {
    let file = bytes_file(signed(&Make::typical("foo").build()));
    for obstacle in [None, Some(Lockdown::Integrity)] {
        let kernel = extended();
        kernel.set(|settings| {
            settings.lockdown = obstacle;
            settings.sig_enforce = Some(true);
        });
        for region_use in [RegionUse::Create, RegionUse::Bind] {
            assert_eq!(
                load(&kernel, Request { keep: KeepMode::Require, ..request(&file) }).unwrap(),
                region_use
            );
            unload(&kernel);
        }
        assert_eq!(kernel.history(), ["+file foo", "-foo", "+file foo", "-foo"]);
        for call in kernel.syscalls() {
            if let Call::Finit { image, flags, .. } = call {
                assert!(image == file.content() && flags == LoadFlags::PERSIST, "{flags:?}");
            }
        }
    }
}

#[test]
fn a_region_is_seen_through_its_life() {
    let kernel = extended();
    load(&kernel, request(&file(&Make::typical("foo")))).unwrap();
    let state = || {
        Region::find(&kernel, "foo")
            .unwrap()
            .map(|region| (region.generations[0].kept_by.clone(), region.owner_state))
    };
    assert_eq!(state(), Some((KeptBy::ExtendedKernel, OwnerState::Bound)));
    assert!(matches!(discard(&kernel, "foo"), Err(KeepError::InUse { users, .. }) if users == ["foo"]));
    unload(&kernel);
    assert_eq!(state(), Some((KeptBy::ExtendedKernel, OwnerState::Unloaded)));
    kernel.add(modtest::FakeModule::new("foo"));
    assert_eq!(state(), Some((KeptBy::ExtendedKernel, OwnerState::Unbound)));
    kernel.take("foo");
    assert_eq!(Region::list(&kernel).unwrap().len(), 1);
    discard(&kernel, "foo").unwrap();
    assert_eq!(state(), None);
    assert!(matches!(discard(&kernel, "foo"), Err(KeepError::NothingKept { .. })));
}

#[test]
fn another_layout_is_refused_before_the_kernel_is_asked() {
    let kernel = extended();
    load(&kernel, request(&file(&Make::typical("foo")))).unwrap();
    unload(&kernel);
    let other = file(&grown("foo"));
    let before = kernel.syscalls().len();
    assert!(matches!(load(&kernel, request(&other)), Err(KeepError::LayoutDiffers { .. })));
    assert_eq!(kernel.syscalls().len(), before);
    assert_eq!(load(&kernel, Request { fresh: true, ..request(&other) }).unwrap(), RegionUse::Replace);
}

#[test]
fn a_refused_load_keeps_what_was_kept() {
    let kernel = extended();
    let file = file(&Make::typical("foo"));
    kernel.fail_next(Op::Finit, Errno::ENODEV);
    let refused = load(&kernel, request(&file));
    assert!(matches!(refused, Err(KeepError::OwnerRefused { errno: Errno::ENODEV, .. })), "{refused:?}");
    assert!(!kernel.keeps("foo"));
    load(&kernel, request(&file)).unwrap();
    unload(&kernel);
    kernel.fail_next(Op::Finit, Errno::ENODEV);
    assert!(load(&kernel, Request { fresh: true, ..request(&file) }).is_err());
    assert!(kernel.keeps("foo"));
}

#[test]
fn a_load_that_another_program_has_won_is_noticed() {
    let kernel = extended();
    let file = file(&Make::typical("foo"));
    let Plan::Extended { region_use, inventory, .. } = plan(&kernel, request(&file)).unwrap() else {
        panic!()
    };
    // The kernel reports the success of the other program, whose load kept no data.
    let plain = Make::typical("foo_without");
    let other = plain.build();
    let file = libmodsys::sealed_file(&other).unwrap();
    let (header, flags) = (&inventory.header, LoadFlags::NONE);
    let direct = ExtendedLoad { region_use, header, region: None, file: file.as_fd(), flags };
    let error = direct.run(&kernel, c"").unwrap_err();
    assert!(error.to_string().starts_with("foo is loaded, but without its kept data"), "{error}");
}

#[test]
fn what_a_keeper_keeps_stays_there_until_it_is_dropped() {
    let kernel = kernel();
    keep(&kernel, &Make::typical("foo"));
    extend(&kernel);
    let file = file(&Make::typical("foo"));
    let Plan::Keeper { region_use, .. } = plan(&kernel, request(&file)).unwrap() else {
        panic!("not by the keeper")
    };
    assert_eq!(region_use, RegionUse::Bind);
    // Signed modules only: the keeper's data cannot be used, and no second copy is made.
    kernel.set(|settings| settings.sig_enforce = Some(true));
    assert!(matches!(plan(&kernel, request(&file)), Err(KeepError::CannotBind { .. })));
    assert_eq!(load(&kernel, Request { fresh: true, ..request(&file) }).unwrap(), RegionUse::Replace);
    assert!(!kernel.is_loaded("foo__persist") && kernel.keeps("foo"));
}

#[test]
fn data_that_is_kept_twice_is_an_error() {
    let kernel = extended();
    load(&kernel, request(&file(&Make::typical("foo")))).unwrap();
    unload(&kernel);
    kernel.set(|settings| settings.persist_support = PersistSupport::Stock);
    keep(&kernel, &Make::typical("foo"));
    extend(&kernel);
    let error = plan(&kernel, request(&file(&Make::typical("foo")))).unwrap_err();
    assert_eq!(error.to_string(), "data of foo is kept twice, by foo__persist and by the kernel itself");
    assert!(error.remedy().unwrap().contains("rmmod --discard foo"));
    discard(&kernel, "foo").unwrap();
    assert!(!kernel.keeps("foo") && kernel.is_loaded("foo__persist"));
    assert!(plan(&kernel, request(&file(&Make::typical("foo")))).is_ok());
}

#[test]
fn a_kernel_that_does_not_say_is_a_stock_kernel() {
    let kernel = kernel();
    kernel.set(|settings| settings.persist_support = PersistSupport::Unknown);
    assert!(matches!(plan(&kernel, request(&file(&Make::typical("foo")))), Ok(Plan::Keeper { .. })));
}

/// Numbers of generations with the names of their variables.
fn generations(kernel: &FakeKernel) -> Vec<(u32, Vec<String>)> {
    let region = Region::find(kernel, "foo").unwrap().expect("data is kept");
    let names = |generation: &modkeep::Generation| {
        generation.header.variables().map(|(_, variable)| variable.name.clone()).collect()
    };
    region.generations.iter().map(|generation| (generation.header.generation, names(generation))).collect()
}

#[test]
fn variables_are_bound_and_added_one_by_one() {
    let kernel = extended();
    for (names, use_of_region) in [
        (["a", "bb"].as_slice(), RegionUse::Create),
        (&["ccc", "bb", "a"], RegionUse::Bind),
        (&["a"], RegionUse::Bind),
        (&["bb", "ccc"], RegionUse::Bind),
    ] {
        assert_eq!(load(&kernel, request(&file(&version(names)))).unwrap(), use_of_region, "{names:?}");
        unload(&kernel);
    }
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(generations(&kernel), [(1, names(&["a", "bb"])), (2, names(&["ccc"]))]);
    let region = Region::find(&kernel, "foo").unwrap().unwrap();
    assert_eq!(region.generations[1].header.unused.len(), 1, "a is not in the last file");
    let file = file(&version(&["bb", "dddd", "a", "ccc"]));
    let Plan::Extended { account: Some(account), .. } = plan(&kernel, request(&file)).unwrap() else {
        panic!("no account")
    };
    assert_eq!((account.bound().0, account.new_variables(), account.generation), (3, 1, 3));
    // The sections have other numbers, or none yet.
    let inventory = modtest::module::inventory(file.module().unwrap());
    let seen = region.as_seen_by(&inventory.header, &account);
    let at = |region: &Region, name: &str| {
        let mut variables = region.generations.iter().flat_map(modkeep::Generation::variables);
        variables.find(|(_, variable, _)| variable.name == name).and_then(|(_, _, address)| address)
    };
    for name in ["a", "bb", "ccc"] {
        assert!(at(&seen, name).is_some() && at(&seen, name) == at(&region, name), "{name}");
    }
    assert_eq!(at(&seen, "dddd"), None);
}

/// The kernel records no types; those of one build are the same.
#[test]
fn that_types_were_not_compared_is_noted_for_another_build() {
    let kernel = extended();
    let build = |id: u8, names: &[&str]| {
        let mut make = version(names);
        make.note(".note.gnu.build-id", libmodfmt::note::encode(b"GNU", 3, &[id; 20], ByteOrder::Little));
        file(&make)
    };
    let noted = |file: &ModuleFile| {
        let Plan::Extended { notes, .. } = plan(&kernel, request(file)).unwrap() else { panic!() };
        notes
    };
    let first = build(1, &["a", "bb"]);
    assert_eq!(noted(&first), Vec::<String>::new(), "nothing is kept yet");
    load(&kernel, request(&first)).unwrap();
    unload(&kernel);
    assert_eq!(noted(&first), Vec::<String>::new());
    let notes = noted(&build(2, &["a", "bb", "ccc"]));
    assert_eq!(notes.len(), 1);
    assert!(notes[0].contains("types of 2 of 2 variables were not compared"), "{notes:?}");
}

#[test]
fn what_the_kernel_would_take_for_new_is_refused_before_it_is_asked() {
    let kernel = extended();
    load(&kernel, request(&file(&version(&["a", "bb"])))).unwrap();
    unload(&kernel);
    let before = kernel.syscalls().len();
    let file = file(&version(&["a", "cc"]));
    let renamed = [("bb".to_owned(), "cc".to_owned())];
    let refused = load(&kernel, Request { renamed: &renamed, ..request(&file) }).unwrap_err();
    assert!(matches!(refused, KeepError::NotByTheKernel { .. }), "{refused}");
    assert!(refused.to_string().contains("under another name"), "{refused}");
    assert!(refused.remedy().unwrap().contains("untouched"));
    let fresh = ["a".to_owned()];
    let refused = load(&kernel, Request { fresh_variables: &fresh, ..request(&file) }).unwrap_err();
    assert!(!matches!(refused, KeepError::OwnerRefused { .. }), "{refused}");
    assert_eq!(kernel.syscalls().len(), before);
}

/// Debug information, which only insmod reads, tells statics of one name apart.
#[test]
fn the_kernel_goes_by_the_names_of_symbols() {
    let mut make = version(&["count.0", "poll.limit", "count.1"]);
    make.global("count", ".data..persistent.foo.1", SymbolKind::OBJECT, 4, 0);
    let bytes = make.build();
    let module = modtest::module::parse(&bytes);
    let mut inventory = modtest::module::inventory(&module);
    for (unit, function) in [(0, "poll"), (2, "open")] {
        inventory.header.units[unit].variables[0].function = Some(function.to_owned());
    }
    let names = KernelNames::of(&module.object, &inventory);
    let variable = |unit: usize| &inventory.header.units[unit].variables[0];
    let kept = |function: Option<&str>, name: &str| {
        let mut kept = variable(0).clone();
        (kept.function, kept.name) = (function.map(str::to_owned), name.to_owned());
        kept
    };
    assert!(
        names.are_ambiguous() && names.is_ambiguous(0, variable(0)) && names.is_ambiguous(2, variable(2))
    );
    assert!(!names.is_ambiguous(1, variable(1)));
    assert!(names.is_same(0, variable(0), &kept(None, "count")));
    assert!(!names.is_same(0, variable(0), &kept(Some("poll"), "count")), "clang made that one");
    assert!(names.is_same(1, variable(1), &kept(Some("poll"), "limit")));
    assert!(!names.is_same(1, variable(1), &kept(None, "limit")), "gcc made that one");
}
