// SPDX-License-Identifier: MIT OR Apache-2.0
//! Options that kmod's insmod does not have.

use libmodsys::{Errno, LogRecord};
use modcli::Status;
use modtest::module::{Make, R_64};
use modtest::{Call, FakeKernel, FakeModule, Op};

use super::{Folder, IMAGE, insmod};

#[test]
fn options_without_a_meaning_are_accepted() {
    let kernel = FakeKernel::new();
    let folder = Folder::new();
    let file = folder.file("foo.ko", IMAGE);
    let ran = insmod(&kernel, &["-kxS", "-P", "smp_", "-O/tmp/blob", "-v", &file]);
    assert_eq!((ran.status, kernel.is_loaded("foo")), (Status::Success, true));
    let wanted = ["autoclean", "noexport", "kallsyms", "prefix", "blob"];
    assert_eq!(ran.err.lines().count(), wanted.len(), "{}", ran.err);
    for name in wanted {
        assert!(
            ran.err.contains(&format!(
                "insmod: WARNING: --{name} has no meaning on this kernel and is ignored\n"
            ))
        );
    }
    insmod(&FakeKernel::new(), &["-XyYN", &file]).silent();
}

#[test]
fn a_saved_parameter_that_can_only_be_read_is_not_given() {
    let mut make = Make::bare("shows");
    make.section(".rodata.str1.1", 0x32, 1, b"size\0shown\0");
    make.section(".rodata", 2, 8, &[0; 32]);
    make.section("__param", 2, 8, &[0; 80]);
    make.undefined("param_ops_int");
    for (entry, name, ops) in [(0, 0, "param_ops_int"), (40, 5, ".rodata")] {
        make.relocate("__param", entry, R_64, ".rodata.str1.1", name);
        make.relocate("__param", entry + 16, R_64, ops, 0);
    }
    let folder = Folder::new();
    let file = folder.file("shows.ko", &make.build());
    let data = folder.file("data", b"shown=3\nsize=2\n");
    let kernel = FakeKernel::new();
    insmod(&kernel, &["-e", &data, &file]).silent();
    let [Call::Finit { params, .. }] = &kernel.syscalls()[..] else { panic!("{:?}", kernel.history()) };
    assert_eq!(&**params, c"size=2");
}

#[test]
fn quiet_prints_nothing() {
    for option in ["-q", "--probe"] {
        let ran = insmod(&FakeKernel::new(), &[option, "/no/such.ko"]);
        assert_eq!((ran.status, &*ran.err), (Status::Failure, ""));
    }
}

#[test]
fn noload_loads_nothing() {
    let kernel = FakeKernel::new();
    let folder = Folder::new();
    let file = folder.file("foo.ko", IMAGE);
    for option in ["-n", "--noload", "--probe"] {
        assert_eq!(insmod(&kernel, &[option, &file]).status, Status::Failure);
    }
    let ran = insmod(&kernel, &["-n", &file]);
    assert!(
        ran.err.ends_with(&format!("could not insert module {file}: Invalid module format\n")),
        "{}",
        ran.err
    );
    assert_eq!(kernel.syscalls(), []);
}

#[test]
fn only_files_of_root_are_loaded() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", IMAGE);
    if std::os::unix::fs::chown(&file, Some(1000), None).is_err() {
        return; // not root: the owner cannot be chosen
    }
    let kernel = FakeKernel::new();
    insmod(&kernel, &["-r", &file]).failed(&format!("insmod: ERROR: {file} is not owned by root\n"));
    std::os::unix::fs::chown(&file, Some(0), None).unwrap();
    insmod(&kernel, &["-r", &file]).silent();
}

#[test]
fn error_number_and_kernel_log() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", IMAGE);
    let kernel = FakeKernel::new().on_load(|request| {
        request.kernel.set(|settings| {
            settings.kernel_log.push(LogRecord { sequence: 8, text: "foo: no such device here".into() });
        });
        Err(Errno::ENODEV)
    });
    kernel.set(|settings| settings.kernel_log = vec![LogRecord { sequence: 7, text: "old".into() }]);
    insmod(&kernel, &["--errno", "--show-log", &file]).failed(&format!(
        "insmod: ERROR: could not insert module {file}: No such device (errno 19, ENODEV)\n\
         insmod: ERROR:   kernel: foo: no such device here\n"
    ));
}

#[test]
fn exists_is_an_error_if_an_init_function_returned_it() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", IMAGE);
    let kernel = FakeKernel::new();
    kernel.add(FakeModule::new("bar"));
    kernel.fail_next(Op::Finit, Errno::EEXIST);
    insmod(&kernel, &["--idempotent", &file])
        .failed(&format!("insmod: ERROR: could not insert module {file}: File exists\n"));
}

#[test]
fn missing_permission_is_explained() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", IMAGE);
    let kernel = FakeKernel::new();
    kernel.set(|settings| settings.modules_disabled = Some(true));
    kernel.fail_always(Op::Finit, Errno::EPERM);
    insmod(&kernel, &["--explain", &file]).failed(&format!(
        "insmod: ERROR: could not insert module {file}: Operation not permitted\n\
         insmod: ERROR:   module loading is disabled until the next boot (kernel.modules_disabled)\n"
    ));
}
