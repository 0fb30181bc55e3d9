// SPDX-License-Identifier: MIT OR Apache-2.0
//! Builds our programs for the guest. They are static, because the guest has no libraries for them.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::processors::{Processor, rust};
use crate::{process, ui, workspace};

/// The target. It is named explicitly so that the flags below do not apply to build scripts.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Packages, each with a program of the same name.
pub const ALL: &[&str] = &["vmguest", "insmod", "rmmod", "modpersist", "ksymoops"];

/// Without ksymoops, which takes as long to build as the others together, and which only few guests run.
pub const WITHOUT_KSYMOOPS: &[&str] = &["vmguest", "insmod", "rmmod", "modpersist"];

/// A debug build with all run-time checks, but optimised for size and speed under emulation.
const PROFILE: &[&str] = &[
    "profile.guest.inherits='dev'",
    "profile.guest.opt-level=1",
    "profile.guest.debug=false",
    "profile.guest.strip='debuginfo'",
];

/// Builds the programs of these packages. Returns each name with the path of its file.
pub fn build(
    processor: Option<&Processor>,
    packages: &[&'static str],
) -> Result<Vec<(&'static str, PathBuf)>> {
    if let Some(processor) = processor {
        return rust::build(processor, packages, "guest", PROFILE);
    }
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--quiet", "--profile", "guest", "--target", TARGET]);
    for setting in PROFILE {
        cargo.args(["--config", setting]);
    }
    for package in packages {
        cargo.args(["--package", package]);
    }
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    cargo.env("RUSTFLAGS", format!("{flags} -C target-feature=+crt-static"));
    ui::step("building the guest's programs", || match process::shown(&mut cargo)? {
        true => Ok(()),
        false => bail!("building the guest's programs failed; see the compiler's messages above"),
    })?;
    let directory = workspace::target().join(TARGET).join("guest");
    Ok(packages.iter().map(|name| (*name, directory.join(name))).collect())
}
