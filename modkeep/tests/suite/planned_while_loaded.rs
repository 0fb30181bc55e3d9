// SPDX-License-Identifier: MIT OR Apache-2.0
//! A plan that is made while the owner is loaded, and carried out once it is not: what a reload does.

use libmodsys::{Kernel, RemoveFlags};
use modkeep::{KeepError, Plan, Request, discard, plan};

use super::{file, keep, kernel, load, request, version};

#[test]
fn it_holds_as_long_as_the_same_is_kept() {
    let kernel = kernel();
    load(&kernel, request(&file(&version(&["a", "b"])))).unwrap();
    for names in [&["a", "b"][..], &["a"], &["a", "b", "c"]] {
        let new = file(&version(names));
        assert!(matches!(plan(&kernel, request(&new)), Err(KeepError::AlreadyLoaded { .. })));
        let planned = plan(&kernel, Request { assume_unloaded: true, ..request(&new) }).unwrap();
        assert!(planned.still_holds(&kernel), "{names:?}: it is still loaded");
        kernel.delete_module(c"foo", RemoveFlags::default()).unwrap();
        assert!(planned.still_holds(&kernel), "{names:?}");
        assert_eq!(planned, plan(&kernel, request(&new)).map(|now| as_planned(now, &planned)).unwrap());
        load(&kernel, request(&file(&version(&["a", "b"])))).unwrap();
    }
}

/// The same plan but for the state of the owner.
fn as_planned(mut now: Plan, planned: &Plan) -> Plan {
    if let (Plan::Keeper { region, .. }, Plan::Keeper { region: before, .. }) = (&mut now, planned) {
        region.clone_from(before);
    }
    now
}

#[test]
fn it_does_not_hold_for_other_data() {
    let kernel = kernel();
    load(&kernel, request(&file(&version(&["a"])))).unwrap();
    let new = file(&version(&["a", "b"]));
    let planned = plan(&kernel, Request { assume_unloaded: true, ..request(&new) }).unwrap();
    kernel.delete_module(c"foo", RemoveFlags::default()).unwrap();
    // Another program was faster, with one variable more.
    keep(&kernel, &version(&["a", "c"]));
    assert!(!planned.still_holds(&kernel));
    discard(&kernel, "foo").unwrap();
    assert!(!planned.still_holds(&kernel));
    // The same variables again, but elsewhere.
    keep(&kernel, &version(&["a"]));
    assert!(!planned.still_holds(&kernel));
}
