// SPDX-License-Identifier: MIT OR Apache-2.0
//! `/init` of the test machine.

use std::process::ExitCode;

fn main() -> ExitCode {
    if std::process::id() != 1 {
        eprintln!("vmguest is the first process of a test machine: start it with `cargo xtask vm`");
        return ExitCode::from(2);
    }
    vmguest::init::main()
}
