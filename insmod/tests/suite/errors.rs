// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every way to fail, with kmod's messages.

use std::process::Command;

use libmodsys::Errno;
use modtest::{FakeKernel, Op};

use super::{Folder, IMAGE, insmod};

fn failed(args: &[&str], err: &str) {
    insmod(&FakeKernel::new(), args).failed(err);
}

#[test]
fn no_file() {
    failed(&[], "insmod: ERROR: missing filename.\n");
    failed(&["-f", "--"], "insmod: ERROR: missing filename.\n");
}

#[test]
fn standard_input() {
    failed(&["-"], "insmod: ERROR: this tool does not support loading from stdin!\n");
}

#[test]
fn a_path_that_leads_nowhere() {
    let folder = Folder::new();
    let load = |path: &str, text: &str| {
        failed(&[path], &format!("insmod: ERROR: could not load module {path}: {text}\n"));
    };
    load("no/such.ko", "No such file or directory");
    load("", "No such file or directory");
    load(&folder.path(""), "No such file or directory");
    load(&(folder.file("foo.ko", IMAGE) + "/x.ko"), "Not a directory");
    load(&folder.path(&"x".repeat(300)), "File name too long");
    std::os::unix::fs::symlink("loop.ko", folder.path("loop.ko")).unwrap();
    load(&folder.path("loop.ko"), "Too many levels of symbolic links");
}

#[test]
fn a_file_that_is_no_module() {
    let folder = Folder::new();
    let insert = |path: &str, text: &str| {
        failed(&[path], &format!("insmod: ERROR: could not insert module {path}: {text}\n"));
    };
    insert(&folder.file("empty.ko", b""), "Invalid parameters");
    insert(&folder.file("short.ko", b"\x7fELF\x02"), "Invalid parameters");
    insert("/dev/null", "Invalid parameters");
    std::fs::create_dir(folder.path("directory")).unwrap();
    insert(&folder.path("directory"), "Is a directory");
}

#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let folder = Folder::new();
    let pipe = folder.path("pipe.ko");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    failed(&[&pipe], &format!("insmod: ERROR: could not insert module {pipe}: Illegal seek\n"));
}

#[test]
fn error_numbers_of_the_kernel() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", IMAGE);
    for (errno, text) in [
        (Errno::ENOEXEC, "Invalid module format"),
        (Errno::ENOENT, "Unknown symbol in module"),
        (Errno::ESRCH, "Module has wrong symbol version"),
        (Errno::EINVAL, "Invalid parameters"),
        (Errno::EEXIST, "File exists"),
        (Errno::EPERM, "Operation not permitted"),
        (Errno::EKEYREJECTED, "Key was rejected by service"),
        (Errno::ENOKEY, "Required key not available"),
        (Errno::EBADMSG, "Bad message"),
        (Errno::EBUSY, "Device or resource busy"),
        (Errno::ENOMEM, "Cannot allocate memory"),
        (Errno::ENODEV, "No such device"),
        (Errno::ETXTBSY, "Text file busy"),
        (Errno::EIO, "Input/output error"),
        (Errno::EFAULT, "Bad address"),
        (Errno::EINTR, "Interrupted system call"),
    ] {
        let kernel = FakeKernel::new();
        kernel.fail_next(Op::Finit, errno);
        insmod(&kernel, &[&file]).failed(&format!("insmod: ERROR: could not insert module {file}: {text}\n"));
        // A verdict is final: no second attempt from memory.
        assert_eq!(kernel.syscalls().len(), 1, "{errno}");
    }
}

#[test]
fn a_kernel_without_modules() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", IMAGE);
    let kernel = FakeKernel::new();
    kernel.fail_always(Op::Finit, Errno::ENOSYS);
    kernel.fail_always(Op::Init, Errno::ENOSYS);
    insmod(&kernel, &[&file])
        .failed(&format!("insmod: ERROR: could not insert module {file}: Function not implemented\n"));
}

#[test]
fn three_times_verbose_names_the_whole_path() {
    let kernel = FakeKernel::new();
    kernel.fail_always(Op::Finit, Errno::ENOENT);
    // Tests run in the folder of their crate.
    let here = std::env::current_dir().unwrap();
    let plain = "insmod: ERROR: could not insert module Cargo.toml: Unknown symbol in module\n";
    insmod(&kernel, &["-vv", "Cargo.toml"]).failed(plain);
    insmod(&kernel, &["-vvv", "Cargo.toml"]).failed(&format!(
        "insmod: INFO: Failed to insert module '{}/Cargo.toml': No such file or directory\n{plain}",
        here.display()
    ));
}

#[test]
fn with_syslog_standard_error_stays_empty() {
    // If there is a log daemon here, it gets the message.
    failed(&["-s"], "");
}

#[test]
fn whoever_may_not_load_modules_learns_just_that() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", &modtest::module::Make::typical("not_permitted").build());
    let kernel = modtest::keeper_exports::kernel();
    insmod(&kernel, &[&file]).silent();
    insmod(&kernel, &[&file])
        .failed(&format!("insmod: ERROR: could not insert module {file}: File exists\n"));
    kernel.fail_always(Op::LoadPermission, Errno::EPERM);
    let denied = format!("insmod: ERROR: could not insert module {file}: Operation not permitted\n");
    insmod(&kernel, &[&file]).failed(&denied);
    insmod(&kernel, &["--fresh", &file]).failed(&denied);
    insmod(&kernel, &["--idempotent", &file]).failed(&denied);
}
