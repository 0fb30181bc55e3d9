// SPDX-License-Identifier: MIT OR Apache-2.0
//! Versions of a module with other variables: several keepers of one owner. And loads that are killed at any
//! step.

use libmodsys::{Errno, InitState, Kernel, RemoveFlags};
use modkeep::{
    KeepError, KeeperLeft, KeeperLoad, LoadOutcome, OwnerState, Plan, Region, Request, discard, plan, settle,
};
use modtest::module::Make;
use modtest::{FakeKernel, Op};

use super::{file, keep, kernel, load, request, version};

fn region(kernel: &FakeKernel) -> Region {
    Region::find(kernel, "foo").unwrap().expect("data is kept")
}

fn reload(kernel: &FakeKernel, names: &[&str]) {
    keep(kernel, &version(names));
}

fn kept_names(kernel: &FakeKernel) -> Vec<String> {
    let mut names: Vec<String> = region(kernel)
        .generations
        .iter()
        .flat_map(|generation| generation.header.variables())
        .map(|(_, variable)| variable.name.clone())
        .collect();
    names.sort();
    names
}

#[test]
fn what_is_new_gets_a_keeper_of_its_own() {
    let kernel = kernel();
    reload(&kernel, &["a", "b"]);
    let before = kernel.data_address("foo__persist");
    reload(&kernel, &["b", "c", "a"]);
    assert_eq!(kernel.history()[3..], ["+foo__persist_2", "+foo", "-foo"]);
    assert_eq!(kernel.data_address("foo__persist"), before);
    assert_eq!(kept_names(&kernel), ["a", "b", "c"]);
    // Back again: nothing is new, and both keepers are in use.
    load(&kernel, request(&file(&version(&["a", "b"])))).unwrap();
    assert_eq!(kernel.module("foo").unwrap().uses, ["foo__persist", "foo__persist_2"]);
    let region = region(&kernel);
    assert_eq!((region.owner_state, region.users), (OwnerState::Bound, vec!["foo".to_owned()]));
    assert_eq!(region.generations.len(), 2);
}

#[test]
fn everything_is_discarded_together() {
    let kernel = kernel();
    reload(&kernel, &["a"]);
    reload(&kernel, &["a", "bb"]);
    reload(&kernel, &["a", "bb", "ccc"]);
    assert_eq!(discard(&kernel, "foo").unwrap().generations.len(), 3);
    assert_eq!(kernel.module_names(), Vec::<String>::new());
    assert!(!Region::may_exist(&kernel, "foo") && !Region::exists(&kernel, "foo"));
}

/// Either everything is in force or nothing: what is left may point into what is gone.
#[test]
fn the_rest_of_a_discard_that_is_interrupted_is_not_in_force() {
    for passed in 1..3 {
        let kernel = kernel();
        reload(&kernel, &["a"]);
        reload(&kernel, &["a", "bb"]);
        reload(&kernel, &["a", "bb", "ccc"]);
        kernel.fail_after(Op::Delete, passed, Errno::EINTR);
        discard(&kernel, "foo").unwrap_err();
        let left = region(&kernel);
        assert_eq!((left.generations.len(), left.stale.len()), (0, 3 - passed), "{passed}");
        assert!(Region::exists(&kernel, "foo"));
        // The next load removes it, and what that makes is in force.
        reload(&kernel, &["a", "bb"]);
        assert_eq!(kept_names(&kernel), ["a", "bb"]);
        assert_eq!((region(&kernel).generations.len(), region(&kernel).stale.len()), (1, 0), "{passed}");
        reload(&kernel, &["a", "bb", "ccc"]);
        assert_eq!(region(&kernel).generations.len(), 2, "{passed}");
        discard(&kernel, "foo").unwrap();
        assert_eq!(kernel.module_names(), Vec::<String>::new());
    }
}

/// The oldest generation is gone, but not by a discard.
#[test]
fn what_is_left_where_an_earlier_generation_was_replaced_is_in_force() {
    let kernel = kernel();
    reload(&kernel, &["a"]);
    reload(&kernel, &["a", "bb"]);
    let file = file(&version(&["a", "bb"]));
    let wishes = ["a".to_owned()];
    for _ in 0..2 {
        load(&kernel, Request { fresh_variables: &wishes, ..request(&file) }).unwrap();
        kernel.delete_module(c"foo", RemoveFlags::default()).unwrap();
    }
    assert!(!kernel.is_loaded("foo__persist"), "{:?}", kernel.module_names());
    assert_eq!(kept_names(&kernel), ["a", "bb"]);
    assert_eq!(region(&kernel).stale.len(), 0);
}

