// SPDX-License-Identifier: MIT OR Apache-2.0
//! Help, version and errors in options, to the letter.

use modcli::Status;
use modtest::FakeKernel;
use snapbox::{assert_data_eq, file};

use super::rmmod;

fn output(args: &[&str]) -> String {
    let ran = rmmod(&FakeKernel::new(), args);
    assert_eq!((ran.status, &*ran.err), (Status::Success, ""));
    ran.out
}

#[test]
fn help() {
    assert_data_eq!(output(&["-h"]), file!["../golden/help.txt"]);
    assert_eq!(output(&["-h"]), output(&["--he"]));
}

#[test]
fn version() {
    assert_eq!(output(&["-V"]), concat!("rmmod (modpersist) ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn errors_in_options_have_the_c_librarys_messages() {
    let failed = |args: &[&str], err: &str| rmmod(&FakeKernel::new(), args).failed(err);
    failed(&["-w", "foo"], "/sbin/rmmod: invalid option -- 'w'\n");
    failed(&["foo", "-sa"], "/sbin/rmmod: invalid option -- 'a'\n");
    failed(&["--bogus", "foo"], "/sbin/rmmod: unrecognized option '--bogus'\n");
    failed(&["--fo=3", "x"], "/sbin/rmmod: option '--force' doesn't allow an argument\n");
    failed(&["--ver"], "/sbin/rmmod: option '--ver' is ambiguous; possibilities: '--verbose' '--version'\n");
}

#[test]
fn no_operand() {
    rmmod(&FakeKernel::new(), &[]).failed("rmmod: ERROR: missing module name.\n");
    rmmod(&FakeKernel::new(), &["-f", "--"]).failed("rmmod: ERROR: missing module name.\n");
}
