// SPDX-License-Identifier: MIT OR Apache-2.0
//! `insmod`: see the library of this crate.

use std::process::ExitCode;

use libmodsys::Linux;
use modcli::{Invocation, Output};

fn main() -> ExitCode {
    let invocation = Invocation::of_this_process();
    let mut output = Output::new(invocation.program());
    insmod::run(&invocation, &Linux::new(), &mut output).into()
}
