// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel loads the images, but does not show what it should show.

use libmodfmt::module::Module;
use libmodfmt::persist::NOTE_SECTION;
use libmodsys::{Errno, InitState};
use modkeep::{KeepError, KeepMode, LoadOutcome, Request};
use modtest::{FakeKernel, FakeModule, Op};

use super::{file, load, request};
use modtest::module::Make;

/// A kernel that shows keepers and owners as these functions make them.
fn showing(keeper: fn(FakeModule) -> FakeModule, owner: fn(FakeModule) -> FakeModule) -> FakeKernel {
    FakeKernel::new().on_load(move |request| {
        let module = Module::parse(request.image).map_err(|_| Errno::ENOEXEC)?;
        let loaded = FakeModule::new(&module.name);
        Ok(match module.object.section(NOTE_SECTION) {
            Some((_, note)) => keeper(loaded.note(NOTE_SECTION, &note.data)),
            None => owner(loaded.uses("foo__persist")),
        })
    })
}

fn without_notes(mut module: FakeModule) -> FakeModule {
    module.notes.clear();
    module
}

fn error(kernel: &FakeKernel) -> String {
    match load(kernel, request(&file(&Make::typical("foo")))) {
        Err(KeepError::NotAsExpected { what }) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_keeper_without_a_note_is_taken_back_and_the_owner_not_loaded() {
    let kernel = showing(without_notes, |owner| owner);
    let file = file(&Make::typical("foo"));
    let said = "the kernel took foo__persist, but does not show its header";
    match load(&kernel, Request { keep: KeepMode::Require, ..request(&file) }) {
        Err(KeepError::NotAsExpected { what }) => assert_eq!(what, said),
        other => panic!("{other:?}"),
    }
    assert!(!kernel.is_loaded("foo__persist") && !kernel.is_loaded("foo"));
    let warning = format!("its persistent data will not be kept: {said}");
    assert_eq!(load(&kernel, request(&file)).unwrap(), Some(LoadOutcome::FallBack { warning }));
    assert!(!kernel.is_loaded("foo__persist") && !kernel.is_loaded("foo"));
}

#[test]
fn a_keeper_that_is_not_live_cannot_be_taken_back_and_both_are_said() {
    let kernel = showing(|keeper| keeper.state(InitState::Coming), |owner| owner);
    assert_eq!(
        error(&kernel),
        "the kernel took foo__persist, but does not show its header; \
         could not remove foo__persist: Device or resource busy"
    );
    assert!(!kernel.is_loaded("foo"));
}

#[test]
fn an_owner_that_does_not_hold_its_keeper() {
    let kernel = showing(
        |keeper| keeper,
        |mut owner| {
            owner.uses.clear();
            owner
        },
    );
    assert_eq!(error(&kernel), "foo is loaded, but the kernel does not count it as a user of foo__persist");
    // It may be using the data all the same, so the data must stay.
    assert!(kernel.is_loaded("foo") && kernel.is_loaded("foo__persist"));
}

#[test]
fn a_keeper_that_cannot_be_asked_is_taken_back() {
    let kernel = showing(|keeper| keeper, |owner| owner);
    kernel.fail_always(Op::Notes, Errno::EACCES);
    let error = load(&kernel, request(&file(&Make::typical("foo")))).unwrap_err();
    assert!(matches!(error, KeepError::Sys(_)), "{error}");
    assert!(!kernel.is_loaded("foo__persist") && !kernel.is_loaded("foo"));
}
