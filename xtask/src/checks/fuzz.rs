// SPDX-License-Identifier: MIT OR Apache-2.0
//! The programs for libFuzzer must compile. They are behind a feature, so no other check covers them.

use anyhow::Result;

use crate::{process, workspace};

/// A file in place of the library that libfuzzer-sys would otherwise build from C++. Nothing is linked here, so
/// it need not exist.
const LIBRARY: (&str, &str) = ("CUSTOM_LIBFUZZER_PATH", "/nonexistent/libFuzzer.a");

/// Compiles them. How to fuzz is in docs/fuzzing.md.
pub fn check() -> Result<bool> {
    let mut command = workspace::cargo();
    command.env(LIBRARY.0, LIBRARY.1);
    command.args(["check", "--quiet", "--package", "fuzz-targets", "--features", "libfuzzer", "--bins"]);
    process::shown(&mut command)
}
