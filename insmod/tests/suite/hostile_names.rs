// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names that others chose, in files and of files, never reach the terminal as they are.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;

use libmodsys::{Errno, LogRecord};
use modcli::{Invocation, Output};
use modtest::hostile::{FILE_NAME, NAME, assert_harmless};
use modtest::keeper_exports::kernel;
use modtest::module::{DATA, Make, R_64};
use modtest::{FakeKernel, Op};
use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::TempDir;

fn output_of(kernel: &FakeKernel, args: &[&OsStr]) -> Output {
    let invocation = Invocation::new(std::iter::once(OsStr::new("insmod")).chain(args.iter().copied()));
    let mut output = Output::captured("insmod");
    let _ = insmod::run(&invocation, kernel, &mut output);
    assert_harmless(output.stdout().as_bytes());
    assert_harmless(output.stderr().as_bytes());
    output
}

/// A module in which every name that a message may quote is this one.
fn module(name: &str) -> Vec<u8> {
    let mut make = Make::small("hostile");
    make.file(name);
    make.change(DATA, |section| section.set_data(vec![0; 24]));
    make.local(name, DATA, 16, 8);
    make.undefined(name);
    make.section(&format!(".data.{name}"), 3, 8, &[0; 8]);
    // A pointer into the module's own code is refused, with the variable's name.
    make.relocate(DATA, 16, R_64, ".text", 0);
    make.build()
}

fn file(folder: &TempDir, name: &OsStr, content: &[u8]) -> OsString {
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    path.into_os_string()
}

#[test]
fn names_in_the_file() {
    let folder = TempDir::new().unwrap();
    let file = file(&folder, "foo.ko".as_ref(), &module(NAME));
    let output = output_of(&kernel(), &[&file]);
    assert!(output.stderr().contains("evil\\x1b]0;pwned\\x07"), "{}", output.stderr());
    for args in [&["-n"][..], &["--keep=off", "--map"], &["--keep=off", "-n", "-vvvv"], &["--explain"]] {
        let kernel = kernel();
        kernel.set(|settings| settings.kallsyms = format!("0000000000000000 t {NAME}\t[hostile]\n").into());
        let args: Vec<&OsStr> = args.iter().map(OsStr::new).chain([&*file]).collect();
        output_of(&kernel, &args);
    }
    let kernel = kernel();
    kernel.fail_always(Op::Finit, Errno::ENOENT);
    kernel.set(|settings| settings.kernel_log.push(LogRecord { sequence: 1, text: NAME.to_owned() }));
    output_of(&kernel, &["--keep=off".as_ref(), "--explain".as_ref(), "--show-log".as_ref(), &file]);
}

#[test]
fn names_of_files() {
    let folder = TempDir::new().unwrap();
    let name = OsStr::from_bytes(FILE_NAME);
    let path = file(&folder, name, b"no module");
    let output = output_of(&FakeKernel::new().on_load(|_| Err(Errno::ENOEXEC)), &["-vvvv".as_ref(), &path]);
    assert!(
        output.stderr().contains("pwned\\x07\\x1b[2J\\nmodpersist: all is well\\r"),
        "{}",
        output.stderr()
    );
    for data in [OsStr::from_bytes(FILE_NAME), &path, folder.path().as_os_str()] {
        output_of(&kernel(), &["-e".as_ref(), data, &path]);
    }
    output_of(&kernel(), &[OsStr::from_bytes(&[b"/no/such/", FILE_NAME].concat())]);
    output_of(&kernel(), &[OsStr::from_bytes(&[b"--keep=", FILE_NAME].concat()), &path]);
}

#[test]
fn saved_parameters_with_any_names() {
    let folder = TempDir::new().unwrap();
    let module = file(&folder, "foo.ko".as_ref(), &Make::small("hostile").build());
    let data = file(&folder, "data".as_ref(), &[b"size=\"\nx\x1b[2J=1\n", NAME.as_bytes()].concat());
    output_of(&kernel(), &["-v".as_ref(), "-e".as_ref(), &data, &module]);
    let data = file(&folder, "data".as_ref(), b"x\x1b[2J\xc2\x9b=1\n");
    let output = output_of(&kernel(), &["-v".as_ref(), "-e".as_ref(), &data, &module]);
    assert!(output.stderr().contains("parameter x\\x1b[2J\\u{9b} ignored"), "{}", output.stderr());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes(argument in vec(1..=255_u8, 0..30), name in "[^\0]{1,30}") {
        let folder = TempDir::new().unwrap();
        let file = file(&folder, "foo.ko".as_ref(), &module(&name));
        output_of(&kernel(), &["-vvvv".as_ref(), "--explain".as_ref(), &file, OsStr::from_bytes(&argument)]);
        output_of(&kernel(), &["-n".as_ref(), "--keep=off".as_ref(), &file, OsStr::from_bytes(&argument)]);
        output_of(&kernel(), &["--".as_ref(), OsStr::from_bytes(&argument)]);
    }
}
