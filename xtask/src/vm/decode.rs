// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decodes the console of a machine that is gone with ksymoops: from the console, the journal, the fixtures and the distribution's debug files.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use vmguest::Scenario;

use super::prepared::Vm;
use crate::setup::debug::Debug;
use crate::{process, workspace};

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
    let debug = Debug::of(&vm.release)?;
    if let Some(folder) = debug.folder() {
        command.arg("--debug-dir").arg(folder);
    }
    command.arg(directory.join("console.log"));
    let output = process::raw(&mut command)?;
    // 1: it has warned, say of debug information that is not there.
    ensure!(
        matches!(output.status.code(), Some(0 | 1)),
        "{} ended with {}: {}",
        process::line(&command),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let file = directory.join(DECODED);
    fs::write(&file, &text).with_context(|| format!("cannot write {}", file.display()))?;
    let besides = if debug.folder().is_some() { scenario.decoded_with_vmlinux } else { &[] };
    for wanted in scenario.decoded.iter().chain(besides) {
        ensure!(says(&text, wanted), "ksymoops does not say {wanted:?}; see {}", file.display());
    }
    Ok(())
}

/// Does one of the lines have all parts of `wanted`, in their order, with anything where a `*` stands?
fn says(text: &str, wanted: &str) -> bool {
    let has = |line: &str| {
        let mut rest = line;
        wanted.split('*').all(|part| match rest.split_once(part) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    };
    text.lines().filter(|line| line.trim_start().starts_with(";;")).any(has)
}

#[cfg(test)]
mod tests {
    use super::says;

    #[test]
    fn parts_in_their_order_in_one_line_of_ours() {
        let text = "RIP: f\n  ;; RIP f at /a/b.c:38:2\n";
        assert!(says(text, "RIP f at *b.c:38:"));
        assert!(!says(text, "b.c:*RIP") && !says(text, "RIP: f") && !says(text, "f\n"));
    }
}
