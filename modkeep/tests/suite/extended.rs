// SPDX-License-Identifier: MIT OR Apache-2.0
//! A kernel that keeps data itself: what is planned and done, and how it goes with keepers.

use std::fs::File;
use std::os::fd::AsFd;

use libmodfmt::journal::{Entry, Journal};
use libmodsys::{BootIdentity, Errno, Kernel, LoadFlags, Lockdown, PersistSupport, RemoveFlags};
use modkeep::{Direct, Holder, Keep, KeepError, OwnerState, Plan, Region, Request, Way, discard, plan};
use modrecord::journal::{Known, record};
use modtest::{Call, FakeKernel, Op};

use super::{grown, keep, kernel, request};
use modtest::linking::story;
use modtest::module::{Make, signed};

fn extended() -> FakeKernel {
    let kernel = kernel();
    extend(&kernel);
    kernel
}

fn extend(kernel: &FakeKernel) {
    kernel.set(|settings| settings.persist_support = PersistSupport::Extended);
}

fn load(kernel: &FakeKernel, request: Request<'_>) -> Result<Way, KeepError> {
    let Plan::Direct { way, owner, region, .. } = plan(kernel, request)? else { panic!("not by the kernel") };
    let file: File = libmodsys::sealed_file(request.file).unwrap();
    let (region, flags) = (region.as_deref(), LoadFlags::NONE);
    Direct { way, owner: &owner, region, file: file.as_fd(), flags }.carry_out(kernel, c"")?;
    Ok(way)
}

fn unload(kernel: &FakeKernel) {
    kernel.delete_module(c"foo", RemoveFlags::default()).unwrap();
}

#[test]
fn the_file_itself_is_loaded_signed_and_all() {
    let file = signed(&Make::typical("foo").build());
    for obstacle in [None, Some(Lockdown::Integrity)] {
        let kernel = extended();
        kernel.set(|settings| {
            settings.lockdown = obstacle;
            settings.sig_enforce = Some(true);
        });
        for way in [Way::First, Way::Bind] {
            assert_eq!(load(&kernel, Request { keep: Keep::Require, ..request(&file) }).unwrap(), way);
            unload(&kernel);
        }
        assert_eq!(story(&kernel), ["+file foo", "-foo", "+file foo", "-foo"]);
        for call in kernel.syscalls() {
            if let Call::Finit { image, flags, .. } = call {
                assert!(image == file && flags == LoadFlags::PERSIST, "{flags:?}");
            }
        }
    }
}

#[test]
fn a_region_is_seen_through_its_life() {
    let kernel = extended();
    load(&kernel, request(&Make::typical("foo").build())).unwrap();
    let state = || Region::find(&kernel, "foo").unwrap().map(|region| (region.holder, region.owner));
    assert_eq!(state(), Some((Holder::Kernel, OwnerState::Bound)));
    assert!(matches!(discard(&kernel, "foo"), Err(KeepError::InUse { users, .. }) if users == ["foo"]));
    unload(&kernel);
    assert_eq!(state(), Some((Holder::Kernel, OwnerState::Unloaded)));
    kernel.add(modtest::FakeModule::new("foo"));
    assert_eq!(state(), Some((Holder::Kernel, OwnerState::Unbound)));
    kernel.take("foo");
    assert_eq!(Region::list(&kernel).unwrap().len(), 1);
    discard(&kernel, "foo").unwrap();
    assert_eq!(state(), None);
    assert!(matches!(discard(&kernel, "foo"), Err(KeepError::NothingKept { .. })));
}

#[test]
fn another_layout_is_refused_before_the_kernel_is_asked() {
    let kernel = extended();
    load(&kernel, request(&Make::typical("foo").build())).unwrap();
    unload(&kernel);
    let other = grown("foo").build();
    let before = kernel.syscalls().len();
    assert!(matches!(load(&kernel, request(&other)), Err(KeepError::Differs { .. })));
    assert_eq!(kernel.syscalls().len(), before);
    assert_eq!(load(&kernel, Request { fresh: true, ..request(&other) }).unwrap(), Way::Fresh);
}

