// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names that others chose never reach the terminal as they are.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use libmodsys::LogRecord;
use modcli::{Invocation, Output};
use modtest::hostile::{FILE_NAME, NAME, assert_harmless};
use modtest::{FakeKernel, FakeModule};
use proptest::collection::vec;
use proptest::prelude::*;

fn output_of(kernel: &FakeKernel, args: &[&OsStr]) -> Output {
    let invocation = Invocation::new(std::iter::once(OsStr::new("rmmod")).chain(args.iter().copied()));
    let mut output = Output::captured("rmmod");
    let _ = rmmod::run(&invocation, kernel, &mut output);
    assert_harmless(output.stdout().as_bytes());
    assert_harmless(output.stderr().as_bytes());
    output
}

/// A kernel with a module that is in use by what has this name.
fn kernel(name: &str) -> FakeKernel {
    let kernel = FakeKernel::new();
    kernel.add(
        FakeModule::new("foo")
            .references(Some(2))
            .outside_user(&format!("process 7 ({name}) holds /dev/{name} open"))
            .outside_user(&format!("/mnt/{name} is mounted (foo)")),
    );
    kernel.set(|settings| settings.kernel_log.push(LogRecord { sequence: 1, text: name.to_owned() }));
    kernel
}

#[test]
fn users_of_a_module() {
    let output = output_of(&kernel(NAME), &["--explain".as_ref(), "--show-log".as_ref(), "foo".as_ref()]);
    let shown =
        "process 7 (evil\\x1b]0;pwned\\x07\\x1b[2J\\nmodpersist: all is well\\r\\t\\x7f\\u{9b}31m\\u{202e}";
    assert!(output.stderr().contains(shown), "{}", output.stderr());
}

#[test]
fn arguments() {
    let output = output_of(&FakeKernel::new(), &[OsStr::from_bytes(FILE_NAME)]);
    assert!(
        output.stderr().contains("Module evil\\x1b]0;pwned\\x07\\x1b[2J\\nmodpersist"),
        "{}",
        output.stderr()
    );
    assert!(
        output.stderr().contains("\\x9b31m\\xff\\u{202e} is not currently loaded\n"),
        "{}",
        output.stderr()
    );
    output_of(&FakeKernel::new(), &[OsStr::from_bytes(&[b"--", FILE_NAME].concat())]);
    output_of(&FakeKernel::new(), &[OsStr::from_bytes(&[b"-", FILE_NAME].concat())]);
    output_of(&FakeKernel::new(), &[OsStr::from_bytes(&[b"--wait=", FILE_NAME].concat()), "foo".as_ref()]);
}

proptest! {
    #[test]
    fn any_bytes(argument in vec(any::<u8>(), 0..30), name in ".*") {
        let argument = OsStr::from_bytes(&argument);
        output_of(&kernel(&name), &["--explain".as_ref(), "-vvvv".as_ref(), "foo".as_ref(), argument]);
        output_of(&kernel(&name), &["--explain".as_ref(), "-e".as_ref(), "--".as_ref(), argument]);
    }
}
