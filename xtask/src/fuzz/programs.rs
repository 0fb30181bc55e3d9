// SPDX-License-Identifier: MIT OR Apache-2.0
//! Builds the programs: the fuzzers, the same with counters for coverage, and those that need neither.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::setup::missing::Missing;
use crate::{process, ui, workspace};

const PACKAGE: &str = "fuzz-targets";
/// Only a nightly compiler has sanitizers.
const TOOLCHAIN: &str = "nightly";
/// What cargo-fuzz passes as well: edges are counted, comparisons traced, and memory errors and leaks found.
const FUZZER_FLAGS: &str = "-Zsanitizer=address -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Cforce-frame-pointers";
const COVERAGE_FLAGS: &str = "-Cinstrument-coverage";

/// The folder of the fuzzers, which are called `fuzz_TARGET`.
pub fn fuzzers() -> Result<PathBuf> {
    built("fuzzers", FUZZER_FLAGS, &["--features", "libfuzzer", "--bins"])
}

/// The program `replay` that counts which lines it runs.
pub fn counting_replay() -> Result<PathBuf> {
    Ok(built("coverage", COVERAGE_FLAGS, &["--bin", "replay"])?.join("replay"))
}

/// A program of the package, built by the usual compiler.
pub fn plain(name: &str) -> Result<PathBuf> {
    let mut command = workspace::cargo();
    command.args(["build", "--quiet", "--profile", "fuzz", "--package", PACKAGE, "--bin", name]);
    ui::step(&format!("building {name}"), || process::quiet(&mut command))?;
    Ok(workspace::target().join("fuzz").join(name))
}

/// A program of LLVM that belongs to the compiler.
pub fn llvm_tool(name: &str) -> Result<PathBuf> {
    let sysroot = process::output(rustc().args(["--print", "sysroot"]))?;
    let tool = PathBuf::from(sysroot.trim()).join("lib/rustlib").join(host()?).join("bin").join(name);
    if tool.is_file() {
        return Ok(tool);
    }
    let what = format!("{name} is not installed: rustup component add llvm-tools --toolchain {TOOLCHAIN}");
    Err(Missing(what).into())
}

fn built(folder: &str, flags: &str, what: &[&str]) -> Result<PathBuf> {
    let host = host()?;
    let folder = workspace::target().join("fuzz-programs").join(folder);
    let mut command = Command::new("cargo");
    command.current_dir(workspace::root()).env("RUSTUP_TOOLCHAIN", TOOLCHAIN).env("RUSTFLAGS", flags);
    command
        .args(["build", "--quiet", "--profile", "fuzz", "--package", PACKAGE, "--target", &host])
        .args(what);
    command.arg("--target-dir").arg(&folder);
    ui::step("building the fuzz targets", || process::quiet(&mut command))?;
    Ok(folder.join(host).join("fuzz"))
}

fn rustc() -> Command {
    let mut command = Command::new("rustc");
    command.env("RUSTUP_TOOLCHAIN", TOOLCHAIN);
    command
}

fn host() -> Result<String> {
    let Ok(version) = process::output(rustc().arg("-vV")) else {
        let what = format!("fuzzing takes a nightly compiler: rustup toolchain install {TOOLCHAIN}");
        return Err(Missing(what).into());
    };
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not say what machine this is")?.to_owned())
}
