// SPDX-License-Identifier: MIT OR Apache-2.0
//! Our kernel patches must pass the kernel's own `checkpatch.pl --strict`.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::kernel::source;
use crate::{process, ui, workspace};

/// A sign-off is added by the person who sends a patch.
const OPTIONS: &[&str] = &["--strict", "--no-signoff", "--terse", "--no-summary"];

/// Runs it on every patch. It must not print anything.
pub fn check() -> Result<bool> {
    let source = source::patched()?;
    // checkpatch.pl leaves a file in its working directory.
    let directory = workspace::target().join("checkpatch");
    fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
    let mut clean = true;
    for patch in source::patches()? {
        let mut judge = Command::new("perl");
        judge.arg(source.join("scripts/checkpatch.pl")).arg("--root").arg(&source);
        judge.args(OPTIONS).arg(&patch).current_dir(&directory);
        let output = process::raw(&mut judge)?;
        let (said, errors) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let name = patch.file_name().unwrap_or_default().to_string_lossy();
        if output.status.success() && said.is_empty() && errors.is_empty() {
            ui::line(&format!("  checkpatch --strict has nothing to say of {name}"));
        } else {
            clean = false;
            ui::line(&format!("  checkpatch --strict on {name}:\n{said}{errors}"));
        }
    }
    Ok(clean)
}
