// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fuzz targets must compile. They are a workspace of their own, so no other check covers them.

use anyhow::Result;

use crate::{process, workspace};

/// Compiles them. How to fuzz is in fuzz/README.md.
pub fn check() -> Result<bool> {
    let mut command = workspace::cargo();
    command.args(["check", "--quiet", "--manifest-path"]).arg(workspace::root().join("fuzz/Cargo.toml"));
    command.arg("--target-dir").arg(workspace::target().join("fuzz"));
    process::shown(&mut command)
}
