// SPDX-License-Identifier: MIT OR Apache-2.0
//! Our kernel patches must pass the kernel's own `checkpatch.pl --strict`.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::kernel::{Series, source};
use crate::{process, ui, workspace};

/// The options for every patch.
const OPTIONS: &[&str] = &["--strict", "--terse", "--no-summary"];

/// Runs it on every patch of a series. It must not print anything.
pub fn check(series: Series) -> Result<bool> {
    let source = source::patched(series)?;
    // checkpatch.pl leaves a file in its working directory.
    let directory = workspace::target().join("checkpatch");
    fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
    let mut clean = true;
    for patch in source::patches(series)? {
        let mut judge = Command::new("perl");
        judge.arg(source.join("scripts/checkpatch.pl")).arg("--root").arg(&source);
        // The first patch was made before there was a series to send.
        judge.args((series == Series::DEFAULT).then_some("--no-signoff"));
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines that a patch has for a new file.
    fn new_file(patch: &str, path: &str) -> Option<String> {
        let (_, rest) = patch.split_once(&format!("--- /dev/null\n+++ b/{path}\n@@"))?;
        let lines = rest.lines().skip(1).map_while(|line| line.strip_prefix('+'));
        Some(lines.map(|line| format!("{line}\n")).collect())
    }

    #[test]
    fn the_series_has_the_same_name_token_as_the_module() {
        let newest = Series::named("newest").unwrap();
        let patches = source::patches(newest).unwrap();
        let patch = patches.iter().find(|path| path.to_string_lossy().contains("-lib-")).unwrap();
        let patch = fs::read_to_string(patch).unwrap();
        for (in_patch, own) in [
            ("include/linux/name_token.h", "linux/name_token.h"),
            ("lib/name_token/name_token_main.c", "name_token_main.c"),
            ("lib/name_token/name_token_test.c", "name_token_test.c"),
            ("lib/name_token/name_token_test.h", "name_token_test.h"),
        ] {
            let own = workspace::root().join("kernel/modules/name_token").join(own);
            assert_eq!(new_file(&patch, in_patch), fs::read_to_string(own).ok(), "{in_patch}");
        }
    }
}
