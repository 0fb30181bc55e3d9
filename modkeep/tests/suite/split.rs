// SPDX-License-Identifier: MIT OR Apache-2.0
//! Modules that are split when they are built: what is made, for which kernel, and how it is loaded.

use libmodfmt::file::ModuleFile;
use libmodfmt::persist::Header;
use libmodsys::{Errno, Kernel, RemoveFlags};
use modkeep::{KeepError, KernelSource, OwnerState, Plan, Region, Split, SplitError, discard, plan, split};
use modtest::FakeKernel;
use modtest::module::Make;

use super::{bytes_file, file, kernel, load, request};

/// A module with these variables, whose types are not known: its build ID tells it from others.
fn version(names: &[&str]) -> Make {
    let mut make = super::version(names);
    make.build_id(1);
    make
}

fn made(kernel: &FakeKernel, make: &Make, kept: &[Header]) -> Split {
    split(&file(make), &KernelSource::Running(kernel), kept).unwrap()
}

fn header(image: &[u8]) -> Header {
    bytes_file(image.to_vec()).module().unwrap().keeper_header().unwrap()
}

/// Loads the keeper of a split and what holds it, as modprobe does by the rule.
fn load_keeper(kernel: &FakeKernel, split: &Split) {
    for module in split.keeper.iter().chain(&split.hold) {
        kernel.init_module(&module.image, c"").unwrap();
    }
}

fn remove(kernel: &FakeKernel, name: &std::ffi::CStr) -> Result<(), Errno> {
    kernel.delete_module(name, RemoveFlags::default())
}

fn planned(kernel: &FakeKernel, image: &[u8]) -> Result<Plan, KeepError> {
    plan(kernel, request(&bytes_file(image.to_vec())))
}

#[test]
fn any_program_loads_them_and_the_hold_goes_with_the_keeper() {
    let kernel = kernel();
    let split = made(&kernel, &version(&["a", "b"]), &[]);
    let names: Vec<&str> = [&split.owner, split.keeper.as_ref().unwrap(), split.hold.as_ref().unwrap()]
        .iter()
        .map(|module| &*module.name)
        .collect();
    assert_eq!(names, ["foo", "foo__persist", "foo__hold"]);
    assert_eq!(kernel.init_module(&split.owner.image, c""), Err(Errno::ENOENT));
    load_keeper(&kernel, &split);
    kernel.init_module(&split.owner.image, c"").unwrap();
    assert_eq!(kernel.holders("foo__persist").unwrap(), ["foo", "foo__hold"]);
    remove(&kernel, c"foo").unwrap();
    assert!(remove(&kernel, c"foo__persist").is_err(), "it is held");

    let region = Region::find(&kernel, "foo").unwrap().unwrap();
    assert_eq!(region.owner_state, OwnerState::Unloaded);
    assert_eq!(region.users, [""; 0]);
    assert_eq!(region.holds().collect::<Vec<_>>(), ["foo__hold"]);
    discard(&kernel, "foo").unwrap();
    assert!(kernel.module_names().is_empty(), "{:?}", kernel.module_names());
}

#[test]
fn a_discard_that_is_refused_leaves_the_hold() {
    let kernel = kernel();
    let split = made(&kernel, &version(&["a"]), &[]);
    load_keeper(&kernel, &split);
    kernel.init_module(&split.owner.image, c"").unwrap();
    assert!(matches!(discard(&kernel, "foo"), Err(KeepError::InUse { .. })));
    assert!(kernel.module_names().iter().any(|name| name == "foo__hold"));
}

#[test]
fn a_module_of_that_name_without_the_note_is_a_user_like_any_other() {
    let kernel = kernel();
    let split = made(&kernel, &version(&["a"]), &[]);
    kernel.init_module(&split.keeper.unwrap().image, c"").unwrap();
    let mut other = Make::bare("foo__hold");
    other.depends(&["foo__persist"]);
    kernel.init_module(&other.build(), c"").unwrap();
    let region = Region::find(&kernel, "foo").unwrap().unwrap();
    assert_eq!(region.users, ["foo__hold"]);
    assert!(matches!(discard(&kernel, "foo"), Err(KeepError::InUse { .. })));
}

