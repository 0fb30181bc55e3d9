// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist`: looks at the persistent data of kernel modules.

use std::process::ExitCode;

use libmodsys::Linux;

fn main() -> ExitCode {
    let args = modpersist::Args::of_this_process();
    modpersist::report(modpersist::run(&args, &Linux::new(), &mut std::io::stdout().lock()))
}
