// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fuzz targets build. They are a workspace of their own, so nothing else would notice.

use anyhow::Result;

use crate::{process, workspace};

/// Checks them; fuzzing itself is for whoever has the time (fuzz/README.md).
pub fn check() -> Result<bool> {
    let mut command = workspace::cargo();
    command.args(["check", "--quiet", "--manifest-path"]).arg(workspace::root().join("fuzz/Cargo.toml"));
    command.arg("--target-dir").arg(workspace::target().join("fuzz"));
    process::shown(&mut command)
}
