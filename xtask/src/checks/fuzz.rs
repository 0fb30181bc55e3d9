// SPDX-License-Identifier: MIT OR Apache-2.0
//! The programs for libFuzzer must compile. They are behind a feature, so no other check covers them.

use anyhow::Result;

use crate::{process, workspace};

/// Compiles them. How to fuzz is in docs/fuzzing.md.
pub fn check() -> Result<bool> {
    let mut command = workspace::cargo();
    command.args(["check", "--quiet", "--package", "fuzz-targets", "--features", "libfuzzer", "--bins"]);
    process::shown(&mut command)
}
