// SPDX-License-Identifier: MIT OR Apache-2.0
//! `replay TARGET FILE|FOLDER...`: tries these inputs, and prints the slowest one. It is what coverage is
//! measured with, and it needs no fuzzer.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs};

use fuzz_targets::targets;
use modtest::CpuTimer;

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let name = arguments.next().unwrap_or_default();
    let Some(target) = name.to_str().and_then(targets::find) else {
        eprintln!("usage: replay TARGET FILE|FOLDER...");
        return ExitCode::FAILURE;
    };
    let mut paths = Vec::new();
    arguments.for_each(|path| files(Path::new(&path), &mut paths));
    let mut slowest = (Duration::ZERO, PathBuf::new());
    for path in &paths {
        let Ok(data) = fs::read(path) else { continue };
        let timer = CpuTimer::start();
        (target.run)(&data);
        slowest = slowest.max((timer.elapsed(), path.clone()));
    }
    println!(
        "{}: {} inputs, the slowest took {:?}: {}",
        target.name,
        paths.len(),
        slowest.0,
        slowest.1.display()
    );
    ExitCode::SUCCESS
}

fn files(path: &Path, found: &mut Vec<PathBuf>) {
    match fs::read_dir(path) {
        Ok(entries) => entries.flatten().for_each(|entry| files(&entry.path(), found)),
        Err(_) => found.push(path.to_owned()),
    }
}
