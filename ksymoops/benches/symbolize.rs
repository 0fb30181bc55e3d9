// SPDX-License-Identifier: MIT OR Apache-2.0
//! Time and memory of symbolizing, side by side with `blazecli` in one run, for `cargo xtask bench`.
//!
//! Runs the `symbolize` example and `blazecli` on the same addresses of a distribution's kernel, a
//! new process each time, in turn, and prints medians and ratios. What is missing is skipped aloud:
//! the debug files (see the accuracy test), `blazecli` (`$BLAZECLI`, else on the path), and the
//! kernel's own `decode_stacktrace.sh` (`$DECODE_STACKTRACE`).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a bench panics to fail")]
#![allow(clippy::cast_possible_truncation, reason = "counts are small")]

#[allow(dead_code, reason = "shared with the accuracy test")]
#[path = "../tests/accuracy/debug_files.rs"]
mod debug_files;
#[path = "symbolize/measure.rs"]
mod measure;
#[allow(dead_code, reason = "shared with the accuracy test")]
#[path = "../tests/accuracy/sample.rs"]
mod sample;

use measure::{Usage, median, run};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Most memory for one report, in KiB.
const MEMORY: u64 = 200 << 10;

fn main() {
    let Some(files) = debug_files::find() else { return };
    let example = example();
    let calls = sample::calls(&files.vmlinux, 1000);
    let blazecli = std::env::var_os("BLAZECLI").map_or_else(|| PathBuf::from("blazecli"), PathBuf::from);
    for (count, rounds, limit) in [(20, 21, 2.0), (1000, 9, 1.0)] {
        let step = calls.len() / count;
        let places: Vec<_> = calls.iter().step_by(step).take(count).collect();
        let addresses: Vec<_> = places.iter().map(|place| format!("{:#x}", place.address - 1)).collect();
        let symbols: Vec<_> = places
            .iter()
            .map(|place| format!("{}+{:#x}/{:#x}", place.symbol, place.offset, place.size))
            .collect();
        let mut ours = Command::new(&example);
        ours.arg(&files.vmlinux).args(&addresses);
        let mut by_symbol = Command::new(&example);
        by_symbol.arg(&files.vmlinux).arg("--return").args(&symbols);
        let mut theirs = Command::new(&blazecli);
        theirs.args(["symbolize", "elf", "--path"]).arg(&files.vmlinux).args(&addresses);
        compare(count, rounds, limit, &mut [("addresses", ours), ("symbols", by_symbol)], &mut theirs);
        if count == 20 {
            script(&files.vmlinux, &symbols);
        }
    }
}

/// Cargo builds examples beside the folder that benches are in, for `cargo bench --benches
/// --examples`.
fn example() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let example = this.parent().and_then(Path::parent).unwrap().join("examples/symbolize");
    assert!(example.exists(), "build it first: cargo build --release --example symbolize");
    example
}

fn compare(count: usize, rounds: usize, limit: f64, ours: &mut [(&str, Command)], theirs: &mut Command) {
    // All in turn, so that other work on the machine meets all.
    let mut usage: Vec<Vec<Usage>> = vec![Vec::new(); ours.len()];
    let mut their_usage = Vec::new();
    for _ in 0..rounds {
        for (usage, (_, command)) in usage.iter_mut().zip(ours.iter_mut()) {
            usage.extend(run(command, None));
        }
        their_usage.extend(run(theirs, None));
    }
    let blazecli = (!their_usage.is_empty()).then(|| median(&their_usage));
    for (usage, (what, _)) in usage.iter().zip(ours.iter()) {
        let our = median(usage);
        println!("{count} {what}: {our}");
        assert!(count != 20 || our.memory <= MEMORY, "more than {MEMORY} KiB");
        if let Some(blazecli) = blazecli {
            let ratio = our.wall.as_secs_f64() / blazecli.wall.as_secs_f64();
            let verdict = if ratio <= limit { "ok" } else { "MISSED" };
            println!("{count} {what}: {ratio:.2} times blazecli's time, at most {limit}: {verdict}");
        }
    }
    match blazecli {
        Some(blazecli) => println!("{count} blazecli: {blazecli}"),
        None => println!("SKIPPED: no blazecli"),
    }
}

fn script(vmlinux: &Path, symbols: &[String]) {
    let Some(script) = std::env::var_os("DECODE_STACKTRACE") else {
        println!("SKIPPED: no $DECODE_STACKTRACE");
        return;
    };
    let log: String = symbols.iter().map(|symbol| format!("[    1.000000]  {symbol}\n")).collect();
    let mut command = Command::new(script);
    command.arg(vmlinux);
    if let Some(usage) = run(&mut command, Some(&log)) {
        println!("20 decode_stacktrace.sh: {usage}");
    }
}