/// As above, where earlier generations are rightly gone: the newest one says which of the others it needs.
#[test]
fn the_rest_of_a_discard_is_not_in_force_where_a_variable_was_replaced() {
    for passed in 1..3 {
        let kernel = kernel();
        reload(&kernel, &["a"]);
        reload(&kernel, &["a", "bb"]);
        reload(&kernel, &["a", "bb", "ccc"]);
        let file = file(&version(&["a", "bb", "ccc"]));
        let wishes = ["a".to_owned()];
        load(&kernel, Request { fresh_variables: &wishes, ..request(&file) }).unwrap();
        kernel.delete_module(c"foo", RemoveFlags::default()).unwrap();
        let whole = region(&kernel);
        assert_eq!((whole.generations.len(), whole.stale.len()), (3, 0), "{:?}", kernel.module_names());
        kernel.fail_after(Op::Delete, passed, Errno::EINTR);
        discard(&kernel, "foo").unwrap_err();
        let left = region(&kernel);
        assert_eq!((left.generations.len(), left.stale.len()), (0, 3 - passed), "{passed}");
        // Nothing of it is bound beside what starts afresh.
        reload(&kernel, &["a", "bb", "ccc"]);
        assert_eq!((region(&kernel).generations.len(), region(&kernel).stale.len()), (1, 0), "{passed}");
    }
}

/// What is left of a discard that was killed is newer than what is gone.
#[test]
fn a_discard_that_is_interrupted_leaves_no_old_values_in_force() {
    for passed in 0..2 {
        let kernel = kernel();
        reload(&kernel, &["a", "b"]);
        let file = file(&version(&["a", "b"]));
        let wishes = ["a".to_owned()];
        load(&kernel, Request { fresh_variables: &wishes, ..request(&file) }).unwrap();
        kernel.delete_module(c"foo", RemoveFlags::default()).unwrap();
        kernel.fail_after(Op::Delete, passed, Errno::EINTR);
        discard(&kernel, "foo").unwrap_err();
        assert!(kernel.is_loaded("foo__persist_2"), "{:?}", kernel.module_names());
        discard(&kernel, "foo").unwrap();
        assert_eq!(kernel.module_names(), Vec::<String>::new());
    }
}

#[test]
fn a_keeper_that_is_imported_from_goes_after_the_importer() {
    let kernel = kernel();
    reload(&kernel, &["a"]);
    let mut pointing = version(&["a", "pointer"]);
    pointing.relocate(".data..persistent.foo.1", 0, modtest::module::R_64, ".data..persistent.foo.0", 0);
    keep(&kernel, &pointing);
    assert_eq!(kernel.module("foo__persist_2").unwrap().uses, ["foo__persist"]);
    assert_eq!(region(&kernel).users, Vec::<String>::new(), "an own keeper is no user");
    discard(&kernel, "foo").unwrap();
    let wanted = ["+foo__pending", "-foo__persist_2", "-foo__persist", "-foo__pending"];
    assert_eq!(kernel.history()[6..], wanted);
}

/// The newer keeper goes first then, and what is left would look whole.
#[test]
fn the_rest_of_a_discard_is_not_in_force_where_a_newer_keeper_imported() {
    for later in [false, true] {
        for passed in 1..=2 + usize::from(later) {
            let kernel = kernel();
            reload(&kernel, &["a"]);
            let mut pointing = version(&["a", "pointer"]);
            pointing.relocate(
                ".data..persistent.foo.1",
                0,
                modtest::module::R_64,
                ".data..persistent.foo.0",
                0,
            );
            keep(&kernel, &pointing);
            if later {
                reload(&kernel, &["a", "pointer", "ccc"]);
            }
            kernel.fail_after(Op::Delete, passed, Errno::EINTR);
            discard(&kernel, "foo").unwrap_err();
            assert_eq!(region(&kernel).generations.len(), 0, "{passed}: {:?}", kernel.module_names());
            reload(&kernel, &["a", "pointer"]);
            assert_eq!(kernel.module_names().len(), 1, "{passed}: {:?}", kernel.module_names());
            assert_eq!((region(&kernel).generations.len(), region(&kernel).stale.len()), (1, 0), "{passed}");
        }
    }
}

