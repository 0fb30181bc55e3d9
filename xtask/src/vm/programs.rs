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

/// As they are shipped.
const AS_SHIPPED: &[&str] = &["profile.guest-as-shipped.inherits='release'"];

/// Builds the programs of these packages, with run-time checks or as they are shipped. Returns each name with the
/// path of its file.
pub fn build(
    processor: Option<&Processor>,
    packages: &[&'static str],
    as_shipped: bool,
) -> Result<Vec<(&'static str, PathBuf)>> {
    let (profile, settings) = if as_shipped { ("guest-as-shipped", AS_SHIPPED) } else { ("guest", PROFILE) };
    if let Some(processor) = processor {
        return rust::build(processor, packages, profile, settings);
    }
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--quiet", "--profile", profile, "--target", TARGET]);
    for setting in settings {
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
    let directory = workspace::target().join(TARGET).join(profile);
    Ok(packages.iter().map(|name| (*name, directory.join(name))).collect())
}
