// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decodes the console of a machine that is gone with ksymoops: from the console, the journal, the fixtures and the distribution's debug files.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use vmguest::Scenario;

use super::Vm;
use crate::{cache, process, workspace};

/// Name of the output, beside the console.
const DECODED: &str = "decoded.log";

/// Decodes the console in `directory`, and insists on what the scenario says of the output.
pub fn check(vm: &Vm, scenario: &Scenario, directory: &Path) -> Result<()> {
    if scenario.decoded.is_empty() {
        return Ok(());
    }
    let mut command = workspace::cargo();
    command.args(["run", "--quiet", "--package", "ksymoops", "--", "--no-journal", "--release", &vm.release]);
    command.arg("--persist").arg(directory.join("artifacts/boot-journal.jsonl"));
    command.arg("--object").arg(&vm.fixtures);
    let debug = cache::root()?.join("debug").join(&vm.release).join("usr/lib/debug");
    if debug.is_dir() {
        command.arg("--debug-dir").arg(debug);
    }
    command.arg(directory.join("console.log"));
    let text = process::output(&mut command)?;
    let file = directory.join(DECODED);
    fs::write(&file, &text).with_context(|| format!("cannot write {}", file.display()))?;
    for wanted in scenario.decoded {
        ensure!(text.contains(wanted), "ksymoops does not say {wanted:?}; see {}", file.display());
    }
    Ok(())
}
