// SPDX-License-Identifier: MIT OR Apache-2.0
//! Time and memory of ksymoops, side by side with its peers in one run: `cargo xtask bench`.
//!
//! Only ratios count, of runs that took turns: the machine that this runs on may be slow, or busy.
//! Peers and inputs come by environment variables, which `cargo xtask bench` sets. What is missing
//! is skipped aloud.
//!
//! | variable | what |
//! |---|---|
//! | `KSYMOOPS_VMLINUX` | the kernel's file with debug information |
//! | `BLAZECLI` | the program |
//! | `DECODE_STACKTRACE` | the kernel's script |
//! | `KSYMOOPS_BENCH_DIR` | where the long log is, or will be made |
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a bench panics to fail")]
#![allow(clippy::cast_possible_truncation, reason = "counts are small")]

#[path = "peers/inputs.rs"]
mod inputs;
#[path = "peers/measure.rs"]
mod measure;
#[path = "peers/verdict.rs"]
mod verdict;

use measure::{Run, Sink, in_turn};
use modtest::calls::ReturnAddress;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use verdict::Verdicts;

/// The program.
const KSYMOOPS: &str = env!("CARGO_BIN_EXE_ksymoops");
/// Only files that are named.
const ALONE: [&str; 2] = ["--no-discovery", "--no-journal"];
/// Most memory for one report, in KiB.
const MEMORY: u64 = 200 << 10;
/// Frames of the report.
const FRAMES: usize = 20;
/// Addresses of the long list.
const MANY: usize = 1000;

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
    let places = modtest::calls::return_addresses(vmlinux, MANY);
    assert_eq!(places.len(), MANY);
    let few: Vec<&ReturnAddress> = places.iter().step_by(MANY / FRAMES).collect();
    let name = vmlinux.file_name().unwrap_or_default().to_string_lossy();
    // A file of another release would not be used.
    let release = name.strip_prefix("vmlinux-").expect("a vmlinux is named by its release");
    let report = inputs::report(release, &few);
    let ours = |count| {
        Run::new(KSYMOOPS).args(ALONE).args(["--kaslr-offset", "0", "-v"]).arg(vmlinux).at_least(count)
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
    let all = ours(2 * MANY).args(["-A", &text.join(" ")]);
    let what = format!("one report of {FRAMES} frames");
    match &blazecli {
        Some((few, _)) => {
            let [ours, theirs] = in_turn([&one, few], 31);
            verdicts.at_most(&what, &ours, ("blazecli", &theirs), 2.0);
            verdicts.memory(&what, &ours, MEMORY);
        }
        None => {
            verdicts.skipped(&what, "no blazecli (BLAZECLI)");
            let [ours] = in_turn([&one], 5);
            verdicts.memory(&what, &ours, MEMORY);
        }
    }
    match &script {
        Some(script) => {
            let [ours, theirs] = in_turn([&one, script], 3);
            verdicts.times_faster(&what, &ours, ("decode_stacktrace.sh", &theirs), 100.0);
        }
        None => verdicts.skipped(&what, "no decode_stacktrace.sh (DECODE_STACKTRACE)"),
    }
    let what = format!("{MANY} addresses in one process");
    match &blazecli {
        Some((_, many)) => {
            let [ours, theirs] = in_turn([&all, many], 11);
            verdicts.at_most(&what, &ours, ("blazecli", &theirs), 1.0);
        }
        None => verdicts.skipped(&what, "no blazecli (BLAZECLI)"),
    }
}

fn parsing(folder: &Path, verdicts: &mut Verdicts) {
    let log = inputs::long_log(folder);
    let nothing = ["-V", "-K", "-L", "-O", "-M"];
    // Where grep's output goes to the null device it stops at the first line that it finds.
    let grep = Run::new("grep").args(["-c", "-F", inputs::PANIC]).arg(&log).at_least(1);
    let ours = Run::new(KSYMOOPS).args(ALONE).args(nothing).arg(&log).sink(Sink::Null);
    let [ours, theirs] = in_turn([&ours, &grep], 5);
    let what = format!("a log of {} MiB", std::fs::metadata(&log).unwrap().len() >> 20);
    verdicts.at_most(&what, &ours, ("grep -c -F", &theirs), 2.0);
    verdicts.memory(&what, &ours, MEMORY);
}
