// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist`: looks at the persistent data of kernel modules, and reloads them.

use std::process::ExitCode;

use libmodsys::{Linux, guard};
use modkeep::Region;

fn main() -> ExitCode {
    // A copy of this program that only watches over a load: see `libmodsys::guard`.
    if let Some(code) = guard::serve(std::env::args_os().skip(1), Region::is_unused_keeper) {
        return code;
    }
    let args = modpersist::Args::of_this_process();
    modpersist::report(modpersist::run(&args, &Linux::new().guarded(), &mut std::io::stdout().lock()))
}
