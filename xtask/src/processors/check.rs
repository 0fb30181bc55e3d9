// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decodes a console with ksymoops: each oops must have its function and line.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::modules::WAYS;
use super::table::Processor;
use crate::{process, workspace};

/// The reports on the console; the result names what is wrong.
pub fn check(processor: &Processor, source: &str, modules: &Path, console: &Path) -> Result<Vec<String>> {
    let mut command = workspace::cargo();
    command.args(["run", "--quiet", "--package", "ksymoops", "--", "--format=json"]);
    command.args(["--no-journal", "--no-vmlinux", "--no-ksyms", "--no-lsmod", "--no-system-map"]);
    command.arg("--object").arg(modules).arg(console);
    let output = process::raw(&mut command)?;
    ensure!(
        matches!(output.status.code(), Some(0 | 1)),
        "{} failed with {}: {}",
        process::line(&command),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout);
    let reports: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let mut wrong = Vec::new();
    for (name, _) in WAYS {
        // Later ones may be what the first has led to.
        match reports.iter().find(|report| is_of(report, &format!("oops_{name}"))) {
            Some(report) => {
                let line = line_of(source, name)?;
                wrong.extend(compare(processor, report, name, line).map(|what| format!("{name}: {what}")));
            }
            None => wrong.push(format!("{name}: no report")),
        }
    }
    Ok(wrong)
}

/// Whether the report's newest module is `module`: the one that was being loaded.
fn is_of(report: &Value, module: &str) -> bool {
    let modules = report.pointer("/report/context/modules").and_then(Value::as_array);
    modules.and_then(|modules| modules.first()).and_then(|first| first["name"].as_str()) == Some(module)
}

/// The line with the comment `NAME:`.
fn line_of(source: &str, name: &str) -> Result<u64> {
    let mark = format!("/* {name}: */");
    let line = source.lines().position(|line| line.contains(&mark));
    Ok(line.with_context(|| format!("the source has no {mark}"))? as u64 + 1)
}

/// What is wrong with a report, if anything is.
fn compare(processor: &Processor, report: &Value, name: &str, line: u64) -> Option<String> {
    let arch = report.pointer("/report/arch").and_then(Value::as_str);
    // A warning without registers looks the same on all processors.
    let has_state = report.pointer("/report/states/0").is_some();
    if arch != Some(processor.name) && (has_state || arch.is_some()) {
        return Some(format!("the processor is {arch:?}"));
    }
    let function = format!("victim_{name}");
    let findings = report["findings"].as_array()?;
    let frames: Vec<&Value> = findings
        .iter()
        .filter_map(|finding| finding.pointer("/answer/candidates/0/frames").and_then(Value::as_array))
        // BUG() is an inlined function on some processors.
        .flatten()
        .filter(|frame| frame["function"].as_str() == Some(&function))
        .collect();
    match frames.iter().find(|frame| frame["line"].as_u64() != Some(line)) {
        _ if frames.is_empty() => Some(format!("{function} was not found")),
        Some(other) => Some(format!("{function} is at line {line}, not {}", other["line"])),
        None => None,
    }
}
