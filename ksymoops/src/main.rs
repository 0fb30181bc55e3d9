// SPDX-License-Identifier: MIT OR Apache-2.0
//! `ksymoops`: decodes kernel oops reports.

use std::process::ExitCode;

use libmodsys::Linux;
use modcli::{Invocation, Output};

fn main() -> ExitCode {
    let invocation = Invocation::of_this_process();
    let mut output = Output::new(invocation.program());
    ksymoops::cli::run(&invocation, &Linux::new(), &mut output)
}
