// SPDX-License-Identifier: MIT OR Apache-2.0
//! Help, version and errors in options, to the letter.

use modcli::Status;
use modtest::FakeKernel;
use snapbox::{assert_data_eq, file};

use super::insmod;

fn output(args: &[&str]) -> String {
    let ran = insmod(&FakeKernel::new(), args);
    assert_eq!((ran.status, &*ran.err), (Status::Success, ""));
    ran.out
}

#[test]
fn help() {
    assert_data_eq!(output(&["-h"]), file!["../golden/help.txt"]);
    assert_eq!(output(&["-h"]), output(&["--help"]));
}

#[test]
fn version() {
    let expected = concat!("insmod (modpersist) ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(output(&["-V"]), expected);
    assert_eq!(output(&["x.ko", "--version"]), expected);
}

#[test]
fn errors_in_options_have_the_c_librarys_messages() {
    let failed = |args: &[&str], err: &str| insmod(&FakeKernel::new(), args).failed(err);
    failed(&["-p"], "/sbin/insmod: invalid option -- 'p'\n");
    failed(&["-p", "-h"], "/sbin/insmod: invalid option -- 'p'\n");
    failed(&["--bogus", "-s"], "/sbin/insmod: unrecognized option '--bogus'\n");
    failed(&["-s", "--bogus"], "/sbin/insmod: unrecognized option '--bogus'\n");
    failed(&["--syslog=1"], "/sbin/insmod: option '--syslog' doesn't allow an argument\n");
    failed(&["--keep"], "/sbin/insmod: option '--keep' requires an argument\n");
    failed(&["--keep=no"], "/sbin/insmod: option '--keep' must be auto, require or off, not 'no'\n");
    failed(
        &["--force-"],
        "/sbin/insmod: option '--force-' is ambiguous; possibilities: '--force-modversion' '--force-vermagic'\n",
    );
}
