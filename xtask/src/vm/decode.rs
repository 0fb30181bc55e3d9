// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decodes the console of a finished machine with ksymoops, using the journal, the fixtures and the
//! distribution's debug files.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use vmguest::Scenario;

use super::prepared::Vm;
use crate::setup::debug::Debug;
use crate::{process, workspace};

/// The name of the output file, next to the console.
const DECODED: &str = "decoded.log";

/// Begins the further lines of a paragraph in a head.
const INDENT: &str = "  ;;         ";
/// The same below a line of the log.
const BELOW_INDENT: &str = "  ;;     ";

/// Decodes the console in `directory` and checks that the output contains what the scenario expects.
pub fn check(vm: &Vm, scenario: &Scenario, directory: &Path) -> Result<()> {
    if scenario.decoded.is_empty() {
        return Ok(());
    }
    let mut command = workspace::cargo();
    command.args(["run", "--quiet", "--package", "ksymoops", "--", "--no-journal", "--release", &vm.release]);
    command.arg("--persist").arg(directory.join("artifacts/boot-journal.jsonl"));
    command.arg("--object").arg(&vm.fixtures);
    let debug = Debug::of(&vm.release)?;
    if let Some(directory) = debug.directory() {
        command.arg("--debug-dir").arg(directory);
    }
    command.arg(directory.join("console.log"));
    let output = process::raw(&mut command)?;
    // 1 means a warning, for example about missing debug information.
    ensure!(
        matches!(output.status.code(), Some(0 | 1)),
        "{} failed with {}: {}",
        process::line(&command),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let file = directory.join(DECODED);
    fs::write(&file, &text).with_context(|| format!("cannot write {}", file.display()))?;
    let (decoded, additional): (_, &[&str]) = match (&vm.processor, debug.directory()) {
        (Some(processor), _) => (scenario.decoded_on(processor.name).unwrap_or_default(), &[]),
        (None, Some(_)) => (scenario.decoded, scenario.decoded_with_vmlinux),
        (None, None) => (scenario.decoded, &[]),
    };
    for wanted in decoded.iter().chain(additional) {
        ensure!(contains_line(&text, wanted), "ksymoops did not print {wanted:?}; see {}", file.display());
    }
    Ok(())
}

/// Whether an annotation line contains all parts of `wanted` in order; `*` matches anything between them, and
/// ` || ` is between two texts of which one is wanted.
fn contains_line(text: &str, wanted: &str) -> bool {
    let has = |line: &str, wanted: &str| {
        let mut rest = line;
        wanted.split('*').all(|part| match rest.split_once(part) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    };
    let lines = unbroken(text);
    wanted.split(" || ").any(|wanted| lines.iter().any(|line| has(line, wanted)))
}

/// The annotation lines, those together that ksymoops has broken at the margin.
fn unbroken(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| line.trim_start().starts_with(";;")) {
        let rest = line.strip_prefix(INDENT).or_else(|| line.strip_prefix(BELOW_INDENT));
        match (rest, lines.last_mut()) {
            (Some(rest), Some(last)) => {
                last.push(' ');
                last.push_str(rest);
            }
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::contains_line;

    #[test]
    fn parts_must_be_in_order_in_one_annotation_line() {
        let text = "RIP: f\n  ;; RIP f at /a/b.c:38:2\n";
        assert!(contains_line(text, "RIP f at *b.c:38:"));
        assert!(contains_line(text, "RIP g || RIP f at") && !contains_line(text, "RIP g || RIP h"));
        assert!(
            !contains_line(text, "b.c:*RIP") && !contains_line(text, "RIP: f") && !contains_line(text, "f\n")
        );
        assert!(contains_line("  ;; RIP f at\n  ;;     /a/b.c:38:2\n", "RIP f at *b.c:38:"));
        assert!(contains_line("  ;; kept    one\n  ;;         two\n", "kept *one two"));
    }
}
