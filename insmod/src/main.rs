// SPDX-License-Identifier: MIT OR Apache-2.0
//! `insmod`: see the library of this crate.

use std::process::ExitCode;

use libmodsys::{Linux, guard};
use modcli::{Invocation, Output};
use modkeep::Region;

fn main() -> ExitCode {
    // A copy of this program that only watches over a load: see `libmodsys::guard`.
    if let Some(code) = guard::serve(std::env::args_os().skip(1), Region::is_unused_keeper) {
        return code;
    }
    let invocation = Invocation::of_this_process();
    let mut output = Output::new(invocation.program());
    insmod::run(&invocation, &Linux::new().guarded(), &mut output).into()
}
