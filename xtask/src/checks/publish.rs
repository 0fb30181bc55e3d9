// SPDX-License-Identifier: MIT OR Apache-2.0
//! The libraries must be ready to be published.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};

use crate::{metadata, process, workspace};

/// The one warning of every dry run.
const DRY_RUN: &str = "warning: aborting upload due to dry run";

/// Packs the libraries and builds each from its package. cargo must not print any warning. All of them go
/// into one call, since some depend on others that are not in a registry yet.
pub fn check() -> Result<bool> {
    let mut command = workspace::cargo();
    // A change that is being tested is not committed yet.
    command.args(["publish", "--dry-run", "--allow-dirty"]);
    // A directory that was never used before: cargo unpacks each library once for each path of its temporary
    // registry, and would build the others against an old state.
    let base = workspace::target().join("publish");
    let _ = fs::remove_dir_all(&base);
    let unique = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis().to_string();
    command.arg("--target-dir").arg(base.join(unique));
    for package in metadata::members()?.iter().filter(|package| package.is_published_library()) {
        command.arg("--package").arg(&package.name);
    }
    let output = process::raw(&mut command)?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} failed:\n{text}", process::line(&command));
    let warnings: Vec<&str> =
        text.lines().filter(|line| line.starts_with("warning") && *line != DRY_RUN).collect();
    ensure!(warnings.is_empty(), "{}: {}", process::line(&command), warnings.join("\n"));
    Ok(true)
}