/// Killed between any two changes of the kernel.
#[test]
fn a_discard_of_importing_keepers_that_is_killed_leaves_all_in_force_or_nothing() {
    for changes in 0..4 {
        let kernel = kernel();
        reload(&kernel, &["a"]);
        let mut pointing = version(&["a", "pointer"]);
        pointing.relocate(".data..persistent.foo.1", 0, modtest::module::R_64, ".data..persistent.foo.0", 0);
        keep(&kernel, &pointing);
        kernel.die_after(changes);
        discard(&kernel, "foo").unwrap_err();
        kernel.revive();
        let whole = if changes == 0 { 2 } else { 0 };
        assert_eq!(region(&kernel).generations.len(), whole, "{changes}: {:?}", kernel.module_names());
    }
}

/// What the kernel refuses to remove stays in force.
#[test]
fn a_discard_that_is_refused_leaves_all_in_force() {
    let kernel = kernel();
    reload(&kernel, &["a"]);
    let mut pointing = version(&["a", "pointer"]);
    pointing.relocate(".data..persistent.foo.1", 0, modtest::module::R_64, ".data..persistent.foo.0", 0);
    keep(&kernel, &pointing);
    kernel.fail_next(Op::Delete, Errno::EPERM);
    discard(&kernel, "foo").unwrap_err();
    assert_eq!((region(&kernel).generations.len(), region(&kernel).pending), (2, None));
}

/// A kernel that loads no modules any more still removes them.
#[test]
fn without_the_mark_the_data_is_dropped_all_the_same() {
    let kernel = kernel();
    reload(&kernel, &["a"]);
    let mut pointing = version(&["a", "pointer"]);
    pointing.relocate(".data..persistent.foo.1", 0, modtest::module::R_64, ".data..persistent.foo.0", 0);
    keep(&kernel, &pointing);
    kernel.fail_always(Op::Init, Errno::EPERM);
    discard(&kernel, "foo").unwrap();
    assert_eq!(kernel.module_names(), Vec::<String>::new());
}

#[test]
fn one_variable_afresh() {
    let kernel = kernel();
    reload(&kernel, &["a", "b"]);
    let file = file(&version(&["a", "b"]));
    let wishes = ["foo.c:a".to_owned()];
    load(&kernel, Request { fresh_variables: &wishes, ..request(&file) }).unwrap();
    assert_eq!(kernel.history()[3..], ["+foo__pending", "+foo__persist_2", "+foo", "-foo__pending"]);
    kernel.delete_module(c"foo", RemoveFlags::default()).unwrap();
    // The new one is in force from now on.
    let Plan::Keeper { account, images, .. } = plan(&kernel, request(&file)).unwrap() else { panic!() };
    assert!(images.keeper.is_none());
    assert_eq!(account.bound(), (2, 2));
    let places: Vec<String> = account.units.iter().map(|place| format!("{place:?}")).collect();
    assert!(places[0].contains("generation: 2") && places[1].contains("generation: 1"), "{places:?}");
    let error = load(&kernel, Request { fresh_variables: &["x".to_owned()], ..request(&file) }).unwrap_err();
    assert_eq!(error.details(), ["x: no such variable"]);
}

#[test]
fn files_of_either_header_bind_to_data_of_the_other() {
    let kernel = kernel();
    keep(&kernel, &Make::small("foo"));
    let apart = version(&["second", "first"]);
    keep(&kernel, &apart);
    assert_eq!(region(&kernel).generations.len(), 1);
    keep(&kernel, &Make::small("foo"));
    assert_eq!(region(&kernel).generations.len(), 1);
}

