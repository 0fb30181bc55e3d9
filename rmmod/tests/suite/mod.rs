// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of rmmod, one file per topic. This one has what they share.

mod checks;
mod extra_options;
mod help;
mod hostile_names;
mod names;
mod persistent;
mod remove;

use modcli::{Invocation, Output, Status};
use modtest::FakeKernel;

/// A run of rmmod: its exit status and output.
pub struct Ran {
    pub status: Status,
    pub out: String,
    pub err: String,
}

pub fn rmmod(kernel: &FakeKernel, args: &[&str]) -> Ran {
    let invocation = Invocation::new(std::iter::once("/sbin/rmmod").chain(args.iter().copied()));
    let mut output = Output::captured("/sbin/rmmod");
    let status = rmmod::run(&invocation, kernel, &mut output);
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
