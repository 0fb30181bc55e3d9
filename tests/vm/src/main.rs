// SPDX-License-Identifier: MIT OR Apache-2.0
//! `/init` in the test machine.

use std::process::ExitCode;

fn main() -> ExitCode {
    if std::process::id() != 1 {
        eprintln!("vmguest runs as the first process of a test machine; start one with `cargo xtask vm`");
        return ExitCode::from(2);
    }
    vmguest::init::main()
}