#[test]
fn our_insmod_says_what_is_missing_or_does_not_fit() {
    let kernel = kernel();
    let split = made(&kernel, &version(&["a", "b"]), &[]);
    let owner = &split.owner.image;
    assert!(
        matches!(planned(&kernel, owner), Err(KeepError::KeepersNotLoaded { keepers, .. }) if keepers == ["foo__persist"])
    );
    // The keeper's own file is loaded as it is.
    let keeper = split.keeper.as_ref().unwrap();
    assert!(matches!(planned(&kernel, &keeper.image), Ok(Plan::Plain { warning: None })));
    load_keeper(&kernel, &split);
    let Ok(Plan::Bound { owner: name, region }) = planned(&kernel, owner) else { panic!() };
    assert_eq!((&*name, region.generations.len()), ("foo", 1));
    let bound = bytes_file(owner.clone());
    let wish = modkeep::Request { fresh: true, ..request(&bound) };
    assert!(matches!(plan(&kernel, wish), Err(KeepError::BoundAtBuild { .. })));
    let off = modkeep::Request { keep: modkeep::KeepMode::Off, ..request(&bound) };
    let Ok(Plan::Plain { warning: Some(warning) }) = plan(&kernel, off) else { panic!() };
    assert!(warning.starts_with("foo uses what is kept all the same"), "{warning}");

    // Same sizes, other names: the kernel could not tell them apart by CRC.
    let other = made(&kernel, &version(&["b", "a"]), &[]);
    assert!(matches!(planned(&kernel, &other.owner.image), Err(KeepError::OtherKeeper { .. })));
    assert_eq!(kernel.init_module(&other.owner.image, c""), Err(Errno::ENOENT));
    // Another build of the same variables, whose types may be others.
    let mut again = version(&["a", "b"]);
    again.build_id(9);
    let again = made(&kernel, &again, &[]);
    assert!(again.notes.iter().any(|note| note.contains("no other build uses what is kept")));
    assert!(matches!(planned(&kernel, &again.owner.image), Err(KeepError::OtherKeeper { .. })));
    assert_eq!(kernel.init_module(&again.owner.image, c""), Err(Errno::ENOENT));
    kernel.init_module(&split.owner.image, c"").unwrap();
    assert!(matches!(planned(&kernel, owner), Err(KeepError::AlreadyLoaded { .. })));
}

#[test]
fn the_modules_own_file_uses_what_a_split_one_has_left() {
    let kernel = kernel();
    let split = made(&kernel, &version(&["a", "b"]), &[]);
    load_keeper(&kernel, &split);
    let own = file(&version(&["a", "b", "c"]));
    load(&kernel, request(&own)).unwrap().unwrap();
    let region = Region::find(&kernel, "foo").unwrap().unwrap();
    assert_eq!(region.users, ["foo"]);
    assert_eq!(region.generations.len(), 2);
    remove(&kernel, c"foo").unwrap();
    // A variable that a later version has for itself.
    assert!(matches!(planned(&kernel, &split.owner.image), Ok(Plan::Bound { .. })), "c is new");
    let second = modkeep::Request { fresh_variables: &["a".to_owned()], ..request(&own) };
    load(&kernel, second).unwrap().unwrap();
    remove(&kernel, c"foo").unwrap();
    let stale = planned(&kernel, &split.owner.image);
    let Err(KeepError::ReplacedLater { keeper, .. }) = stale else { panic!("{stale:?}") };
    assert_eq!(keeper, "foo__persist_3");
    // A load that starts afresh removes the hold with the keeper.
    let fresh = version(&["a"]);
    let fresh = file(&fresh);
    load(&kernel, modkeep::Request { fresh: true, ..request(&fresh) }).unwrap().unwrap();
    let mut names = kernel.module_names();
    names.sort();
    assert_eq!(names, ["foo", "foo__persist_4"]);
}

