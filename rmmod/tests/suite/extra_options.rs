// SPDX-License-Identifier: MIT OR Apache-2.0
//! Options that kmod's rmmod does not have.

use libmodsys::{Errno, LogRecord};
use modcli::Status;
use modtest::{FakeKernel, FakeModule, Op};

use super::rmmod;

#[test]
fn idempotent_succeeds_for_an_absent_module() {
    rmmod(&FakeKernel::new(), &["--idempotent", "foo"]).silent();
    let kernel = FakeKernel::new();
    kernel.set(|settings| settings.builtin = vec!["ext4".into()]);
    rmmod(&kernel, &["--idempotent", "ext4"]).failed("rmmod: ERROR: Module ext4 is builtin.\n");
}

#[test]
fn waiting_has_a_limit() {
    let kernel = FakeKernel::new();
    kernel.add(FakeModule::new("foo").references(Some(1)));
    rmmod(&kernel, &["--wait=0.1", "foo"]).failed("rmmod: ERROR: Module foo is in use\n");
    rmmod(&kernel, &["--wait=soon", "foo"])
        .failed("rmmod: ERROR: --wait takes a number of seconds, not 'soon'\n");
    // Nothing to wait for.
    rmmod(&kernel, &["--wait", "bar"]).failed("rmmod: ERROR: Module bar is not currently loaded\n");
}

#[test]
fn waits_for_a_user_that_came_after_the_check() {
    let kernel = FakeKernel::new();
    kernel.add(FakeModule::new("foo"));
    kernel.fail_next(Op::Delete, Errno::EWOULDBLOCK);
    rmmod(&kernel, &["--wait=10", "foo"]).silent();
    kernel.add(FakeModule::new("foo"));
    kernel.fail_next(Op::Delete, Errno::EWOULDBLOCK);
    rmmod(&kernel, &["foo"]).failed(
        "rmmod: ERROR: could not remove 'foo': Resource temporarily unavailable\n\
         rmmod: ERROR: could not remove module foo: Resource temporarily unavailable\n",
    );
}

#[test]
fn stacks_also_removes_what_nothing_uses() {
    let kernel = FakeKernel::new();
    for module in [
        FakeModule::new("base"),
        FakeModule::new("shared"),
        FakeModule::new("middle").uses("base").uses("shared"),
        FakeModule::new("other").uses("shared"),
        FakeModule::new("top").uses("middle"),
    ] {
        kernel.add(module);
    }
    rmmod(&kernel, &["-r", "top"]).silent();
    assert!(!kernel.is_loaded("middle") && !kernel.is_loaded("base"));
    assert!(kernel.is_loaded("shared") && kernel.is_loaded("other"));
}

#[test]
fn error_number_and_kernel_log() {
    let kernel = FakeKernel::new();
    kernel.add(FakeModule::new("foo"));
    kernel.fail_next(Op::Delete, Errno::EBUSY);
    kernel.set(|settings| settings.kernel_log = vec![LogRecord { sequence: 7, text: "old".into() }]);
    let text = "Device or resource busy (errno 16, EBUSY)";
    rmmod(&kernel, &["--errno", "--show-log", "foo"]).failed(&format!(
        "rmmod: ERROR: could not remove 'foo': {text}\n\
         rmmod: ERROR: could not remove module foo: {text}\n\
         rmmod: ERROR:   kernel: (nothing was logged)\n"
    ));
}

#[test]
fn users_are_explained() {
    let kernel = FakeKernel::new();
    kernel.add(FakeModule::new("foo").references(Some(2)).outside_user("/mnt is mounted (foo)"));
    rmmod(&kernel, &["--explain", "foo"])
        .failed("rmmod: ERROR: Module foo is in use\nrmmod: ERROR:   /mnt is mounted (foo)\n");
    let kernel = FakeKernel::new();
    kernel.add(FakeModule::new("foo").holders(&["bar"]).references(Some(2)));
    rmmod(&kernel, &["--explain", "foo"]).failed(
        "rmmod: ERROR: Module foo is in use by: bar\n\
         rmmod: ERROR:   module bar uses it\n\
         rmmod: ERROR:   references that are not held by modules: 1\n",
    );
}

#[test]
fn saving_removes_nothing() {
    let kernel = FakeKernel::new();
    kernel.add(FakeModule::new("foo"));
    let ran = rmmod(&kernel, &["--persist", "foo"]);
    assert_eq!((ran.status, kernel.is_loaded("foo")), (Status::Success, true));
    rmmod(&kernel, &["-e", "bar"]).failed("rmmod: ERROR: Module bar is not currently loaded\n");
}
