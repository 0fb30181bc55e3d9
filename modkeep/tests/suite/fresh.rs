// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--fresh`: a generation that starts from the file's values; the old data is dropped only after the new
//! init has succeeded.

use libmodfmt::file::ModuleFile;
use libmodsys::{Kernel, RemoveFlags};
use modkeep::{KeepError, LoadOutcome, Plan, Region, RegionUse, Request, plan};
use modtest::FakeModule;

use super::{file, grown, keep, kernel, load, request};
use modtest::module::Make;

fn fresh(file: &ModuleFile) -> Request<'_> {
    Request { fresh: true, ..request(file) }
}

#[test]
fn the_new_comes_and_then_the_old_goes() {
    let kernel = kernel();
    keep(&kernel, &Make::typical("foo"));
    let before = kernel.data_address("foo__persist");
    assert_eq!(load(&kernel, fresh(&file(&grown("foo")))).unwrap(), Some(LoadOutcome::Kept));
    assert_eq!(
        kernel.history()[3..],
        ["+foo__pending", "+foo__persist_2", "+foo", "-foo__pending", "-foo__persist"]
    );
    assert_ne!(kernel.data_address("foo__persist_2"), before);
    let region = Region::find(&kernel, "foo").unwrap().unwrap();
    assert_eq!((region.generations.len(), region.stale.len(), region.pending), (1, 0, None));
}

#[test]
fn with_nothing_kept_it_is_a_first_load() {
    let file = file(&Make::typical("foo"));
    let Plan::Keeper { region_use, images, .. } = plan(&kernel(), fresh(&file)).unwrap() else { panic!() };
    assert_eq!((region_use, images.pending), (RegionUse::Create, None));
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

#[test]
fn a_foreign_module_with_the_name_of_the_mark_is_left_alone() {
    let kernel = kernel();
    keep(&kernel, &Make::typical("foo"));
    kernel.add(FakeModule::new("foo__pending"));
    let error = load(&kernel, fresh(&file(&Make::typical("foo")))).unwrap_err();
    assert!(matches!(error, KeepError::CannotBind { .. }), "{error}");
    assert_eq!(kernel.module_names(), ["foo__pending", "foo__persist"]);
}

#[test]
fn what_is_discarded_is_gone_once() {
    let kernel = kernel();
    keep(&kernel, &Make::typical("foo"));
    assert_eq!(modkeep::discard(&kernel, "foo").unwrap().size(), 4160);
    assert!(matches!(modkeep::discard(&kernel, "foo"), Err(KeepError::NothingKept { .. })));
    load(&kernel, request(&file(&Make::typical("foo")))).unwrap();
    assert!(matches!(modkeep::discard(&kernel, "foo"), Err(KeepError::InUse { .. })));
    kernel.delete_module(c"foo", RemoveFlags::default()).unwrap();
    assert!(modkeep::discard(&kernel, "foo").is_ok());
}
