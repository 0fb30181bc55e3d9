// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of insmod, one file per topic. This one has what they share.

mod bad_input;
mod binary;
mod compressed;
mod errors;
mod extra_options;
mod force;
mod help;
mod hostile_names;
mod persistent;
mod plain;

use std::fs;

use modcli::{Invocation, Output, Status};
use modtest::FakeKernel;
use tempfile::TempDir;

/// The image that most tests load. The fake kernel needs no more than the name in it.
pub const IMAGE: &[u8] = b"\x7fELF image\0name=foo\0";

/// A folder for a test's files, which are removed with it.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// Writes a file and returns its path.
    pub fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }
}

/// A run of insmod: its exit status and output.
pub struct Ran {
    pub status: Status,
    pub out: String,
    pub err: String,
}

pub fn insmod(kernel: &FakeKernel, args: &[&str]) -> Ran {
    run(kernel, &Invocation::new(std::iter::once("/sbin/insmod").chain(args.iter().copied())))
}

/// As modprobe runs it for the kernel or for udev.
pub fn unattended(kernel: &FakeKernel, args: &[&str]) -> Ran {
    let invocation = Invocation::new(std::iter::once("/sbin/insmod").chain(args.iter().copied()));
    run(kernel, &Invocation { is_unattended: true, ..invocation })
}

fn run(kernel: &FakeKernel, invocation: &Invocation) -> Ran {
    let mut output = Output::captured("/sbin/insmod");
    let status = insmod::run(invocation, kernel, &mut output);
    Ran { status, out: output.stdout(), err: output.stderr() }
}

impl Ran {
    /// It succeeded and printed nothing.
    #[track_caller]
    pub fn silent(&self) {
        assert_eq!((self.status, &*self.out, &*self.err), (Status::Success, "", ""));
    }

    /// It failed with exactly these lines.
    #[track_caller]
    pub fn failed(&self, err: &str) {
        assert_eq!(self.err, err);
        assert_eq!((self.status, &*self.out), (Status::Failure, ""));
    }
}