#[test]
fn a_later_build_is_bound_to_all_keepers_before_it() {
    let kernel = kernel();
    let first = made(&kernel, &version(&["a", "b"]), &[]);
    let kept = header(&first.keeper.as_ref().unwrap().image);
    let second = made(&kernel, &version(&["b", "c", "a"]), std::slice::from_ref(&kept));
    assert_eq!(second.generations, [1, 2]);
    let keeper = second.keeper.as_ref().unwrap();
    assert_eq!((&*keeper.name, &*second.hold.as_ref().unwrap().name), ("foo__persist_2", "foo__hold_2"));
    let later = header(&keeper.image);
    assert_eq!((later.units.len(), &*later.predecessors), (1, &[1][..]));
    load_keeper(&kernel, &first);
    load_keeper(&kernel, &second);
    kernel.init_module(&second.owner.image, c"").unwrap();
    let region = Region::find(&kernel, "foo").unwrap().unwrap();
    assert_eq!((region.generations.len(), region.stale.len()), (2, 0));
    remove(&kernel, c"foo").unwrap();

    // A third one that has nothing new needs no keeper.
    let both = [later, kept.clone()];
    let third = made(&kernel, &version(&["a", "c"]), &both);
    assert_eq!((third.keeper, third.hold), (None, None));
    assert_eq!((third.generations, third.account.unused.len()), (vec![1, 2], 1));
    kernel.init_module(&third.owner.image, c"").unwrap();
    remove(&kernel, c"foo").unwrap();

    let source = KernelSource::Running(&kernel);
    let module = file(&version(&["a"]));
    let missing = split(&module, &source, &both[..1]).unwrap_err();
    assert!(matches!(missing, SplitError::KeeperMissing { keeper } if keeper == "foo__persist"));
    let mut other = both.clone();
    other[1].identity ^= 1;
    assert!(matches!(split(&module, &source, &other), Err(SplitError::OtherChain { .. })));
    let mut other = kept;
    other.owner = "bar".into();
    assert!(matches!(split(&module, &source, &[other]), Err(SplitError::OtherOwner { .. })));
    discard(&kernel, "foo").unwrap();
    assert!(kernel.module_names().is_empty());
}

#[test]
fn what_cannot_be_split_is_said() {
    let kernel = kernel();
    let refuse = |file: &ModuleFile, source: &KernelSource<'_>| split(file, source, &[]).unwrap_err();
    let running = KernelSource::Running(&kernel);
    let typical = file(&version(&["a"]));
    assert!(matches!(refuse(&file(&Make::bare("foo")), &running), SplitError::NothingToKeep));
    let nothing = file(&super::version(&["a"]));
    assert!(matches!(refuse(&nothing, &running), SplitError::NoIdentity));
    let done = made(&kernel, &version(&["a"]), &[]);
    for image in [&done.owner.image, &done.keeper.unwrap().image] {
        assert!(matches!(refuse(&bytes_file(image.clone()), &running), SplitError::AlreadySplit));
    }
    kernel.set(|settings| settings.release = "6.9.0".into());
    let error = refuse(&typical, &running);
    assert_eq!(error.to_string(), "it is built for 6.1.0-fake, and the running kernel is 6.9.0");
    // The module exports nothing, so it is no sample.
    assert!(matches!(refuse(&typical, &KernelSource::Sample(&typical)), SplitError::Layout { .. }));
    let none = |_: &str| String::new();
    assert!(matches!(refuse(&typical, &KernelSource::Headers(&none)), SplitError::Layout { .. }));
    let other = |path: &str| match path {
        "include/generated/utsrelease.h" => "#define UTS_RELEASE \"6.1.0-other\"\n".to_owned(),
        _ => String::new(),
    };
    assert!(matches!(refuse(&typical, &KernelSource::Headers(&other)), SplitError::OtherKernel { .. }));
}

#[test]
fn headers_without_the_declaration_are_said_to_be_and_the_release_decides() {
    let kernel = kernel();
    let module = file(&version(&["a"]));
    let text = |path: &str| match path {
        "include/generated/utsrelease.h" => "#define UTS_RELEASE \"6.1.0-fake\"\n".to_owned(),
        "include/generated/autoconf.h" => "#define CONFIG_HAVE_ARCH_PREL32_RELOCATIONS 1\n".to_owned(),
        _ => String::new(),
    };
    let by_headers = split(&module, &KernelSource::Headers(&text), &[]).unwrap();
    let is_said = |note: &String| note.contains("do not declare struct kernel_symbol");
    assert!(by_headers.notes.iter().any(is_said), "{:?}", by_headers.notes);
    let running = made(&kernel, &version(&["a"]), &[]);
    assert_eq!(by_headers.keeper, running.keeper);
    // A keeper exports symbols, so it is a sample.
    let sample = bytes_file(running.keeper.clone().unwrap().image);
    assert_eq!(split(&module, &KernelSource::Sample(&sample), &[]).unwrap().owner, running.owner);
}
