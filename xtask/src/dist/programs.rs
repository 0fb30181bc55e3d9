// SPDX-License-Identifier: MIT OR Apache-2.0
//! Builds the programs. They are static, so that they run in an initramfs and with any C library.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::args::Architecture;
use crate::processors::rust;
use crate::{process, ui, workspace};

/// Named explicitly, so that RUSTFLAGS do not apply to build scripts.
pub const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Packages, each with a program of the same name.
pub const PACKAGES: &[&str] = &["insmod", "rmmod", "modpersist", "ksymoops"];

/// Symbols for debuggers would make them half as large again.
const STRIP: &str = "profile.release.strip='symbols'";

/// Builds the programs and returns each name with the file's bytes.
pub fn build(architecture: Architecture) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let files = match architecture.processor() {
        Some(processor) => rust::build(processor, PACKAGES, "release", &[STRIP])?,
        None => for_this_machine()?,
    };
    let read = |(name, path): (&'static str, PathBuf)| {
        Ok((name, fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?))
    };
    files.into_iter().map(read).collect()
}

fn for_this_machine() -> Result<Vec<(&'static str, PathBuf)>> {
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--quiet", "--release", "--target", TARGET, "--config", STRIP]);
    for package in PACKAGES {
        cargo.args(["--package", package]);
    }
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    cargo.env("RUSTFLAGS", format!("{flags} -C target-feature=+crt-static"));
    ui::step("building static programs", || match process::shown(&mut cargo)? {
        true => Ok(()),
        false => bail!("the programs do not build"),
    })?;
    let directory = workspace::target().join(TARGET).join("release");
    Ok(PACKAGES.iter().map(|name| (*name, directory.join(name))).collect())
}
