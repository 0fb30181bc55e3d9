// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which share of the lines that a target is there for its inputs reach.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::target::Target;
use super::{inputs, programs};
use crate::{process, ui, workspace};

/// What `llvm-cov export` writes.
#[derive(Deserialize)]
struct Export {
    data: Vec<Files>,
}

#[derive(Deserialize)]
struct Files {
    files: Vec<SourceFile>,
}

#[derive(Deserialize)]
struct SourceFile {
    filename: String,
    summary: Summary,
}

#[derive(Deserialize)]
struct Summary {
    lines: Count,
}

#[derive(Clone, Copy, Default, Deserialize)]
struct Count {
    count: u64,
    covered: u64,
}

/// Runs all inputs of each target and prints the share of lines, by source folder.
pub fn print(targets: &[Target], seeds: &Path) -> Result<()> {
    let (profdata, cov) = (programs::llvm_tool("llvm-profdata")?, programs::llvm_tool("llvm-cov")?);
    let replay = programs::counting_replay()?;
    let folder = workspace::target().join("fuzz-coverage");
    fs::create_dir_all(&folder)?;
    for target in targets {
        let (raw, data) = (
            folder.join(format!("{}.profraw", target.name)),
            folder.join(format!("{}.profdata", target.name)),
        );
        let mut command = Command::new(&replay);
        command.env("LLVM_PROFILE_FILE", &raw).arg(target.name);
        command.args([inputs::corpus(target), inputs::work(target)?, seeds.join(target.name)]);
        process::quiet(&mut command)?;
        process::quiet(Command::new(&profdata).args(["merge", "-sparse", "-o"]).arg(&data).arg(&raw))?;
        let mut command = Command::new(&cov);
        command.args(["export", "-summary-only", "-instr-profile"]).arg(&data).arg(&replay);
        let export: Export =
            serde_json::from_str(&process::output(&mut command)?).context("llvm-cov wrote no JSON")?;
        print_target(target, &export);
    }
    Ok(())
}

fn print_target(target: &Target, export: &Export) {
    let files: Vec<&SourceFile> = export.data.iter().flat_map(|part| &part.files).collect();
    let mut total = Count::default();
    let mut parts = Vec::new();
    for source in target.sources {
        let prefix = workspace::root().join(source).display().to_string();
        // Tests are not part of what is run here.
        let own = files
            .iter()
            .filter(|file| file.filename.starts_with(&prefix) && !file.filename.contains("tests"));
        let count = own.fold(Count::default(), |sum, file| sum.plus(file.summary.lines));
        total = total.plus(count);
        parts.push(format!("{} {}", source.trim_end_matches('/'), count.percent()));
    }
    ui::line(&format!(
        "{:12} {:>5} of {} lines: {}",
        target.name,
        total.percent(),
        total.count,
        parts.join(", ")
    ));
}

impl Count {
    fn plus(self, other: Self) -> Self {
        Self {
            count: self.count.saturating_add(other.count),
            covered: self.covered.saturating_add(other.covered),
        }
    }

    fn percent(self) -> String {
        format!("{} %", self.covered.saturating_mul(100) / self.count.max(1))
    }
}
