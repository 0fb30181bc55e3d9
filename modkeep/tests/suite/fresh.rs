// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--fresh`: the old data is dropped only after the kernel accepted the new keeper in a trial.

use libmodfmt::file::ModuleFile;
use libmodsys::{Kernel, RemoveFlags};
use modkeep::{KeepError, LoadOutcome, Plan, RegionUse, Request, plan};
use modtest::FakeModule;

use super::{file, grown, keep, kernel, load, request};
use modtest::module::Make;

fn fresh(file: &ModuleFile) -> Request<'_> {
    Request { fresh: true, ..request(file) }
}

#[test]
fn a_trial_then_the_old_goes_and_the_new_comes() {
    let kernel = kernel();
    keep(&kernel, &Make::typical("foo"));
    let before = kernel.data_address("foo__persist");
    assert_eq!(load(&kernel, fresh(&file(&grown("foo")))).unwrap(), Some(LoadOutcome::Kept));
    assert_eq!(
        kernel.history()[3..],
        ["+foo__ptrial", "-foo__ptrial", "-foo__persist", "+foo__persist", "+foo"]
    );
    assert_ne!(kernel.data_address("foo__persist"), before);
}

#[test]
fn with_nothing_kept_it_is_a_first_load() {
    let file = file(&Make::typical("foo"));
    let Plan::Keeper { region_use, images, .. } = plan(&kernel(), fresh(&file)).unwrap() else { panic!() };
    assert_eq!((region_use, images.trial), (RegionUse::Create, None));
}

#[test]
fn data_in_use_by_another_module_stays() {
    let kernel = kernel();
    keep(&kernel, &Make::typical("foo"));
    kernel.add(FakeModule::new("other").uses("foo__persist"));
    let error = load(&kernel, fresh(&file(&Make::typical("foo")))).unwrap_err();
    assert_eq!(error.to_string(), "the data of foo is in use by: other");
    assert!(kernel.is_loaded("foo__persist"));
}

#[test]
fn a_loaded_owner_is_said_first() {
    let kernel = kernel();
    let file = file(&Make::typical("foo"));
    load(&kernel, request(&file)).unwrap();
    assert!(matches!(load(&kernel, fresh(&file)), Err(KeepError::AlreadyLoaded { .. })));
}

/// Killed between loading the trial and removing it.
#[test]
fn a_trial_that_an_earlier_call_left_is_removed_first() {
    let kernel = kernel();
    keep(&kernel, &Make::typical("foo"));
    let file = file(&Make::typical("foo"));
    let Plan::Keeper { images, .. } = plan(&kernel, fresh(&file)).unwrap() else { panic!() };
    kernel.init_module(&images.trial.unwrap(), c"").unwrap();
    assert_eq!(load(&kernel, fresh(&file)).unwrap(), Some(LoadOutcome::Kept));
    assert!(!kernel.is_loaded("foo__ptrial"));
}

#[test]
fn a_foreign_module_with_the_name_of_the_trial_is_left_alone() {
    let kernel = kernel();
    keep(&kernel, &Make::typical("foo"));
    kernel.add(FakeModule::new("foo__ptrial"));
    let error = load(&kernel, fresh(&file(&Make::typical("foo")))).unwrap_err();
    assert!(matches!(error, KeepError::CannotBind { .. }), "{error}");
    assert!(kernel.is_loaded("foo__ptrial") && kernel.is_loaded("foo__persist"));
}

#[test]
fn what_is_discarded_is_gone_once() {
    let kernel = kernel();
    keep(&kernel, &Make::typical("foo"));
    assert_eq!(modkeep::discard(&kernel, "foo").unwrap().header.size(), 4160);
    assert!(matches!(modkeep::discard(&kernel, "foo"), Err(KeepError::NothingKept { .. })));
    load(&kernel, request(&file(&Make::typical("foo")))).unwrap();
    assert!(matches!(modkeep::discard(&kernel, "foo"), Err(KeepError::InUse { .. })));
    kernel.delete_module(c"foo", RemoveFlags::default()).unwrap();
    assert!(modkeep::discard(&kernel, "foo").is_ok());
}
