// SPDX-License-Identifier: MIT OR Apache-2.0
//! Time and memory of ksymoops, side by side with its peers in one run: `cargo xtask bench`.
//!
//! The programs take turns, and only the ratios of their times count: the machine may be slow, or busy. Peers
//! and inputs are named by environment variables, which `cargo xtask bench` sets. What is missing is reported
//! and skipped.
//!
//! | variable | meaning |
//! |---|---|
//! | `KSYMOOPS_VMLINUX` | a vmlinux with debug information |
//! | `BLAZECLI` | the program |
//! | `DECODE_STACKTRACE` | the kernel's script |
//! | `KSYMOOPS_BENCH_DIR` | the folder of the long log, which is made there if need be |
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a bench panics to fail")]
#![allow(clippy::cast_possible_truncation, reason = "counts are small")]

#[path = "peers/inputs.rs"]
mod inputs;
#[path = "peers/measure.rs"]
mod measure;
#[path = "peers/verdict.rs"]
mod verdict;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use modtest::calls::ReturnAddress;

use measure::{Run, Sink, in_turn};
use verdict::Verdicts;

/// The program under test.
const KSYMOOPS: &str = env!("CARGO_BIN_EXE_ksymoops");
/// Use only files that are named.
const NAMED_FILES_ONLY: [&str; 2] = ["--no-discovery", "--no-journal"];
/// Limit of memory, in KiB: 60 MB.
const MAX_MEMORY_KIB: u64 = 60_000_000 >> 10;
/// The most time of one report, in multiples of blazecli's.
const MAX_REPORT: f64 = 1.0;
/// The most time of the long list, in multiples of blazecli's.
const MAX_ADDRESSES: f64 = 0.5;
/// The most time of the long log, in multiples of grep's.
const MAX_LOG: f64 = 1.2;
/// The most time of the log with many trigger words, in multiples of grep's.
const MAX_TRIGGERS: f64 = 3.0;
/// Frames in the report.
const FRAMES: usize = 20;
/// Addresses in the long list.
const ADDRESSES: usize = 1000;

fn main() -> ExitCode {
    if let Some(code) = measure::helper() {
        return code;
    }
    let mut verdicts = Verdicts::default();
    match variable("KSYMOOPS_VMLINUX") {
        Some(vmlinux) => symbolizing(&vmlinux, &mut verdicts),
        None => verdicts.skipped("symbolizing", "no kernel with debug information (KSYMOOPS_VMLINUX)"),
    }
    match variable("KSYMOOPS_BENCH_DIR") {
        Some(folder) => parsing(&folder, &mut verdicts),
        None => verdicts.skipped("parsing", "no folder for the long log (KSYMOOPS_BENCH_DIR)"),
    }
    verdicts.finish()
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn symbolizing(vmlinux: &Path, verdicts: &mut Verdicts) {
    let places = modtest::calls::return_addresses(vmlinux, ADDRESSES);
    assert_eq!(places.len(), ADDRESSES);
    let few: Vec<&ReturnAddress> = places.iter().step_by(ADDRESSES / FRAMES).collect();
    let name = vmlinux.file_name().unwrap_or_default().to_string_lossy();
    // ksymoops does not use a file of another release.
    let release = name.strip_prefix("vmlinux-").expect("a vmlinux is named by its release");
    let report = inputs::report(release, &few);
    let ours = |count| {
        Run::new(KSYMOOPS)
            .args(NAMED_FILES_ONLY)
            .args(["--kaslr-offset", "0", "-v"])
            .arg(vmlinux)
            .at_least(count)
    };
    let blazecli = variable("BLAZECLI").map(|program| {
        let run = |places: &[&ReturnAddress]| {
            let addresses = places.iter().map(|place| format!("{:#x}", place.address - 1));
            let run = Run::new(&program).args(["symbolize", "elf", "--path"]).arg(vmlinux);
            run.args(addresses).at_least(places.len())
        };
        (run(&few), run(&places.iter().collect::<Vec<_>>()))
    });
    let script = variable("DECODE_STACKTRACE")
        .map(|script| Run::new("bash").arg(&script).arg(vmlinux).input(&report).at_least(FRAMES));

    let one = ours(2 * FRAMES).input(&report);
    let text: Vec<_> = places.iter().map(|place| format!("{:016x}", place.address)).collect();
    let all = ours(2 * ADDRESSES).args(["-A", &text.join(" ")]);
    let what = format!("one report of {FRAMES} frames");
    match &blazecli {
        Some((few, _)) => {
            let [ours, theirs] = in_turn([&one, few], 31);
            verdicts.at_most(&what, &ours, ("blazecli", &theirs), MAX_REPORT);
            verdicts.memory(&what, &ours, MAX_MEMORY_KIB);
        }
        None => {
            verdicts.skipped(&what, "no blazecli (BLAZECLI)");
            let [ours] = in_turn([&one], 5);
            verdicts.memory(&what, &ours, MAX_MEMORY_KIB);
        }
    }
    match &script {
        Some(script) => {
            let [ours, theirs] = in_turn([&one, script], 3);
            verdicts.times_faster(&what, &ours, ("decode_stacktrace.sh", &theirs), 100.0);
        }
        None => verdicts.skipped(&what, "no decode_stacktrace.sh (DECODE_STACKTRACE)"),
    }
    let what = format!("{ADDRESSES} addresses in one process");
    match &blazecli {
        Some((_, many)) => {
            let [ours, theirs] = in_turn([&all, many], 11);
            verdicts.at_most(&what, &ours, ("blazecli", &theirs), MAX_ADDRESSES);
        }
        None => verdicts.skipped(&what, "no blazecli (BLAZECLI)"),
    }
}

fn parsing(folder: &Path, verdicts: &mut Verdicts) {
    let against_grep = |what: &str, log: &Path, limit: f64, verdicts: &mut Verdicts| {
        let nothing = ["-V", "-K", "-L", "-O", "-M"];
        // With its output in the null device, grep would stop at the first match.
        let grep = Run::new("grep").args(["-c", "-F", inputs::PANIC]).arg(log).at_least(1);
        let ours = Run::new(KSYMOOPS).args(NAMED_FILES_ONLY).args(nothing).arg(log).sink(Sink::Null);
        let [ours, theirs] = in_turn([&ours, &grep], 5);
        let what = format!("{what} of {} MiB", std::fs::metadata(log).unwrap().len() >> 20);
        verdicts.at_most(&what, &ours, ("grep -c -F", &theirs), limit);
        verdicts.memory(&what, &ours, MAX_MEMORY_KIB);
    };
    against_grep("a log", &inputs::long_log(folder), MAX_LOG, verdicts);
    against_grep(
        "a log with a trigger word in every second line",
        &inputs::trigger_log(folder),
        MAX_TRIGGERS,
        verdicts,
    );
}
