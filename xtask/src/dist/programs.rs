// SPDX-License-Identifier: MIT OR Apache-2.0
//! Builds the programs. They are static, so that they run in an initramfs and with any C library.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::{process, ui, workspace};

/// Named explicitly, so that RUSTFLAGS do not apply to build scripts.
pub const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Packages, each with a program of the same name.
pub const PACKAGES: &[&str] = &["insmod", "rmmod", "modpersist", "ksymoops"];

/// Builds the programs and returns each name with the file's bytes.
pub fn build() -> Result<Vec<(&'static str, Vec<u8>)>> {
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--quiet", "--release", "--target", TARGET]);
    for package in PACKAGES {
        cargo.args(["--package", package]);
    }
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    // Symbols for debuggers would make them half as large again.
    cargo.env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
    cargo.env("RUSTFLAGS", format!("{flags} -C target-feature=+crt-static"));
    ui::step("building static programs", || match process::shown(&mut cargo)? {
        true => Ok(()),
        false => bail!("the programs do not build"),
    })?;
    let directory = workspace::target().join(TARGET).join("release");
    let read = |name: &'static str| {
        let path = directory.join(name);
        Ok((name, fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?))
    };
    PACKAGES.iter().copied().map(read).collect()
}
