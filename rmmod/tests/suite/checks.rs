// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reasons to refuse before the kernel is asked.

use libmodsys::{Errno, InitState};
use modtest::{FakeKernel, FakeModule, Op};

use super::rmmod;

fn failed(module: FakeModule, err: &str) {
    let kernel = FakeKernel::new();
    kernel.add(module);
    rmmod(&kernel, &["foo"]).failed(err);
    assert_eq!(kernel.syscalls(), []);
}

#[test]
fn not_loaded() {
    let kernel = FakeKernel::new();
    rmmod(&kernel, &["foo-bar"]).failed("rmmod: ERROR: Module foo_bar is not currently loaded\n");
    assert_eq!(kernel.syscalls(), []);
}

#[test]
fn used_by_modules() {
    failed(FakeModule::new("foo").holders(&["a"]), "rmmod: ERROR: Module foo is in use by: a\n");
    // The modules are listed, although the count is above zero as well.
    failed(
        FakeModule::new("foo").holders(&["a", "b"]).references(Some(2)),
        "rmmod: ERROR: Module foo is in use by: a b\n",
    );
}

#[test]
fn used_by_something_else() {
    failed(FakeModule::new("foo").references(Some(1)), "rmmod: ERROR: Module foo is in use\n");
}

#[test]
fn going_away_already() {
    failed(FakeModule::new("foo").references(Some(-1)), "");
}

#[test]
fn a_kernel_that_cannot_unload() {
    failed(FakeModule::new("foo").references(None), "rmmod: ERROR: Module unloading is not supported\n");
}

#[test]
fn built_in_code_with_parameters_but_no_index() {
    failed(
        FakeModule::new("foo").state(InitState::DirectoryOnly),
        "rmmod: ERROR: could not open '/sys/module/foo/holders': No such file or directory\n\
         rmmod: ERROR: Module unloading is not supported\n",
    );
}

#[test]
fn coming_and_going_count_as_loaded() {
    for state in [InitState::Coming, InitState::Going] {
        let kernel = FakeKernel::new();
        kernel.add(FakeModule::new("foo").state(state));
        rmmod(&kernel, &["foo"]).failed(
            "rmmod: ERROR: could not remove 'foo': Device or resource busy\n\
             rmmod: ERROR: could not remove module foo: Device or resource busy\n",
        );
    }
}

/// Two lines, as in kmod 34: its library reports what it could not read, and its tool takes that for a module
/// that is not loaded.
#[test]
fn a_state_that_cannot_be_read_is_reported() {
    let kernel = FakeKernel::new();
    kernel.add(FakeModule::new("foo"));
    kernel.fail_always(Op::InitState, Errno::EIO);
    rmmod(&kernel, &["foo"]).failed(
        "rmmod: ERROR: could not open '/sys/module/foo/initstate': Input/output error\n\
         rmmod: ERROR: Module foo is not currently loaded\n",
    );
    assert!(kernel.is_loaded("foo"));
}

/// kmod asks nothing at `-f`. What we ask about persistent data must not get in the way.
#[test]
fn force_removes_although_nothing_can_be_read() {
    for op in [Op::InitState, Op::Notes, Op::Sections, Op::Holders, Op::Refcount, Op::Builtin] {
        let kernel = FakeKernel::new();
        kernel.add(FakeModule::new("foo"));
        kernel.fail_always(op, Errno::EIO);
        rmmod(&kernel, &["-f", "foo"]).silent();
        assert!(!kernel.is_loaded("foo"), "{op:?}");
    }
}

/// A question about persistent data that fails is not reported if there can be none.
#[test]
fn a_question_of_our_own_that_fails_does_not_show() {
    for op in [Op::InitState, Op::Notes] {
        let kernel = FakeKernel::new();
        kernel.add(FakeModule::new("foo"));
        kernel.fail_next(op, Errno::EIO);
        rmmod(&kernel, &["foo"]).silent();
    }
}