#[test]
fn a_refused_load_keeps_what_was_kept() {
    let kernel = extended();
    let file = Make::typical("foo").build();
    kernel.fail_next(Op::Finit, Errno::ENODEV);
    let refused = load(&kernel, request(&file));
    assert!(matches!(refused, Err(KeepError::Owner { errno: Errno::ENODEV, .. })), "{refused:?}");
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
    let file = Make::typical("foo").build();
    let Plan::Direct { way, owner, .. } = plan(&kernel, request(&file)).unwrap() else { panic!() };
    // The kernel reports the other's success, without data kept.
    let plain = Make::typical("foo_without");
    let other = plain.build();
    let file = libmodsys::sealed_file(&other).unwrap();
    let direct = Direct { way, owner: &owner, region: None, file: file.as_fd(), flags: LoadFlags::NONE };
    let error = direct.carry_out(&kernel, c"").unwrap_err();
    assert!(error.to_string().starts_with("foo is loaded, but without its kept data"), "{error}");
}

#[test]
fn what_a_keeper_keeps_stays_there_until_it_is_dropped() {
    let kernel = kernel();
    keep(&kernel, &Make::typical("foo"));
    extend(&kernel);
    let file = Make::typical("foo").build();
    let Plan::Keep { way, .. } = plan(&kernel, request(&file)).unwrap() else { panic!("not by the keeper") };
    assert_eq!(way, Way::Bind);
    // Signed modules only: the keeper's data cannot be used, and no second copy is made.
    kernel.set(|settings| settings.sig_enforce = Some(true));
    assert!(matches!(plan(&kernel, request(&file)), Err(KeepError::CannotBind { .. })));
    assert_eq!(load(&kernel, Request { fresh: true, ..request(&file) }).unwrap(), Way::Fresh);
    assert!(!kernel.is_loaded("foo__persist") && kernel.keeps("foo"));
}

#[test]
fn data_kept_twice_are_said_to_be() {
    let kernel = extended();
    load(&kernel, request(&Make::typical("foo").build())).unwrap();
    unload(&kernel);
    kernel.set(|settings| settings.persist_support = PersistSupport::Stock);
    keep(&kernel, &Make::typical("foo"));
    extend(&kernel);
    let error = plan(&kernel, request(&Make::typical("foo").build())).unwrap_err();
    assert_eq!(error.to_string(), "data of foo are kept twice, by foo__persist and by the kernel itself");
    assert!(error.remedy().unwrap().contains("rmmod --discard foo"));
    discard(&kernel, "foo").unwrap();
    assert!(!kernel.keeps("foo") && kernel.is_loaded("foo__persist"));
    assert!(plan(&kernel, request(&Make::typical("foo").build())).is_ok());
}

#[test]
fn a_kernel_that_does_not_say_is_a_stock_kernel() {
    let kernel = kernel();
    kernel.set(|settings| settings.persist_support = PersistSupport::Unknown);
    assert!(matches!(plan(&kernel, request(&Make::typical("foo").build())), Ok(Plan::Keep { .. })));
}

#[test]
fn the_journal_says_when_the_kernel_keeps_data_no_more() {
    let file = signed(&Make::typical("foo").build());
    let kernel = extended();
    let banner = "Linux version 6.1.0-fake (a@b) #1 SMP".into();
    kernel.set(|settings| {
        settings.boot = Some(BootIdentity { id: "b-1".into(), banner, notes: Vec::new(), uptime: 500 });
    });
    let folder = std::env::temp_dir().join(format!("journal-released-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let dropped = |known: Option<Known<'_>>| {
        record(&kernel, &folder, known, known.is_some()).unwrap();
        let journal = Journal::read(&std::fs::read(folder.join("boot-b-1.jsonl")).unwrap());
        journal.entries.iter().filter(|entry| matches!(entry, Entry::Discard(_))).count()
    };
    load(&kernel, request(&file)).unwrap();
    unload(&kernel);
    let region = Region::find(&kernel, "foo").unwrap().unwrap();
    let header = Some(&region.header);
    let known = Known { name: "foo", file: None, header, build_id: &[7], region: Some(&region) };
    assert_eq!(dropped(Some(known)), 0);
    assert_eq!(dropped(None), 0, "the kernel still has them");
    discard(&kernel, "foo").unwrap();
    assert_eq!(dropped(None), 1);
    assert_eq!(dropped(None), 1, "once is enough");
    std::fs::remove_dir_all(&folder).unwrap();
}
