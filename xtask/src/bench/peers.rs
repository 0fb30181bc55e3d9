// SPDX-License-Identifier: MIT OR Apache-2.0
//! Fetches the other tools and the inputs, and runs ksymoops' benchmark.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::args::KernelArgs;
use crate::setup::apt;
use crate::setup::debug::Debug;
use crate::{cache, kernel, process, ui, workspace};

/// The symbolizer to compare with, a crate.
const BLAZECLI: &str = "blazecli";
/// The package with the kernel's script.
const SOURCE: &str = "linux-source-6.1";
/// The script's path in the kernel source.
const SCRIPT: &str = "scripts/decode_stacktrace.sh";

/// Runs it; true if all limits are held. A tool that cannot be obtained is left out, and the benchmark says so.
pub fn run(args: &KernelArgs) -> Result<bool> {
    let release = kernel::find(args)?.release;
    let mut command = workspace::cargo();
    command.args(["bench", "--quiet", "--package", "ksymoops", "--bench", "peers"]);
    command.env("KSYMOOPS_BENCH_DIR", cache::root()?.join("bench"));
    let vmlinux = Debug::fetch(&release).map(|debug| debug.vmlinux(&release));
    for (variable, path) in
        [("KSYMOOPS_VMLINUX", vmlinux), ("BLAZECLI", blazecli()), ("DECODE_STACKTRACE", script())]
    {
        match path {
            Ok(path) => drop(command.env(variable, path)),
            Err(error) => {
                ui::line(&format!("{variable}: {error:#}"));
                command.env_remove(variable);
            }
        }
    }
    process::shown(&mut command)
}

/// The installed program, or one that is built into the cache.
fn blazecli() -> Result<PathBuf> {
    if let Some(program) = process::find(BLAZECLI) {
        return Ok(program);
    }
    let entry = cache::entry(&format!("tools/{BLAZECLI}"), |directory| {
        let mut command = workspace::cargo();
        command.args(["install", "--quiet", BLAZECLI, "--root"]).arg(directory);
        // It does not belong in the workspace's own target directory.
        command.env_remove("CARGO_TARGET_DIR");
        ui::step(&format!("building {BLAZECLI}"), || process::quiet(&mut command))
    })?;
    Ok(entry.join("bin").join(BLAZECLI))
}

/// The kernel's script, from a source tree that an earlier run has fetched, or from the package.
fn script() -> Result<PathBuf> {
    let unpacked = cache::newest("kernel-sources", &format!("{SOURCE}_")).map(|source| source.join(SCRIPT));
    if let Some(script) = unpacked.filter(|script| script.is_file()) {
        return Ok(script);
    }
    let package = apt::package(SOURCE)?;
    let entry = cache::entry(&format!("scripts/{}", package.cache_name()), |directory| {
        let whole = directory.join(".package");
        fs::create_dir_all(&whole)?;
        ui::step(&format!("fetching {SOURCE} for {SCRIPT}"), || {
            apt::unpack(&[SOURCE.to_owned()], &whole)?;
            extract(&whole.join(format!("usr/src/{SOURCE}.tar.xz")), directory)
        })?;
        fs::remove_dir_all(&whole).with_context(|| format!("cannot remove {}", whole.display()))
    })?;
    Ok(entry.join(SCRIPT))
}

fn extract(archive: &Path, directory: &Path) -> Result<()> {
    let mut tar = Command::new("tar");
    tar.arg("--extract").arg("--file").arg(archive).args(["--strip-components=1", "--wildcards"]);
    process::quiet(tar.arg("--directory").arg(directory).arg(format!("*/{SCRIPT}")))
}
