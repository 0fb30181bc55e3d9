// SPDX-License-Identifier: MIT OR Apache-2.0
//! Removing: what the kernel is asked, and its answers.

use libmodsys::{Errno, RemoveFlags};
use modcli::Status;
use modtest::{Call, FakeKernel, FakeModule, Op};

use super::rmmod;

fn loaded(names: &[&str]) -> FakeKernel {
    let kernel = FakeKernel::new();
    names.iter().for_each(|name| kernel.add(FakeModule::new(name)));
    kernel
}

#[test]
fn several_go_in_the_order_given() {
    let kernel = loaded(&["a", "b"]);
    rmmod(&kernel, &["b", "a"]).silent();
    let delete =
        |name: &std::ffi::CStr| Call::Delete { name: name.to_owned(), flags: RemoveFlags::default() };
    assert_eq!(kernel.syscalls(), [delete(c"b"), delete(c"a")]);
}

#[test]
fn a_missing_module_does_not_stop_the_others() {
    let kernel = loaded(&["a", "b"]);
    rmmod(&kernel, &["a", "x", "b"]).failed("rmmod: ERROR: Module x is not currently loaded\n");
    assert!(!kernel.is_loaded("a") && !kernel.is_loaded("b"));
}

#[test]
fn the_same_name_twice() {
    rmmod(&loaded(&["a"]), &["a", "a"]).failed("rmmod: ERROR: Module a is not currently loaded\n");
}

#[test]
fn force_asks_the_kernel_although_the_module_is_in_use() {
    let kernel = FakeKernel::new();
    kernel.add(FakeModule::new("foo").references(Some(3)));
    rmmod(&kernel, &["foo", "-f"]).silent();
    let flags = RemoveFlags { force: true };
    assert_eq!(kernel.syscalls(), [Call::Delete { name: c"foo".to_owned(), flags }]);
}

#[test]
fn a_refusal_is_two_lines_with_the_name_and_the_argument() {
    for (errno, text) in [
        (Errno::EPERM, "Operation not permitted"),
        (Errno::EWOULDBLOCK, "Resource temporarily unavailable"),
        (Errno::EBUSY, "Device or resource busy"),
        (Errno::ENOENT, "No such file or directory"),
        (Errno::ENOSYS, "Function not implemented"),
    ] {
        let kernel = loaded(&["foo_bar", "b"]);
        kernel.fail_next(Op::Delete, errno);
        rmmod(&kernel, &["foo-bar.ko", "b"]).failed(&format!(
            "rmmod: ERROR: could not remove 'foo_bar': {text}\n\
             rmmod: ERROR: could not remove module foo-bar.ko: {text}\n"
        ));
        assert!(!kernel.is_loaded("b"));
    }
}

#[test]
fn verbose_prints_nothing_on_success() {
    rmmod(&loaded(&["a"]), &["-vvvv", "a"]).silent();
}

#[test]
fn with_syslog_standard_error_stays_empty() {
    let ran = rmmod(&FakeKernel::new(), &["-s", "foo"]);
    assert_eq!((ran.status, &*ran.err), (Status::Failure, ""));
}
