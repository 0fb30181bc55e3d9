// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs a fuzzer for some time of a processor, and minimises a corpus.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::resource::{UsageWho, getrusage};

use super::inputs;
use super::target::Target;
use crate::{process, ui, workspace};

/// Longest time between two looks at the time that was used.
const SLICE: Duration = Duration::from_secs(600);
/// The fuzzer's own limit by the clock. The target's limit, by the processor's time, is in fuzz/src/targets.
const TIMEOUT_SECONDS: u32 = 60;
const MEMORY_MIB: u32 = 1024;
/// Bytes that the committed corpus of a target may have, and one of its inputs.
const MAX_CORPUS_BYTES: u64 = 150_000;
const MAX_INPUT_BYTES: u64 = 16 << 10;

/// Fuzzes for so many minutes of processor time. Returns false if an input failed.
pub fn fuzz(fuzzers: &Path, target: &Target, seeds: &Path, minutes: u64) -> Result<bool> {
    let failures = inputs::failures(target)?;
    let before = inputs::files(&failures).len();
    let wanted = Duration::from_secs(minutes.saturating_mul(60));
    let (mut used, mut executions) = (Duration::ZERO, 0_u64);
    let log = workspace::target().join("fuzz-work").join(format!("{}.log", target.name));
    let mut good = true;
    while used < wanted && good {
        let slice = wanted.saturating_sub(used).min(SLICE).as_secs().max(1);
        let start = processor_time()?;
        let mut command = fuzzer(fuzzers, target);
        command.arg(inputs::work(target)?).args(read_only(target, seeds));
        command.arg(format!("-max_total_time={slice}")).arg("-print_final_stats=1");
        command.arg(format!("-artifact_prefix={}/", failures.display()));
        ui::transient(&format!("  ... {}: {} of {minutes} min", target.name, used.as_secs() / 60));
        good = logged(&mut command, &log)?;
        used = used.saturating_add(processor_time()?.saturating_sub(start));
        executions = executions.saturating_add(number_after(&log, "number_of_executed_units:")?);
    }
    let failed = inputs::files(&failures).len().saturating_sub(before);
    let result =
        if good { "no failure".to_owned() } else { format!("{failed} inputs FAILED, see {}", log.display()) };
    ui::line(&format!(
        "{:12} {:5.1} min, {executions} executions, {result}",
        target.name,
        used.as_secs_f64() / 60.0
    ));
    Ok(good && failed == 0)
}

/// Chooses the smallest inputs that reach what all reach together, and makes them the committed corpus, as
/// far as there is room.
pub fn minimize(fuzzers: &Path, target: &Target, seeds: &Path) -> Result<()> {
    let merged = workspace::target().join("fuzz-merged").join(target.name);
    // It may be that there is none yet.
    let _ = fs::remove_dir_all(&merged);
    fs::create_dir_all(&merged)?;
    let mut command = fuzzer(fuzzers, target);
    command.arg("-merge=1").arg(format!("-max_len={MAX_INPUT_BYTES}"));
    command.arg(&merged).arg(inputs::work(target)?).args(read_only(target, seeds));
    ui::step(&format!("minimising {}", target.name), || process::quiet(&mut command))?;
    let mut files: Vec<(u64, PathBuf)> = inputs::files(&merged)
        .into_iter()
        .map(|path| (path.metadata().map_or(0, |data| data.len()), path))
        .collect();
    files.sort();
    let corpus = inputs::corpus(target);
    // It may be that there is none yet.
    let _ = fs::remove_dir_all(&corpus);
    fs::create_dir_all(&corpus)?;
    let mut room = MAX_CORPUS_BYTES;
    for (size, path) in files {
        let Some(left) = room.checked_sub(size) else { break };
        room = left;
        fs::copy(&path, corpus.join(path.file_name().context("a file has a name")?))?;
    }
    Ok(())
}

fn fuzzer(fuzzers: &Path, target: &Target) -> Command {
    let mut command = Command::new(fuzzers.join(format!("fuzz_{}", target.name)));
    // Freed memory is kept back to find uses of it; the usual 256 MiB would be a quarter of the limit.
    command.env("ASAN_OPTIONS", "quarantine_size_mb=16");
    command.arg(format!("-max_len={}", target.max_bytes)).arg(format!("-rss_limit_mb={MEMORY_MIB}"));
    command.arg(format!("-timeout={TIMEOUT_SECONDS}"));
    command
}

/// What a fuzzer reads and does not write to; libFuzzer wants folders that exist.
fn read_only(target: &Target, seeds: &Path) -> Vec<PathBuf> {
    let mut folders = vec![inputs::corpus(target), seeds.join(target.name)];
    folders.retain(|folder| folder.is_dir());
    folders
}

/// Runs a command with its output in a file. Returns whether it succeeded.
fn logged(command: &mut Command, log: &Path) -> Result<bool> {
    let file = File::create(log).with_context(|| format!("cannot create {}", log.display()))?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    Ok(command.status().with_context(|| format!("cannot start {}", process::line(command)))?.success())
}

/// The processor time of all programs that this one ran.
fn processor_time() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let of = |time: nix::sys::time::TimeVal| {
        Duration::new(time.tv_sec().try_into().unwrap_or(0), 0)
            .saturating_add(Duration::from_micros(time.tv_usec().try_into().unwrap_or(0)))
    };
    Ok(of(usage.user_time()).saturating_add(of(usage.system_time())))
}

fn number_after(log: &Path, key: &str) -> Result<u64> {
    let text = String::from_utf8_lossy(&fs::read(log)?).into_owned();
    let number = text.lines().rev().find_map(|line| line.split_once(key)?.1.trim().parse().ok());
    Ok(number.unwrap_or(0))
}