#[test]
fn a_later_init_that_fails_takes_its_keeper_along_unless_kept_data_points_to_it() {
    let second = file(&version(&["a", "b"]));
    let prepared = || {
        let kernel = kernel();
        // Of another file and size, so that nobody takes one for the other.
        reload(&kernel, &["a"]);
        kernel.fail_after(Op::Init, 1, Errno::ENODEV);
        kernel
    };
    // The kernel's memory cannot be read here.
    let kernel = prepared();
    let error = load(&kernel, request(&second)).unwrap_err();
    let KeepError::OwnerRefused { keeper_left: Some(KeeperLeft::NotSearched { keeper, .. }), .. } = &error
    else {
        panic!("{error:?}")
    };
    assert_eq!(keeper, "foo__persist_2");
    assert!(
        error.details()[0].contains("foo__persist_2, made for this load, stays"),
        "{:?}",
        error.details()
    );
    assert_eq!(kept_names(&kernel), ["a", "b"]);

    let kernel = prepared();
    let address = kernel.data_address("foo__persist").unwrap();
    kernel.set(|settings| {
        settings.memory.insert(address, vec![0; 8]);
    });
    load(&kernel, request(&second)).unwrap_err();
    assert_eq!(kernel.module_names(), ["foo__persist"]);

    let kernel = prepared();
    let address = kernel.data_address("foo__persist").unwrap();
    // Where the fake kernel puts the next section that counts.
    let next = (0..64_u64).map(|step| address + step * 0x1_0000);
    let found = next.into_iter().find(|next| {
        let kernel = prepared();
        kernel.set(|settings| {
            settings.memory.insert(kernel.data_address("foo__persist").unwrap(), next.to_ne_bytes().to_vec());
        });
        load(&kernel, request(&second)).unwrap_err();
        kernel.is_loaded("foo__persist_2")
    });
    assert!(found.is_some(), "the pointer is not found");
}

/// A load that replaces data dies after each of its calls: the next command finds the old data in force until
/// the new init has succeeded, and the new data after that.
#[test]
fn a_load_that_is_killed_at_any_step_can_be_repeated() {
    let second = file(&version(&["a", "b"]));
    for (fresh, wishes) in [(true, vec![]), (false, vec!["a".to_owned()])] {
        let asked = Request { fresh, fresh_variables: &wishes, ..request(&second) };
        let whole = kernel();
        reload(&whole, &["a", "b"]);
        let before = whole.syscalls().len();
        load(&whole, asked).unwrap();
        let steps = whole.syscalls().len() - before;
        assert!(steps >= 4, "{:?}", whole.history());
        for killed_after in 0..steps {
            let kernel = kernel();
            reload(&kernel, &["a", "b"]);
            let old = kernel.data_address("foo__persist");
            run_until(&kernel, asked, killed_after);
            let place = format!("{killed_after}: {:?}", kernel.module_names());
            if kernel.is_loaded("foo") {
                // What comes before the owner is removed.
                settle(&kernel, &region(&kernel)).unwrap();
                assert!(!kernel.is_loaded("foo__pending"), "{place}");
                kernel.delete_module(c"foo", RemoveFlags::default()).unwrap();
                let region = region(&kernel);
                assert!(region.stale.is_empty() && region.pending.is_none(), "{place}");
            } else {
                let region = region(&kernel);
                assert_eq!(region.generations[0].address(0), old, "{place}");
                assert_eq!(region.generations.len(), 1, "{place}");
            }
            let again = load(&kernel, request(&second)).unwrap();
            assert_eq!(again, Some(LoadOutcome::Kept), "{place}");
            assert!(!kernel.is_loaded("foo__pending"), "{place}");
            kernel.delete_module(c"foo", RemoveFlags::default()).unwrap();
            discard(&kernel, "foo").unwrap();
            assert_eq!(kernel.module_names(), Vec::<String>::new(), "{place}");
        }
    }
}

/// Loads and dies after so many system calls: from then on every call fails and changes nothing.
fn run_until(kernel: &FakeKernel, asked: Request<'_>, calls: usize) {
    let Plan::Keeper { region, region_use, owner, images, may_fall_back, .. } = plan(kernel, asked).unwrap()
    else {
        panic!("there is no keeper");
    };
    let region = region.as_deref();
    let load = KeeperLoad { region_use, owner: &owner, region, images: &images, may_fall_back };
    kernel.die_after(calls);
    let _ = load.run(kernel, c"", &|_| ());
    kernel.revive();
}

#[test]
fn a_mark_of_a_load_under_way_is_left_alone() {
    let kernel = kernel();
    reload(&kernel, &["a"]);
    let file = file(&version(&["a"]));
    run_until(&kernel, Request { fresh: true, ..request(&file) }, 3);
    kernel.change("foo", |module| module.state = InitState::Coming);
    let region = region(&kernel);
    assert_eq!((region.generations.len(), region.stale.len()), (2, 0));
    assert_eq!(region.pending.as_deref(), Some("foo__pending"));
    assert!(matches!(load(&kernel, request(&file)), Err(KeepError::StuckInInit { kept: true, .. })));
    assert!(matches!(discard(&kernel, "foo"), Err(KeepError::InUse { .. })));
}
