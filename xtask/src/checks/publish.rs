// SPDX-License-Identifier: MIT OR Apache-2.0
//! libmodfmt could be published as it is.

use anyhow::{Result, ensure};

use crate::{process, workspace};

/// The one warning of every dry run.
const DRY: &str = "warning: aborting upload due to dry run";

/// Packs the library, builds it from the package and insists that cargo has nothing to say.
pub fn check() -> Result<bool> {
    let mut command = workspace::cargo();
    // A change under test is not committed yet.
    command.args(["publish", "--dry-run", "--allow-dirty", "--package", "libmodfmt"]);
    let output = process::raw(&mut command)?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} failed:\n{text}", process::line(&command));
    let warnings: Vec<&str> =
        text.lines().filter(|line| line.starts_with("warning") && *line != DRY).collect();
    ensure!(warnings.is_empty(), "{}: {}", process::line(&command), warnings.join("\n"));
    Ok(true)
}
